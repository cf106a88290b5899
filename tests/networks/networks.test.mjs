// On links as people have them at home: the class stays understandable, and nobody pays for another's link.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Links } from './lesson.mjs';

let links;
before(async () => (links = await Links.open()));
after(() => links?.close());
afterEach(() => links.school.goHome());

/** Nobody was thrown out or had to call again. */
function stayed(span) {
  assert.ok(span.isConnected && span.new_calls === 0, `one call, without a break: ${span}`);
}

/** So much of what the sender's camera gave is seen, and it does not stand still for long. A busy machine films less. */
function moves(span, sender, { share, frozen_share }) {
  const least = share * sender.sent_frames_per_s;
  assert.ok(least > 3 && span.frames_per_s >= least, `at least ${least} frames per second: ${span}`);
  assert.ok(span.frozen_share <= frozen_share, `frozen for at most ${frozen_share} of the time: ${span}`);
}

function isHeard(span, concealed_share) {
  assert.ok(span.concealed_share <= concealed_share, `at most ${concealed_share} of the sound made up: ${span}`);
}

test('one packet in ten is lost: the picture moves on, and the voice is whole', async (t) => {
  const loss = { loss: 0.1, burst: 2, delay_ms: 20 };
  const watch = await links.lesson({ Ada: undefined, Noé: { up: { loss: 0.1, delay_ms: 20 }, down: loss } });
  const { Ada, Noé } = await watch.during(20);
  t.diagnostic(`${Noé} ${links.write('loss-10', 'one packet in ten is lost', watch)}`);
  stayed(Noé);
  moves(Noé, Ada, { share: 0.6, frozen_share: 0.15 });
  isHeard(Noé, 0.05);
});

test('one packet in five is lost: the voice can be followed', async (t) => {
  const watch = await links.lesson({ Ada: undefined, Noé: { up: { loss: 0.2, delay_ms: 20 }, down: { loss: 0.2, delay_ms: 20 } } });
  const { Noé } = await watch.during(20);
  t.diagnostic(`${Noé} ${links.write('loss-20', 'one packet in five is lost', watch)}`);
  stayed(Noé);
  isHeard(Noé, 0.12);
});

test('200 ms of jitter and packets that overtake: no call breaks, nothing stands still', async (t) => {
  const rough = { delay_ms: 30, jitter_ms: 200, reorder: 0.02 };
  const watch = await links.lesson({ Ada: { up: rough, down: rough }, Noé: { up: rough, down: rough } });
  const { Ada, Noé } = await watch.during(20);
  t.diagnostic(`${Noé} ${links.write('jitter-200', '200 ms of jitter, two packets in a hundred overtaken', watch)}`);
  stayed(Ada);
  stayed(Noé);
  moves(Noé, Ada, { share: 0.6, frozen_share: 0.15 });
  isHeard(Noé, 0.08);
});

/** What a home's poorest link carries, with a modest router before it. */
const WEAK = { rate_bps: 300_000, queue_bytes: 15_000, delay_ms: 25 };

test('300 kbit/s: a smaller picture and a whole voice; on a good link nothing is lost of either', async (t) => {
  const watch = await links.lesson({ Ada: undefined, Noé: { down: WEAK, up: WEAK }, Zoé: {} });
  const settling = await watch.during(12);
  watch.mark('measured');
  const { Ada, Noé, Zoé } = await watch.during(20);
  t.diagnostic(`first ${settling.Noé}`);
  t.diagnostic(`Noé ${Noé}`);
  t.diagnostic(`Zoé ${Zoé} ${links.write('weak-300', 'one student behind 300 kbit/s, another on a good link', watch)}`);
  for (const span of [Noé, Zoé]) stayed(span);
  isHeard(Noé, 0.03);
  moves(Noé, Ada, { share: 0.6, frozen_share: 0.1 });
  assert.ok(Noé.height < Zoé.height, `${Noé.height} lines on the weak link, ${Zoé.height} on the good one`);
  moves(Zoé, Ada, { share: 0.9, frozen_share: 0.05 });
  assert.ok(Zoé.height > 360, `the largest layer on the good link: ${Zoé}`);
});

test('300 kbit/s by TCP: the picture is small, and the voice does not wait behind it', async (t) => {
  const watch = await links.lesson({ Ada: undefined, Noé: { down: WEAK, up: WEAK, by: 'tcp' } });
  assert.match(await watch.people.Noé.way(), /\/tcp$/);
  const settling = await watch.during(12);
  watch.mark('measured');
  const { Ada, Noé } = await watch.during(15);
  t.diagnostic(`first ${settling.Noé}`);
  t.diagnostic(`${Noé} ${links.write('tcp-300', 'by TCP, 300 kbit/s', watch)}`);
  stayed(Noé);
  isHeard(Noé, 0.03);
  moves(Noé, Ada, { share: 0.6, frozen_share: 0.1 });
});

test('a link narrows and widens: the picture gets smaller, and large again', async (t) => {
  const wide = { rate_bps: 3_000_000, queue_bytes: 60_000, delay_ms: 20 };
  const narrow = { rate_bps: 500_000, queue_bytes: 25_000, delay_ms: 20 };
  const watch = await links.lesson({ Ada: undefined, Noé: { down: wide } });
  watch.mark('3 Mbit/s');
  await watch.during(10);
  const { Noé: before } = await watch.during(5);
  watch.mark('500 kbit/s');
  await links.set('Noé', { down: narrow });
  const { Noé: squeezed } = await watch.during(8);
  const { Ada, Noé: during } = await watch.during(10);
  watch.mark('3 Mbit/s');
  await links.set('Noé', { down: wide });
  await watch.during(15);
  const { Noé: after } = await watch.during(5);
  const path = links.write('narrows-widens', '3 Mbit/s, 500 kbit/s, 3 Mbit/s', watch);
  for (const [when, span] of Object.entries({ before, squeezed, during, after })) t.diagnostic(`${when} ${span}`);
  t.diagnostic(path);
  for (const span of [before, squeezed, during, after]) stayed(span);
  assert.ok(during.height < before.height, `${before.height} lines, then ${during.height}`);
  moves(during, Ada, { share: 0.6, frozen_share: 0.1 });
  isHeard(during, 0.03);
  // A busy machine films smaller.
  assert.ok(after.height >= 0.7 * before.height, `as large again as before: ${after.height} lines, then ${before.height}`);
});
