// Made from the Rust crate `protocol` (`make types`); not to be edited.

export const VERSION = 1;

export const MESSAGE_BYTES_MAX = 65536;
export const SDP_BYTES_MAX = 32768;
export const CHAT_CHARS_MAX = 2000;
export const NOTE_CHARS_MAX = 500;
export const NAME_GRAPHEMES_MAX = 64;
export const TITLE_CHARS_MAX = 120;
export const GROUP_CHARS_MAX = 64;
export const ROSTER_MAX = 2048;
export const PEOPLE_PER_ASK_MAX = 1500;
export const ROSTER_BYTES_MAX = 262144;
export const VIDEO_SLOTS_MAX = 24;
export const AUDIO_SLOTS_MAX = 3;
export const WAIT_S_MAX = 14400;
export const INCIDENT_CHARS_MAX = 280;
export const FELT_EVERY_MS = 10000;

export const CLOSE_WORDS: Record<number, Close> = { 1000: "done", 1012: "draining", 1013: "slow", 4400: "malformed", 4401: "not_authenticated", 4403: "not_allowed", 4406: "refused", 4408: "hello_too_late", 4409: "replaced", 4410: "removed", 4429: "too_fast", 4503: "full" };

export type ClassId = string;

export type PersonId = string;

export type SessionId = string;

export type ChatId = number;

export type UnixMs = number;

export type DisplayName = string;

export type Role = "teacher" | "student" | "observer";

export type Rights = { speak: boolean, camera: boolean, screen: boolean, chat: boolean, };

export type OwnRights = { speak?: boolean, camera?: boolean, screen?: boolean, chat?: boolean, };

export type Policy = "ask" | "roster" | "shut";

export type Proof = { "account": Record<symbol, never> } | { "invitation": Record<symbol, never> } | { "portal": { issuer: string, } };

export type About = { group?: string, on_roster: boolean, proof: Proof, 
/**
 * Somebody else of the class whose name looks the same.
 */
look_alike?: DisplayName, };

export type Knock = { person: PersonId, name: DisplayName, role: Role, about: About, since: UnixMs, 
/**
 * The same person is here already, on another device: it may be somebody who was handed the link.
 */
other_device: boolean, };

export type Door = { policy: Policy, 
/**
 * A teacher opened the door in this lesson; until then `roster` lets nobody walk in.
 */
opened: boolean, 
/**
 * The teacher's message to the lobby; empty for none.
 */
note: string, 
/**
 * Students on the roster.
 */
expected: number, 
/**
 * In order of arrival.
 */
waiting: Array<Knock>, 
/**
 * People who were removed or blocked, and could be let back.
 */
barred: Array<Barred>, };

export type Barred = { person: PersonId, name: DisplayName, 
/**
 * For good; otherwise until this lesson ends.
 */
blocked: boolean, };

export type DoorAsk = { "admit": { people: Array<PersonId>, } } | { "refuse": { people: Array<PersonId>, } } | { "block": { person: PersonId, } } | { "forgive": { person: PersonId, } } | { "open": Record<symbol, never> } | { "policy": { policy: Policy, } } | { "note": { text: string, } };

export type DoorEvent = { "knock": { knock: Knock, } } | { "answered": { person: PersonId, } } | { "changed": { policy: Policy, opened: boolean, note: string, } } | { "barred": { barred: Barred, } } | { "forgiven": { person: PersonId, } };

export type WaitingFor = "opening" | "answer" | "shut" | "teacher_away" | "seat";

export type LobbyEvent = { "standing": { position: number, waiting_for: WaitingFor, other_device: boolean, } } | { "note": { text: string, } };

export type Phase = "scheduled" | "open" | "unattended" | "ended";

export type Sending = { microphone: boolean, camera: boolean, screen: boolean, };

export type Person = { person: PersonId, name: DisplayName, role: Role, 
/**
 * Connection lost; the seat is kept for a while.
 */
away: boolean, sending: Sending, 
/**
 * When the hand went up.
 */
hand?: UnixMs, 
/**
 * What this person may do now: the class's rights with their own laid over.
 */
rights: Rights, 
/**
 * For teachers only.
 */
about?: About, };

