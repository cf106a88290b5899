// Which page the address asks for, and moving to another one without loading the document again.

import { signal } from '@preact/signals';

export type Route =
  | { page: 'home' }
  | { page: 'class'; classId: string }
  | { page: 'setup'; classId: string }
  | { page: 'ops' }
  | { page: 'unknown' };

const CLASS = /^\/class\/([0-9a-f-]{36})(\/setup)?\/?$/u;

export const route = signal<Route>(parseRoute(location.pathname));

addEventListener('popstate', () => {
  route.value = parseRoute(location.pathname);
});

/** Goes to another page of ours. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.value = parseRoute(location.pathname);
  scrollTo(0, 0);
}

export function parseRoute(path: string): Route {
  if (path === '/') return { page: 'home' };
  if (path === '/ops') return { page: 'ops' };
  const [, classId, setup] = CLASS.exec(path) ?? [];
  if (!classId) return { page: 'unknown' };
  return setup ? { page: 'setup', classId } : { page: 'class', classId };
}

export const paths = {
  home: '/',
  class: (classId: string) => `/class/${classId}`,
  setup: (classId: string) => `/class/${classId}/setup`,
};
