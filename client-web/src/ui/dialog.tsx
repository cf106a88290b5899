// A modal dialog: the browser's own `<dialog>` holds the focus, closes on Escape and gives the focus back.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { words } from '../text/text';
import { IconButton } from './button';

/** Open for as long as it is rendered. `onClose` is called when the person closes it; then stop rendering it. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; foot?: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={title}
      onCancel={(event) => {
        // Bubbling `cancel` events of a file chooser inside are not ours.
        if (event.target !== dialog.current) return;
        event.preventDefault();
        props.onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={title}>{props.title}</h2>
        <IconButton icon="cross" label={words().common.close} onClick={props.onClose} />
      </div>
      <div class="dialog-body">
        {props.children}
        {props.foot && <div class="dialog-foot">{props.foot}</div>}
      </div>
    </dialog>
  );
}
