//! One class in session: its state machine, its sessions' correspondence, and what waits for the disk.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use preau_classroom::{Classroom, Input as ClassInput, Output as ClassOutput};
use preau_protocol::{
    Ask, ClassAsk, ClassEvent, ClassId, Close, DoorAsk, Event, Invited, MediaAsk, Outcome, PersonId, Phase, Refusal,
    Reply, ServerFrame, SessionAsk, SessionId, UnixMs, Welcome,
};
use preau_sfu::RoomId;

use super::desk::Desk;
use super::links::Links;
use super::{Arrival, Frame, LineId, Output, Reach};

/// The journal stands still when it has written nothing for so long. A slow disk takes a tenth of that.
const STANDS_STILL_AFTER_MS: u64 = 1_500;
/// What may wait for the disk. Nobody's requests are taken then, so this is an hour of who speaks; past it the class begins
/// again from its journal.
const HELD_MAX: usize = 16 * 1024;

pub struct Room {
    class: ClassId,
    invited: Invited,
    pub(super) classroom: Classroom,
    pub(super) media_room: RoomId,
    pub(super) desks: BTreeMap<SessionId, Desk>,
    pub(super) links: Links,
    /// Which session speaks on a line: one line a session, the newest.
    lines: BTreeMap<LineId, SessionId>,
    /// Entries handed to the journal so far, and how many of them are on disk.
    recorded: u64,
    durable: u64,
    /// When the journal wrote last, or was given something after it had written all. `None`: nothing waits.
    unwritten_since: Option<UnixMs>,
    /// What may be said only once the entry of this number is on disk.
    held: VecDeque<(u64, Saying)>,
    /// Memory and journal disagree: this room ends, and the class is read again.
    dissolved: bool,
}

/// What the class says to sessions.
enum Saying {
    Event { to: Vec<SessionId>, event: Event },
    Reply { to: SessionId, reply: Reply },
    Close { session: SessionId, why: Close },
}

impl Room {
    pub fn new(class: ClassId, invited: Invited, classroom: Classroom, media_room: RoomId) -> Room {
        Room {
            class,
            invited,
            classroom,
            media_room,
            desks: BTreeMap::new(),
            links: Links::default(),
            lines: BTreeMap::new(),
            recorded: 0,
            durable: 0,
            unwritten_since: None,
            held: VecDeque::new(),
            dissolved: false,
        }
    }

    pub(super) fn class(&self) -> ClassId {
        self.class
    }

    pub fn phase(&self) -> Phase {
        self.classroom.phase()
    }

    pub fn has_seat(&self, person: PersonId) -> bool {
        self.classroom.has_seat(person)
    }

    pub fn sessions(&self) -> usize {
        self.desks.len()
    }

    pub fn lines(&self) -> impl Iterator<Item = LineId> {
        self.lines.keys().copied()
    }

    pub fn wakes_at(&self) -> Option<UnixMs> {
        [self.classroom.poll_timeout(), self.links.due()].into_iter().flatten().min()
    }

    /// The time has come that [`Room::wakes_at`] told.
    pub fn wake(&mut self, reach: &mut Reach<'_>) {
        self.tell_links(reach);
        self.feed(ClassInput::Timeout, reach);
    }

    /// Nobody is here, nothing is to be waited for: the journal knows the rest.
    pub fn is_over(&self) -> bool {
        let quiet = self.held.is_empty() && self.recorded == self.durable && self.classroom.poll_timeout().is_none();
        self.desks.is_empty() && (quiet || self.dissolved)
    }

    /// Ends every conversation and every media session; what was not yet said is never said.
    pub fn dissolve(&mut self, reach: &mut Reach<'_>) {
        self.dissolved = true;
        self.held.clear();
        for session in std::mem::take(&mut self.desks).into_keys() {
            reach.media.unseat(session, reach.now);
        }
        let lines = std::mem::take(&mut self.lines).into_keys();
        reach.out.extend(lines.map(|line| Output::HangUp { line, why: Close::Draining }));
    }

    /// Somebody verified comes: into the conversation they name, if it is theirs, else into a new one.
    pub fn arrive(&mut self, arrival: Arrival, reach: &mut Reach<'_>) {
        if !self.classroom.knows(&arrival.identity) {
            reach.out.push_back(Output::Remember { class: self.class, who: Box::new(arrival.identity.clone()) });
        }
        let theirs = |desk: &Desk| desk.person == arrival.identity.person && desk.device == arrival.device;
        match arrival.resume {
            Some(resume) if self.desks.get(&resume.session).is_some_and(theirs) => {
                self.welcome(&arrival, resume.session, true, reach);
                self.go_on(resume.session, resume.last_seq, arrival.line, reach);
            }
            _ => {
                // Whoever is turned away learns why, and nothing of what an invitation says.
                let Arrival { identity, device, until, .. } = &arrival;
                if self.classroom.turns_away(identity, *device, *until, reach.now_ms).is_none() {
                    self.welcome(&arrival, arrival.fresh, false, reach);
                }
                let identity = arrival.identity;
                let desk = Desk::new(identity.person, identity.role, arrival.device, arrival.line);
                self.desks.insert(arrival.fresh, desk);
                self.lines.insert(arrival.line, arrival.fresh);
                let (session, device, until) = (arrival.fresh, arrival.device, arrival.until);
                self.feed(ClassInput::Arrive { session, identity, device, until }, reach);
            }
        }
    }

