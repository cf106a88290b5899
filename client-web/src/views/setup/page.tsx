// Setting a class up: what it is, who is expected, and their invitations.

import { useState } from 'preact/hooks';

import { classOf, invitations } from '../../api/calls';
import type { Answer } from '../../api/http';
import { useAnswer } from '../../api/use-answer';
import type { ClassCard, ClassId, Invitation } from '../../protocol/types';
import { words } from '../../text/text';
import { Button } from '../../ui/button';
import { lazy } from '../../ui/lazy';
import { LoadingPage } from '../../ui/loading';
import { PageFrame } from '../../ui/page';
import { ClassRefusedPage, TroublePage } from '../plain/pages';
import { ClassHead } from './class-head';
import { InvitationList } from './invitation-list';
import { RosterAdd } from './roster-add';
import './setup.css';

const Sheet = lazy(() => import('./sheet').then((part) => part.Sheet));

interface Setup {
  card: ClassCard;
  people: Invitation[];
}

export function SetupPage({ classId }: { classId: ClassId }) {
  const setup = useAnswer(classId, () => ask(classId));
  switch (setup.step) {
    case 'loading':
      return <LoadingPage />;
    case 'failed':
      return isRefusal(setup.fault.code) ? <ClassRefusedPage /> : <TroublePage fault={setup.fault} again={setup.again} />;
    case 'here':
      return <SetupView setup={setup.value} onChange={setup.set} />;
  }
}

function SetupView({ setup, onChange }: { setup: Setup; onChange: (setup: Setup) => void }) {
  const { card, people } = setup;
  const [printing, setPrinting] = useState(false);
  const [adding, setAdding] = useState(people.length === 0);
  const [added, setAdded] = useState(false);
  const t = words().invitations;
  const add = () => {
    setAdded(false);
    setAdding(true);
  };
  const stopAdding = () => {
    setAdded(true);
    setAdding(false);
  };
  const setPeople = (list: Invitation[]) => onChange({ ...setup, people: list });

  if (printing) return <Sheet card={card} people={people} onBack={() => setPrinting(false)} />;
  return (
    <PageFrame class="setup">
      <ClassHead card={card} adding={adding} onChange={(changed) => onChange({ ...setup, card: changed })} />
      {adding && (
        <RosterAdd
          classId={card.class}
          first={people.length === 0}
          onAdded={(list, finished) => {
            setPeople(list);
            if (finished) stopAdding();
          }}
          onClose={stopAdding}
        />
      )}
      {people.length > 0 && (
        <InvitationList
          card={card}
          people={people}
          onChange={setPeople}
          takesFocus={added}
          onPrint={() => setPrinting(true)}
          add={
            !adding && (
              <Button icon="plus" onClick={add}>
                {t.addPeople}
              </Button>
            )
          }
        />
      )}
    </PageFrame>
  );
}

async function ask(classId: ClassId): Promise<Answer<Setup>> {
  const [card, people] = await Promise.all([classOf(classId), invitations(classId)]);
  if (!card.ok) return card;
  if (!people.ok) return people;
  return { ok: true, value: { card: card.value, people: people.value } };
}

function isRefusal(code: string): boolean {
  return code === 'not_authenticated' || code === 'not_allowed' || code === 'not_found';
}
