// A fixture for the development server: answers the HTTP interface from memory, so that pages can be worked on, and
// photographed in every state, without a server. The cookie `fake` chooses who the browser is. Not part of the build.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';

import type { Account, BrowserCard, ClassCard, ClassDraft, Claim, Invitation, Operations, OperatorAct, ProblemCode, RosterEntry } from '../src/protocol/types.ts';
import { fakeOperations, operate, OPERATOR_KEY } from './fake-ops.ts';
import { fakeBrowsers, fakeClasses, fakePeople, uuid } from './fake-people.ts';
import { fakePreview } from './fake-roster.ts';

type Who = 'teacher' | 'newcomer' | 'student' | 'observer' | 'nobody' | 'broken';

interface World {
  name: string;
  classes: ClassCard[];
  browsers: BrowserCard[];
  people: Map<string, Invitation[]>;
  operations: Operations;
}

class Refused extends Error {
  status: number;
  code: ProblemCode;
  constructor(status: number, code: ProblemCode) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const ORIGIN = 'https://preau.example';

/** As strict as the real one's, so that a page that needs more is noticed here. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "media-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

export function fakeServer(): Plugin {
  const worlds = new Map<Who, World>();
  const api = (request: IncomingMessage, response: ServerResponse) => {
    const who = whoIs(request);
    const world = worlds.get(who) ?? makeWorld(who);
    worlds.set(who, world);
    readAll(request).then(
      (body) => reply(response, () => answer(who, world, request, body)),
      () => response.destroy(),
    );
  };
  return {
    name: 'fake-server',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/api', api);
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      server.middlewares.use('/api', api);
    },
  };
}

function answer(who: Who, world: World, request: IncomingMessage, body: Buffer): unknown {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const route = `${request.method} ${path.replace(/[0-9a-f-]{36}/gu, '*')}`;
  const [, classId = '', , person = ''] = path.split('/').slice(1);
  const json = <Body>() => JSON.parse(body.toString()) as Body;
  if (who === 'broken') throw new Refused(503, 'unavailable');
  switch (route) {
    case 'POST /claim':
      return claimed(world, json<Claim>());
    case 'GET /me':
      return me(who, world);
    case 'PUT /me':
      world.name = json<Account>().name;
      return { name: world.name };
    case 'GET /me/browsers':
      return world.browsers;
    case 'DELETE /me/browsers':
      world.browsers = world.browsers.filter((one) => one.here);
      return {};
    case 'POST /signout':
      return {};
    case 'GET /classes':
      return world.classes;
    case 'POST /classes': {
      const card = makeClass(json<ClassDraft>());
      world.classes.push(card);
      return card;
    }
    case 'GET /classes/*':
      return find(world, classId);
    case 'PUT /classes/*':
      return Object.assign(find(world, classId), json<ClassDraft>());
    case 'DELETE /classes/*':
      world.classes = world.classes.filter((one) => one.class !== classId);
      return {};
    case 'GET /classes/*/invited':
      if (who === 'nobody') throw new Refused(401, 'not_authenticated');
      return { class: invited(find(world, classId)), name: 'Zoé Martin', role: who === 'student' || who === 'observer' ? who : 'teacher' };
    case 'GET /ops':
    case 'POST /ops':
    case 'GET /ops/attacks.csv':
      return atDesk(world, request, body);
    case 'POST /classes/*/roster/preview':
      return fakePreview(body, people(world, classId));
    case 'POST /classes/*/roster':
      people(world, classId).push(...json<{ people: RosterEntry[] }>().people.map(invitation));
      return recount(world, classId);
    case 'DELETE /classes/*/roster/*':
      world.people.set(classId, people(world, classId).filter((one) => one.person !== person));
      return recount(world, classId) && {};
    case 'GET /classes/*/invitations':
      find(world, classId);
      return people(world, classId);
    case 'POST /classes/*/invitations/*/renew':
      return Object.assign(one(world, classId, person), { link: link(), used: false });
    case 'POST /classes/*/invitations/*/revoke':
      delete one(world, classId, person).link;
      return one(world, classId, person);
    default:
      throw new Refused(404, 'not_found');
  }
}

