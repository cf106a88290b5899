// The teacher's door: who waits, those of the roster first, and one click to let them in.

import { useEffect, useRef, useState } from 'preact/hooks';

import { NOTE_CHARS_MAX, PEOPLE_PER_ASK_MAX, type Door, type Knock, type Policy } from '../../protocol/types';
import { doorCount, inDoorOrder, isDoubtful, plainlyExpected } from '../../state/facts';
import { words } from '../../text/text';
import { announce, toast } from '../../ui/announcer';
import { Button, IconButton } from '../../ui/button';
import { Choices, TextArea } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { useNow } from '../tryout/now';
import { useAttendance } from './attendance';
import { BlockDialog } from './dialogs';

const MINUTE_MS = 60_000;
const POLICIES: Policy[] = ['ask', 'roster', 'shut'];

export function DoorPanel() {
  const { state } = useAttendance();
  const { door } = state;
  const t = words().class.door;
  if (door === null) return null;
  const { here, expected, waiting, strangers } = doorCount(state, door);
  return (
    <div class="panel-body">
      <p class="panel-summary tabular">{t.summary(here, expected, waiting, strangers)}</p>
      <Together door={door} />
      <Line door={door} />
      <Settings door={door} />
      <BarredList door={door} />
    </div>
  );
}

/** The one primary action of the door: open it, or let in all about whom there is nothing to ask. */
function Together({ door }: { door: Door }) {
  const attendance = useAttendance();
  const t = words().class.door;
  const expected = plainlyExpected(door);
  const all = door.waiting.map((knock) => knock.person);
  const admit = (people: string[]): void => {
    const asks = [];
    for (let from = 0; from < people.length; from += PEOPLE_PER_ASK_MAX) {
      asks.push(attendance.ask({ door: { admit: { people: people.slice(from, from + PEOPLE_PER_ASK_MAX) } } }));
    }
    void Promise.all(asks).then((done) => {
      if (done.every(Boolean)) announce(t.admitted(people.length));
    });
  };
  const mustOpen = door.policy === 'roster' && !door.opened;
  const alsoOthers = all.length > expected.length && all.length > 1;
  if (!mustOpen && expected.length < 2 && !alsoOthers) return null;
  return (
    <div class="door-together">
      {mustOpen && (
        <>
          <Button kind="primary" icon="door-open" onClick={() => void attendance.ask({ door: { open: {} } })}>
            {t.open}
          </Button>
          <p class="hint">{t.openHint}</p>
        </>
      )}
      {!mustOpen && expected.length > 1 && (
        <Button kind="primary" icon="check" onClick={() => admit(expected)}>
          {t.admitRoster(expected.length)}
        </Button>
      )}
      {alsoOthers && <Button onClick={() => admit(all)}>{t.admitAll(all.length)}</Button>}
    </div>
  );
}

function Line({ door }: { door: Door }) {
  const now = useNow();
  const list = useRef<HTMLUListElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const touched = useFocusAfterAnswer(door.waiting.length, list, heading);
  const t = words().class.door;
  return (
    <section>
      <h2 class={door.waiting.length === 0 ? 'sr-only' : 'panel-heading'} ref={heading} tabIndex={-1}>
        {t.waiting}
      </h2>
      {door.waiting.length === 0 && <p class="second">{t.nobody}</p>}
      <ul class="knocks" ref={list}>
        {inDoorOrder(door).map((knock, index) => (
          <KnockRow key={knock.person} knock={knock} now={now} onAnswer={() => touched(index)} />
        ))}
      </ul>
    </section>
  );
}

