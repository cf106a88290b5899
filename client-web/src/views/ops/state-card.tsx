// How the server is, in one word and a few figures, with the last minutes of them.

import { useEffect, useRef } from 'preact/hooks';

import type { Operations, Status } from '../../protocol/types';
import { spanOf } from '../../state/rank';
import { words } from '../../text/text';
import { saySpan } from '../../text/spans';
import { announce } from '../../ui/announcer';
import { FactList, type Fact } from '../../ui/fact-list';
import type { Desk } from './desk';
import { HISTORY_MS, points, type Sample } from './history';
import { figure, opsWords } from './words';

const SPARK = { width: 240, height: 40 };
const MINUTE_MS = 60_000;

export function StateCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const { status } = seen;
  const t = opsWords();
  const { title, hint } = t.state[status.state];
  useNews(`${title}. ${hint}`);
  return (
    <section class="card ops-state" aria-label={title}>
      <div>
        <h2 class={`ops-word ${status.state}`}>{title}</h2>
        <p class="second">{hint}</p>
      </div>
      <Figures seen={seen} />
      {desk.history.value.length > 1 && <Sparks history={desk.history.value} />}
    </section>
  );
}

function Sparks({ history }: { history: readonly Sample[] }) {
  const t = opsWords();
  return (
    <div class="ops-sparks">
      <Spark name={t.figures.people} history={history} of={(sample) => sample.people} />
      <Spark name={t.figures.queued} history={history} of={(sample) => sample.queued} />
      <Spark name={t.load.scarceOf} history={history} of={(sample) => sample.load} />
    </div>
  );
}

function Figures({ seen }: { seen: Operations }) {
  const { status } = seen;
  const t = opsWords();
  const f = t.figures;
  const facts: Fact[] = [
    [f.classes, figure(status.classes)],
    [f.people, figure(status.people)],
    [f.queued, figure(status.queued)],
    [f.wait, waitWords(status)],
    [f.reserved, figure(seen.reserved)],
    [f.accepts, f.acceptsOf(figure(seen.accepts_per_s), figure(seen.accepts_per_s_max))],
    [f.reduction, t.reduction[status.reduction]],
    [t.verdicts.letIn, figure(seen.let_in)],
    [t.verdicts.queued, figure(seen.queued)],
    [t.verdicts.turnedAway, figure(seen.turned_away)],
  ];
  return <FactList class="ops-figures" facts={facts} />;
}

function waitWords({ wait, state }: Status): string {
  const t = opsWords().figures;
  const { from, to } = spanOf(wait);
  if (to === 0) return state === 'open' || state === 'queueing' ? t.now : t.unknown;
  return saySpan(from, to, words()) ?? t.unknown;
}

/** The numbers stand above: this only shows where they come from. */
function Spark(props: { name: string; history: readonly Sample[]; of: (sample: Sample) => number }) {
  const { name, history, of } = props;
  const { width, height } = SPARK;
  const spanMs = (history.at(-1)?.at ?? 0) - (history[0]?.at ?? 0);
  const minutes = Math.max(1, Math.min(HISTORY_MS / MINUTE_MS, Math.ceil(spanMs / MINUTE_MS)));
  return (
    <figure class="ops-spark" aria-hidden="true">
      <figcaption class="hint">
        {name}, {opsWords().figures.last(minutes)}
      </figcaption>
      <svg viewBox={`-2 -2 ${width + 4} ${height + 4}`} preserveAspectRatio="none">
        <polyline points={points(history, of, width, height)} />
      </svg>
    </figure>
  );
}

/** Says aloud that the server is in another state, and nothing of the figures that change all the time. */
function useNews(text: string): void {
  const was = useRef(text);
  useEffect(() => {
    if (was.current !== text) announce(text);
    was.current = text;
  }, [text]);
}
