// Asks before something that cannot be taken back, and does it.

import { useState } from 'preact/hooks';

import type { Answer, Fault } from '../api/http';
import { words } from '../text/text';
import { Button } from './button';
import { Dialog } from './dialog';
import { FaultNotice } from './notice';

export interface Question {
  title: string;
  body: string;
  /** The words on the button that does it. */
  yes: string;
  danger?: boolean;
}

export function Confirm<Value>(props: {
  question: Question;
  act: () => Promise<Answer<Value>>;
  onDone: (value: Value) => void;
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const act = async () => {
    setBusy(true);
    const answer = await props.act();
    setBusy(false);
    if (!answer.ok) return setFault(answer.fault);
    props.onClose();
    return props.onDone(answer.value);
  };
  const { title, body, yes, danger } = props.question;
  return (
    <Dialog
      title={title}
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>{words().common.cancel}</Button>
          <Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void act()}>
            {yes}
          </Button>
        </>
      }
    >
      <p>{body}</p>
      <FaultNotice fault={fault} />
    </Dialog>
  );
}
