// Everyone in the class: raised hands first, in order; for teachers, what each may do.

import { useState } from 'preact/hooks';

import type { OwnRights, Person, Rights } from '../../protocol/types';
import { hands, headcount, inListOrder } from '../../state/facts';
import { language, words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { Avatar } from '../../ui/avatar';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Menu, type MenuItem, type MenuSection } from '../../ui/menu';
import { useAttendance, type Attendance } from './attendance';
import { ConnectionDialog, ConnectionTag } from './connection';
import { RemoveDialog } from './dialogs';

const RIGHTS: (keyof Rights)[] = ['speak', 'camera', 'screen', 'chat'];
/** Menus of the last rows open upwards, where there is room. */
const ROWS_BELOW_MENU = 4;

export function PeoplePanel() {
  const { state, teaches } = useAttendance();
  const t = words().class.people;
  const all = inListOrder(state.people, language());
  // Somebody who looks on is seen by everybody, and taken by nobody for one of the class.
  const people = all.filter((person) => person.role !== 'observer');
  const observers = all.filter((person) => person.role === 'observer');
  const raised = hands(state.people).length;
  const count = headcount(state);
  return (
    <div class="panel-body">
      <h2 class="panel-summary tabular">
        {t.count(count)}
        {raised > 0 && `, ${t.hands(raised)}`}
      </h2>
      {teaches && <ForEveryone />}
      <Rows people={people} raised={raised} />
      {observers.length > 0 && (
        <>
          <h3 class="people-apart">{words().class.observer.many}</h3>
          <Rows people={observers} raised={0} />
        </>
      )}
      {count > all.length && <p class="hint tabular">{t.others(count - all.length)}</p>}
    </div>
  );
}

function Rows({ people, raised }: { people: readonly Person[]; raised: number }) {
  return (
    <ul class="people">
      {people.map((person, index) => (
        <PersonRow
          key={person.person}
          person={person}
          handPlace={index < raised ? index + 1 : 0}
          menuAbove={index >= ROWS_BELOW_MENU && index >= people.length - ROWS_BELOW_MENU}
        />
      ))}
    </ul>
  );
}

function ForEveryone() {
  const attendance = useAttendance();
  const t = words().class.people;
  const { rights } = attendance.state;
  const muteAll = (): void => {
    void attendance.ask({ class: { mute_all: {} } }).then((done) => {
      if (done) toast(t.mutedAll, 'microphone-off');
    });
  };
  return (
    <>
      <Button icon="microphone-off" onClick={muteAll}>
        {t.muteAll}
      </Button>
      <details class="panel-more">
        <summary>
          <Icon name="shield" />
          {t.rights}
        </summary>
        <div class="rights">
          {RIGHTS.map((right) => (
            <label key={right} class="right">
              <input
                type="checkbox"
                checked={rights[right]}
                onChange={(event) => {
                  const changed = { ...rights, [right]: event.currentTarget.checked };
                  void attendance.ask({ class: { rights: { rights: changed } } });
                }}
              />
              {t.right[right]}
            </label>
          ))}
        </div>
      </details>
    </>
  );
}

function PersonRow({ person, handPlace, menuAbove }: { person: Person; handPlace: number; menuAbove: boolean }) {
  const attendance = useAttendance();
  const [dialog, setDialog] = useState<'connection' | 'remove' | null>(null);
  const all = words().class;
  const t = all.people;
  const isOwn = person.person === attendance.state.self?.person;
  const { microphone, camera } = person.sending;
  return (
    <li class="person" data-person={person.person}>
      <Avatar name={person.name} id={person.person} />
      <span class="grow">
        <span class="person-name">
          {person.name}
          {isOwn && ` (${all.you(attendance.familiar)})`}
        </span>
        <span class="person-facts">
          {person.role === 'teacher' && <span class="tag">{all.teacher}</span>}
          {person.role === 'observer' && <span class="tag">{all.observer.tag}</span>}
          {person.about?.group !== undefined && <span class="tag">{person.about.group}</span>}
          {person.away ? <span class="tag attention">{all.away}</span> : <ConnectionTag link={attendance.state.links.get(person.person)} />}
          {handPlace > 0 && (
            <span class="tag attention">
              <Icon name="hand" />
              {t.hand(handPlace)}
            </span>
          )}
        </span>
      </span>
      {person.role !== 'observer' && (
        <span class="person-sends" role="img" aria-label={microphone ? t.microphoneOn : t.microphoneOff}>
          <Icon name={microphone ? 'microphone' : 'microphone-off'} class={microphone ? '' : 'dim'} />
        </span>
      )}
      {camera && (
        <span class="person-sends" role="img" aria-label={t.cameraOn}>
          <Icon name="camera" />
        </span>
      )}
      {attendance.teaches && (
        <Menu
          label={t.actions(person.name)}
          icon="more"
          above={menuAbove}
          sections={actions(attendance, person, setDialog)}
        />
      )}
      {dialog === 'remove' && <RemoveDialog person={person.person} name={person.name} onClose={() => setDialog(null)} />}
      {dialog === 'connection' && (
        <ConnectionDialog person={person.person} name={person.name} onClose={() => setDialog(null)} />
      )}
    </li>
  );
}

function actions(
  attendance: Attendance,
  { person, name, role, rights, sending, hand }: Person,
  open: (dialog: 'connection' | 'remove') => void,
): MenuSection[] {
  const t = words().class.people;
  const isLarge = attendance.state.spotlight === person;
  const spotlight: MenuItem = {
    label: isLarge ? t.unspotlight : t.spotlight,
    icon: 'pin',
    onSelect: () => void attendance.ask({ class: { spotlight: { person: isLarge ? null : person } } }),
  };
  const now: MenuItem[] = role === 'observer' ? [] : [spotlight];
  if (sending.microphone && person !== attendance.state.self?.person) {
    now.push({
      label: t.mute,
      icon: 'microphone-off',
      onSelect: () => void attendance.ask({ class: { mute: { people: [person] } } }),
    });
  }
  if (hand !== undefined) {
    now.push({
      label: t.lowerHand,
      icon: 'hand',
      onSelect: () => void attendance.ask({ class: { lower_hand: { person } } }),
    });
  }
  now.push({ label: words().class.connection.item, icon: 'weak-signal', onSelect: () => open('connection') });
  if (role === 'teacher') return [{ title: name, items: now }];
  const out: MenuItem = { label: t.remove, icon: 'leave', danger: true, onSelect: () => open('remove') };
  if (role === 'observer') return [{ title: name, items: now }, { items: [out] }];
  const own: MenuItem[] = RIGHTS.map((right) => ({
    label: t.own[right],
    checked: rights[right],
    toggle: true,
    onSelect: () =>
      void attendance.ask({ class: { rights_of: { person, rights: turned(attendance.state.rights, rights, right) } } }),
  }));
  return [{ title: name, items: now }, { title: t.rightsOf, items: own }, { items: [out] }];
}

/** One right turned over; what then equals the class's rights follows the class again. */
export function turned(ofClass: Rights, ofPerson: Rights, right: keyof Rights): OwnRights {
  const wanted = { ...ofPerson, [right]: !ofPerson[right] };
  const own: OwnRights = {};
  for (const one of RIGHTS) {
    if (wanted[one] !== ofClass[one]) own[one] = wanted[one];
  }
  return own;
}
