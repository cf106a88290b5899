// The home page: a teacher's classes, or those that one is invited to, or how to get in.

import { useState } from 'preact/hooks';

import { classes, me } from '../../api/calls';
import type { Answer } from '../../api/http';
import { useAnswer } from '../../api/use-answer';
import type { Account, ClassCard, Invited } from '../../protocol/types';
import { LoadingPage } from '../../ui/loading';
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
    case 'teacher': {
      const teacher = home.value;
      return (
        <TeacherHome
          account={teacher.account}
          classes={teacher.classes}
          onRenamed={(account) => home.set({ ...teacher, account })}
          onSignedOut={() => setVisit(visit + 1)}
        />
      );
    }
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