function KnockRow({ knock, now, onAnswer }: { knock: Knock; now: number; onAnswer: () => void }) {
  const attendance = useAttendance();
  const [isBlocking, setBlocking] = useState(false);
  const t = words().class.door;
  const { person, name, about } = knock;
  const minutes = Math.max(0, Math.floor((now - knock.since) / MINUTE_MS));
  const admit = (): void => {
    onAnswer();
    void attendance.ask({ door: { admit: { people: [person] } } });
  };
  const refuse = (): void => {
    onAnswer();
    void attendance.ask({ door: { refuse: { people: [person] } } });
  };
  return (
    <li class={isDoubtful(knock) ? 'knock doubtful' : 'knock'} data-person={person}>
      <div class="knock-who">
        <span class="knock-head">
          <span class="knock-name">{name}</span>
          <span class="hint tabular">{t.since(minutes)}</span>
        </span>
        <span class="knock-facts">
          {knock.role === 'teacher' && <span class="tag">{t.teacher}</span>}
          {knock.role === 'observer' && <span class="tag">{words().class.observer.tag}</span>}
          <span class={about.on_roster ? 'tag good' : 'tag attention'}>
            <Icon name={about.on_roster ? 'check' : 'info'} />
            {about.on_roster ? t.onRoster : t.notOnRoster}
          </span>
          <span class="hint">
            {about.group !== undefined && `${about.group} · `}
            {proofOf(knock)}
          </span>
        </span>
        {about.look_alike !== undefined && <Warning text={t.lookAlike(about.look_alike)} />}
        {knock.other_device && <Warning text={t.otherDevice} />}
      </div>
      <div class="knock-acts">
        <Button class="admit" icon="check" aria-label={t.admitNamed(name)} onClick={admit}>
          {t.admit}
        </Button>
        <Button aria-label={t.refuseNamed(name)} onClick={refuse}>
          {t.refuse}
        </Button>
        <IconButton icon="block" label={t.blockNamed(name)} onClick={() => setBlocking(true)} />
      </div>
      {isBlocking && <BlockDialog person={person} name={name} onClose={() => setBlocking(false)} />}
    </li>
  );
}

function Warning({ text }: { text: string }) {
  return (
    <span class="knock-warning">
      <Icon name="warning" />
      {text}
    </span>
  );
}

function proofOf({ about: { proof } }: Knock): string {
  const t = words().class.door.proof;
  if ('portal' in proof) return t.portal(proof.portal.issuer);
  return 'account' in proof ? t.account : t.invitation;
}

function Settings({ door }: { door: Door }) {
  const attendance = useAttendance();
  const all = words();
  const t = all.class.door;
  const policies = all.draft.policies;
  return (
    <details class="panel-more">
      <summary>
        <Icon name="settings" />
        <span class="grow">{t.settings}</span>
        <span class="tag">{t.rule[door.policy]}</span>
      </summary>
      <Choices
        legend={t.policy}
        choices={POLICIES.map((policy) => ({ value: policy, ...policies[policy] }))}
        value={door.policy}
        onChange={(policy) => void attendance.ask({ door: { policy: { policy } } })}
      />
      <Note note={door.note} />
    </details>
  );
}

function Note({ note }: { note: string }) {
  const attendance = useAttendance();
  const [text, setText] = useState(note);
  const t = words().class.door;
  // Another teacher may have written it anew.
  useEffect(() => setText(note), [note]);
  const save = (): void => {
    const said = text.trim().slice(0, NOTE_CHARS_MAX);
    void attendance.ask({ door: { note: { text: said } } }).then((done) => {
      if (done) toast(said === '' ? t.noteGone : t.noteSaved);
    });
  };
  return (
    <div class="stack">
      <TextArea label={t.note} hint={t.noteHint} value={text} onValue={setText} rows={2} />
      <Button busy={text.trim() === note} onClick={save}>
        {t.noteSave}
      </Button>
    </div>
  );
}

function BarredList({ door }: { door: Door }) {
  const attendance = useAttendance();
  const t = words().class.door;
  if (door.barred.length === 0) return null;
  return (
    <section>
      <h2 class="panel-heading">{t.barred}</h2>
      <ul class="barred">
        {door.barred.map(({ person, name, blocked }) => (
          <li key={person} class="barred-row" data-person={person}>
            <span class="grow">
              <span class="knock-name">{name}</span>
              <span class="hint">{blocked ? t.barredFor.blocked : t.barredFor.removed}</span>
            </span>
            <Button
              icon="undo"
              aria-label={t.forgiveNamed(name)}
              onClick={() => void attendance.ask({ door: { forgive: { person } } })}
            >
              {t.forgive}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** When the answered person leaves the list, the focus goes to the next one, or to the heading when nobody is left. */
function useFocusAfterAnswer(
  length: number,
  list: { current: HTMLUListElement | null },
  heading: { current: HTMLHeadingElement | null },
): (index: number) => void {
  const answered = useRef<number | null>(null);
  useEffect(() => {
    const index = answered.current;
    if (index === null || document.activeElement !== document.body) return;
    answered.current = null;
    const rows = list.current?.children ?? [];
    const next = rows[Math.min(index, rows.length - 1)]?.querySelector('button');
    (next ?? heading.current)?.focus();
  }, [length]);
  return (index) => (answered.current = index);
}
