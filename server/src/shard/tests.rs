//! Stories of a shard: what is said, to whom, and not before it may be.

use std::time::Duration;

use preau_classroom::Fact;
use preau_protocol::{
    ClientFrame, DisplayName, Outcome, Policy, Proof, Request, Role, ServerFrame, SessionAsk, SessionId, UnixMs,
    Welcome,
};
use preau_sfu::{Certificate, Ways};
use uuid::Uuid;

use super::*;

mod short;
mod spread;

const CLASS: ClassId = ClassId(Uuid::from_u128(1));
const ADA: u128 = 0xada;
const NOE: u128 = 0x0e0;
const ZOE: u128 = 0x20e;

/// A shard with a store that writes when told to.
struct World {
    shard: Shard,
    now: Instant,
    /// As the store remembers them, and how often it was told of somebody.
    people: BTreeMap<PersonId, Identity>,
    remembered: usize,
    entries: Vec<Entry>,
    durable: u64,
    heard: BTreeMap<LineId, Vec<ServerFrame>>,
    closed: BTreeMap<LineId, Close>,
    /// Answers to questions for seats.
    found: BTreeMap<u64, bool>,
    measured: usize,
    overreaches: usize,
    next_line: u64,
}

impl World {
    fn new() -> World {
        World::on(RelayId(0), Spread { shards: 1, home_people_max: 100 })
    }

    /// The shard of this number.
    fn on(id: RelayId, spread: Spread) -> World {
        let certificate = Certificate::generate().expect("a certificate");
        let relay = RelayConfig {
            id,
            certificate,
            addresses: vec![std::net::SocketAddr::from(([127, 0, 0, 1], 9 + id.0))],
            seed: [7; 32],
            ways: Ways::default(),
            screen_layers: None,
        };
        let now = Instant::now();
        World {
            shard: Shard::new(relay, Epoch::new(now, UnixMs(1_000_000)), spread),
            now,
            people: BTreeMap::new(),
            remembered: 0,
            entries: Vec::new(),
            durable: 0,
            heard: BTreeMap::new(),
            closed: BTreeMap::new(),
            found: BTreeMap::new(),
            measured: 0,
            overreaches: 0,
            next_line: 1,
        }
    }

    fn arrive(&mut self, who: u128, resume: Option<Resume>) -> LineId {
        let line = LineId(self.next_line);
        self.next_line += 1;
        let arrival = Arrival {
            class: CLASS,
            line,
            fresh: SessionId(Uuid::from_u128(u128::from(line.0) << 64)),
            resume,
            identity: identity(who),
            device: DeviceId(Uuid::from_u128(who)),
            until: None,
        };
        self.give(Input::Arrive(Box::new(arrival)));
        line
    }

