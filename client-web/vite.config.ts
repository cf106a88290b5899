import { defineConfig } from 'vitest/config';

import { fakeServer } from './dev/fake-server.ts';
import { licences } from './dev/licences.ts';

// `PREAU_SERVER=http://localhost:8080 npm run dev` talks to a real server; without it a fixture answers.
const server = process.env['PREAU_SERVER'];

export default defineConfig({
  plugins: [licences(), ...(server ? [] : [fakeServer()])],
  server: server
    ? {
        proxy: {
          '/api': { target: server, headers: { origin: server } },
          '/ws': { target: server, ws: true, headers: { origin: server } },
        },
      }
    : {},
  build: {
    target: 'es2022',
    // The content security policy knows no `data:` source.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
  },
});
