// A list that comes as a file: chosen with a button, or dropped.

import { useRef, useState } from 'preact/hooks';

import { words } from '../../text/text';
import { Button } from '../../ui/button';

export function FilePick({ over, onFile }: { over: boolean; onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const t = words().roster;
  return (
    <div class="file-pick">
      <input
        ref={input}
        type="file"
        accept=".csv,.tsv,.txt,text/csv,text/plain"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file again, corrected in the meantime, is a new choice.
          event.currentTarget.value = '';
          if (file) onFile(file);
        }}
      />
      <Button icon="upload" onClick={() => input.current?.click()}>
        {t.file}
      </Button>
      <span class="hint">{over ? t.dropNow : t.drop}</span>
    </div>
  );
}

/** Handlers that make an element take a dropped file. */
export function useDrop(onFile: (file: File) => void) {
  const [over, setOver] = useState(false);
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      const inside = (event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null);
      if (!inside) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      setOver(false);
      onFile(file);
    },
  };
  return { over, handlers };
}
