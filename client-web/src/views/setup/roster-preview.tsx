// What was understood of a list: lines to correct first, then people, the doubtful ones marked.

import type { RosterBadLine, RosterLine, RosterPreview } from '../../protocol/types';
import { words } from '../../text/text';
import { Icon } from '../../ui/icon';
import { isAddedByDefault } from './roster-text';
import { summary } from './use-preview';

export function RosterPreviewView(props: {
  preview: RosterPreview | undefined;
  /** Lines whose tick was turned over. */
  turned: ReadonlySet<number>;
  onTurn: (line: number) => void;
  onToLine: (line: number) => void;
}) {
  const t = words().roster;
  const { preview } = props;
  if (!preview) {
    return (
      <div class="preview-empty">
        <Icon name="people" />
        <p>{t.previewEmpty}</p>
      </div>
    );
  }
  return (
    <div class="preview">
      <h3 class="tabular">{summary(preview)}</h3>
      {preview.charset === 'windows-1252' && <p class="hint">{t.windows1252}</p>}
      {preview.bad.length > 0 && <BadLines lines={preview.bad} onToLine={props.onToLine} />}
      {preview.people.length > 0 && (
        <ul class="preview-people" aria-label={t.preview}>
          {preview.people.map((line) => (
            <PersonLine
              key={line.line}
              line={line}
              checked={isAddedByDefault(line) !== props.turned.has(line.line)}
              onTurn={() => props.onTurn(line.line)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function BadLines({ lines, onToLine }: { lines: RosterBadLine[]; onToLine: (line: number) => void }) {
  const t = words().roster;
  return (
    <div class="bad-lines">
      <p class="hint">{t.badHint}</p>
      <ul class="bad-list" aria-label={t.badTitle}>
        {lines.map(({ line, text, why }) => (
          <li key={line}>
            <button type="button" class="row-button bad-line" onClick={() => onToLine(line)} title={t.toLine(line)}>
              <Icon name="warning" />
              <span class="grow">
                <strong class="tabular">{t.line(line)}</strong> <span class="bad-why">{t.faults[why]}</span>
                <span class="bad-text">{text.trim() === '' ? t.emptyLine : text}</span>
              </span>
              <Icon name="chevron-right" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function PersonLine({ line, checked, onTurn }: { line: RosterLine; checked: boolean; onTurn: () => void }) {
  const t = words().roster;
  return (
    <li>
      <label class={line.doubt ? 'person-line doubtful' : 'person-line'}>
        <input type="checkbox" checked={checked} onChange={onTurn} />
        <span class="grow">
          <span class="person-name">{line.name}</span>
          {line.doubt && (
            <span class="person-doubt">
              <Icon name="warning" />
              {t.doubts[line.doubt]}
            </span>
          )}
        </span>
        {line.role === 'teacher' && <span class="tag good">{t.teacher}</span>}
        {line.group && <span class="tag">{line.group}</span>}
      </label>
    </li>
  );
}
