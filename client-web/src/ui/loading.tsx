// A page whose contents are on their way. It has no heading yet, so that focus waits for the real one.

import { words } from '../text/text';
import { PageFrame } from './page';

export function LoadingPage() {
  return (
    <PageFrame>
      <p class="loading">{words().common.loading}</p>
    </PageFrame>
  );
}