    fn welcome(&self, arrival: &Arrival, session: SessionId, resumed: bool, reach: &mut Reach<'_>) {
        let welcome = ServerFrame::Welcome(Welcome {
            session,
            person: arrival.identity.person,
            name: arrival.identity.name.clone(),
            role: arrival.identity.role,
            class: self.invited.clone(),
            resumed,
        });
        reach.out.push_back(Output::Write { line: arrival.line, frame: Frame::Whole(json(&welcome).into()) });
    }

    /// Takes a conversation up on a new line: what was missed, or everything anew.
    fn go_on(&mut self, session: SessionId, last_seq: u32, line: LineId, reach: &mut Reach<'_>) {
        let Some(desk) = self.desks.get_mut(&session) else { return };
        self.lines.insert(line, session);
        if let Some(old) = desk.line.replace(line) {
            self.lines.remove(&old);
            reach.out.push_back(Output::HangUp { line: old, why: Close::Replaced });
        }
        if let Some(missed) = desk.since(last_seq) {
            reach.out.extend(missed.into_iter().map(|frame| Output::Write { line, frame }));
            self.feed(ClassInput::Back { session }, reach);
        } else {
            let slots = desk.slots.clone();
            self.feed(ClassInput::Snapshot { session }, reach);
            if let Some(slots) = slots {
                self.tell(session, Event::Media(slots), reach);
            }
        }
        self.tell_links_again(session, reach);
    }

    /// The socket of a session is gone.
    pub fn lose(&mut self, line: LineId, reach: &mut Reach<'_>) {
        let Some(session) = self.lines.remove(&line) else { return };
        if let Some(desk) = self.desks.get_mut(&session) {
            desk.line = None;
        }
        self.feed(ClassInput::Lost { session }, reach);
    }

    /// A request. One on a line that is no session's any more came too late, and nobody would hear the answer.
    pub fn ask(&mut self, line: LineId, id: u32, ask: Ask, reach: &mut Reach<'_>) {
        let Some(&session) = self.lines.get(&line) else { return };
        match ask {
            Ask::Media(MediaAsk::Offer { sdp, send, receive }) => self.offer(session, id, sdp, &send, &receive, reach),
            Ask::Media(MediaAsk::View { looks }) => self.view(session, id, looks, reach),
            Ask::Media(MediaAsk::Receive { pictures }) => self.receive(session, id, pictures, reach),
            Ask::Media(MediaAsk::Felt { felt }) => self.felt(session, id, felt, reach),
            Ask::Media(MediaAsk::Inspect { person }) => self.inspect(session, id, person, reach),
            Ask::Media(MediaAsk::Ways {}) => self.ways(session, id, reach),
            ask if !takes_away(&ask) && self.stands_still(reach.now_ms) => {
                // Said at once: that nothing was done is true whatever becomes of what waits.
                let outcome = Outcome::refused(Refusal::NotSaved);
                self.say_now(Saying::Reply { to: session, reply: Reply { id, outcome } }, reach);
            }
            ask @ (Ask::Session(_) | Ask::Door(_) | Ask::Class(_) | Ask::Chat(_)) => {
                self.feed(ClassInput::Ask { session, id, ask }, reach);
            }
        }
    }

    pub fn refreshed(&mut self, line: LineId, until: UnixMs, reach: &mut Reach<'_>) {
        if let Some(&session) = self.lines.get(&line) {
            self.feed(ClassInput::Refreshed { session, until }, reach);
        }
    }

    /// One input into the class, and all that comes of it.
    pub fn feed(&mut self, input: ClassInput, reach: &mut Reach<'_>) {
        if let ClassInput::Setup(setup) = &input {
            self.invited = setup.class.clone();
        }
        self.classroom.handle(input, reach.now_ms);
        while let Some(output) = self.classroom.poll_output() {
            match output {
                ClassOutput::Record(entry) => {
                    self.recorded += 1;
                    self.unwritten_since.get_or_insert(reach.now_ms);
                    let (class, number) = (self.class, self.recorded);
                    reach.out.push_back(Output::Append { class, number, entry: Box::new(entry) });
                }
                ClassOutput::Permit { session, permit } => {
                    if let Some(desk) = self.desks.get_mut(&session) {
                        desk.permit = Some(permit);
                    }
                    reach.media.allow(session, permit, reach.now);
                }
                ClassOutput::Unseat { session } => {
                    self.forget_link(session);
                    if let Some(desk) = self.desks.get_mut(&session) {
                        desk.permit = None;
                    }
                    reach.media.unseat(session, reach.now);
                }
                ClassOutput::Send { to, event } => self.say(Saying::Event { to, event }, reach),
                ClassOutput::Reply { to, id, outcome } => self.reply(to, id, outcome, reach),
                ClassOutput::Close { session, why } => self.say(Saying::Close { session, why }, reach),
            }
        }
    }

