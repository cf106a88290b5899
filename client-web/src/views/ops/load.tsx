// What is used of each limit, in a bar, in words and in numbers; and the limits, to lower and to raise.

import { useState } from 'preact/hooks';

import type { Fault } from '../../api/http';
import type { Amounts, Operations, Scarce } from '../../protocol/types';
import { toast } from '../../ui/announcer';
import { Button, IconButton } from '../../ui/button';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { FaultNotice, Notice } from '../../ui/notice';
import type { Desk } from './desk';
import { amountWords, AMOUNTS, opsWords, percent } from './words';

/** One press changes a limit by this part of it. */
const STEP = 0.1;
const WHOLE = 1_000;

export function LoadCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const [fault, setFault] = useState<Fault>();
  const t = opsWords().load;
  const change = async (limits: Amounts): Promise<boolean> => {
    const answer = await desk.act({ limits: { limits } });
    setFault(answer.ok ? undefined : answer.fault);
    if (answer.ok) toast(t.applied);
    return answer.ok;
  };
  return (
    <section class="card stack ops-load" aria-labelledby="ops-load">
      <div>
        <h2 id="ops-load">{t.title}</h2>
        <p class="hint">{t.explain(percent(seen.let_in_until_permille / WHOLE))}</p>
      </div>
      {seen.shards_silent > 0 && (
        <Notice kind="attention">
          <p>{t.silent(seen.shards_silent)}</p>
        </Notice>
      )}
      <ul class="ops-loads">
        {AMOUNTS.map(({ scarce, amount }) => (
          <LoadRow
            key={scarce}
            scarce={scarce}
            amount={amount}
            seen={seen}
            onChange={(value) => void change({ ...seen.limits, [amount]: value })}
          />
        ))}
      </ul>
      <FaultNotice fault={fault} />
      <LimitsForm limits={seen.limits} onApply={change} />
    </section>
  );
}

interface RowProps {
  scarce: Scarce;
  amount: keyof Amounts;
  seen: Operations;
  onChange: (limit: number) => void;
}

function LoadRow({ scarce, amount, seen, onChange }: RowProps) {
  const t = opsWords().load;
  const configured = seen.configured[amount];
  const [used, limit] = [seen.used[amount], Math.max(1, seen.limits[amount])];
  const permille = Math.round((used / limit) * WHOLE);
  const level = permille >= WHOLE ? 'full' : permille >= seen.let_in_until_permille ? 'wait' : 'free';
  const name = t.name[scarce];
  return (
    <li class="ops-row">
      <div class="grow">
        <p class="ops-row-head">
          <span class="ops-name">{name}</span>
          {seen.scarce === scarce && <span class="tag">{t.scarce}</span>}
          <span class={`tag ${level === 'free' ? '' : 'attention'}`}>{t.level[level]}</span>
          <span class="ops-of tabular">
            {t.of(amountWords(amount, used), amountWords(amount, limit))} · {percent(used / limit)}
          </span>
        </p>
        <Bar permille={permille} mark={seen.let_in_until_permille} level={level} />
        {configured !== seen.limits[amount] && (
          <p class="ops-by-hand">
            <span class="hint">{t.byHand(amountWords(amount, configured))}</span>
            <Button kind="quiet" aria-label={t.giveBack(name)} onClick={() => onChange(configured)}>
              {t.giveBackShort}
            </Button>
          </p>
        )}
      </div>
      <IconButton icon="minus" label={t.lower(name)} onClick={() => onChange(Math.max(1, Math.floor(limit * (1 - STEP))))} />
      <IconButton icon="plus" label={t.raise(name)} onClick={() => onChange(Math.ceil(limit * (1 + STEP)))} />
    </li>
  );
}

/** What it shows is said in words beside it. */
function Bar({ permille, mark, level }: { permille: number; mark: number; level: string }) {
  return (
    <svg class={`ops-bar ${level}`} viewBox={`0 0 ${WHOLE} 12`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width={WHOLE} height="12" />
      <rect class="fill" width={Math.min(WHOLE, permille)} height="12" />
      <rect class="mark" x={mark - 2} width="4" height="12" />
    </svg>
  );
}

type Typed = Record<keyof Amounts, string>;

function LimitsForm({ limits, onApply }: { limits: Amounts; onApply: (limits: Amounts) => Promise<boolean> }) {
  const [typed, setTyped] = useState<Partial<Typed>>({});
  const [tried, setTried] = useState(false);
  const t = opsWords().load;
  const textOf = (amount: keyof Amounts): string => typed[amount] ?? String(limits[amount]);
  const apply = async (): Promise<void> => {
    setTried(true);
    const wanted = { ...limits };
    for (const { amount } of AMOUNTS) wanted[amount] = wholeNumber(textOf(amount));
    if (Object.values(wanted).some(Number.isNaN)) return;
    if (!(await onApply(wanted))) return;
    setTyped({});
    setTried(false);
  };
  return (
    <details class="ops-limits">
      <summary>
        <Icon name="chevron-right" />
        {t.set}
      </summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        <p class="hint">{t.setHint}</p>
        <div class="ops-fields">
          {AMOUNTS.map(({ scarce, amount }) => (
            <Field
              key={amount}
              type="number"
              label={scarce in t.unit ? `${t.name[scarce]} (${t.unit[scarce as keyof typeof t.unit]})` : t.name[scarce]}
              fault={tried && Number.isNaN(wholeNumber(textOf(amount))) ? t.notANumber : undefined}
              value={textOf(amount)}
              onValue={(text) => setTyped({ ...typed, [amount]: text })}
            />
          ))}
        </div>
        <Button type="submit">{t.apply}</Button>
      </form>
    </details>
  );
}

/** `NaN` when it is none, or below 1, or more than the wire carries. */
function wholeNumber(text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value < 2 ** 32 ? value : Number.NaN;
}
