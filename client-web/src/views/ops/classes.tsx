// The fullest classes, in numbers: nobody's name, and no title.

import type { Operations } from '../../protocol/types';
import { figure, opsWords } from './words';

export function ClassesCard({ seen }: { seen: Operations }) {
  const t = opsWords().classes;
  return (
    <div class="card stack">
      <h2 id="ops-classes">{t.title}</h2>
      {seen.classes.length === 0 ? (
        <p class="second">{t.none}</p>
      ) : (
        <div class="ops-scroll" tabIndex={0} role="region" aria-labelledby="ops-classes">
          <table class="ops-table tabular">
            <thead>
              <tr>
                <th scope="col">{t.class}</th>
                <th scope="col">{t.teachers}</th>
                <th scope="col">{t.students}</th>
                <th scope="col">{t.queued}</th>
                <th scope="col">{t.reserved}</th>
              </tr>
            </thead>
            <tbody>
              {seen.classes.map((one) => (
                <tr key={one.class}>
                  <th scope="row" title={one.class}>
                    {one.class.slice(0, 8)}
                  </th>
                  <td>{figure(one.teachers)}</td>
                  <td>{figure(one.students)}</td>
                  <td>{figure(one.queued)}</td>
                  <td>{figure(one.reserved)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
