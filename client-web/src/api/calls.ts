// Every request the client makes, by name.

import type {
  Account,
  BrowserCard,
  BrowserId,
  Claim,
  Claimed,
  ClassCard,
  ClassDraft,
  ClassId,
  Invitation,
  Me,
  MyInvitation,
  Operations,
  OperatorAct,
  PersonId,
  RosterEntry,
  RosterPreview,
} from '../protocol/types';
import { get, getText, send, sendBytes } from './http';

export const claim = (body: Claim) => send<Claimed>('POST', '/api/claim', body);
export const me = () => get<Me>('/api/me');
/** How this account is called from now on, in its classes too. */
export const rename = (account: Account) => send<Account>('PUT', '/api/me', account);
export const signOut = () => send<void>('POST', '/api/signout');

export const browsers = () => get<BrowserCard[]>('/api/me/browsers');
export const signOutOf = (browser: BrowserId) => send<void>('DELETE', `/api/me/browsers/${browser}`);
export const signOutOfOthers = () => send<void>('DELETE', '/api/me/browsers');

export const classes = () => get<ClassCard[]>('/api/classes');
export const createClass = (draft: ClassDraft) => send<ClassCard>('POST', '/api/classes', draft);
export const classOf = (id: ClassId) => get<ClassCard>(of(id));
export const changeClass = (id: ClassId, draft: ClassDraft) => send<ClassCard>('PUT', of(id), draft);
export const deleteClass = (id: ClassId) => send<void>('DELETE', of(id));

export const myInvitation = (id: ClassId) => get<MyInvitation>(`${of(id)}/invited`);

/** What a pasted list or a file would add. Bytes, because only the server guesses a file's character set. */
export const previewRoster = (id: ClassId, bytes: Uint8Array<ArrayBuffer>) =>
  sendBytes<RosterPreview>(`${of(id)}/roster/preview`, bytes);
/** Answers with the whole list of invitations. */
export const addToRoster = (id: ClassId, people: RosterEntry[]) => send<Invitation[]>('POST', `${of(id)}/roster`, { people });
export const removeFromRoster = (id: ClassId, person: PersonId) => send<void>('DELETE', `${of(id)}/roster/${person}`);

export const invitations = (id: ClassId) => get<Invitation[]>(`${of(id)}/invitations`);
export const renewInvitation = (id: ClassId, person: PersonId) =>
  send<Invitation>('POST', `${of(id)}/invitations/${person}/renew`);
export const revokeInvitation = (id: ClassId, person: PersonId) =>
  send<Invitation>('POST', `${of(id)}/invitations/${person}/revoke`);

/** What an operator sees and does; `key` is theirs. */
export const operations = (key: string) => get<Operations>('/api/ops', key);
export const operate = (key: string, act: OperatorAct) => send<Operations>('POST', '/api/ops', act, key);
export const attacksCsv = (key: string) => getText('/api/ops/attacks.csv', key);

function of(id: ClassId): string {
  return `/api/classes/${encodeURIComponent(id)}`;
}
