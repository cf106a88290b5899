// What this browser knows of a class, and how each word of the server changes it: a pure reducer, replayable in a test.

import type { Link } from '../protocol/socket';
import type {
  ChatEvent,
  ChatMessage,
  ClassEvent,
  Close,
  Door,
  DoorEvent,
  Event,
  Gone,
  Invited,
  LobbyEvent,
  MediaEvent,
  Person,
  PersonId,
  PersonLink,
  Phase,
  Quality,
  Reaction,
  Reduced,
  Reduction,
  Rights,
  Role,
  Slot,
  Snapshot,
  UnixMs,
  WaitingFor,
  Welcome,
} from '../protocol/types';
import type { Queue } from './queue';

/** Chat messages kept on the page: several times what a newcomer is shown. */
export const CHAT_KEPT_MAX = 1_000;
/** Reactions on the screen at once; the oldest makes way. */
const REACTIONS_MAX = 30;

export interface Standing {
  position: number;
  waitingFor: WaitingFor;
  otherDevice: boolean;
}

/** Why this page shows neither lobby nor class any more. `full` comes back by itself, the others do not. */
export type Ending =
  | { gone: Gone }
  | { close: Exclude<Close, 'done' | 'draining' | 'slow' | 'hello_too_late' | 'too_fast'> };

/** Where this person is. */
export type Place =
  | { at: 'connecting' }
  | { at: 'queued'; queue: Queue }
  | { at: 'waiting'; standing: Standing }
  | { at: 'seated' }
  | { at: 'gone'; ending: Ending; requestId: string | null };

export interface Self {
  person: PersonId;
  name: string;
  role: Role;
}

/** How one's own connection is, and what one is sent less of for it. */
export interface Connection {
  quality: Quality;
  reduced: Reduced;
}

export interface Reacted {
  serial: number;
  person: PersonId;
  reaction: Reaction;
}

export interface ClassState {
  link: Link;
  place: Place;
  self: Self | null;
  invited: Invited | null;
  /** The teacher's message to the lobby, as somebody waiting sees it. */
  lobbyNote: string;
  phase: Phase;
  /** What students may do. */
  rights: Rights;
  /** In the order in which they came. */
  people: readonly Person[];
  /** How many are seated, where not everybody is in `people`. */
  seated: number | null;
  spotlight: PersonId | null;
  chat: readonly ChatMessage[];
  /** For teachers only. */
  door: Door | null;
  slots: readonly Slot[];
  /** Loudest first. */
  speaking: readonly PersonId[];
  /** Good, as long as nothing else is known. */
  connection: Connection;
  /** For teachers only: everybody's connection, as far as it is known. */
  links: ReadonlyMap<PersonId, PersonLink>;
  reactions: readonly Reacted[];
  lastSerial: number;
  /** The person's access ends within this many milliseconds of hearing so. */
  refreshDueMs: number | null;
  /** The server asks whether anybody is there, and gives the seat away unless somebody says so within this time. */
  stillThere: { serial: number; withinMs: number } | null;
  /** What every class is made to do with less of while the server is short. */
  reduction: Reduction;
  /** The lesson ends then, by the rule of who runs the server. */
  endsAt: UnixMs | null;
}

export type Input =
  | { link: Link }
  | { welcome: Welcome }
  | { event: Event }
  | { queue: Queue }
  | { closed: Close; requestId: string | null }
  /** A reaction has been shown long enough. */
  | { faded: number }
  /** The person has answered that they are there. */
  | { here: true }
  /** The person knocks again, or wants the class in this tab. */
  | { again: true };

const GOOD: Connection = { quality: 'good', reduced: 'nothing' };
const NOTHING: Rights = { speak: false, camera: false, screen: false, chat: false };

export const EMPTY: ClassState = {
  link: 'connecting',
  place: { at: 'connecting' },
  self: null,
  invited: null,
  lobbyNote: '',
  phase: 'scheduled',
  rights: NOTHING,
  people: [],
  seated: null,
  spotlight: null,
  chat: [],
  door: null,
  slots: [],
  speaking: [],
  connection: GOOD,
  links: new Map(),
  reactions: [],
  lastSerial: 0,
  refreshDueMs: null,
  stillThere: null,
  reduction: 'nothing',
  endsAt: null,
};

