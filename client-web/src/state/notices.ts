// What is worth a sound or a sentence for a screen reader: decided from the state before and after one event.

import type { Event, Reaction, Reduction, Sending, UnixMs } from '../protocol/types';
import type { ClassState, Connection } from './class';
import { iTeach, personOf } from './facts';
import type { Queue } from './queue';
import type { News } from './queue-news';

/** Something to say, to be put into words by the view. */
export type Notice =
  | { knock: { name: string } }
  | { admitted: true }
  | { backToLobby: true }
  | { position: number }
  | { note: string }
  | { joined: { name: string } }
  | { left: { name: string } }
  | { hand: { name: string } }
  | { ownHandLowered: true }
  | { reacted: { name: string; reaction: Reaction } }
  | { said: { name: string; text: string } }
  | { unattended: true }
  | { attended: true }
  | { silenced: Sending }
  | { spotlight: { name: string | null } }
  | { screen: { name: string } }
  | { stillThere: true }
  | { reduced: Reduction }
  | { endsAt: UnixMs }
  | { queue: { news: News; queue: Queue } }
  | { connection: { was: Connection; is: Connection } };

/** Everything to be said of this event, in order; mostly nothing. */
export function noticesOf(before: ClassState, event: Event, after: ClassState): Notice[] {
  if ('lobby' in event) return ofLobby(before, after);
  if ('door' in event) {
    if (!('knock' in event.door)) return [];
    const { knock } = event.door.knock;
    // The same person with news about them is no second knock.
    const known = before.door?.waiting.some((other) => other.person === knock.person) ?? false;
    return known ? [] : [{ knock: { name: knock.name } }];
  }
  if ('chat' in event) {
    if (!('said' in event.chat)) return [];
    const { person, name, text } = event.chat.said.message;
    return person === after.self?.person ? [] : [{ said: { name, text } }];
  }
  if ('media' in event) {
    return 'link' in event.media ? [{ connection: { was: before.connection, is: after.connection } }] : [];
  }
  if ('session' in event) return 'still_there' in event.session ? [{ stillThere: true }] : [];
  return ofClass(before, event, after);
}

function ofLobby(before: ClassState, after: ClassState): Notice[] {
  if (after.place.at !== 'waiting') return [];
  if (before.place.at === 'seated') return [{ backToLobby: true }];
  if (after.lobbyNote !== before.lobbyNote) return after.lobbyNote === '' ? [] : [{ note: after.lobbyNote }];
  const { position } = after.place.standing;
  const was = before.place.at === 'waiting' ? before.place.standing.position : null;
  return position === was ? [] : [{ position }];
}

function ofClass(before: ClassState, event: Extract<Event, { class: unknown }>, after: ClassState): Notice[] {
  const happened = event.class;
  if ('snapshot' in happened) return before.place.at === 'seated' ? [] : [{ admitted: true }];
  if ('reduced' in happened) return after.reduction === before.reduction ? [] : [{ reduced: after.reduction }];
  if ('ends_at' in happened) return after.endsAt === before.endsAt ? [] : [{ endsAt: happened.ends_at.at }];
  if ('joined' in happened) {
    const known = personOf(before, happened.joined.person.person) !== null;
    return known ? [] : [{ joined: { name: happened.joined.person.name } }];
  }
  if ('left' in happened) {
    const person = personOf(before, happened.left.person);
    return person === null ? [] : [{ left: { name: person.name } }];
  }
  if ('changed' in happened) return ofChange(before, happened.changed.person.person, after);
  if ('phase' in happened) {
    if (after.phase === before.phase || iTeach(after)) return [];
    if (after.phase === 'unattended') return [{ unattended: true }];
    return before.phase === 'unattended' && after.phase === 'open' ? [{ attended: true }] : [];
  }
  if ('reacted' in happened) {
    const person = personOf(after, happened.reacted.person);
    if (person === null || person.person === after.self?.person) return [];
    return [{ reacted: { name: person.name, reaction: happened.reacted.reaction } }];
  }
  if ('silenced' in happened) return [{ silenced: happened.silenced.sending }];
  if ('spotlight' in happened) {
    const name = personOf(after, happened.spotlight.person)?.name ?? null;
    return after.spotlight === before.spotlight ? [] : [{ spotlight: { name } }];
  }
  return [];
}

function ofChange(before: ClassState, id: string, after: ClassState): Notice[] {
  const was = personOf(before, id);
  const is = personOf(after, id);
  if (was === null || is === null) return [];
  const own = id === after.self?.person;
  const notices: Notice[] = [];
  if (was.hand === undefined && is.hand !== undefined && !own) notices.push({ hand: { name: is.name } });
  if (was.hand !== undefined && is.hand === undefined && own) notices.push({ ownHandLowered: true });
  if (!was.sending.screen && is.sending.screen && !own) notices.push({ screen: { name: is.name } });
  return notices;
}

/** Knocks that come together are said together, after this long. */
export const COALESCE_MS = 1_500;

/**
 * Gathers notices of one kind into one sentence, so that twenty-eight knocks at eight o'clock are one sentence and one
 * sound. Joined, left, hands and reactions likewise: a class of thirty must not talk over its teacher.
 */
export interface Gathered {
  knocks: string[];
  joined: string[];
  left: string[];
  hands: string[];
}

export const NOTHING_GATHERED: Gathered = { knocks: [], joined: [], left: [], hands: [] };

/** The notice put with the others, or `null` when it is to be said by itself, at once. */
export function gather(gathered: Gathered, notice: Notice): Gathered | null {
  if ('knock' in notice) return { ...gathered, knocks: [...gathered.knocks, notice.knock.name] };
  if ('joined' in notice) return { ...gathered, joined: [...gathered.joined, notice.joined.name] };
  if ('left' in notice) return { ...gathered, left: [...gathered.left, notice.left.name] };
  if ('hand' in notice) return { ...gathered, hands: [...gathered.hands, notice.hand.name] };
  return null;
}
