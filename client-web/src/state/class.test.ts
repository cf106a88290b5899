import { describe, expect, it } from 'vitest';

import type { Door, Event, Knock, Person, PersonLink, Quality, Rights, Role, Snapshot, Welcome } from '../protocol/types';
import { EMPTY, reduce, type ClassState, type Input } from './class';
import { chatOpen, doorCount, hands, headcount, inDoorOrder, inListOrder, myRights, onStage, others, plainlyExpected } from './facts';
import { gather, noticesOf, NOTHING_GATHERED, type Notice } from './notices';
import { NOWHERE } from './queue';

const RIGHTS: Rights = { speak: true, camera: true, screen: false, chat: true };

function person(name: string, more: Partial<Person> = {}): Person {
  const sending = { microphone: false, camera: false, screen: false };
  return { person: name, name, role: 'student', away: false, sending, rights: RIGHTS, ...more };
}

function knock(name: string, more: Partial<Knock> = {}, onRoster = true): Knock {
  const about = { on_roster: onRoster, proof: { invitation: {} }, ...more.about };
  return { person: name, name, role: 'student', since: 0, other_device: false, ...more, about };
}

function welcome(name: string, role: Role): { welcome: Welcome } {
  const invited = { class: 'c', title: 'Maths', teacher: 'Ada', starts_at: 0, familiar: false };
  return { welcome: { session: 's', person: name, name, role, class: invited, resumed: false } };
}

const standing = (position: number): Event => ({
  lobby: { standing: { position, waiting_for: 'answer', other_device: false } },
});

function snapshot(people: Person[], more: Partial<Snapshot> = {}): Event {
  return { class: { snapshot: { snapshot: { phase: 'open', rights: RIGHTS, people, chat: [], reduction: 'nothing', ...more } } } };
}

/** A class as one browser lives it. */
class Story {
  state: ClassState = EMPTY;
  readonly heard: Notice[] = [];

  then(...events: (Event | Exclude<Input, { event: Event }>)[]): this {
    for (const step of events) {
      const isInput = 'welcome' in step || 'link' in step || 'closed' in step || 'faded' in step || 'again' in step || 'queue' in step || 'here' in step;
      const before = this.state;
      this.state = reduce(before, isInput ? step : { event: step });
      if (!isInput) this.heard.push(...noticesOf(before, step, this.state));
    }
    return this;
  }

  get place(): string {
    return this.state.place.at;
  }
}

const student = (): Story => new Story().then(welcome('Noé', 'student'));
const DOOR: Door = { policy: 'ask', opened: false, note: '', expected: 2, waiting: [], barred: [] };
const teacher = (door: Partial<Door> = {}): Story =>
  new Story().then(
    welcome('Ada', 'teacher'),
    snapshot([person('Ada', { role: 'teacher' })], { door: { ...DOOR, ...door } }),
  );

