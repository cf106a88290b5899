// A teacher's home: the next class large, the others below, and how to begin where there is none.

import { useState } from 'preact/hooks';

import type { Account, ClassCard } from '../../protocol/types';
import { go, paths } from '../../route';
import { words } from '../../text/text';
import { now } from '../../ui/clock';
import { Button } from '../../ui/button';
import { toast } from '../../ui/announcer';
import { PageFrame, Title } from '../../ui/page';
import { DraftDialog } from '../setup/draft-dialog';
import { AccountMenu, RenameDialog } from './account';
import { ClassCardView } from './class-card';
import { order } from './order';

interface TeacherHomeProps {
  account: Account;
  classes: ClassCard[];
  onRenamed: (account: Account) => void;
  onSignedOut: () => void;
}

export function TeacherHome({ account, classes, onRenamed, onSignedOut }: TeacherHomeProps) {
  const [drafting, setDrafting] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const rename = () => setRenaming(true);
  const t = words().home;
  const { next, past } = order(classes, now());
  const created = (card: ClassCard) => {
    toast(words().draft.created);
    go(paths.setup(card.class));
  };
  return (
    <PageFrame
      head={<AccountMenu account={account} onRename={rename} onSignedOut={onSignedOut} />}
     
      ruled={classes.length === 0}
      class="home"
    >
      <div class="home-head">
        <Title text={t.title} />
        {classes.length > 0 && (
          <Button icon="plus" onClick={() => setDrafting(true)}>
            {t.create}
          </Button>
        )}
      </div>
      {classes.length === 0 && <HowToBegin account={account} onRename={rename} onBegin={() => setDrafting(true)} />}
      {next.length > 0 && (
        <ul class="class-cards" aria-label={t.next}>
          {next.map((card, index) => (
            <ClassCardView key={card.class} card={card} first={index === 0} />
          ))}
        </ul>
      )}
      {past.length > 0 && (
        <section class="home-past" aria-labelledby="past">
          <h2 id="past">{t.past}</h2>
          <ul class="class-cards">
            {past.map((card) => (
              <ClassCardView key={card.class} card={card} first={false} level={3} />
            ))}
          </ul>
        </section>
      )}
      {renaming && <RenameDialog account={account} onRenamed={onRenamed} onClose={() => setRenaming(false)} />}
      {drafting && <DraftDialog onDone={created} onClose={() => setDrafting(false)} />}
    </PageFrame>
  );
}

function HowToBegin({ account, onRename, onBegin }: { account: Account; onRename: () => void; onBegin: () => void }) {
  const t = words().home;
  return (
    <section class="begin card" aria-labelledby="begin">
      <h2 id="begin">{t.emptyTitle}</h2>
      <ol class="begin-steps">
        {t.emptySteps.map(({ title, hint }, index) => (
          <li key={title}>
            <span class="begin-number" aria-hidden="true">
              {index + 1}
            </span>
            <div>
              <h3>{title}</h3>
              <p class="second">{hint}</p>
            </div>
          </li>
        ))}
      </ol>
      <Button kind="primary" large icon="plus" onClick={onBegin}>
        {t.emptyDo}
      </Button>
      <p class="begin-name second">
        {t.emptyName(account.name)}{' '}
        <button type="button" class="text-button" onClick={onRename}>
          {words().account.rename}
        </button>
      </p>
    </section>
  );
}