export function reduce(state: ClassState, input: Input): ClassState {
  if ('link' in input) return { ...state, link: input.link };
  if ('welcome' in input) return welcomed(state, input.welcome);
  if ('event' in input) return happened(state, input.event);
  if ('queue' in input) return queued(state, input.queue);
  if ('closed' in input) return closed(state, input.closed, input.requestId);
  if ('faded' in input) return { ...state, reactions: state.reactions.filter((r) => r.serial !== input.faded) };
  if ('here' in input) return { ...state, stillThere: null };
  return { ...EMPTY, self: state.self, invited: state.invited };
}

/** After a crash of the server the session is a new one, but the seat is kept: what is shown stays until told otherwise. */
function welcomed(state: ClassState, { person, name, role, class: invited }: Welcome): ClassState {
  const place: Place = state.place.at === 'gone' ? { at: 'connecting' } : state.place;
  return { ...state, place, self: { person, name, role }, invited, refreshDueMs: null, stillThere: null };
}

/** Before the gate, nothing of the class may stay on the page. */
function queued(state: ClassState, queue: Queue): ClassState {
  const outside = state.place.at === 'seated' || state.place.at === 'waiting' ? outsideOf(state) : state;
  return { ...outside, place: { at: 'queued', queue } };
}

function outsideOf({ link, self, invited, lobbyNote }: ClassState): ClassState {
  return { ...EMPTY, link, self, invited, lobbyNote };
}

function happened(state: ClassState, event: Event): ClassState {
  if ('lobby' in event) return inLobby(state, event.lobby);
  if ('class' in event) return inClass(state, event.class);
  if ('door' in event) return state.door === null ? state : { ...state, door: atDoor(state.door, event.door) };
  if ('chat' in event) return { ...state, chat: inChat(state.chat, event.chat) };
  if ('media' in event) return inMedia(state, event.media);
  if ('gone' in event.session) return gone(state, { gone: event.session.gone.why }, null);
  if ('refresh_due' in event.session) return { ...state, refreshDueMs: event.session.refresh_due.within_ms };
  const serial = state.lastSerial + 1;
  return { ...state, lastSerial: serial, stillThere: { serial, withinMs: event.session.still_there.within_ms } };
}

function inLobby(state: ClassState, event: LobbyEvent): ClassState {
  if ('note' in event) return { ...state, lobbyNote: event.note.text };
  const { position, waiting_for: waitingFor, other_device: otherDevice } = event.standing;
  // Back in the lobby, nothing of the class may stay on the page.
  const outside = state.place.at === 'seated' ? outsideOf(state) : state;
  return { ...outside, place: { at: 'waiting', standing: { position, waitingFor, otherDevice } } };
}

function inClass(state: ClassState, event: ClassEvent): ClassState {
  if ('snapshot' in event) return seated(state, event.snapshot.snapshot);
  if ('joined' in event) return { ...state, people: withPerson(state.people, event.joined.person) };
  if ('changed' in event) return { ...state, people: withPerson(state.people, event.changed.person) };
  if ('left' in event) return without(state, event.left.person);
  if ('crowd' in event) return crowded(state, event.crowd.seated);
  if ('phase' in event) return { ...state, phase: event.phase.phase };
  if ('rights' in event) return { ...state, rights: event.rights.rights };
  if ('spotlight' in event) return { ...state, spotlight: event.spotlight.person };
  if ('reacted' in event) return reacted(state, event.reacted.person, event.reacted.reaction);
  if ('reduced' in event) return { ...state, reduction: event.reduced.reduction };
  if ('ends_at' in event) return { ...state, endsAt: event.ends_at.at };
  // `silenced` concerns this browser's devices; what everybody sees of it comes with `changed`.
  return state;
}

/** Once everybody is on the list again, the list alone tells: no further number comes. */
function crowded(state: ClassState, count: number): ClassState {
  return { ...state, seated: count > state.people.length ? count : null };
}