export type Reaction = "yes" | "no" | "clap" | "heart" | "smile" | "lost";

export type ClassAsk = { "hand": { up: boolean, } } | { "react": { reaction: Reaction, } } | { "sending": { sending: Sending, } } | { "lower_hand": { person: PersonId, } } | { "mute": { people: Array<PersonId>, } } | { "mute_all": Record<symbol, never> } | { "rights": { rights: Rights, } } | { "rights_of": { person: PersonId, rights: OwnRights, } } | { "spotlight": { person: PersonId | null, } } | { "remove": { person: PersonId, block: boolean, } } | { "end": Record<symbol, never> };

export type Gone = "left" | "lost" | "removed" | "blocked" | "expired" | "ended" | "idle";

export type Snapshot = { phase: Phase, 
/**
 * What students may do.
 */
rights: Rights, 
/**
 * Everyone seated, in the order in which they came, oneself among them. Students of a large class see the first
 * [`crate::limits::LISTED_MAX`] and whoever does something.
 */
people: Array<Person>, 
/**
 * How many are seated, for those who do not see all of them.
 */
seated?: number, spotlight?: PersonId, 
/**
 * The last messages, oldest first.
 */
chat: Array<ChatMessage>, 
/**
 * What the server itself has too little of just now: never [`Reduction::LatecomersOut`] or [`Reduction::Full`].
 */
reduction: Reduction, 
/**
 * The lesson ends then, whoever is inside: the operator's rule.
 */
ends_at?: UnixMs, 
/**
 * For teachers only.
 */
door?: Door, };

export type ClassEvent = { "snapshot": { snapshot: Snapshot, } } | { "joined": { person: Person, } } | { "changed": { person: Person, } } | { "left": { person: PersonId, why: Gone, } } | { "crowd": { seated: number, } } | { "phase": { phase: Phase, } } | { "rights": { rights: Rights, } } | { "spotlight": { person: PersonId | null, } } | { "reacted": { person: PersonId, reaction: Reaction, } } | { "silenced": { sending: Sending, } } | { "reduced": { reduction: Reduction, } } | { "ends_at": { at: UnixMs, } };

export type ChatMessage = { id: ChatId, person: PersonId, 
/**
 * Kept with the message: its author may have left.
 */
name: DisplayName, role: Role, text: string, at: UnixMs, };

export type ChatAsk = { "say": { text: string, } } | { "erase": { message: ChatId, } };

export type ChatEvent = { "said": { message: ChatMessage, } } | { "erased": { message: ChatId, } };

export type SendMids = { microphone: string, camera: string, screen: string, screen_audio: string, };

export type ReceiveMids = { 
/**
 * Up to three: the loudest voices.
 */
audio: Array<string>, screen: string, screen_audio: string, 
/**
 * Up to 24 cameras.
 */
video: Array<string>, };

export type Look = { person: PersonId, 
/**
 * Height of the picture on this screen, in device pixels.
 */
height_px: number, };

export type Pictures = "all" | "few" | "none";

export type Felt = { 
/**
 * Pictures that stood still where the eye notices.
 */
freezes: number, 
/**
 * How long the worst of them stood still.
 */
frozen_ms: number, 
/**
 * Sound that had to be made up for sound that did not come, in the worst slot.
 */
concealed_ms: number, };

export type Source = "microphone" | "camera" | "screen" | "screen_audio";

export type Quality = "good" | "fair" | "poor";

export type Reduced = "nothing" | "smaller" | "fewer" | "audio_only";

export type PersonLink = { person: PersonId, quality: Quality, reduced: Reduced, rtt_ms: number, 
/**
 * Of what is sent to them, percent.
 */
loss_down: number, 
/**
 * Of what they send, percent.
 */
loss_up: number, 
/**
 * What their connection is believed to bear; 0 while that is not known.
 */
down_kbps: number, 
/**
 * As their browser last told; absent when it tells nothing.
 */
felt?: Felt, };

export type SlotFigures = { source: Source, 
/**
 * Whose sound or picture is in it.
 */
person: PersonId, kbps: number, 
/**
 * Of the picture that is forwarded; 0 for sound, and where the codec does not tell.
 */
height_px: number, 
/**
 * Percent.
 */
loss: number, };

