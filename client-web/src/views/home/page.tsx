// The home page: a teacher's classes, or those that one is invited to, or how to get in.

import { useEffect, useState } from 'preact/hooks';

import { classes, me } from '../../api/calls';
import type { Answer } from '../../api/http';
import { useAnswer, type Loaded } from '../../api/use-answer';
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

/** Whoever waits here for a class to begin sees it begin within this time. */
const FRESH_EVERY_MS = 20_000;

export function HomePage() {
  const [visit, setVisit] = useState(0);
  const home = useAnswer(String(visit), askHome);
  useFresh(home);
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

/** Asks again while somebody looks, and when they come back to the page. A server that does not answer changes nothing. */
function useFresh(home: Loaded<Home>): void {
  useEffect(() => {
    if (home.step !== 'here') return undefined;
    let isCurrent = true;
    const ask = async (): Promise<void> => {
      if (document.visibilityState === 'hidden') return;
      const answer = await askHome();
      // What the person has changed meanwhile counts more than an answer that was on its way.
      if (isCurrent && answer.ok) home.set(answer.value);
    };
    const timer = setInterval(() => void ask(), FRESH_EVERY_MS);
    const seen = (): void => void ask();
    document.addEventListener('visibilitychange', seen);
    return () => {
      isCurrent = false;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [home.step === 'here' ? home.value : null]);
}

async function askHome(): Promise<Answer<Home>> {
  const who = await me();
  if (!who.ok) return who;
  const { account, invited } = who.value;
  if (!account) return { ok: true, value: invited.length > 0 ? { who: 'invited', invited } : { who: 'nobody' } };
  const list = await classes();
  return list.ok ? { ok: true, value: { who: 'teacher', account, classes: list.value } } : list;
}
