// Everyone on the roster with their personal link: to copy, print, download, take back and make again.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { ClassCard, Invitation } from '../../protocol/types';
import { words } from '../../text/text';
import { announce, toast } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { copyText } from '../../ui/copy';
import { download } from '../../ui/download';
import { Field } from '../../ui/field';
import { InvitationRow } from './invitation-row';
import { fileName, toCsv, toLines } from './invitations-csv';

/** From this many people on, looking for one is worth a search field. */
const FILTER_FROM = 12;

export function InvitationList(props: {
  card: ClassCard;
  people: Invitation[];
  onChange: (people: Invitation[]) => void;
  onPrint: () => void;
  /** Something above is finished, and reading goes on here. */
  takesFocus: boolean;
  /** The button that opens the way to add people. */
  add: ComponentChildren;
}) {
  const { card, people } = props;
  const [wanted, setWanted] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const t = words().invitations;
  const teachers = people.filter((one) => one.role === 'teacher').length;
  const found = people.filter((one) => matches(one, wanted));
  useEffect(() => {
    if (props.takesFocus) heading.current?.focus();
  }, [props.takesFocus]);
  const replace = (changed: Invitation) =>
    props.onChange(people.map((one) => (one.person === changed.person ? changed : one)));
  const search = (text: string) => {
    setWanted(text);
    if (text) announce(t.found(people.filter((one) => matches(one, text)).length));
  };
  return (
    <section class="invitations" aria-labelledby="invitations-title">
      <div class="invitations-head">
        <div>
          <h2 id="invitations-title" ref={heading} tabIndex={-1}>{t.title}</h2>
          <p class="second tabular">{t.summary(people.length - teachers, teachers)}</p>
        </div>
        {props.add}
      </div>
      <p class="hint invitations-explain">{t.explain}</p>
      <div class="invitations-tools">
        {people.length >= FILTER_FROM && (
          <div class="invitations-filter">
            <Field label={t.filter} value={wanted} onValue={search} />
          </div>
        )}
        <div class="invitations-buttons">
          <Button icon="copy" onClick={() => void copyAll(people)}>
            {t.copyAll}
          </Button>
          <Button icon="print" onClick={props.onPrint}>
            {t.print}
          </Button>
          <Button icon="download" onClick={() => download(fileName(card.title, words()), toCsv(people, words()), 'text/csv;charset=utf-8')}>
            {t.download}
          </Button>
        </div>
      </div>
      {found.length === 0 && <p class="card second">{t.nobodyFound}</p>}
      {found.length > 0 && (
        <ul class="card invitation-rows" aria-label={t.title}>
          {found.map((one) => (
            <InvitationRow
              key={one.person}
              classId={card.class}
              invitation={one}
              onChanged={replace}
              onRemoved={() => {
                props.onChange(people.filter((other) => other.person !== one.person));
                // The row that had the focus is gone.
                heading.current?.focus();
              }}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

async function copyAll(people: Invitation[]): Promise<void> {
  const t = words().invitations;
  const withLink = people.filter((one) => one.link);
  if (await copyText(toLines(withLink))) toast(t.copiedAll(withLink.length), 'copy');
  else toast(t.copyFailed, 'warning');
}

/** Whether name or group contain the text, whatever the case and the accents. */
function matches(invitation: Invitation, text: string): boolean {
  const plain = (some: string) => some.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain(`${invitation.name} ${invitation.group ?? ''}`).includes(plain(text.trim()));
}
