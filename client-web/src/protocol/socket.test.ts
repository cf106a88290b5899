import { describe, expect, it } from 'vitest';

import { FakeWorld } from './fake-wire';
import { returnAfterMs, returnSlowlyAfterMs } from './return';
import { Conversation, REPLY_MS_MAX, SILENCE_MS_MAX, WELCOME_MS_MAX, type Listener } from './socket';
import { CLOSE_WORDS, type Close } from './types';
import { closeOf, requestIdOf, sequelOf } from './close';

const CLASS = '00000000-0000-0000-0000-0000000c1a55';

function welcome(resumed = false): unknown {
  return {
    welcome: {
      session: 's1',
      person: 'p1',
      name: 'Noé Durand',
      role: 'student',
      class: { class: CLASS, title: 'Maths', teacher: 'Ada Martin', starts_at: 0, familiar: true },
      resumed,
    },
  };
}

const note = (seq: number, text: string): unknown => ({ event: { seq, on: { lobby: { note: { text } } } } });

function begin(): { world: FakeWorld; heard: string[]; conversation: Conversation } {
  const world = new FakeWorld();
  const heard: string[] = [];
  const listener: Listener = {
    link: (link) => heard.push(link),
    welcome: ({ resumed }) => heard.push(resumed ? 'resumed' : 'welcome'),
    event: (event) => heard.push(JSON.stringify(event)),
    turned: (turned) => heard.push(`turned ${Object.keys(turned).join()}`),
    closed: (close, requestId) => heard.push(`closed ${close} ${requestId ?? '-'}`),
  };
  const conversation = new Conversation(world, listener, { class: CLASS });
  conversation.start();
  world.wire.onopen?.();
  return { world, heard, conversation };
}

