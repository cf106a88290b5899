// One teacher's picture and voice to 30 and to 200 light subscribers: the server's CPU per packet, and memory per seat.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { Server } from '../browser/server.mjs';
import { median } from './median.mjs';

const loadtest = process.env.PREAU_LOADTEST ?? fileURLToPath(new URL('../../target/release/preau-loadtest', import.meta.url));
const RUNS = Number(process.env.RUNS ?? 3);

const figures = {};
for (const students of [30, 200]) {
  const reports = [];
  for (let n = 0; n < RUNS; n += 1) reports.push(await lesson(students));
  figures[`forward_us_video_${students}`] = round(median(reports.map((one) => one.forward_us)));
  if (students === 200) figures.seat_kb = Math.round(median(reports.map((one) => one.seat_kb)));
}
console.log(JSON.stringify(figures));

async function lesson(students) {
  const server = await Server.start({ profile: 'release' });
  try {
    const report = await new Promise((resolve, reject) => {
      const words = ['class', '--link', server.welcome, '--students', String(students), '--lesson-s', '10', '--watch-pid', String(server.pid)];
      execFile(loadtest, words, { maxBuffer: 2 ** 24 }, (error, out, err) => {
        try {
          resolve(JSON.parse(out));
        } catch {
          reject(new Error(`${error}\n${err}`));
        }
      });
    });
    console.log(`${students} students, ${report.connected} connected, ${report.gaps} gaps: ${round(report.forward_us)} µs a packet, ${round(report.seat_kb)} kB a seat`);
    if (report.failures.length > 0) console.log(report.failures.slice(0, 3).join('\n'));
    return report;
  } finally {
    await server.stop();
  }
}

function round(number) {
  return Math.round(number * 10) / 10;
}