describe('a student', () => {
  it('waits, moves up the line, is let in and sees the class', () => {
    const story = student().then(standing(3), standing(2), { lobby: { note: { text: 'Bientôt' } } });
    expect(story.place).toBe('waiting');
    story.then(snapshot([person('Ada', { role: 'teacher' }), person('Noé')]));
    expect(story.place).toBe('seated');
    expect(story.heard).toEqual([{ position: 3 }, { position: 2 }, { note: 'Bientôt' }, { admitted: true }]);
  });

  it('is seated without a word after a reload of the server, and keeps the picture meanwhile', () => {
    const story = student().then(standing(1), snapshot([person('Noé')]), { link: 'lost' });
    story.then(welcome('Noé', 'student'));
    expect(story.place).toBe('seated');
    story.heard.length = 0;
    expect(story.then(snapshot([person('Noé')])).heard).toEqual([]);
  });

  it('keeps nothing of the class when sent back to the lobby, or out', () => {
    const seated = (): Story => student().then(standing(1), snapshot([person('Ada'), person('Noé')]));
    expect(seated().then(standing(1)).state.people).toEqual([]);
    const out = seated().then({ session: { gone: { why: 'removed' } } }, { closed: 'removed', requestId: 'r' });
    expect(out.state.people).toEqual([]);
    expect(out.state.place).toEqual({ at: 'gone', ending: { gone: 'removed' }, requestId: null });
  });

  it('is told apart: refused, replaced, removed earlier, full', () => {
    for (const close of ['refused', 'replaced', 'removed', 'full'] as const) {
      const { place } = student().then({ closed: close, requestId: 'r7' }).state;
      expect(place).toEqual({ at: 'gone', ending: { close }, requestId: 'r7' });
    }
    const again = student().then({ closed: 'refused', requestId: null }, { again: true });
    expect([again.place, again.state.invited?.title]).toEqual(['connecting', 'Maths']);
  });

  it('does not lose the page to a close after which the conversation goes on', () => {
    expect(student().then(snapshot([person('Noé')]), { closed: 'slow', requestId: null }).place).toBe('seated');
  });

  it('may write until the teacher has gone', () => {
    const story = student().then(snapshot([person('Noé')]));
    expect(chatOpen(story.state)).toBe(true);
    story.then({ class: { phase: { phase: 'unattended' } } });
    expect([chatOpen(story.state), story.heard.at(-1)]).toEqual([false, { unattended: true }]);
    story.then({ class: { phase: { phase: 'open' } } });
    expect([chatOpen(story.state), story.heard.at(-1)]).toEqual([true, { attended: true }]);
  });

  it('has the rights that the teacher gave this person', () => {
    const story = student().then(snapshot([person('Noé')]));
    story.then({ class: { changed: { person: person('Noé', { rights: { ...RIGHTS, speak: false } }) } } });
    expect(myRights(story.state).speak).toBe(false);
  });

  it('hears of hands, reactions and screens of others, not of their own', () => {
    const story = student().then(snapshot([person('Noé'), person('Lou')]));
    story.heard.length = 0;
    const sending = { microphone: false, camera: false, screen: true };
    story.then(
      { class: { changed: { person: person('Lou', { hand: 5 }) } } },
      { class: { changed: { person: person('Lou', { hand: 5, sending }) } } },
      { class: { changed: { person: person('Noé', { hand: 6 }) } } },
      { class: { reacted: { person: 'Lou', reaction: 'clap' } } },
      { class: { reacted: { person: 'Noé', reaction: 'yes' } } },
      { class: { changed: { person: person('Noé') } } },
    );
    expect(story.heard).toEqual([
      { hand: { name: 'Lou' } },
      { screen: { name: 'Lou' } },
      { reacted: { name: 'Lou', reaction: 'clap' } },
      { ownHandLowered: true },
    ]);
  });
});

describe('a class', () => {
  it('keeps hands in the order in which they went up', () => {
    const people = [person('Lou', { hand: 9 }), person('Ada', { role: 'teacher' }), person('Élie'), person('Zoé', { hand: 2 })];
    expect(hands(people).map((p) => p.name)).toEqual(['Zoé', 'Lou']);
    expect(inListOrder(people, 'fr').map((p) => p.name)).toEqual(['Zoé', 'Lou', 'Ada', 'Élie']);
  });

  it('counts those in a lecture whose names are not told', () => {
    const story = student().then(snapshot([person('Noé')], { seated: 1999 }));
    expect(headcount(story.state)).toBe(1999);
    story.then({ class: { crowd: { seated: 2000 } } }, { class: { joined: { person: person('Lou') } } });
    expect([headcount(story.state), story.state.people.length]).toEqual([2000, 2]);
    story.then(snapshot([person('Noé')]));
    expect(headcount(story.state)).toBe(1);
  });

  it('counts its list again once a lecture has become small enough to name all', () => {
    const story = student().then(snapshot([person('Noé'), person('Lou')], { seated: 1999 }));
    story.then({ class: { crowd: { seated: 2 } } }, { class: { left: { person: 'Lou', why: 'left' } } });
    expect(headcount(story.state)).toBe(1);
  });

  it('shows one reaction a person and lets it fade', () => {
    const story = student().then(snapshot([person('Lou')]));
    story.then({ class: { reacted: { person: 'Lou', reaction: 'yes' } } });
    story.then({ class: { reacted: { person: 'Lou', reaction: 'clap' } } });
    expect(story.state.reactions).toEqual([{ serial: 2, person: 'Lou', reaction: 'clap' }]);
    expect(story.then({ faded: 2 }).state.reactions).toEqual([]);
  });

  it('forgets whoever leaves, everywhere', () => {
    const story = student().then(snapshot([person('Noé'), person('Lou')], { spotlight: 'Lou' }));
    story.then({ media: { speaking: { people: ['Lou', 'Noé'] } } }, { class: { left: { person: 'Lou', why: 'left' } } });
    expect([story.state.spotlight, story.state.speaking, story.state.people.length]).toEqual([null, ['Noé'], 1]);
  });

  it('puts on the stage: the spotlight, else the teacher, else whoever speaks', () => {
    const ada = person('Ada', { role: 'teacher', sending: { microphone: true, camera: true, screen: false } });
    const story = student().then(snapshot([ada, person('Noé'), person('Lou')]));
    expect(onStage(story.state)?.name).toBe('Ada');
    story.then({ class: { spotlight: { person: 'Lou' } } });
    expect(onStage(story.state)?.name).toBe('Lou');
    const asTeacher = teacher().then({ class: { joined: { person: person('Lou') } } });
    expect(onStage(asTeacher.state)).toBeNull();
    asTeacher.then({ media: { speaking: { people: ['Ada', 'Lou'] } } });
    expect(onStage(asTeacher.state)?.name).toBe('Lou');
  });

  it('keeps a chat, without what a teacher erased, and each message once', () => {
    const said = (id: number): Event => ({
      chat: { said: { message: { id, person: 'Lou', name: 'Lou', role: 'student', text: `n° ${String(id)}`, at: id } } },
    });
    const story = student().then(snapshot([person('Noé')]), said(1), said(2), said(2), { chat: { erased: { message: 1 } } });
    expect(story.state.chat.map((message) => message.id)).toEqual([2]);
  });
});