    fn ask(&mut self, line: LineId, ask: &str) {
        let frame = serde_json::from_str(&format!(r#"{{"id":7,"ask":{ask}}}"#)).expect("a request");
        let ClientFrame::Request(Request { id, ask }) = frame else { panic!("a request, not a hello") };
        self.give(Input::Ask { class: CLASS, line, id, ask });
    }

    fn give(&mut self, input: Input) {
        self.shard.handle(input, self.now);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Write { line, frame } => {
                    self.heard
                        .entry(line)
                        .or_default()
                        .push(serde_json::from_str(&frame.into_text()).expect("a frame"));
                }
                Output::HangUp { line, why } => assert_eq!(self.closed.insert(line, why), None, "closed twice"),
                Output::Load { class } => {
                    let loaded = Ok(Box::new(Loaded {
                        setup: setup(),
                        people: self.people.clone(),
                        entries: self.entries.clone(),
                    }));
                    self.shard.handle(Input::Loaded { class, loaded }, self.now);
                }
                Output::Remember { who, .. } => {
                    self.people.insert(who.person, *who);
                    self.remembered += 1;
                }
                Output::Append { entry, .. } => self.entries.push(*entry),
                Output::Found { re, has_seat } => assert_eq!(self.found.insert(re, has_seat), None, "answered twice"),
                Output::Measured(_) => self.measured += 1,
                Output::Overreached => self.overreaches += 1,
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.shard.handle_timeout(self.now);
        self.carry_out();
    }

    /// The relay's word about the connection of whoever is on a line.
    fn link(&mut self, line: LineId, reduced: preau_sfu::Reduced) {
        let session = self.welcome(line).session;
        let quality = preau_sfu::Quality::Poor;
        let link = preau_sfu::Link { quality, reduced, rtt_ms: 90, loss_down: 7, loss_up: 0, down_kbps: 200 };
        self.shard.in_room(CLASS, self.now, |room, reach| room.link_is(session, &link, reach));
        self.carry_out();
    }

    /// The store writes all that it was given.
    fn write(&mut self) {
        self.durable = self.entries.len() as u64;
        self.give(Input::Durable { class: CLASS, number: self.durable });
    }

    fn welcome(&self, line: LineId) -> &Welcome {
        match self.heard.get(&line).and_then(|frames| frames.first()) {
            Some(ServerFrame::Welcome(welcome)) => welcome,
            other => panic!("no welcome but {other:?}"),
        }
    }

    fn seqs(&self, line: LineId) -> Vec<u32> {
        let frames = self.heard.get(&line).into_iter().flatten();
        frames.filter_map(|frame| if let ServerFrame::Event(event) = frame { Some(event.seq) } else { None }).collect()
    }

    /// What a line heard, as JSON, for a look at single words.
    fn text(&self, line: LineId) -> String {
        serde_json::to_string(&self.heard.get(&line)).expect("frames are JSON")
    }
}

fn identity(who: u128) -> Identity {
    let role = if who == ADA { Role::Teacher } else { Role::Student };
    Identity {
        person: PersonId(Uuid::from_u128(who)),
        name: DisplayName::parse(&format!("Person {who}")).expect("a name"),
        role,
        group: None,
        on_roster: true,
        proof: Proof::Invitation {},
    }
}

fn setup() -> Setup {
    let class = Invited {
        class: CLASS,
        title: "Maths".into(),
        teacher: DisplayName::parse("Ada").expect("a name"),
        starts_at: UnixMs(0),
        familiar: false,
    };
    Setup { class, policy: Policy::Ask, roster: [(identity(NOE).person, identity(NOE).name)].into() }
}

fn admit(who: u128) -> String {
    format!(r#"{{"door":{{"admit":{{"people":["{}"]}}}}}}"#, Uuid::from_u128(who))
}

#[test]
fn somebody_is_remembered_before_anything_is_decided_about_them_and_once() {
    let mut world = World::new();
    world.arrive(ADA, None);
    world.arrive(NOE, None);
    assert_eq!(world.remembered, 2);
    let named = |entry: &Entry| matches!(entry.fact, Fact::Seated { person, .. } | Fact::Bound { person, .. } if person == identity(NOE).person);
    assert!(world.entries.iter().any(named), "a tablet is his now");
    world.write();
    world.arrive(NOE, None);
    assert_eq!(world.remembered, 2, "what is known is not written again");
}

#[test]
fn nobody_hears_of_an_admission_before_it_is_written() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    let noe = world.arrive(NOE, None);
    world.write();
    world.ask(ada, &admit(NOE));
    assert!(!world.text(noe).contains("snapshot"), "seated before the journal knew");
    assert!(!world.text(ada).contains(r#""reply""#), "acknowledged before the journal knew");
    world.write();
    assert!(world.text(noe).contains("snapshot"));
    let done = ServerFrame::Reply(preau_protocol::Reply { id: 7, outcome: Outcome::Done {} });
    assert!(world.heard[&ada].contains(&done));
}

#[test]
fn whoever_was_removed_hears_no_more_of_the_class_than_that() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.arrive(NOE, None);
    world.ask(ada, &admit(NOE));
    world.write();
    world.ask(ada, &format!(r#"{{"class":{{"remove":{{"person":"{}","block":false}}}}}}"#, Uuid::from_u128(NOE)));
    world.write();
    let again = world.arrive(NOE, None);
    world.write();
    assert_eq!(world.closed.get(&again), Some(&Close::Removed));
    assert_eq!(world.text(again), "null", "not even a welcome");
}

#[test]
fn whoever_waits_gets_no_media_and_is_shown_out_for_asking() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    let noe = world.arrive(NOE, None);
    world.write();
    world.ask(noe, r#"{"media":{"view":{"looks":[]}}}"#);
    assert_eq!(world.closed.get(&noe), Some(&Close::NotAllowed));
    assert_eq!(world.closed.get(&ada), None);
}

/// Ada and Noé in class.
fn in_session() -> (World, LineId, LineId) {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    let noe = world.arrive(NOE, None);
    world.ask(ada, &admit(NOE));
    world.write();
    (world, ada, noe)
}

#[test]
fn a_weak_connection_is_told_to_its_person_at_once_and_to_teachers_by_and_by() {
    let (mut world, ada, noe) = in_session();
    world.link(noe, preau_sfu::Reduced::AudioOnly);
    assert!(world.text(noe).contains(r#""link":{"quality":"poor","reduced":"audio_only"}"#), "{}", world.text(noe));
    assert!(!world.text(ada).contains("links"), "not for each change");
    world.pass(Duration::from_secs(3));
    let told = format!(r#""links":{{"people":[{{"person":"{}","quality":"poor""#, Uuid::from_u128(NOE));
    assert!(world.text(ada).contains(&told), "{}", world.text(ada));
    assert!(!world.text(noe).contains("links"), "a student learns nothing of others");
    world.link(noe, preau_sfu::Reduced::AudioOnly);
    assert_eq!(world.text(noe).matches(r#""link":"#).count(), 1, "no news is not told");
}

#[test]
fn whoever_was_away_is_told_once_how_connections_are_now() {
    let (mut world, ada, noe) = in_session();
    let (session, last_seq) = (world.welcome(ada).session, *world.seqs(ada).last().expect("events"));
    world.give(Input::Gone { class: CLASS, line: ada });
    for reduced in [preau_sfu::Reduced::AudioOnly, preau_sfu::Reduced::Fewer, preau_sfu::Reduced::Smaller] {
        world.link(noe, reduced);
        world.pass(Duration::from_secs(3));
    }
    let again = world.arrive(ADA, Some(Resume { session, last_seq }));
    let text = world.text(again);
    assert_eq!((text.matches("links").count(), text.matches("smaller").count()), (1, 1), "{text}");
}

#[test]
fn what_a_browser_felt_is_measured_once_in_a_while_and_shown_to_teachers_only() {
    let (mut world, ada, noe) = in_session();
    let felt = r#"{"media":{"felt":{"felt":{"freezes":2,"frozen_ms":900,"concealed_ms":0}}}}"#;
    world.ask(noe, felt);
    assert_eq!(world.measured, 0, "without media there is nothing to feel");
    world.ask(noe, felt);
    assert!(world.text(noe).contains("too_soon"), "{}", world.text(noe));
    world.link(noe, preau_sfu::Reduced::Nothing);
    world.pass(Duration::from_secs(10));
    world.ask(noe, felt);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.measured, 1);
    assert!(world.text(ada).contains(r#""felt":{"freezes":2"#), "{}", world.text(ada));
    let inspect = |who: u128| format!(r#"{{"media":{{"inspect":{{"person":"{}"}}}}}}"#, Uuid::from_u128(who));
    world.ask(noe, &inspect(ADA));
    assert!(world.text(noe).contains("teachers_only"));
    world.ask(ada, &inspect(NOE));
    assert!(world.text(ada).contains(r#""inspected":{"slots":[]}"#));
    world.ask(ada, &inspect(0xbad));
    assert!(world.text(ada).contains("no_such_person"));
}

#[test]
fn whoever_asks_for_what_is_a_teachers_is_refused_and_counted() {
    let (mut world, ada, noe) = in_session();
    world.ask(noe, &admit(ZOE));
    world.ask(noe, &format!(r#"{{"media":{{"inspect":{{"person":"{}"}}}}}}"#, Uuid::from_u128(ADA)));
    world.write();
    assert_eq!(world.text(noe).matches("teachers_only").count(), 2, "{}", world.text(noe));
    assert_eq!(world.overreaches, 2);
    world.ask(noe, r#"{"class":{"hand":{"up":true}}}"#);
    world.ask(ada, &admit(ZOE));
    assert_eq!(world.overreaches, 2, "neither what students may do nor a teacher");
}

#[test]
fn a_broken_conversation_goes_on_where_it_broke() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    let session = world.welcome(ada).session;
    let last_seq = *world.seqs(ada).last().expect("events");
    world.give(Input::Gone { class: CLASS, line: ada });
    world.arrive(NOE, None);
    world.write();
    let again = world.arrive(ADA, Some(Resume { session, last_seq }));
    assert!(world.welcome(again).resumed);
    assert_eq!(world.seqs(again).first(), Some(&(last_seq + 1)), "the knock that was missed");
    assert!(world.text(again).contains("knock") && !world.text(again).contains("snapshot"));
}

#[test]
fn a_strangers_session_is_not_resumed() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    let session = world.welcome(ada).session;
    let noe = world.arrive(NOE, Some(Resume { session, last_seq: 0 }));
    assert!(!world.welcome(noe).resumed);
    assert_ne!(world.welcome(noe).session, session);
    assert!(!world.text(noe).contains("snapshot"));
}

#[test]
fn after_a_crash_a_seat_is_still_ones_own() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    world.arrive(NOE, None);
    world.ask(ada, &admit(NOE));
    world.write();
    let World { entries, people, .. } = world;
    let mut world = World { entries, people, ..World::new() };
    for (re, who) in [(1, NOE), (2, 0x57a)] {
        world.give(Input::Find { class: CLASS, person: PersonId(Uuid::from_u128(who)), re });
    }
    assert_eq!(world.found, [(1, true), (2, false)].into(), "known to the journal alone");
    let noe = world.arrive(NOE, None);
    world.write();
    assert!(world.text(noe).contains("snapshot"), "{}", world.text(noe));
}

#[test]
fn a_class_that_cannot_be_written_begins_again() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.give(Input::Unsaved { class: CLASS });
    assert_eq!(world.closed.get(&ada), Some(&Close::Draining));
    assert_eq!(world.shard.phase(CLASS), None);
    world.entries.clear();
    let again = world.arrive(ADA, None);
    world.write();
    assert!(!world.welcome(again).resumed);
    assert!(world.text(again).contains("snapshot"));
}

#[test]
fn while_the_journal_stands_still_nothing_is_granted_and_what_is_taken_away_is_gone() {
    let (mut world, ada, _noe) = in_session();
    let say = r#"{"chat":{"say":{"text":"avant"}}}"#;
    world.ask(ada, say);
    let refused = |world: &World| world.text(ada).matches("not_saved").count();
    assert_eq!(refused(&world), 0, "a disk has a moment");
    world.pass(Duration::from_secs(2));
    let zoe = world.arrive(ZOE, None);
    world.ask(ada, &admit(ZOE));
    world.ask(ada, say);
    assert_eq!(refused(&world), 2);
    world.ask(ada, &format!(r#"{{"class":{{"remove":{{"person":"{}","block":false}}}}}}"#, Uuid::from_u128(NOE)));
    assert!(world.entries.iter().any(|entry| format!("{entry:?}").contains("Removed")), "{:?}", world.entries);
    assert!(!world.text(ada).contains("avant"), "nothing is said that is not written");
    world.write();
    assert!(world.text(ada).contains("avant"), "what waited is said");
    world.ask(ada, &admit(ZOE));
    world.write();
    assert!(world.text(zoe).contains("snapshot"), "and the door works again");
}

#[test]
fn a_class_that_is_not_there_answers_like_one_that_is_not_ones_own() {
    let mut world = World::new();
    world.shard.handle(Input::Arrive(Box::new(stranger(LineId(9)))), world.now);
    assert_eq!(world.shard.poll_output(), Some(Output::Load { class: CLASS }));
    world.shard.handle(Input::Loaded { class: CLASS, loaded: Err(NotLoaded::Missing) }, world.now);
    assert_eq!(world.shard.poll_output(), Some(Output::HangUp { line: LineId(9), why: Close::NotAllowed }));
}

#[test]
fn a_class_that_cannot_be_read_just_now_is_worth_coming_back_for() {
    let mut world = World::new();
    world.shard.handle(Input::Arrive(Box::new(stranger(LineId(9)))), world.now);
    assert_eq!(world.shard.poll_output(), Some(Output::Load { class: CLASS }));
    world.shard.handle(Input::Loaded { class: CLASS, loaded: Err(NotLoaded::Unreadable) }, world.now);
    assert_eq!(world.shard.poll_output(), Some(Output::HangUp { line: LineId(9), why: Close::Draining }));
}

fn stranger(line: LineId) -> Arrival {
    let fresh = SessionId(Uuid::from_u128(9));
    let device = DeviceId(Uuid::from_u128(9));
    Arrival { class: CLASS, line, fresh, resume: None, identity: identity(NOE), device, until: None }
}

#[test]
fn a_class_is_read_once_although_whoever_came_first_is_gone_again() {
    let mut world = World::new();
    let (first, second) = (LineId(1), LineId(2));
    world.shard.handle(Input::Arrive(Box::new(stranger(first))), world.now);
    world.shard.handle(Input::Gone { class: CLASS, line: first }, world.now);
    world.shard.handle(Input::Arrive(Box::new(stranger(second))), world.now);
    let out = std::iter::from_fn(|| world.shard.poll_output());
    assert_eq!(out.collect::<Vec<_>>(), [Output::Load { class: CLASS }]);
}

#[test]
fn an_empty_class_is_let_go() {
    let mut world = World::new();
    let noe = world.arrive(NOE, None);
    world.write();
    world.ask(noe, &serde_json::to_string(&Ask::Session(SessionAsk::Leave {})).expect("an ask"));
    world.write();
    assert_eq!(world.closed.get(&noe), Some(&Close::Done));
    assert_eq!(world.shard.phase(CLASS), None);
    assert_eq!(world.shard.poll_timeout(), None);
}

#[test]
fn draining_tells_everyone_to_come_back() {
    let mut world = World::new();
    let ada = world.arrive(ADA, None);
    world.write();
    world.give(Input::Drain);
    assert_eq!(world.closed.get(&ada), Some(&Close::Draining));
    world.now += Duration::from_secs(1);
    let late = world.arrive(NOE, None);
    assert_eq!(world.closed.get(&late), Some(&Close::Draining));
}
