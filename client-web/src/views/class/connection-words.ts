// One's own connection in words: nothing as long as nothing is left out and nothing is likely to freeze.

import type { Pictures } from '../../protocol/types';
import type { Connection } from '../../state/class';
import { words } from '../../text/text';

export function connectionWords({ quality, reduced }: Connection, pictures: Pictures): ((familiar: boolean) => string) | null {
  const t = words().class.banner;
  // Whoever chose to have no pictures misses none.
  if (pictures === 'none') return quality === 'poor' ? t.weakSound : null;
  if (reduced !== 'nothing') return t.reduced[reduced];
  return quality === 'poor' ? t.weak : null;
}
