// The home page: a teacher's classes, or those that one is invited to, or how to get in.

import { useState } from 'preact/hooks';

import { classes, me, signOut } from '../../api/calls';
import type { Answer } from '../../api/http';
import { useAnswer } from '../../api/use-answer';
import type { Account, ClassCard, Invited } from '../../protocol/types';
import { words } from '../../text/text';
import { Confirm } from '../../ui/confirm';
import { LoadingPage } from '../../ui/loading';
import { Menu } from '../../ui/menu';
import { InvitationNeededPage, TroublePage } from '../plain/pages';
import { InvitedHome } from './invited';
import { TeacherHome } from './teacher';
import './home.css';

type Home =
  | { who: 'teacher'; account: Account; classes: ClassCard[] }
  | { who: 'invited'; invited: Invited[] }
  | { who: 'nobody' };

export function HomePage() {
  const [visit, setVisit] = useState(0);
  const home = useAnswer(String(visit), askHome);
  switch (home.step) {
    case 'loading':
      return <LoadingPage />;
    case 'failed':
      return <TroublePage fault={home.fault} again={home.again} />;
    case 'here':
      break;
  }
  switch (home.value.who) {
    case 'nobody':
      return <InvitationNeededPage />;
    case 'invited':
      return <InvitedHome invited={home.value.invited} />;
    case 'teacher':
      return (
        <TeacherHome
          classes={home.value.classes}
          head={<AccountMenu account={home.value.account} onSignedOut={() => setVisit(visit + 1)} />}
        />
      );
  }
}

async function askHome(): Promise<Answer<Home>> {
  const who = await me();
  if (!who.ok) return who;
  const { account, invited } = who.value;
  if (!account) return { ok: true, value: invited.length > 0 ? { who: 'invited', invited } : { who: 'nobody' } };
  const list = await classes();
  return list.ok ? { ok: true, value: { who: 'teacher', account, classes: list.value } } : list;
}

function AccountMenu({ account, onSignedOut }: { account: Account; onSignedOut: () => void }) {
  const [asking, setAsking] = useState(false);
  const t = words().home;
  return (
    <>
      <Menu
        label={t.account(account.name)}
        icon="person"
        class="account"
        sections={[{ title: account.name, items: [{ label: t.signOut, icon: 'leave', onSelect: () => setAsking(true) }] }]}
      >
        <span class="account-name">{account.name}</span>
      </Menu>
      {asking && (
        <Confirm
          question={{ title: t.signOutTitle, body: t.signOutBody, yes: t.signOutDo }}
          act={signOut}
          onDone={onSignedOut}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