function atDesk(world: World, request: IncomingMessage, body: Buffer): unknown {
  if (request.headers.authorization !== `Bearer ${OPERATOR_KEY}`) throw new Refused(401, 'not_authenticated');
  if (request.method === 'POST') world.operations = operate(world.operations, JSON.parse(body.toString()) as OperatorAct);
  const { status } = world.operations;
  return request.url?.endsWith('.csv') ? 'kind,total' : { ...world.operations, status: { ...status, at: Date.now() } };
}

function claimed(world: World, claim: Claim) {
  const secret = 'account' in claim ? claim.account.secret : 'invitation' in claim ? claim.invitation.secret : '';
  if (secret.startsWith('bad')) throw new Refused(401, 'not_authenticated');
  if (secret.startsWith('busy')) throw new Refused(503, 'unavailable');
  const first = world.classes[0];
  return 'invitation' in claim && first ? { class: { class: first.class } } : { home: {} };
}

function me(who: Who, world: World) {
  if (who === 'nobody') return { invited: [] };
  if (who === 'student') return { invited: world.classes.slice(0, 2).map(invited) };
  return { account: { name: world.name }, invited: [] };
}

function invited({ class: id, title, teacher, starts_at, familiar }: ClassCard) {
  return { class: id, title, teacher, starts_at, familiar };
}

function makeWorld(who: Who): World {
  if (who === 'newcomer' || who === 'nobody' || who === 'broken') return { name: 'Professeur', classes: [], browsers: fakeBrowsers(), people: new Map(), operations: fakeOperations() };
  const classes = fakeClasses(Date.now());
  const first = classes[0];
  const entries = fakePeople().map(invitation);
  entries.forEach((entry, index) => {
    entry.used = index % 3 === 0;
    if (index === 5) delete entry.link;
  });
  return { name: 'Hélène Garnier', classes, browsers: fakeBrowsers(), people: new Map(first ? [[first.class, entries]] : []), operations: fakeOperations() };
}

function makeClass(draft: ClassDraft): ClassCard {
  return { ...draft, class: uuid(), teacher: 'Hélène Garnier', students: 0, phase: 'scheduled', mine: true };
}

function invitation(entry: RosterEntry): Invitation {
  return { ...entry, person: uuid(), link: link(), used: false };
}

function link(): string {
  return `${ORIGIN}/#in=${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;
}

function find(world: World, id: string): ClassCard {
  const card = world.classes.find((one) => one.class === id);
  if (!card) throw new Refused(403, 'not_allowed');
  return card;
}

function people(world: World, id: string): Invitation[] {
  const list = world.people.get(id) ?? [];
  world.people.set(id, list);
  return list;
}

function one(world: World, id: string, person: string): Invitation {
  const found = people(world, id).find((entry) => entry.person === person);
  if (!found) throw new Refused(404, 'not_found');
  return found;
}

function recount(world: World, id: string): Invitation[] {
  const list = people(world, id);
  find(world, id).students = list.filter((entry) => entry.role === 'student').length;
  return list;
}

function whoIs(request: IncomingMessage): Who {
  return (/\bfake=(\w+)/u.exec(request.headers.cookie ?? '')?.[1] ?? 'teacher') as Who;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function reply(response: ServerResponse, make: () => unknown): void {
  try {
    const value = make();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  } catch (error) {
    const { status, code } = error instanceof Refused ? error : new Refused(500, 'internal');
    response.statusCode = status;
    const problem = { type: 'about:blank', title: code, status, code, request_id: 'f4a2c1' };
    response.setHeader('content-type', 'application/problem+json').end(JSON.stringify(problem));
  }
}
