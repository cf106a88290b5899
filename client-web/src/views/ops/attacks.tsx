// What was tried against the server, by kind, and a report of it to keep.

import { useState } from 'preact/hooks';

import { attacksCsv } from '../../api/calls';
import type { Fault } from '../../api/http';
import type { Operations } from '../../protocol/types';
import { toast } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { download } from '../../ui/download';
import { FaultNotice } from '../../ui/notice';
import type { Desk } from './desk';
import { figure, opsWords } from './words';

export function AttacksCard({ desk, seen }: { desk: Desk; seen: Operations }) {
  const [fault, setFault] = useState<Fault>();
  const t = opsWords().attacks;
  const tried = seen.attacks.filter(({ total }) => total > 0).sort((a, b) => b.lately - a.lately || b.total - a.total);
  const save = async (): Promise<void> => {
    const answer = await attacksCsv(desk.key.peek() ?? '');
    setFault(answer.ok ? undefined : answer.fault);
    if (!answer.ok) return;
    download(`preau-${new Date(seen.status.at).toISOString().slice(0, 10)}.csv`, answer.value, 'text/csv;charset=utf-8');
    toast(t.exported, 'download');
  };
  return (
    <section class="card stack" aria-labelledby="ops-attacks">
      <h2 id="ops-attacks">{t.title}</h2>
      {tried.length === 0 ? (
        <p class="second">{t.none}</p>
      ) : (
        <table class="ops-table tabular">
          <thead>
            <tr>
              <th scope="col">{t.kind}</th>
              <th scope="col">{t.total}</th>
              <th scope="col">{t.lately}</th>
            </tr>
          </thead>
          <tbody>
            {tried.map(({ kind, total, lately }) => (
              <tr key={kind}>
                <th scope="row">{t.name[kind]}</th>
                <td>{figure(total)}</td>
                <td>{figure(lately)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <FaultNotice fault={fault} />
      <div>
        <Button icon="download" onClick={() => void save()}>
          {t.export}
        </Button>
      </div>
    </section>
  );
}
