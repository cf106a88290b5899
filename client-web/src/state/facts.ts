// What a view asks of the class: small questions, answered from the state and nothing else.

import type { Door, Knock, Person, PersonId, Rights } from '../protocol/types';
import type { ClassState } from './class';

const ALL: Rights = { speak: true, camera: true, screen: true, chat: true };

export function me(state: ClassState): Person | null {
  return personOf(state, state.self?.person ?? null);
}

export function personOf(state: ClassState, id: PersonId | null): Person | null {
  return state.people.find((person) => person.person === id) ?? null;
}

export function iTeach(state: ClassState): boolean {
  return state.self?.role === 'teacher';
}

/** Listens and watches: a parent, an inspector. */
export function iObserve(state: ClassState): boolean {
  return state.self?.role === 'observer';
}

/** A teacher may do everything, always; before the snapshot nobody may do anything. */
export function myRights(state: ClassState): Rights {
  if (iTeach(state)) return ALL;
  return me(state)?.rights ?? state.rights;
}

/** May I write now? Students can't while no teacher is inside. */
export function chatOpen(state: ClassState): boolean {
  return iTeach(state) || (myRights(state).chat && state.phase !== 'unattended');
}

/** Everybody in class, whether or not their names are told. */
export function headcount(state: ClassState): number {
  return Math.max(state.seated ?? 0, state.people.length);
}

/** Raised hands, the longest up first. */
export function hands(people: readonly Person[]): Person[] {
  return people
    .filter((person) => person.hand !== undefined)
    .sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0) || (a.person < b.person ? -1 : 1));
}

/** The people list: hands first in order, then teachers, then by name. */
export function inListOrder(people: readonly Person[], language: string): Person[] {
  const raised = hands(people);
  const others = people.filter((person) => person.hand === undefined);
  const byName = new Intl.Collator(language);
  others.sort((a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name));
  return [...raised, ...others];
}

function rank(person: Person): number {
  return person.role === 'teacher' ? 0 : person.role === 'student' ? 1 : 2;
}

export interface DoorCount {
  /** Students of the roster who are seated. */
  here: number;
  /** Students on the roster. */
  expected: number;
  waiting: number;
  /** Of those who wait: not on the roster. */
  strangers: number;
}

export function doorCount(state: ClassState, door: Door): DoorCount {
  const here = state.people.filter((person) => person.role === 'student' && person.about?.on_roster === true).length;
  const strangers = door.waiting.filter((knock) => !knock.about.on_roster).length;
  return { here, expected: door.expected, waiting: door.waiting.length, strangers };
}

/**
 * Whom 'admit all on the roster' lets in: expected, and nothing about them to look at first. A look-alike or a second
 * device stays for the teacher's eye.
 */
export function plainlyExpected(door: Door): PersonId[] {
  return door.waiting.filter((knock) => knock.about.on_roster && !isDoubtful(knock)).map((knock) => knock.person);
}

/** Whoever is on the roster first, each in the order in which they came: a crowd of strangers hides nobody. */
export function inDoorOrder(door: Door): Knock[] {
  const [known, strangers] = [true, false].map((is) => door.waiting.filter((knock) => knock.about.on_roster === is));
  return [...(known ?? []), ...(strangers ?? [])];
}

export function isDoubtful(knock: Knock): boolean {
  return knock.about.look_alike !== undefined || knock.other_device;
}

/** The first person who shows a screen, if anybody does. */
export function sharer(state: ClassState): Person | null {
  return state.people.find((person) => person.sending.screen && !person.away) ?? null;
}

/** Everyone but me who could be seen or heard, in the order in which they came. */
export function others(state: ClassState): Person[] {
  const own = state.self?.person ?? null;
  return state.people.filter((person) => person.person !== own && person.role !== 'observer');
}

/** Oneself among the pictures: whoever only looks on has none. */
export function ownTile(state: ClassState): Person | null {
  return iObserve(state) ? null : me(state);
}

/**
 * Whom the stage shows large: the spotlight, else a teacher (not me), else whoever speaks, else the first other with a
 * picture, else nobody.
 */
export function onStage(state: ClassState): Person | null {
  const spotlit = personOf(state, state.spotlight);
  if (spotlit !== null) return spotlit;
  const rest = others(state).filter((person) => !person.away);
  const speaking = (): Person | undefined => {
    const id = state.speaking.find((speaker) => rest.some((person) => person.person === speaker));
    return rest.find((person) => person.person === id);
  };
  const teacher = rest.find((person) => person.role === 'teacher' && person.sending.camera);
  return (
    (iTeach(state) ? undefined : teacher) ??
    speaking() ??
    rest.find((person) => person.role === 'teacher') ??
    rest.find((person) => person.sending.camera) ??
    null
  );
}