export type MediaAsk = { "offer": { sdp: string, send: SendMids, receive: ReceiveMids, } } | { "view": { looks: Array<Look>, } } | { "receive": { pictures: Pictures, } } | { "felt": { felt: Felt, } } | { "inspect": { person: PersonId, } } | { "ways": Record<symbol, never> };

export type IceServer = { 
/**
 * RFC 7065, as `turn:192.0.2.1:3478?transport=udp` or `turns:class.example.org:443?transport=tcp`.
 */
urls: Array<string>, username: string, credential: string, };

export type Slot = { mid: string, person: PersonId | null, };

export type MediaEvent = { "slots": { slots: Array<Slot>, } } | { "speaking": { people: Array<PersonId>, } } | { "link": { quality: Quality, reduced: Reduced, } } | { "links": { people: Array<PersonLink>, } } | { "wanted": { source: Source, height_px: number, } } | { "lost": Record<symbol, never> };

export type Refusal = "malformed" | "limit" | "teachers_only" | "not_seated" | "no_right" | "no_such_person" | "no_such_message" | "is_teacher" | "class_full" | "door_shut" | "unattended" | "too_soon" | "bad_offer" | "not_saved";

export type Close = "done" | "draining" | "slow" | "malformed" | "not_authenticated" | "not_allowed" | "refused" | "hello_too_late" | "replaced" | "removed" | "too_fast" | "full";

export type Hello = { 
/**
 * [`crate::VERSION`].
 */
version: number, class: ClassId, 
/**
 * A portal's token; absent when the browser's cookie says who this is.
 */
token?: string, resume?: Resume, 
/**
 * From the line ([`crate::Queued`]), once it is its turn.
 */
ticket?: string, };

export type Resume = { session: SessionId, 
/**
 * The last event that arrived; 0 for none.
 */
last_seq: number, };

export type Request = { 
/**
 * Chosen by the client; comes back in the one [`Reply`].
 */
id: number, ask: Ask, };

export type Ask = { "session": SessionAsk } | { "door": DoorAsk } | { "class": ClassAsk } | { "chat": ChatAsk } | { "media": MediaAsk };

export type SessionAsk = { "leave": Record<symbol, never> } | { "refresh": { token: string, } } | { "here": Record<symbol, never> };

export type ClientFrame = HelloFrame | Request;

export type HelloFrame = { hello: Hello, };

export type Welcome = { session: SessionId, person: PersonId, name: DisplayName, role: Role, 
/**
 * What the invitation says, and all that somebody waiting learns of the class.
 */
class: Invited, 
/**
 * The conversation goes on: the missed events follow, in order. Otherwise this is a new one.
 */
resumed: boolean, };

export type Invited = { class: ClassId, title: string, teacher: DisplayName, starts_at: UnixMs, 
/**
 * Address students as "tu" in French.
 */
familiar: boolean, };

export type ServerFrame = { "welcome": Welcome } | { "turned": Turned } | { "reply": Reply } | { "event": Sequenced } | { "beat": Beat };

export type Reply = { id: number, outcome: Outcome, };

export type Outcome = { "done": Record<symbol, never> } | { "answer": { sdp: string, } } | { "inspected": { slots: Array<SlotFigures>, } } | { "ways": { servers: Array<IceServer>, ttl_s: number, } } | { "refused": { code: Refusal, message: string, } };

export type Sequenced = { seq: number, on: Event, };

export type Event = { "session": SessionEvent } | { "lobby": LobbyEvent } | { "door": DoorEvent } | { "class": ClassEvent } | { "chat": ChatEvent } | { "media": MediaEvent };

export type SessionEvent = { "gone": { why: Gone, } } | { "refresh_due": { within_ms: number, } } | { "still_there": { within_ms: number, } };

export type Beat = { 
/**
 * Should the server vanish: come back at a random moment within this many milliseconds.
 */
return_within_ms: number, };

export type Priority = "seated" | "teachers" | "students" | "out_of_hour" | "observers";

export type Place = { 
/**
 * Unix seconds.
 */
since: number, draw: number, };

export type Turned = { "queued": Queued } | { "closed": { until?: UnixMs, } } | { "unavailable": { retry_after_ms: number, } } | { "school_full": { retry_after_ms: number, } };

