// The page on which a personal link is opened, and refused where it is no longer good.

import type { Claiming } from '../../api/link';
import { words } from '../../text/text';
import { PlainPage, TroublePage } from './pages';

export function LinkPage({ state }: { state: Claiming }) {
  const t = words().plain;
  if (state.step === 'asking') return <PlainPage title={t.opening} />;
  switch (state.fault.code) {
    case 'not_authenticated':
    case 'not_allowed':
    case 'not_found':
    case 'malformed':
    case 'limit':
      return (
        <PlainPage title={t.linkRefused}>
          <p class="plain-do">{t.linkRefusedDo}</p>
        </PlainPage>
      );
    default:
      return <TroublePage title={t.linkTrouble} fault={state.fault} again={state.again} />;
  }
}
