// How one person's connection is, as a teacher looks closer: what it bears, what is lost, what arrives.

import { useEffect, useState } from 'preact/hooks';

import type { PersonId, PersonLink, SlotFigures } from '../../protocol/types';
import { personOf } from '../../state/facts';
import { language, words } from '../../text/text';
import { Dialog } from '../../ui/dialog';
import { FactList, type Fact } from '../../ui/fact-list';
import { Icon } from '../../ui/icon';
import { useAttendance, type Attendance } from './attendance';

/** The server's figures are of the last seconds; asking more often tells nothing new. */
const LOOK_EVERY_MS = 3_000;

/** Beside a name: nothing for a good connection. */
export function ConnectionTag({ link }: { link: PersonLink | undefined }) {
  const t = words().class.connection;
  if (link === undefined || (link.quality === 'good' && link.reduced === 'nothing')) return null;
  return (
    <span class="tag attention">
      <Icon name="weak-signal" />
      {link.reduced === 'audio_only' ? t.reduced.audio_only : t.quality[link.quality]}
    </span>
  );
}

export function ConnectionDialog({ person, name, onClose }: { person: PersonId; name: string; onClose: () => void }) {
  const attendance = useAttendance();
  const link = attendance.state.links.get(person);
  const slots = useSlots(attendance, person);
  const t = words().class.connection;
  return (
    <Dialog title={t.title(name)} onClose={onClose}>
      {link === undefined ? <p>{t.unknown}</p> : <Facts link={link} />}
      <h3 class="facts-title">{t.slots}</h3>
      {slots.length === 0 ? <p class="second">{t.nothing}</p> : <SlotTable slots={slots} />}
    </Dialog>
  );
}

function Facts({ link }: { link: PersonLink }) {
  const t = words().class.connection;
  const { felt } = link;
  const facts: Fact[] = [
    [t.state, `${t.quality[link.quality]}. ${t.reduced[link.reduced]}.`],
    [t.rate, link.down_kbps === 0 ? t.notKnown : rate(link.down_kbps)],
    [t.rtt, unit(link.rtt_ms, 'millisecond')],
    [t.lossDown, percent(link.loss_down)],
    [t.lossUp, percent(link.loss_up)],
  ];
  if (felt !== undefined) {
    facts.push([t.frozen, felt.freezes === 0 ? t.none : t.freezes(felt.freezes, seconds(felt.frozen_ms))]);
    facts.push([t.concealed, felt.concealed_ms === 0 ? t.none : seconds(felt.concealed_ms)]);
  }
  return <FactList class="facts" facts={facts} />;
}

function SlotTable({ slots }: { slots: readonly SlotFigures[] }) {
  const { state } = useAttendance();
  const t = words().class.connection;
  return (
    <table class="slots tabular">
      <thead>
        <tr>
          <th scope="col">{t.what}</th>
          <th scope="col">{t.slotRate}</th>
          <th scope="col">{t.height}</th>
          <th scope="col">{t.loss}</th>
        </tr>
      </thead>
      <tbody>
        {slots.map((slot) => (
          <tr key={`${slot.source} ${slot.person}`}>
            <th scope="row">{t.source[slot.source](personOf(state, slot.person)?.name ?? '')}</th>
            <td>{rate(slot.kbps)}</td>
            <td>{slot.height_px === 0 ? '–' : t.pixels(slot.height_px)}</td>
            <td>{percent(slot.loss)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What this person is being sent, again and again while somebody looks. */
function useSlots(attendance: Attendance, person: PersonId): readonly SlotFigures[] {
  const [slots, setSlots] = useState<readonly SlotFigures[]>([]);
  useEffect(() => {
    let isOpen = true;
    const look = (): void => {
      void attendance.visit.ask({ media: { inspect: { person } } }).then((answered) => {
        if (isOpen && 'inspected' in answered) setSlots(answered.inspected.slots);
      });
    };
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => {
      isOpen = false;
      clearInterval(timer);
    };
  }, [attendance, person]);
  return slots;
}

function rate(kbps: number): string {
  const [value, name] = kbps < 1_000 ? [kbps, 'kbit/s'] : [kbps / 1_000, 'Mbit/s'];
  // No unit of Intl's is short and read alike in both languages.
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(value)}\u00a0${name}`;
}

function percent(value: number): string {
  return new Intl.NumberFormat(language(), { style: 'percent' }).format(value / 100);
}

function seconds(ms: number): string {
  return unit(ms / 1_000, 'second');
}

function unit(value: number, name: 'second' | 'millisecond'): string {
  return new Intl.NumberFormat(language(), { style: 'unit', unit: name, maximumFractionDigits: 1 }).format(value);
}
