// The home of somebody without an account: the classes that this browser is invited to.

import type { Invited } from '../../protocol/types';
import { paths } from '../../route';
import { language, words } from '../../text/text';
import { sayWhen } from '../../text/times';
import { classes } from '../../ui/button';
import { now } from '../../ui/clock';
import { Icon } from '../../ui/icon';
import { Link } from '../../ui/link';
import { Page } from '../../ui/page';

export function InvitedHome({ invited }: { invited: Invited[] }) {
  const t = words().home.student;
  const familiar = invited.every((one) => one.familiar);
  const byStart = [...invited].sort((a, b) => a.starts_at - b.starts_at);
  return (
    <Page ruled title={t.title(familiar)} class="home">
      <ul class="class-cards">
        {byStart.map((one, index) => (
          <li class={index === 0 ? 'card class-card first' : 'card class-card'} key={one.class}>
            <div class="class-card-what">
              <p class="class-card-when">{sayWhen(one.starts_at, now(), language(), words())}</p>
              <h2 class="class-card-title">{one.title}</h2>
              <p class="class-card-facts second">
                <span class="fact">
                  <Icon name="person" />
                  {t.teacher(one.teacher)}
                </span>
              </p>
            </div>
            <div class="class-card-do">
              <Link
                class={classes(index === 0 ? 'primary' : undefined, index === 0)}
                href={paths.class(one.class)}
                aria-label={t.enterNamed(one.title)}
              >
                <Icon name="door-open" />
                {t.enter}
              </Link>
            </div>
          </li>
        ))}
      </ul>
    </Page>
  );
}
