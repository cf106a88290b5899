// Setting a class up: what it is, who is expected, and their invitations.

import { words } from '../../text/text';
import { Page } from '../../ui/page';

export function SetupPage({ classId }: { classId: string }) {
  return (
    <Page title={words().setup.change}>
      <p>{classId}</p>
    </Page>
  );
}
