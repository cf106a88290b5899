// Which page is shown: a link being opened first, else the page that the address asks for.

import { useEffect } from 'preact/hooks';

import { claiming, openLink } from './api/link';
import { route } from './route';
import { Announcer } from './ui/announcer';
import { lazy } from './ui/lazy';
import { HomePage } from './views/home/page';
import { LinkPage } from './views/plain/link';
import { UnknownPage } from './views/plain/pages';

const SetupPage = lazy(() => import('./views/setup/page').then((part) => part.SetupPage));
const OpsPage = lazy(() => import('./views/ops/page').then((part) => part.OpsPage));
const ClassFlow = lazy(() => import('./views/class/flow').then((part) => part.ClassFlow));

export function App() {
  useEffect(() => {
    // A link opened in a tab where Préau is already shown changes the fragment only.
    addEventListener('hashchange', openLink);
    return () => removeEventListener('hashchange', openLink);
  }, []);
  return (
    <>
      <CurrentPage />
      <Announcer />
    </>
  );
}

function CurrentPage() {
  if (claiming.value) return <LinkPage state={claiming.value} />;
  const to = route.value;
  switch (to.page) {
    case 'home':
      return <HomePage />;
    case 'class':
      return <ClassFlow key={to.classId} classId={to.classId} />;
    case 'setup':
      return <SetupPage key={to.classId} classId={to.classId} />;
    case 'ops':
      return <OpsPage />;
    case 'unknown':
      return <UnknownPage />;
  }
}
