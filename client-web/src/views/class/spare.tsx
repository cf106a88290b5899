// What one receives on a weak or a dear connection, and what one's shared screen is for: chosen by hand, kept here.

import type { ScreenStyle } from '../../media/sections';
import type { Pictures } from '../../protocol/types';
import { myRights } from '../../state/facts';
import { words } from '../../text/text';
import { Dialog } from '../../ui/dialog';
import { Choices, type Choice } from '../../ui/field';
import { useAttendance } from './attendance';

const PICTURES: Pictures[] = ['all', 'few', 'none'];
const SCREEN_STYLES: ScreenStyle[] = ['detail', 'smooth'];

export function SpareDialog({ onClose }: { onClose: () => void }) {
  const attendance = useAttendance();
  const t = words().class.spare;
  const explained = <Value extends string>(values: Value[], texts: Record<Value, Omit<Choice<Value>, 'value'>>): Choice<Value>[] =>
    values.map((value) => ({ value, ...texts[value] }));
  return (
    <Dialog title={t.title} onClose={onClose}>
      <Choices
        legend={t.received}
        choices={explained(PICTURES, t.pictures)}
        value={attendance.pictures.value}
        onChange={(pictures) => attendance.choosePictures(pictures)}
      />
      <p class="second">{t.own(attendance.familiar)}</p>
      {attendance.media.canShareScreen && myRights(attendance.state).screen && (
        <Choices
          legend={t.screen}
          choices={explained(SCREEN_STYLES, t.screenStyle)}
          value={attendance.screenStyle.value}
          onChange={(style) => attendance.chooseScreenStyle(style)}
        />
      )}
    </Dialog>
  );
}
