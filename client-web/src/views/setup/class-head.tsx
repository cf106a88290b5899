// The head of the set-up page: which class, when, how its door is kept, and the way in.

import { useState } from 'preact/hooks';

import { deleteClass } from '../../api/calls';
import type { ClassCard, Policy } from '../../protocol/types';
import { go, paths } from '../../route';
import { language, words } from '../../text/text';
import { sayMoment } from '../../text/times';
import { toast } from '../../ui/announcer';
import { Button, classes } from '../../ui/button';
import { now } from '../../ui/clock';
import { Confirm } from '../../ui/confirm';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { Link } from '../../ui/link';
import { Menu } from '../../ui/menu';
import { Title } from '../../ui/page';
import { DraftDialog } from './draft-dialog';

const DOOR_ICONS: Record<Policy, IconName> = { ask: 'bell', roster: 'door-open', shut: 'lock' };

interface HeadProps {
  card: ClassCard;
  /** People are being added: that is what the page is about now, not opening the class. */
  adding: boolean;
  onChange: (card: ClassCard) => void;
}

export function ClassHead({ card, adding, onChange }: HeadProps) {
  const [open, setOpen] = useState<'change' | 'remove'>();
  const t = words().setup;
  const close = () => setOpen(undefined);
  return (
    <header class="setup-head">
      <Link class="setup-back" href={paths.home}>
        <Icon name="arrow-left" />
        {t.back}
      </Link>
      <div class="setup-title">
        <Title text={card.title} />
        <div class="setup-do">
          <Link class={classes(adding ? undefined : 'primary', !adding)} href={paths.class(card.class)}>
            <Icon name="door-open" />
            {words().home.open}
          </Link>
        </div>
      </div>
      <div class="setup-facts">
        <ul class="facts second" aria-label={t.facts}>
          <Fact icon="calendar">{sayMoment(card.starts_at, now(), language(), words())}</Fact>
          <Fact icon={DOOR_ICONS[card.policy]}>{t.doors[card.policy]}</Fact>
          {card.familiar && <Fact icon="chat">{t.familiar}</Fact>}
        </ul>
        <div class="setup-change">
          <Button kind="quiet" icon="edit" onClick={() => setOpen('change')}>
            {t.change}
          </Button>
          <Menu
            label={t.more}
            icon="more"
            sections={[{ items: [{ label: t.remove, icon: 'trash', danger: true, onSelect: () => setOpen('remove') }] }]}
          />
        </div>
      </div>
      {open === 'change' && (
        <DraftDialog
          card={card}
          onClose={close}
          onDone={(changed) => {
            onChange(changed);
            toast(words().draft.saved);
          }}
        />
      )}
      {open === 'remove' && (
        <Confirm
          question={{ title: t.removeTitle, body: t.removeBody, yes: t.removeDo, danger: true }}
          act={() => deleteClass(card.class)}
          onClose={close}
          onDone={() => {
            toast(t.removed);
            go(paths.home, 'replace');
          }}
        />
      )}
    </header>
  );
}

function Fact({ icon, children }: { icon: IconName; children: string }) {
  return (
    <li class="fact">
      <Icon name={icon} />
      {children}
    </li>
  );
}
