// The line of each priority: who waits, how long, how fast it moves; to be closed and opened.

import { useState } from 'preact/hooks';

import type { Fault } from '../../api/http';
import type { Line, LineOrder, Operations, Priority } from '../../protocol/types';
import { span } from '../../state/rank';
import { saySpan } from '../../text/spans';
import { words } from '../../text/text';
import { sayClock } from '../../text/times';
import { Button } from '../../ui/button';
import { FaultNotice } from '../../ui/notice';
import type { Desk } from './desk';
import { opsWords } from './words';

/** Whoever has a seat is never in a line. */
const LINES: readonly Exclude<Priority, 'seated'>[] = ['teachers', 'students', 'out_of_hour', 'observers'];

export function LinesCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const [fault, setFault] = useState<Fault>();
  const t = opsWords().lines;
  const close = (priority: Priority, closed: boolean): void => {
    void desk.act({ close: { priority, closed } }).then((answer) => setFault(answer.ok ? undefined : answer.fault));
  };
  return (
    <section class="card stack" aria-labelledby="ops-lines">
      <h2 id="ops-lines">{t.title}</h2>
      <ul class="ops-loads">
        {LINES.map((priority) => (
          <LineRow
            key={priority}
            name={t.name[priority]}
            line={seen.line.lines.find((line) => line.priority === priority)}
            order={seen.by_hand.find((order) => order.priority === priority)}
            onClose={(closed) => close(priority, closed)}
          />
        ))}
      </ul>
      <FaultNotice fault={fault} />
    </section>
  );
}

interface RowProps {
  name: string;
  line: Line | undefined;
  /** What was said of it on this page. */
  order: LineOrder | undefined;
  onClose: (closed: boolean) => void;
}

function LineRow({ name, line, order, onClose }: RowProps) {
  const t = opsWords().lines;
  const isClosed = line?.closed ?? false;
  return (
    <li class="ops-row">
      <div class="grow">
        <p class="ops-row-head">
          <span class="ops-name">{name}</span>
          {isClosed && <span class="tag attention">{closedWords(line)}</span>}
          {order !== undefined && <span class="tag">{orderWords(order)}</span>}
        </p>
        <p class="second tabular">{lineWords(line)}</p>
      </div>
      <Button aria-label={isClosed ? t.reopen(name) : t.close(name)} onClick={() => onClose(!isClosed)}>
        {isClosed ? t.reopenShort : t.closeShort}
      </Button>
    </li>
  );
}

function closedWords(line: Line | undefined): string {
  const t = opsWords().lines;
  const until = line?.closed_until;
  return until === undefined ? t.closed : `${t.closed} ${t.until(sayClock(until, words()))}`;
}

function orderWords({ closed, until }: LineOrder): string {
  const t = opsWords().lines;
  return closed || until === undefined ? t.byHand : t.openByHand(sayClock(until, words()));
}

function lineWords(line: Line | undefined): string {
  const t = opsWords().lines;
  if (line === undefined || line.waiting === 0) return t.waiting(0);
  const { from, to } = span(line.waiting, line.per_minute);
  const turn = saySpan(from, to, words());
  const pace = t.pace(line.per_minute.slowest, line.per_minute.fastest);
  return [t.waiting(line.waiting), turn === null ? '' : t.turn(turn), pace].filter(Boolean).join(' · ');
}