export type Queued = { 
/**
 * Goes into the next hello. At most [`crate::limits::TICKET_BYTES_MAX`] bytes.
 */
ticket: string, priority: Priority, place: Place, 
/**
 * What [`LineDocument::opened`] calls their class. Nobody else knows which class that is.
 */
class_sign: number, 
/**
 * How many stand before it now.
 */
before: number, wait: Wait, };

export type Wait = { from_s: number, to_s: number, };

export type LineDocument = { 
/**
 * Names this life of the line. When it changes, whoever waits says hello with the ticket once more, at a random moment within
 * `again_in_ms`: the order is in the tickets, the line itself forgets.
 */
life: string, at: UnixMs, 
/**
 * Ask again after this long, give or take a third at random.
 */
again_in_ms: number, 
/**
 * Those in which anybody stands, and those that are closed.
 */
lines: Array<Line>, 
/**
 * Classes whose teacher has just come in: places are kept for their pupils, who may come in now, wherever they stand.
 * At most [`crate::limits::LINE_OPENED_MAX`].
 */
opened: Array<number>, };

export type Line = { priority: Priority, waiting: number, 
/**
 * Everybody up to and with this place may come in now.
 */
served?: Place, 
/**
 * How many stand before some of the places, in order: what lies between two of them is in proportion.
 * At most [`crate::limits::LINE_MARKS_MAX`].
 */
marks: Array<Mark>, 
/**
 * People let in per minute lately: the slowest and the fastest minute of the last five.
 */
per_minute: Pace, 
/**
 * The operator keeps this priority out.
 */
closed: boolean, 
/**
 * Until when, if that is known.
 */
closed_until?: UnixMs, };

export type Mark = { place: Place, before: number, };

export type Pace = { slowest: number, fastest: number, };

export type Reduction = "nothing" | "latecomers_out" | "student_cameras_off" | "small_pictures" | "audio_only" | "text_only" | "full";

export type Amounts = { 
/**
 * WebSockets.
 */
connections: number, 
/**
 * People in lobbies and classes.
 */
people: number, 
/**
 * Media packets forwarded per second.
 */
packets_per_s: number, egress_kbps: number, memory_mb: number, 
/**
 * Of all cores together: 1,000 is all of them.
 */
cpu_permille: number, };

export type Scarce = "connections" | "people" | "packets" | "egress" | "memory" | "cpu";

export type Status = { at: UnixMs, state: StatusState, classes: number, people: number, queued: number, 
/**
 * For somebody who came now.
 */
wait: Wait, reduction: Reduction, 
/**
 * What the operator says of the last day, newest first.
 */
incidents: Array<Incident>, };

export type StatusState = "open" | "queueing" | "closed_for_newcomers" | "draining";

export type Incident = { at: UnixMs, 
/**
 * At most [`crate::limits::INCIDENT_CHARS_MAX`] characters.
 */
text: string, };

export type Attack = "no_token" | "bad_token" | "wrong_class" | "bad_ticket" | "silent" | "malformed" | "too_fast" | "flood" | "foreign_page" | "secret_in_address" | "returned" | "overreach" | "datagrams" | "operator_token";

export type Operations = { status: Status, line: LineDocument, used: Amounts, limits: Amounts, 
/**
 * The limits of the configuration and the machine. Where `limits` differ, an operator said so.
 */
configured: Amounts, 
/**
 * Lines that are as an operator said, and not as the configuration says.
 */
by_hand: Array<LineOrder>, 
/**
 * What operators said is on disk, and survives a restart.
 */
kept: boolean, 
/**
 * Of each limit so much may be used before newcomers wait, in thousandths.
 */
let_in_until_permille: number, scarce: Scarce, 
/**
 * Places kept for the rosters of classes whose teacher is in.
 */
reserved: number, 
/**
 * Hellos and resumes that are taken per second, and how many there were in the last one.
 */
accepts_per_s_max: number, accepts_per_s: number, 
/**
 * Verdicts since the start.
 */
let_in: number, queued: number, turned_away: number, attacks: Array<AttackCount>, 
/**
 * The fullest, at most [`crate::limits::OPS_CLASSES_MAX`].
 */
classes: Array<ClassLoad>, draining: boolean, 
/**
 * Threads that run classes and have not answered for five seconds: `used` holds what they said before.
 */
shards_silent: number, };

