// The network in which the stories play: what a school's filter lets through. Only in a network namespace of its own (netns.sh).

import { execFileSync } from 'node:child_process';

const TABLE = 'inet preau_story';

/** From now on the filter drops what these rules of nftables match, as `meta l4proto udp`. None: everything is let through. */
export function filter(...rules) {
  if (process.env.PREAU_NETNS !== '1') throw new Error('this would filter the whole machine: run it by netns.sh');
  const clear = [`table ${TABLE}`, `delete table ${TABLE}`];
  const chain = ['chain incoming {', 'type filter hook input priority 0; policy accept;', ...rules.map((rule) => `${rule} drop`), '}'];
  const script = rules.length ? [...clear, `table ${TABLE} {`, ...chain, '}'] : clear;
  execFileSync('nft', ['-f', '-'], { input: `${script.join('\n')}\n`, env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
}

/** A further interface of this host, with this address. */
export function addAddress(address) {
  execFileSync('ip', ['link', 'add', 'preau2', 'type', 'veth', 'peer', 'name', 'preau3']);
  execFileSync('ip', ['addr', 'add', `${address}/24`, 'dev', 'preau2']);
  for (const name of ['preau2', 'preau3']) execFileSync('ip', ['link', 'set', name, 'up']);
}
