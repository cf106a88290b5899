// What an operator says to everybody, and letting nobody in any more.

import { useState } from 'preact/hooks';

import type { Fault } from '../../api/http';
import { INCIDENT_CHARS_MAX, type Operations } from '../../protocol/types';
import { language, words } from '../../text/text';
import { sayMoment } from '../../text/times';
import { toast } from '../../ui/announcer';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Field } from '../../ui/field';
import { FaultNotice } from '../../ui/notice';
import type { Desk } from './desk';
import { opsWords } from './words';

export function SayCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string>();
  const [fault, setFault] = useState<Fault>();
  const t = opsWords().say;
  const withdraw = async (at: number): Promise<void> => {
    const answer = await desk.act({ unsay: { at } });
    setFault(answer.ok ? undefined : answer.fault);
    if (answer.ok) toast(t.withdrawn);
  };
  const send = async (): Promise<void> => {
    const said = text.trim();
    const length = [...said].length;
    setWrong(length === 0 ? t.empty : length > INCIDENT_CHARS_MAX ? t.tooLong(INCIDENT_CHARS_MAX) : undefined);
    if (length === 0 || length > INCIDENT_CHARS_MAX) return;
    const answer = await desk.act({ say: { text: said } });
    setFault(answer.ok ? undefined : answer.fault);
    if (!answer.ok) return;
    setText('');
    toast(t.sent);
  };
  return (
    <section class="card stack" aria-labelledby="ops-say">
      <h2 id="ops-say">{t.title}</h2>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Field label={t.text} hint={t.hint(INCIDENT_CHARS_MAX)} fault={wrong} value={text} onValue={setText} />
        <div class="row">
          <Button type="submit">{t.send}</Button>
          <a href="/status">{t.toStatus}</a>
        </div>
      </form>
      <FaultNotice fault={fault} />
      {seen.status.incidents.length > 0 && (
        <ul class="ops-said">
          {seen.status.incidents.map((incident) => (
            <li key={incident.at}>
              <div class="grow">
                <p class="hint">{sayMoment(incident.at, seen.status.at, language(), words())}</p>
                <p>{incident.text}</p>
              </div>
              <IconButton icon="trash" label={t.withdraw(incident.text)} onClick={() => void withdraw(incident.at)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function DrainCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const [asks, setAsks] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const t = opsWords().drain;
  const stop = (): void => {
    void desk.act({ drain: { on: false } }).then((answer) => setFault(answer.ok ? undefined : answer.fault));
  };
  return (
    <section class="card stack" aria-labelledby="ops-drain">
      <h2 id="ops-drain">{t.title}</h2>
      <p>{t.hint}</p>
      <FaultNotice fault={fault} />
      <div>
        {seen.draining ? (
          <Button icon="door-open" onClick={stop}>
            {t.stop}
          </Button>
        ) : (
          <Button kind="danger" icon="block" onClick={() => setAsks(true)}>
            {t.start}
          </Button>
        )}
      </div>
      {asks && (
        <Confirm
          question={{ ...t.confirm, danger: true }}
          act={() => desk.act({ drain: { on: true } })}
          onDone={() => undefined}
          onClose={() => setAsks(false)}
        />
      )}
    </section>
  );
}