export type LineOrder = { priority: Priority, closed: boolean, 
/**
 * When the configuration's word counts again. Not for a line that is closed by hand.
 */
until?: UnixMs, };

export type AttackCount = { kind: Attack, 
/**
 * Since the start, and in the last five minutes.
 */
total: number, lately: number, };

export type ClassLoad = { class: ClassId, teachers: number, 
/**
 * Students and observers in its lobby and in it.
 */
students: number, queued: number, 
/**
 * Places still kept for its roster.
 */
reserved: number, };

export type OperatorAct = { "limits": { limits: Amounts, } } | { "close": { priority: Priority, closed: boolean, } } | { "drain": { on: boolean, } } | { "say": { text: string, } } | { "unsay": { at: UnixMs, } };

export type Claim = { "account": { secret: string, } } | { "invitation": { secret: string, } } | { "token": { token: string, } };

export type Claimed = { "home": Record<symbol, never> } | { "class": { class: ClassId, } };

export type Me = { 
/**
 * The teacher's account of this browser, if it has one.
 */
account?: Account, 
/**
 * Classes into which this browser has been invited and may knock.
 */
invited: Array<Invited>, };

export type Account = { name: DisplayName, };

export type BrowserId = string;

export type BrowserCard = { id: BrowserId, browser: BrowserName, system: SystemName, signed_in_at: UnixMs, 
/**
 * To within an hour.
 */
seen_at: UnixMs, 
/**
 * The one that asks.
 */
here: boolean, };

export type BrowserName = "firefox" | "chrome" | "edge" | "safari" | "opera" | "samsung" | "other";

export type SystemName = "windows" | "macos" | "linux" | "chromeos" | "android" | "ios" | "other";

export type MyInvitation = { class: Invited, name: DisplayName, role: Role, };

export type ClassDraft = { title: string, starts_at: UnixMs, policy: Policy, familiar: boolean, };

export type ClassCard = { class: ClassId, title: string, starts_at: UnixMs, policy: Policy, familiar: boolean, teacher: DisplayName, students: number, phase: Phase, 
/**
 * This account made the class, and may change it; otherwise it was invited to teach.
 */
mine: boolean, };

export type RosterLine = { 
/**
 * Counted from 1 in what was pasted.
 */
line: number, name: DisplayName, role: Role, group?: string, 
/**
 * Something to look at, although the line can be used.
 */
doubt?: RosterDoubt, };

export type RosterDoubt = "twice" | "looks_alike" | "cleaned" | "one_word";

export type RosterBadLine = { line: number, 
/**
 * The line as it was read, at most 200 characters.
 */
text: string, why: RosterFault, };

export type RosterFault = "no_name" | "name_too_long" | "group_too_long" | "unknown_role" | "too_many_columns" | "bad_quotes" | "too_many";

export type RosterPreview = { people: Array<RosterLine>, bad: Array<RosterBadLine>, 
/**
 * The character set that was recognised: `utf-8` or `windows-1252`.
 */
charset: string, };

export type RosterAdd = { people: Array<RosterEntry>, };

export type RosterEntry = { name: DisplayName, role: Role, group?: string, };

export type Invitation = { person: PersonId, name: DisplayName, role: Role, group?: string, 
/**
 * The whole personal link, its secret in the fragment; absent while revoked.
 */
link?: string, 
/**
 * The link has been opened in a browser.
 */
used: boolean, };

export type Problem = { 
/**
 * `about:blank`: the code says it.
 */
type: string, title: string, status: number, code: ProblemCode, request_id: string, 
/**
 * When to try again, if that is known: the same as `Retry-After`, finer.
 */
retry_after_ms?: number, 
/**
 * How long somebody who comes now may stand in the line.
 */
wait?: Wait, };

export type ProblemCode = "malformed" | "token_in_url" | "not_authenticated" | "not_allowed" | "not_found" | "bad_origin" | "too_large" | "too_many" | "limit" | "unavailable" | "internal";
