// Adding people: paste or type a list, or drop a file; see at once what was understood; add.

import { useEffect, useRef, useState } from 'preact/hooks';

import { addToRoster } from '../../api/calls';
import type { Fault } from '../../api/http';
import type { ClassId, Invitation } from '../../protocol/types';
import { words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { Button, IconButton } from '../../ui/button';
import { TextArea } from '../../ui/field';
import { FaultNotice } from '../../ui/notice';
import { FilePick, useDrop } from './roster-file';
import { RosterPreviewView } from './roster-preview';
import { entryOf, isAddedByDefault, leftover, spanOfLine } from './roster-text';
import { usePreview } from './use-preview';

export function RosterAdd(props: {
  classId: ClassId;
  /** Nobody is there yet: this is what the page is about. */
  first: boolean;
  /** With the whole list, and whether no line is left to correct. */
  onAdded: (people: Invitation[], finished: boolean) => void;
  onClose: () => void;
}) {
  const roster = usePreview(props.classId);
  // Lines whose tick the teacher has turned over.
  const [turned, setTurned] = useState<ReadonlySet<number>>(new Set());
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const area = useRef<HTMLTextAreaElement>(null);
  const drop = useDrop((file) => void roster.readFile(file));
  const t = words().roster;

  useEffect(() => setTurned(new Set()), [roster.preview]);
  useEffect(() => {
    if (!props.first) area.current?.focus();
  }, []);

  const chosen = (roster.preview?.people ?? []).filter((line) => isAddedByDefault(line) !== turned.has(line.line));
  const add = async () => {
    if (!roster.preview) return;
    setBusy(true);
    const answer = await addToRoster(props.classId, chosen.map(entryOf));
    setBusy(false);
    setFault(answer.ok ? undefined : answer.fault);
    if (!answer.ok) return;
    const rest = leftover(roster.text, roster.preview);
    roster.write(rest);
    toast(t.added(chosen.length));
    if (rest !== '') area.current?.focus();
    props.onAdded(answer.value, rest === '');
  };
  const toLine = (line: number) => {
    const { start, end } = spanOfLine(roster.text, line);
    area.current?.focus();
    area.current?.setSelectionRange(start, end);
  };

  return (
    <section class={drop.over ? 'card roster over' : 'card roster'} aria-labelledby="roster-title" {...drop.handlers}>
      <div class="roster-head">
        <h2 id="roster-title">{t.title}</h2>
        {!props.first && <IconButton icon="cross" label={words().common.close} onClick={props.onClose} />}
      </div>
      <div class="roster-columns">
        <div class="roster-write">
          <TextArea
            label={t.paste}
            hint={t.pasteHint}
            rows={12}
            value={roster.text}
            placeholder={t.example}
            areaRef={area}
            onValue={roster.write}
          />
          <FilePick over={drop.over} onFile={(file) => void roster.readFile(file)} />
        </div>
        <div class="roster-read">
          <RosterPreviewView
            preview={roster.preview}
            turned={turned}
            onTurn={(line) => setTurned(toggled(turned, line))}
            onToLine={toLine}
          />
          <FaultNotice fault={fault ?? roster.fault} />
          {chosen.length > 0 && (
            <Button kind="primary" large icon="plus" busy={busy || roster.asking} onClick={() => void add()}>
              {t.add(chosen.length)}
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

function toggled(set: ReadonlySet<number>, line: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(line)) next.add(line);
  return next;
}
