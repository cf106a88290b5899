// Dialogs of the class: what is decided here can't be taken back with one click, or needs room.

import { useState } from 'preact/hooks';

import type { PersonId } from '../../protocol/types';
import { words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Check } from '../../ui/field';
import { DeviceTryout } from '../tryout/devices';
import { useAttendance } from './attendance';

interface Closing {
  onClose: () => void;
}

export function DevicesDialog({ onClose }: Closing) {
  return (
    <Dialog title={words().tryout.devices} onClose={onClose}>
      <DeviceTryout />
    </Dialog>
  );
}

export function EndDialog({ onClose }: Closing) {
  const attendance = useAttendance();
  const t = words().class.end;
  const foot = (
    <>
      <Button onClick={() => void attendance.visit.leave()}>{t.leaveOnly}</Button>
      <Button kind="danger" icon="leave" onClick={() => void attendance.ask({ class: { end: {} } })}>
        {t.forAll}
      </Button>
    </>
  );
  return (
    <Dialog title={t.title} onClose={onClose} foot={foot}>
      <p>{t.body}</p>
    </Dialog>
  );
}

export function RemoveDialog({ person, name, onClose }: Closing & { person: PersonId; name: string }) {
  const attendance = useAttendance();
  const [block, setBlock] = useState(false);
  const t = words();
  const remove = () => {
    void attendance.ask({ class: { remove: { person, block } } }).then((done) => {
      if (done) toast(t.class.people.removed(name), 'check');
    });
    onClose();
  };
  const foot = (
    <>
      <Button onClick={onClose}>{t.common.cancel}</Button>
      <Button kind="danger" icon="leave" onClick={remove}>
        {t.class.people.removeDo}
      </Button>
    </>
  );
  return (
    <Dialog title={t.class.people.removeTitle(name)} onClose={onClose} foot={foot}>
      <p>{t.class.people.removeBody}</p>
      <Check title={t.class.people.removeBlock} checked={block} onChange={setBlock} />
    </Dialog>
  );
}

export function BlockDialog({ person, name, onClose }: Closing & { person: PersonId; name: string }) {
  const attendance = useAttendance();
  const t = words();
  const block = () => {
    void attendance.ask({ door: { block: { person } } });
    onClose();
  };
  const foot = (
    <>
      <Button onClick={onClose}>{t.common.cancel}</Button>
      <Button kind="danger" icon="block" onClick={block}>
        {t.class.door.block}
      </Button>
    </>
  );
  return (
    <Dialog title={t.class.door.blockTitle(name)} onClose={onClose} foot={foot}>
      <p>{t.class.door.blockBody}</p>
    </Dialog>
  );
}