describe('a conversation', () => {
  it('says hello first and is welcomed', () => {
    const { world, heard } = begin();
    expect(world.wire.sent).toEqual([{ hello: { version: 1, class: CLASS } }]);
    world.wire.says(welcome());
    expect(heard).toEqual(['connecting', 'open', 'welcome']);
  });

  it('gives every ask its own reply, whatever their order', async () => {
    const { world, conversation } = begin();
    world.wire.says(welcome());
    const up = conversation.ask({ class: { hand: { up: true } } });
    const say = conversation.ask({ chat: { say: { text: 'Bonjour' } } });
    world.wire.says({ reply: { id: 2, outcome: { refused: { code: 'no_right', message: 'No.' } } } });
    world.wire.says({ reply: { id: 1, outcome: { done: {} } } });
    expect(await up).toEqual({ done: {} });
    expect(await say).toEqual({ refused: { code: 'no_right', message: 'No.' } });
  });

  it('keeps its promises as lost when the connection breaks, and takes no asks until it is back', async () => {
    const { world, conversation } = begin();
    world.wire.says(welcome());
    const up = conversation.ask({ class: { hand: { up: true } } });
    world.wire.onclose?.({ code: 1006, reason: '' });
    expect(await up).toEqual({ lost: true });
    expect(await conversation.ask({ class: { hand: { up: true } } })).toEqual({ lost: true });
  });

  it('comes back within the window of the last beat and resumes after the last event', () => {
    const { world, heard } = begin();
    world.wire.says(welcome());
    world.wire.says(note(1, 'a'));
    world.wire.says({ beat: { return_within_ms: 8_000 } });
    world.wire.onclose?.({ code: 1006, reason: '' });
    world.clock.pass(3_999);
    expect(world.wires).toHaveLength(1);
    world.clock.pass(1);
    expect(world.wires).toHaveLength(2);
    world.wire.onopen?.();
    expect(world.wire.sent).toEqual([{ hello: { version: 1, class: CLASS, resume: { session: 's1', last_seq: 1 } } }]);
    world.wire.says(welcome(true));
    world.wire.says(note(1, 'a'));
    world.wire.says(note(2, 'b'));
    expect(heard.slice(-4)).toEqual(['lost', 'open', 'resumed', '{"lobby":{"note":{"text":"b"}}}']);
  });

  it('counts from one again when it could not be resumed', () => {
    const { world, heard } = begin();
    world.wire.says(welcome());
    world.wire.says(note(1, 'a'));
    world.wire.onclose?.({ code: 1012, reason: 'draining r1' });
    world.clock.pass(1_000);
    world.wire.says(welcome(false));
    world.wire.says(note(1, 'new'));
    expect(heard.at(-1)).toBe('{"lobby":{"note":{"text":"new"}}}');
  });

  it('takes a gap in the sequence as a loss', () => {
    const { world, heard } = begin();
    world.wire.says(welcome());
    world.wire.says(note(2, 'b'));
    expect(heard.at(-1)).toBe('lost');
    expect(world.wire.isClosed).toBe(true);
  });

  it('takes silence as a loss, and every frame as a sign of life', () => {
    const { world, heard } = begin();
    world.wire.says(welcome());
    world.clock.pass(SILENCE_MS_MAX - 1);
    world.wire.says({ beat: { return_within_ms: 1_000 } });
    world.clock.pass(SILENCE_MS_MAX - 1);
    expect(heard.at(-1)).toBe('welcome');
    world.clock.pass(1);
    expect(heard.at(-1)).toBe('lost');
  });

  it('does not wait long for a reply, nor for a welcome', () => {
    const { world, conversation, heard } = begin();
    world.wire.says(welcome());
    void conversation.ask({ class: { hand: { up: true } } });
    world.clock.pass(REPLY_MS_MAX);
    expect(heard.at(-1)).toBe('lost');
    world.clock.pass(500);
    expect(world.wires).toHaveLength(2);
    world.clock.pass(WELCOME_MS_MAX);
    world.clock.pass(500);
    expect(world.wires).toHaveLength(3);
  });

  it('backs off while the server stays away, and hurries when the network is back', () => {
    const { world, conversation } = begin();
    world.wire.says(welcome());
    world.dice = 0.999;
    for (let tries = 0; tries < 12; tries += 1) {
      world.wire.onclose?.({ code: 1006, reason: '' });
      world.clock.pass(30_000);
    }
    const before = world.wires.length;
    world.wire.onclose?.({ code: 1006, reason: '' });
    world.clock.pass(2_000);
    expect(world.wires).toHaveLength(before);
    conversation.hurry();
    expect(world.wires).toHaveLength(before + 1);
  });

  it('takes an upgrade that was refused as a failed attempt, and spreads the next ones', () => {
    const { world, heard } = begin();
    world.dice = 0.999;
    const waits = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const [opened, at] = [world.wires.length, world.clock.nowMs];
      world.wire.onclose?.({ code: 1006, reason: '' });
      while (world.wires.length === opened) world.clock.pass(1);
      waits.push(world.clock.nowMs - at);
    }
    expect(waits).toEqual([999, 499, 999, 1_998, 3_996, 7_992, 15_984, 29_970, 29_970]);
    expect(heard).toEqual(['connecting', 'lost']);
  });

  it('is over when the gate turns it away, and starts again with the ticket, which is good for one time', () => {
    const { world, heard, conversation } = begin();
    const place = { since: 1_617_688_800, draw: 7 };
    world.wire.says({
      turned: { queued: { ticket: 'abc', priority: 'students', place, class_sign: 77, before: 3, wait: { from_s: 60, to_s: 120 } } },
    });
    expect(heard.slice(-2)).toEqual(['closed', 'turned queued']);
    expect(world.wire.isClosed).toBe(true);
    conversation.hurry();
    world.clock.pass(120_000);
    expect(world.wires).toHaveLength(1);
    conversation.start('abc');
    world.wire.onclose?.({ code: 1006, reason: '' });
    world.clock.pass(1_000);
    world.wire.onopen?.();
    expect(world.wire.sent).toEqual([{ hello: { version: 1, class: CLASS, ticket: 'abc' } }]);
    world.wire.says(welcome());
    world.wire.onclose?.({ code: 1006, reason: '' });
    world.clock.pass(1_000);
    world.wire.onopen?.();
    expect(world.wire.sent).toEqual([{ hello: { version: 1, class: CLASS, resume: { session: 's1', last_seq: 0 } } }]);
  });

  it('drops what is not ours instead of guessing', () => {
    for (const nonsense of ['<html>', '{"welcome":1}', '{"event":{}}', '{"beat":{"return_within_ms":1},"x":{}}', '[]']) {
      const { world, heard } = begin();
      world.wire.says(nonsense);
      expect(heard.at(-1), nonsense).toBe('lost');
    }
  });

  it('stays away after a word that says so, and knocks afresh when asked to', () => {
    for (const code of [1000, 4400, 4401, 4403, 4406, 4409, 4410]) {
      const { world, heard, conversation } = begin();
      world.wire.says(welcome());
      world.wire.onclose?.({ code, reason: 'word r42' });
      world.clock.pass(120_000);
      expect(heard.at(-1)).toBe(`closed ${CLOSE_WORDS[code] ?? ''} r42`);
      expect(world.wires).toHaveLength(1);
      conversation.start();
      world.wire.onopen?.();
      expect(world.wire.sent).toEqual([{ hello: { version: 1, class: CLASS } }]);
    }
  });

  it('comes back slowly when there is no room', () => {
    const { world, heard } = begin();
    world.wire.onclose?.({ code: 4503, reason: 'full r7' });
    expect(heard.at(-1)).toBe('closed full r7');
    world.clock.pass(19_999);
    expect(world.wires).toHaveLength(1);
    world.clock.pass(1);
    expect(world.wires).toHaveLength(2);
  });

  it('is silent once stopped', () => {
    const { world, heard, conversation } = begin();
    world.wire.says(welcome());
    const before = heard.length;
    conversation.stop();
    world.clock.pass(120_000);
    expect(heard).toHaveLength(before);
    expect(world.wires).toHaveLength(1);
  });
});

describe('the way back', () => {
  it('lies inside the window at first, then below a ceiling from 0.5 to 30 s', () => {
    expect(returnAfterMs(0, 60_000, 0.25)).toBe(15_000);
    expect(returnAfterMs(1, 60_000, 0.999)).toBe(499);
    expect(returnAfterMs(2, 60_000, 0.999)).toBe(999);
    expect(returnAfterMs(99, 60_000, 0.999)).toBe(29_970);
    expect([returnSlowlyAfterMs(0), returnSlowlyAfterMs(0.999)]).toEqual([10_000, 29_980]);
  });

  it('knows every close code, and what follows from it', () => {
    const sequels = Object.values(CLOSE_WORDS).map((close: Close) => `${close}: ${sequelOf(close)}`);
    expect(sequels).toHaveLength(12);
    expect(closeOf(4409)).toBe('replaced');
    expect([closeOf(1006), sequelOf(closeOf(1006))]).toEqual([null, 'return']);
    expect([requestIdOf('removed r1'), requestIdOf('')]).toEqual(['r1', null]);
  });
});