function seated(state: ClassState, snapshot: Snapshot): ClassState {
  return {
    ...state,
    place: { at: 'seated' },
    phase: snapshot.phase,
    rights: snapshot.rights,
    people: snapshot.people,
    seated: snapshot.seated ?? null,
    spotlight: snapshot.spotlight ?? null,
    chat: snapshot.chat,
    door: snapshot.door ?? null,
    reduction: snapshot.reduction,
    endsAt: snapshot.ends_at ?? null,
    reactions: [],
  };
}

function withPerson(people: readonly Person[], person: Person): readonly Person[] {
  const known = people.some((other) => other.person === person.person);
  return known ? people.map((other) => (other.person === person.person ? person : other)) : [...people, person];
}

function without(state: ClassState, person: PersonId): ClassState {
  return {
    ...state,
    people: state.people.filter((other) => other.person !== person),
    speaking: state.speaking.filter((other) => other !== person),
    links: new Map([...state.links].filter(([other]) => other !== person)),
    reactions: state.reactions.filter((other) => other.person !== person),
    spotlight: state.spotlight === person ? null : state.spotlight,
  };
}

function reacted(state: ClassState, person: PersonId, reaction: Reaction): ClassState {
  const serial = state.lastSerial + 1;
  const others = state.reactions.filter((other) => other.person !== person);
  return { ...state, lastSerial: serial, reactions: [...others, { serial, person, reaction }].slice(-REACTIONS_MAX) };
}

function atDoor(door: Door, event: DoorEvent): Door {
  if ('knock' in event) {
    const { knock } = event.knock;
    const known = door.waiting.some((other) => other.person === knock.person);
    const waiting = known
      ? door.waiting.map((other) => (other.person === knock.person ? knock : other))
      : [...door.waiting, knock];
    return { ...door, waiting };
  }
  if ('answered' in event) {
    return { ...door, waiting: door.waiting.filter((knock) => knock.person !== event.answered.person) };
  }
  if ('changed' in event) return { ...door, ...event.changed };
  if ('barred' in event) {
    const { barred } = event.barred;
    return { ...door, barred: [...door.barred.filter((other) => other.person !== barred.person), barred] };
  }
  return { ...door, barred: door.barred.filter((other) => other.person !== event.forgiven.person) };
}

function inChat(chat: readonly ChatMessage[], event: ChatEvent): readonly ChatMessage[] {
  if ('said' in event) {
    const { message } = event.said;
    return [...chat.filter((other) => other.id !== message.id), message].slice(-CHAT_KEPT_MAX);
  }
  return chat.filter((message) => message.id !== event.erased.message);
}

function inMedia(state: ClassState, event: MediaEvent): ClassState {
  if ('slots' in event) return { ...state, slots: event.slots.slots };
  if ('speaking' in event) return { ...state, speaking: event.speaking.people };
  if ('link' in event) return { ...state, connection: event.link };
  if ('links' in event) {
    const links = event.links.people.map((link) => [link.person, link] as const);
    return { ...state, links: new Map([...state.links, ...links]) };
  }
  // `wanted` concerns what this browser sends.
  if ('wanted' in event) return state;
  return { ...state, slots: [], speaking: [], connection: GOOD };
}

function closed(state: ClassState, close: Close, requestId: string | null): ClassState {
  switch (close) {
    case 'draining':
    case 'slow':
    case 'hello_too_late':
    case 'too_fast':
      return state;
    case 'done':
      // The event before it has said why; without one, the person left in another way.
      return state.place.at === 'gone' ? state : gone(state, { gone: 'left' }, requestId);
    case 'removed':
      // Also the answer to a later hello, when no event comes before it.
      return state.place.at === 'gone' ? state : gone(state, { close }, requestId);
    case 'malformed':
    case 'not_authenticated':
    case 'not_allowed':
    case 'refused':
    case 'replaced':
    case 'full':
      return gone(state, { close }, requestId);
  }
}

/** Whoever is out keeps nothing of the class on the page. */
function gone(state: ClassState, ending: Ending, requestId: string | null): ClassState {
  return { ...outsideOf(state), place: { at: 'gone', ending, requestId } };
}
