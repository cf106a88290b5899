// From the start of the built binary to the printed link, on an empty data directory: the median of ten.

import { Server } from '../browser/server.mjs';
import { median } from './median.mjs';

const times = [];
for (let n = 0; n < 10; n += 1) {
  const began = performance.now();
  const server = await Server.start({ profile: 'release' });
  times.push(performance.now() - began);
  await server.stop();
}
console.log(JSON.stringify({ cold_start_s: Math.round(median(times)) / 1000 }));
