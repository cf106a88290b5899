// One class on a teacher's home page. The first is large, and its button is the page's one primary action.

import type { ClassCard } from '../../protocol/types';
import { paths } from '../../route';
import { language, words } from '../../text/text';
import { sayMoment, sayWhen } from '../../text/times';
import { classes } from '../../ui/button';
import { now } from '../../ui/clock';
import { Icon } from '../../ui/icon';
import { Link } from '../../ui/link';
import { isRunning } from './order';

/** `level` is its heading's place below the page's. */
export function ClassCardView({ card, first, level = 2 }: { card: ClassCard; first: boolean; level?: 2 | 3 }) {
  const t = words().home;
  const Heading = `h${level}` as const;
  return (
    <li class={first ? 'card class-card first' : 'card class-card'}>
      <div class="class-card-what">
        <p class="class-card-when">
          {isRunning(card) && <Running card={card} />}
          {isRunning(card) ? sayMoment(card.starts_at, now(), language(), words()) : sayWhen(card.starts_at, now(), language(), words())}
        </p>
        <Heading class="class-card-title">{card.title}</Heading>
        <p class="class-card-facts second">
          <span class="fact tabular">
            <Icon name="people" />
            {t.students(card.students)}
          </span>
          {!card.mine && (
            <span class="fact">
              <Icon name="person" />
              {t.invitedBy(card.teacher)}
            </span>
          )}
        </p>
      </div>
      <div class="class-card-do">
        <Link
          class={classes(first ? 'primary' : undefined, first)}
          href={paths.class(card.class)}
          aria-label={t.openNamed(card.title)}
        >
          <Icon name="door-open" />
          {first ? t.open : t.openShort}
        </Link>
        {card.mine && (
          <Link class={classes('quiet')} href={paths.setup(card.class)} aria-label={t.prepareNamed(card.title)}>
            <Icon name="edit" />
            {t.prepare}
          </Link>
        )}
      </div>
    </li>
  );
}

function Running({ card }: { card: ClassCard }) {
  const t = words().home;
  return (
    <span class={card.phase === 'open' ? 'tag good' : 'tag attention'}>
      <Icon name={card.phase === 'open' ? 'door-open' : 'warning'} />
      {card.phase === 'open' ? t.running : t.unattended}
    </span>
  );
}
