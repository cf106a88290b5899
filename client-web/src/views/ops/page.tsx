// The operator's page: behind a key, everything that an operator sees of a server, live, and what they may do.

import { useEffect, useState } from 'preact/hooks';

import type { Operations } from '../../protocol/types';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { AttacksCard } from './attacks';
import { ClassesCard } from './classes';
import { DrainCard, SayCard } from './controls';
import { Desk } from './desk';
import { LinesCard } from './lines';
import { LoadCard } from './load';
import { StateCard } from './state-card';
import { opsWords } from './words';
import './ops.css';

export function OpsPage() {
  const [desk, setDesk] = useState<Desk | null>(null);
  useEffect(() => {
    const made = new Desk();
    setDesk(made);
    return () => made.close();
  }, []);
  if (desk === null) return null;
  const { value: seen } = desk.seen;
  return seen === null ? <SignInPage desk={desk} /> : <Board desk={desk} seen={seen} />;
}

function SignInPage({ desk }: { desk: Desk }) {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const t = opsWords().signIn;
  const enter = async (): Promise<void> => {
    if (key === '' || busy) return;
    setBusy(true);
    await desk.enter(key);
    setBusy(false);
  };
  const fault = desk.refused.value === 'wrong' ? t.wrong : undefined;
  return (
    <Page ruled title={t.title} class="ops-sign-in">
      {desk.refused.value === 'none' && (
        <Notice kind="attention">
          <p>{t.none}</p>
        </Notice>
      )}
      {desk.isStale.value && (
        <Notice kind="attention">
          <p>{opsWords().stale}</p>
        </Notice>
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <Field type="password" label={t.key} hint={t.hint} fault={fault} value={key} onValue={setKey} />
        <Button kind="primary" type="submit" busy={busy}>
          {t.enter}
        </Button>
      </form>
    </Page>
  );
}

function Board({ desk, seen }: { desk: Desk; seen: Operations }) {
  const t = opsWords();
  return (
    <Page title={t.title} class="ops">
      {desk.isStale.value && (
        <Notice kind="attention">
          <p>{t.stale}</p>
        </Notice>
      )}
      {!seen.kept && (
        <Notice kind="attention">
          <p>{t.notKept}</p>
        </Notice>
      )}
      <StateCard desk={desk} seen={seen} />
      <div class="ops-board">
        <div class="stack">
          <LoadCard desk={desk} seen={seen} />
          <AttacksCard desk={desk} seen={seen} />
          <SayCard desk={desk} seen={seen} />
        </div>
        <div class="stack">
          <LinesCard desk={desk} seen={seen} />
          <ClassesCard seen={seen} />
          <DrainCard desk={desk} seen={seen} />
        </div>
      </div>
      <p class="ops-leave">
        <Button kind="quiet" icon="lock" onClick={() => desk.leave()}>
          {t.leave}
        </Button>
      </p>
    </Page>
  );
}