    /// All entries up to `number` are on disk: what waited for them is said.
    pub fn durable_up_to(&mut self, number: u64, reach: &mut Reach<'_>) {
        self.durable = self.durable.max(number);
        self.unwritten_since = (self.durable < self.recorded).then_some(reach.now_ms);
        while self.held.front().is_some_and(|(after, _)| *after <= self.durable) {
            if let Some((_, saying)) = self.held.pop_front() {
                self.say_now(saying, reach);
            }
        }
    }

    pub(super) fn reply(&mut self, to: SessionId, id: u32, outcome: Outcome, reach: &mut Reach<'_>) {
        if matches!(outcome, Outcome::Refused { code: Refusal::TeachersOnly, .. }) {
            reach.out.push_back(Output::Overreached);
        }
        self.say(Saying::Reply { to, reply: Reply { id, outcome } }, reach);
    }

    pub(super) fn refuse(&mut self, to: SessionId, id: u32, why: Refusal, reach: &mut Reach<'_>) {
        self.reply(to, id, Outcome::refused(why), reach);
    }

    pub(super) fn tell(&mut self, to: SessionId, event: Event, reach: &mut Reach<'_>) {
        self.say(Saying::Event { to: vec![to], event }, reach);
    }

    pub(super) fn tell_all(&mut self, to: Vec<SessionId>, event: Event, reach: &mut Reach<'_>) {
        self.say(Saying::Event { to, event }, reach);
    }

    /// Ends a conversation from our side; the class learns of it as of a lost connection.
    pub(super) fn hang_up(&mut self, session: SessionId, why: Close, reach: &mut Reach<'_>) {
        self.feed(ClassInput::Lost { session }, reach);
        self.say(Saying::Close { session, why }, reach);
    }

    /// Says it now, or once the journal has what went before: nobody hears of a decision that a crash could undo.
    fn say(&mut self, saying: Saying, reach: &mut Reach<'_>) {
        if self.recorded <= self.durable {
            self.say_now(saying, reach);
        } else if self.held.len() < HELD_MAX {
            self.held.push_back((self.recorded, saying));
        } else if !self.dissolved {
            self.dissolve(reach);
        }
    }

    /// Whether the disk refuses: then what would be granted is refused as well, rather than left without an answer.
    fn stands_still(&self, now: UnixMs) -> bool {
        self.unwritten_since.is_some_and(|since| now.0.saturating_sub(since.0) >= STANDS_STILL_AFTER_MS)
    }

    fn say_now(&mut self, saying: Saying, reach: &mut Reach<'_>) {
        match saying {
            Saying::Event { to, event } => self.deliver(&to, &event, reach),
            Saying::Reply { to, reply } => {
                if let Some(line) = self.desks.get(&to).and_then(|desk| desk.line) {
                    let frame = Frame::Whole(json(&ServerFrame::Reply(reply)).into());
                    reach.out.push_back(Output::Write { line, frame });
                }
            }
            Saying::Close { session, why } => {
                self.forget_link(session);
                reach.media.unseat(session, reach.now);
                if let Some(line) = self.desks.remove(&session).and_then(|desk| desk.line) {
                    self.lines.remove(&line);
                    reach.out.push_back(Output::HangUp { line, why });
                }
            }
        }
    }

    /// Writes an event as JSON once, and numbers it for everyone it is for.
    fn deliver(&mut self, to: &[SessionId], event: &Event, reach: &mut Reach<'_>) {
        let text: Arc<str> = json(event).into();
        let is_snapshot = matches!(event, Event::Class(event) if matches!(**event, ClassEvent::Snapshot { .. }));
        for session in to {
            let Some(desk) = self.desks.get_mut(session) else { continue };
            let frame = desk.number(&text);
            if is_snapshot {
                desk.forget();
            }
            if let Some(line) = desk.line {
                reach.out.push_back(Output::Write { line, frame });
            }
        }
    }
}

/// Whether this only ends what somebody may do: it acts on media at once, and so is done whether it can be written or not.
fn takes_away(ask: &Ask) -> bool {
    match ask {
        Ask::Session(ask) => matches!(ask, SessionAsk::Leave {}),
        Ask::Door(ask) => matches!(ask, DoorAsk::Block { .. }),
        Ask::Class(ask) => {
            matches!(ask, ClassAsk::Mute { .. } | ClassAsk::MuteAll {} | ClassAsk::Remove { .. } | ClassAsk::End {})
        }
        Ask::Chat(_) | Ask::Media(_) => false,
    }
}

fn json<T: serde::Serialize>(word: &T) -> String {
    serde_json::to_string(word).expect("words of the wire are maps with string keys")
}
