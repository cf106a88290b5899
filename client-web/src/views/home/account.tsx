// The teacher's account: their name, and leaving this browser.

import { useState } from 'preact/hooks';

import { rename, signOut } from '../../api/calls';
import type { Fault } from '../../api/http';
import type { Account } from '../../protocol/types';
import { words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { lazy } from '../../ui/lazy';
import { Menu } from '../../ui/menu';
import { FaultNotice } from '../../ui/notice';

const BrowsersDialog = lazy(() => import('./browsers').then((part) => part.BrowsersDialog));

interface AccountProps {
  account: Account;
  onRename: () => void;
  onSignedOut: () => void;
}

export function AccountMenu({ account, onRename, onSignedOut }: AccountProps) {
  const [leaving, setLeaving] = useState(false);
  const [looking, setLooking] = useState(false);
  const t = words().account;
  return (
    <>
      <Menu
        label={t.of(account.name)}
        icon="person"
        class="account"
        sections={[
          {
            title: account.name,
            items: [
              { label: t.rename, icon: 'edit', onSelect: onRename },
              { label: t.browsers, icon: 'screen', onSelect: () => setLooking(true) },
              { label: t.signOut, icon: 'leave', onSelect: () => setLeaving(true) },
            ],
          },
        ]}
      >
        <span class="account-name">{account.name}</span>
      </Menu>
      {looking && <BrowsersDialog onClose={() => setLooking(false)} />}
      {leaving && (
        <Confirm
          question={{ title: t.signOutTitle, body: t.signOutBody, yes: t.signOutDo }}
          act={signOut}
          onDone={onSignedOut}
          onClose={() => setLeaving(false)}
        />
      )}
    </>
  );
}

export function RenameDialog(props: { account: Account; onRenamed: (account: Account) => void; onClose: () => void }) {
  const [name, setName] = useState(props.account.name);
  const [missing, setMissing] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const t = words().account;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setFault(undefined);
    setMissing(name.trim() === '');
    if (name.trim() === '') return;
    setBusy(true);
    const answer = await rename({ name: name.trim() });
    setBusy(false);
    if (!answer.ok) return setFault(answer.fault);
    props.onClose();
    props.onRenamed(answer.value);
    toast(t.renamed(answer.value.name));
  };
  return (
    <Dialog title={t.rename} onClose={props.onClose}>
      <form class="stack" onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label={t.name}
          hint={t.nameHint}
          fault={missing ? t.nameMissing : undefined}
          value={name}
          onValue={setName}
          autoFocus
        />
        <FaultNotice fault={fault} />
        <div class="dialog-foot">
          <Button onClick={props.onClose}>{words().common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {words().common.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
