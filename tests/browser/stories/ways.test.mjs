// On filtered networks: media finds a way through, by real browsers, and a call outlives a change of network.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { addAddress, filter } from '../network.mjs';
import { School, words } from '../school.mjs';

const UDP = 'meta l4proto udp';
const WIFI = '10.98.0.1';

const folder = mkdtempSync(join(tmpdir(), 'preau-ways-'));
const certificate = join(folder, 'certificate.pem');
const key = join(folder, 'key.pem');

let plain;
let secure;
before(async () => {
  addAddress(WIFI);
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' });
  // Nobody has signed the story's certificate: its own calls and its browser are told to take it all the same.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  plain = await School.open({ flags: ['--shards', '1'] });
  const flags = ['--shards', '2', '--tls-certificate', certificate, '--tls-key', key];
  secure = await School.open({ flags, chromium: { flags: ['--ignore-certificate-errors'] } });
});
after(async () => {
  filter();
  await Promise.all([plain?.close(), secure?.close()]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  filter();
  await Promise.all([plain.goHome(), secure.goHome()]);
});

/** Ada shows her camera; Noé, at this browser, sees her and is seen. */
async function seeEachOther(school, look = {}) {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const noe = await school.knock(lesson, 'Noé', look);
  await ada.press(words.class.door.admitNamed('Noé'));
  await noe.tab.isAt('seated');
  await ada.toggle('camera');
  await noe.toggle('camera');
  await noe.sees(20);
  await ada.sees(20);
  return { ada, noe };
}

for (const at of ['chromium', 'firefox']) {
  test(`UDP is blocked: ${at} comes over TCP, at the same port`, async () => {
    filter(UDP);
    const { ada, noe } = await seeEachOther(plain, { at });
    assert.match(await ada.way(), /\/tcp$/);
    assert.match(await noe.way(), /\/tcp$/);
  });

  for (const transport of ['udp', 'tcp']) {
    test(`only TURN over ${transport} is left: ${at} comes by it`, async () => {
      const { noe } = await seeEachOther(plain, { at, relayedBy: transport });
      assert.equal(await noe.way(), `relay/${transport}`);
    });
  }
}

test('nothing but HTTPS is let through: media comes by its port', async () => {
  filter(UDP, `tcp dport { ${secure.server.udp.join(', ')} }`);
  const { ada, noe } = await seeEachOther(secure);
  assert.deepEqual([await ada.way(), await noe.way()], ['relay/tls', 'relay/tls']);
});

test('the network changes under a call: the same call goes on', async () => {
  const { ada, noe } = await seeEachOther(plain);
  const connections = () => noe.tab.evaluate(() => window.kept.peers.length);
  const before = await connections();
  // The address that media came by is gone, as when a phone leaves one network for another.
  const address = '10.99.0.1';
  filter(`ip saddr ${address}`, `ip daddr ${address}`, 'meta l4proto udp ip saddr 127.0.0.1', 'meta l4proto udp ip6 saddr ::1');
  await noe.tab.evaluate(() => window.dispatchEvent(new Event('online')));
  await ada.tab.evaluate(() => window.dispatchEvent(new Event('online')));
  await noe.sees(20);
  await ada.sees(20);
  assert.equal(await connections(), before, 'it is the same connection, on another path');
});
