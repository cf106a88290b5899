// One person's invitation.

import { useState } from 'preact/hooks';

import { removeFromRoster, renewInvitation, revokeInvitation } from '../../api/calls';
import type { ClassId, Invitation } from '../../protocol/types';
import { words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { Avatar } from '../../ui/avatar';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { copyText } from '../../ui/copy';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { Menu, type MenuItem } from '../../ui/menu';

type Asking = 'renew' | 'revoke' | 'remove';
type State = 'fresh' | 'used' | 'revoked';

const STATE_ICONS: Record<State, IconName> = { fresh: 'clock', used: 'check', revoked: 'block' };
const STATE_KINDS: Record<State, string> = { fresh: 'tag', used: 'tag good', revoked: 'tag attention' };

interface RowProps {
  classId: ClassId;
  invitation: Invitation;
  onChanged: (invitation: Invitation) => void;
  onRemoved: () => void;
}

export function InvitationRow(props: RowProps) {
  const { name, person, group, role, link } = props.invitation;
  const [asking, setAsking] = useState<Asking>();
  const t = words().invitations;
  const state = stateOf(props.invitation);
  const copy = async (text: string) => {
    if (await copyText(text)) toast(t.copied(name), 'copy');
    else toast(t.copyFailed, 'warning');
  };
  const items: MenuItem[] = [
    { label: t.renew, icon: 'reload', onSelect: () => setAsking('renew') },
    ...(link ? [{ label: t.revoke, icon: 'block' as const, danger: true, onSelect: () => setAsking('revoke') }] : []),
    { label: t.remove, icon: 'trash', danger: true, onSelect: () => setAsking('remove') },
  ];
  return (
    <li class="invitation-row">
      <Avatar name={name} id={person} />
      <div class="invitation-who">
        <span class="invitation-name">{name}</span>
        <span class="hint">{[role === 'teacher' && words().roster.teacher, group].filter(Boolean).join(', ')}</span>
      </div>
      <span class={`${STATE_KINDS[state]} invitation-state`}>
        <Icon name={STATE_ICONS[state]} />
        {t.states[state]}
      </span>
      <div class="invitation-do">
        {link ? (
          <Button kind="quiet" icon="copy" aria-label={t.copyOf(name)} onClick={() => void copy(link)}>
            <span class="copy-words">{t.copy}</span>
          </Button>
        ) : (
          <Button kind="quiet" icon="reload" aria-label={t.renewTitle(name)} onClick={() => setAsking('renew')}>
            <span class="copy-words">{t.renewShort}</span>
          </Button>
        )}
        <Menu label={t.actionsOf(name)} icon="more" sections={[{ items }]} />
      </div>
      {asking && <Ask {...props} asking={asking} onClose={() => setAsking(undefined)} />}
    </li>
  );
}

function Ask({ asking, classId, invitation, onChanged, onRemoved, onClose }: RowProps & { asking: Asking; onClose: () => void }) {
  const { name, person } = invitation;
  const t = words().invitations;
  switch (asking) {
    case 'renew':
      return (
        <Confirm
          question={{ title: t.renewTitle(name), body: t.renewBody, yes: t.renew }}
          act={() => renewInvitation(classId, person)}
          onClose={onClose}
          onDone={(changed) => {
            onChanged(changed);
            toast(t.renewed(name));
          }}
        />
      );
    case 'revoke':
      return (
        <Confirm
          question={{ title: t.revokeTitle(name), body: t.revokeBody, yes: t.revoke, danger: true }}
          act={() => revokeInvitation(classId, person)}
          onClose={onClose}
          onDone={(changed) => {
            onChanged(changed);
            toast(t.revoked(name));
          }}
        />
      );
    case 'remove':
      return (
        <Confirm
          question={{ title: t.removeTitle(name), body: t.removeBody, yes: t.remove, danger: true }}
          act={() => removeFromRoster(classId, person)}
          onClose={onClose}
          onDone={() => {
            onRemoved();
            toast(t.removed(name));
          }}
        />
      );
  }
}

function stateOf({ link, used }: Invitation): State {
  if (!link) return 'revoked';
  return used ? 'used' : 'fresh';
}
