// The list being written and what the server understands of it, asked again a moment after each change.

import { useEffect, useRef, useState } from 'preact/hooks';

import { previewRoster } from '../../api/calls';
import type { Answer, Fault } from '../../api/http';
import type { ClassId, RosterPreview } from '../../protocol/types';
import { words } from '../../text/text';
import { announce } from '../../ui/announcer';

/** A pause in typing that means "look at it now". */
const PAUSE_MS = 250;

export interface Preview {
  text: string;
  preview: RosterPreview | undefined;
  fault: Fault | undefined;
  /** The preview is about to change. */
  asking: boolean;
  write: (text: string) => void;
  readFile: (file: File) => Promise<void>;
}

export function usePreview(classId: ClassId): Preview {
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<Answer<RosterPreview>>();
  const [asking, setAsking] = useState(false);
  // Only the answer to the latest question counts.
  const question = useRef(0);
  const pause = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(pause.current), []);

  const ask = async (bytes: Uint8Array<ArrayBuffer>) => {
    const mine = ++question.current;
    const come = await previewRoster(classId, bytes);
    if (mine !== question.current) return undefined;
    setAsking(false);
    setAnswer(come);
    if (come.ok) announce(summary(come.value));
    return come;
  };

  const write = (next: string) => {
    setText(next);
    clearTimeout(pause.current);
    question.current += 1;
    setAsking(next.trim() !== '');
    if (next.trim() === '') setAnswer(undefined);
    else pause.current = window.setTimeout(() => void ask(new TextEncoder().encode(next)), PAUSE_MS);
  };

  const readFile = async (file: File) => {
    clearTimeout(pause.current);
    setAsking(true);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const come = await ask(bytes);
    if (!come?.ok) return;
    // From here on the file is text like any other, in the character set that the server recognised.
    setText(new TextDecoder(come.value.charset).decode(bytes).replace(/\r\n?/gu, '\n'));
    announce(words().roster.fileRead(file.name));
  };

  return {
    text,
    preview: answer?.ok ? answer.value : undefined,
    fault: answer && !answer.ok ? answer.fault : undefined,
    asking,
    write,
    readFile,
  };
}

/** The preview in a few words. */
export function summary({ people, bad }: RosterPreview): string {
  const t = words().roster;
  const doubtful = people.filter((line) => line.doubt).length;
  const parts = people.length > 0 || bad.length === 0 ? [t.recognised(people.length)] : [];
  if (doubtful > 0) parts.push(t.doubtful(doubtful));
  if (bad.length > 0) parts.push(t.bad(bad.length));
  return parts.join(', ');
}