describe('a server that is short of something', () => {
  it('asks whether somebody is there, until they answer, and each time anew', () => {
    const asked: Event = { session: { still_there: { within_ms: 60_000 } } };
    const story = student().then(snapshot([person('Noé')]), asked);
    expect(story.state.stillThere).toEqual({ serial: 1, withinMs: 60_000 });
    expect(story.heard.at(-1)).toEqual({ stillThere: true });
    expect(story.then({ here: true }).state.stillThere).toBeNull();
    expect(story.then(asked).state.stillThere?.serial).toBe(2);
    story.then({ session: { gone: { why: 'idle' } } });
    expect(story.state.stillThere).toBeNull();
    expect(story.state.place).toEqual({ at: 'gone', ending: { gone: 'idle' }, requestId: null });
  });

  it('says what is left out, once, and that it is over', () => {
    const story = student().then(snapshot([person('Noé')], { reduction: 'small_pictures', ends_at: 5_000 }));
    expect([story.state.reduction, story.state.endsAt]).toEqual(['small_pictures', 5_000]);
    story.heard.length = 0;
    story.then({ class: { reduced: { reduction: 'audio_only' } } }, { class: { reduced: { reduction: 'audio_only' } } });
    story.then({ class: { reduced: { reduction: 'nothing' } } }, { class: { ends_at: { at: 9_000 } } });
    expect(story.heard).toEqual([{ reduced: 'audio_only' }, { reduced: 'nothing' }, { endsAt: 9_000 }]);
    expect(story.state.endsAt).toBe(9_000);
  });

  it('keeps nothing of the class on the page of somebody whom the gate turned away', () => {
    const story = student().then(snapshot([person('Noé'), person('Lou')]), { queue: NOWHERE });
    expect([story.state.place.at, story.state.people, story.state.chat]).toEqual(['queued', [], []]);
  });
});

describe('an observer', () => {
  const ines = person('Inès', { role: 'observer' });

  it('is last on the list, and never among the pictures', () => {
    const story = student().then(snapshot([ines, person('Lou'), person('Noé')]));
    expect(inListOrder(story.state.people, 'fr').map(({ name }) => name)).toEqual(['Lou', 'Noé', 'Inès']);
    expect(others(story.state).map(({ name }) => name)).toEqual(['Lou']);
    expect(onStage(story.state)).toBeNull();
  });
});

