// A voice for the fake microphone: the browser's own beeps once a second, and between beeps nothing is sent.

import { writeFileSync } from 'node:fs';

const [RATE, SECONDS] = [48_000, 10];

/** Writes ten seconds of something that goes up and down like speech, as a WAV file. */
export function writeVoice(path) {
  const data = Buffer.alloc(RATE * SECONDS * 2);
  let phase = 0;
  for (let n = 0; n < RATE * SECONDS; n += 1) {
    const loud = 3_000 + 9_000 * Math.abs(Math.sin((2 * Math.PI * 1.5 * n) / RATE));
    phase += (2 * Math.PI * (220 + 120 * Math.sin((2 * Math.PI * 0.7 * n) / RATE))) / RATE;
    data.writeInt16LE(Math.round(loud * (0.7 * Math.sin(phase) + 0.3 * Math.sin(3 * phase))), n * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([header, data]));
}
