// Nobody has been answered yet: the page keeps trying, and says so.

import { useEffect, useState } from 'preact/hooks';

import { words } from '../../text/text';
import { Page } from '../../ui/page';

export function BusyPage({ title, familiar }: { title: string; familiar: boolean }) {
  const isOnline = useOnline();
  const t = words().queue.busy;
  return (
    <Page ruled title={title} class="plain busy">
      <div role="status">
        <p class="plain-do">{isOnline ? t.body(familiar) : t.offline(familiar)}</p>
      </div>
    </Page>
  );
}

function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  return isOnline;
}