describe('a teacher at the door', () => {
  it('hears each person knock once, in order, and sees the list empty', () => {
    const story = teacher().then({ door: { knock: { knock: knock('Lou') } } }, { door: { knock: { knock: knock('Noé') } } });
    story.then({ door: { knock: { knock: knock('Lou', { other_device: true }) } } });
    expect(story.state.door?.waiting.map((k) => [k.name, k.other_device])).toEqual([
      ['Lou', true],
      ['Noé', false],
    ]);
    expect(story.heard.filter((notice) => 'knock' in notice)).toHaveLength(2);
    story.then({ door: { answered: { person: 'Lou' } } }, { door: { answered: { person: 'Noé' } } });
    expect(story.state.door?.waiting).toEqual([]);
  });

  it('counts who is here, who waits, and who is not on the roster', () => {
    const about = { on_roster: true, proof: { invitation: {} } };
    const waiting = [knock('Lou'), knock('X', {}, false)];
    const story = teacher({ waiting }).then({ class: { joined: { person: person('Noé', { about }) } } });
    expect(doorCount(story.state, story.state.door ?? DOOR)).toEqual({ here: 1, expected: 2, waiting: 2, strangers: 1 });
  });

  it('admits with one button only those about whom there is nothing to look at', () => {
    const look_alike = knock('Nоé');
    look_alike.about.look_alike = 'Noé';
    const waiting = [knock('Lou'), look_alike, knock('Zoé', { other_device: true }), knock('X', {}, false)];
    expect(plainlyExpected({ ...DOOR, waiting })).toEqual(['Lou']);
  });

  it('shows those of the roster first, however many strangers came before them', () => {
    const waiting = [knock('X', {}, false), knock('Lou'), knock('Y', {}, false), knock('Noé')];
    expect(inDoorOrder({ ...DOOR, waiting }).map((one) => one.name)).toEqual(['Lou', 'Noé', 'X', 'Y']);
  });

  it('sees policy, note, bars and pardons', () => {
    const story = teacher().then(
      { door: { changed: { policy: 'roster', opened: true, note: 'Bientôt' } } },
      { door: { barred: { barred: { person: 'X', name: 'X', blocked: false } } } },
      { door: { barred: { barred: { person: 'X', name: 'X', blocked: true } } } },
    );
    expect(story.state.door).toMatchObject({ policy: 'roster', opened: true, note: 'Bientôt' });
    expect(story.state.door?.barred).toEqual([{ person: 'X', name: 'X', blocked: true }]);
    expect(story.then({ door: { forgiven: { person: 'X' } } }).state.door?.barred).toEqual([]);
  });

  it('is not talked over: knocks are gathered into one sentence', () => {
    const one = gather(NOTHING_GATHERED, { knock: { name: 'Lou' } });
    const two = gather(one ?? NOTHING_GATHERED, { knock: { name: 'Noé' } });
    expect(two?.knocks).toEqual(['Lou', 'Noé']);
    expect(gather(NOTHING_GATHERED, { admitted: true })).toBeNull();
  });
});

describe('connections', () => {
  const link = (person: string, quality: Quality): PersonLink => ({
    person,
    quality,
    reduced: 'nothing',
    rtt_ms: 40,
    loss_down: 0,
    loss_up: 0,
    down_kbps: 900,
  });

  it('of everybody are known to a teacher until they leave', () => {
    const story = teacher().then(
      { class: { joined: { person: person('Noé') } } },
      { media: { links: { people: [link('Noé', 'poor'), link('Ada', 'good')] } } },
      { media: { links: { people: [link('Noé', 'fair')] } } },
    );
    expect([...story.state.links].map(([name, { quality }]) => [name, quality])).toEqual([
      ['Noé', 'fair'],
      ['Ada', 'good'],
    ]);
    story.then({ class: { left: { person: 'Noé', why: 'left' } } });
    expect([...story.state.links.keys()]).toEqual(['Ada']);
  });

  it('of oneself are said when they change, and good again once the call is a new one', () => {
    const story = student().then(snapshot([person('Noé')]), { media: { link: { quality: 'poor', reduced: 'audio_only' } } });
    const good = { quality: 'good', reduced: 'nothing' };
    const poor = { quality: 'poor', reduced: 'audio_only' };
    expect(story.state.connection).toEqual(poor);
    expect(story.heard.at(-1)).toEqual({ connection: { was: good, is: poor } });
    expect(story.then({ media: { lost: {} } }).state.connection).toEqual(good);
  });
});
