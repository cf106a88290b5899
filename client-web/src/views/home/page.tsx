// The home page: a teacher's classes, or those one is invited to.

import { words } from '../../text/text';
import { Page } from '../../ui/page';

export function HomePage() {
  return <Page title={words().home.title}>{null}</Page>;
}
