//! One golden sample for every message, in `samples/`: Rust writes and reads them, and so do the client's tests.
//! `PREAU_WRITE=1 cargo test -p preau-protocol` writes them anew.

use std::{collections::BTreeSet, path::PathBuf};

use preau_protocol::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

const CLASS: ClassId = ClassId(Uuid::from_u128(0x0c1a55));
const ADA: PersonId = PersonId(Uuid::from_u128(0xada));
const NOE: PersonId = PersonId(Uuid::from_u128(0x0e0));
const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e55));
const PLACE: Place = Place { since: 1_617_688_800, draw: 4_200 };
const EIGHT: UnixMs = UnixMs(1_617_688_800_000);

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("a sample's name is a name")
}

fn about() -> About {
    About {
        group: Some("5e B".into()),
        on_roster: true,
        proof: Proof::Invitation {},
        look_alike: Some(name("Noë Durand")),
    }
}

fn knock() -> Knock {
    Knock {
        person: NOE,
        name: name("Noé Durand"),
        role: Role::Student,
        about: about(),
        since: EIGHT,
        other_device: false,
    }
}

fn person(about: Option<About>) -> Person {
    let sending = Sending { microphone: true, ..Sending::default() };
    Person {
        person: NOE,
        name: name("Noé Durand"),
        role: Role::Student,
        away: false,
        sending,
        hand: Some(EIGHT),
        rights: Rights::STUDENTS,
        about: about.map(Box::new),
    }
}

fn said() -> ChatMessage {
    ChatMessage {
        id: ChatId(1),
        person: NOE,
        name: name("Noé Durand"),
        role: Role::Student,
        text: "Bonjour".into(),
        at: EIGHT,
    }
}

fn invited() -> Invited {
    Invited { class: CLASS, title: "Maths 5e B".into(), teacher: name("Ada Martin"), starts_at: EIGHT, familiar: true }
}

fn door() -> Door {
    let barred = vec![Barred { person: NOE, name: name("Noé Durand"), blocked: true }];
    Door {
        policy: Policy::Roster,
        opened: true,
        note: "J'arrive.".into(),
        expected: 28,
        waiting: vec![knock()],
        barred,
    }
}

fn snapshot(door: Option<Door>) -> Snapshot {
    let teaches = door.is_some();
    let about = teaches.then(about);
    Snapshot {
        phase: Phase::Open,
        rights: Rights::STUDENTS,
        people: vec![person(about)],
        seated: door.is_none().then_some(2_001),
        spotlight: Some(NOE),
        chat: vec![said()],
        reduction: if teaches { Reduction::StudentCamerasOff } else { Reduction::Nothing },
        ends_at: teaches.then_some(EIGHT),
        door,
    }
}

fn felt() -> Felt {
    Felt { freezes: 2, frozen_ms: 1_400, concealed_ms: 300 }
}

fn link() -> PersonLink {
    let (quality, reduced) = (Quality::Fair, Reduced::Smaller);
    let felt = Some(felt());
    PersonLink { person: NOE, quality, reduced, rtt_ms: 120, loss_down: 4, loss_up: 1, down_kbps: 800, felt }
}

fn asks() -> Vec<Ask> {
    use Ask::*;
    let send = SendMids { microphone: "0".into(), camera: "1".into(), screen: "2".into(), screen_audio: "3".into() };
    let receive = ReceiveMids {
        audio: vec!["4".into(), "5".into(), "6".into()],
        screen_audio: "7".into(),
        screen: "8".into(),
        video: vec!["9".into()],
    };
    vec![
        Session(SessionAsk::Leave {}),
        Session(SessionAsk::Refresh { token: "a.b.c".into() }),
        Session(SessionAsk::Here {}),
        Door(DoorAsk::Admit { people: vec![NOE] }),
        Door(DoorAsk::Refuse { people: vec![NOE] }),
        Door(DoorAsk::Block { person: NOE }),
        Door(DoorAsk::Forgive { person: NOE }),
        Door(DoorAsk::Open {}),
        Door(DoorAsk::Policy { policy: Policy::Shut }),
        Door(DoorAsk::Note { text: "J'arrive.".into() }),
        Class(ClassAsk::Hand { up: true }),
        Class(ClassAsk::React { reaction: Reaction::Clap }),
        Class(ClassAsk::Sending { sending: Sending { camera: true, ..Sending::default() } }),
        Class(ClassAsk::LowerHand { person: NOE }),
        Class(ClassAsk::Mute { people: vec![NOE] }),
        Class(ClassAsk::MuteAll {}),
        Class(ClassAsk::Rights { rights: Rights::STUDENTS }),
        Class(ClassAsk::RightsOf { person: NOE, rights: OwnRights { screen: Some(true), ..OwnRights::default() } }),
        Class(ClassAsk::Spotlight { person: None }),
        Class(ClassAsk::Remove { person: NOE, block: true }),
        Class(ClassAsk::End {}),
        Chat(ChatAsk::Say { text: "Bonjour".into() }),
        Chat(ChatAsk::Erase { message: ChatId(1) }),
        Media(MediaAsk::Offer { sdp: "v=0\r\n".into(), send, receive }),
        Media(MediaAsk::View { looks: vec![Look { person: ADA, height_px: 720 }] }),
        Media(MediaAsk::Receive { pictures: Pictures::Few }),
        Media(MediaAsk::Felt { felt: felt() }),
        Media(MediaAsk::Inspect { person: NOE }),
        Media(MediaAsk::Ways {}),
    ]
}

/// How many asks there are, and which one this is: a new one breaks the build here, and then asks for its sample.
const ASKS: usize = 29;
fn ask_number(ask: &Ask) -> usize {
    match ask {
        Ask::Session(SessionAsk::Leave {}) => 0,
        Ask::Session(SessionAsk::Refresh { .. }) => 1,
        Ask::Door(DoorAsk::Admit { .. }) => 2,
        Ask::Door(DoorAsk::Refuse { .. }) => 3,
        Ask::Door(DoorAsk::Block { .. }) => 4,
        Ask::Door(DoorAsk::Forgive { .. }) => 5,
        Ask::Door(DoorAsk::Open {}) => 6,
        Ask::Door(DoorAsk::Policy { .. }) => 7,
        Ask::Door(DoorAsk::Note { .. }) => 8,
        Ask::Class(ClassAsk::Hand { .. }) => 9,
        Ask::Class(ClassAsk::React { .. }) => 10,
        Ask::Class(ClassAsk::Sending { .. }) => 11,
        Ask::Class(ClassAsk::LowerHand { .. }) => 12,
        Ask::Class(ClassAsk::Mute { .. }) => 13,
        Ask::Class(ClassAsk::MuteAll {}) => 14,
        Ask::Class(ClassAsk::Rights { .. }) => 15,
        Ask::Class(ClassAsk::RightsOf { .. }) => 16,
        Ask::Class(ClassAsk::Spotlight { .. }) => 17,
        Ask::Class(ClassAsk::Remove { .. }) => 18,
        Ask::Class(ClassAsk::End {}) => 19,
        Ask::Chat(ChatAsk::Say { .. }) => 20,
        Ask::Chat(ChatAsk::Erase { .. }) => 21,
        Ask::Media(MediaAsk::Offer { .. }) => 22,
        Ask::Media(MediaAsk::View { .. }) => 23,
        Ask::Media(MediaAsk::Receive { .. }) => 24,
        Ask::Media(MediaAsk::Felt { .. }) => 25,
        Ask::Media(MediaAsk::Inspect { .. }) => 26,
        Ask::Media(MediaAsk::Ways {}) => 27,
        Ask::Session(SessionAsk::Here {}) => 28,
    }
}

fn events() -> Vec<Event> {
    let class = |event| Event::Class(Box::new(event));
    vec![
        Event::Session(SessionEvent::Gone { why: Gone::Removed }),
        Event::Session(SessionEvent::RefreshDue { within_ms: 60_000 }),
        Event::Session(SessionEvent::StillThere { within_ms: 120_000 }),
        Event::Lobby(LobbyEvent::Standing { position: 3, waiting_for: WaitingFor::Answer, other_device: false }),
        Event::Lobby(LobbyEvent::Note { text: "J'arrive.".into() }),
        Event::Door(DoorEvent::Knock { knock: knock() }),
        Event::Door(DoorEvent::Answered { person: NOE }),
        Event::Door(DoorEvent::Changed { policy: Policy::Ask, opened: false, note: String::new() }),
        Event::Door(DoorEvent::Barred { barred: Barred { person: NOE, name: name("Noé Durand"), blocked: false } }),
        Event::Door(DoorEvent::Forgiven { person: NOE }),
        class(ClassEvent::Snapshot { snapshot: snapshot(Some(door())) }),
        class(ClassEvent::Joined { person: person(None) }),
        class(ClassEvent::Changed { person: person(Some(about())) }),
        class(ClassEvent::Left { person: NOE, why: Gone::Left }),
        class(ClassEvent::Phase { phase: Phase::Unattended }),
        class(ClassEvent::Rights { rights: Rights::ALL }),
        class(ClassEvent::Spotlight { person: Some(NOE) }),
        class(ClassEvent::Reacted { person: NOE, reaction: Reaction::Heart }),
        class(ClassEvent::Silenced { sending: Sending::default() }),
        class(ClassEvent::Crowd { seated: 2_001 }),
        class(ClassEvent::Reduced { reduction: Reduction::AudioOnly }),
        class(ClassEvent::EndsAt { at: EIGHT }),
        Event::Chat(ChatEvent::Said { message: said() }),
        Event::Chat(ChatEvent::Erased { message: ChatId(1) }),
        Event::Media(MediaEvent::Slots {
            slots: vec![Slot { mid: "9".into(), person: Some(ADA) }, Slot { mid: "4".into(), person: None }],
        }),
        Event::Media(MediaEvent::Speaking { people: vec![ADA] }),
        Event::Media(MediaEvent::Lost {}),
        Event::Media(MediaEvent::Link { quality: Quality::Poor, reduced: Reduced::AudioOnly }),
        Event::Media(MediaEvent::Links { people: vec![link()] }),
        Event::Media(MediaEvent::Wanted { source: Source::Camera, height_px: 180 }),
    ]
}

const EVENTS: usize = 30;
fn event_number(event: &Event) -> usize {
    match event {
        Event::Session(SessionEvent::Gone { .. }) => 0,
        Event::Session(SessionEvent::RefreshDue { .. }) => 1,
        Event::Session(SessionEvent::StillThere { .. }) => 29,
        Event::Lobby(LobbyEvent::Standing { .. }) => 2,
        Event::Lobby(LobbyEvent::Note { .. }) => 3,
        Event::Door(DoorEvent::Knock { .. }) => 4,
        Event::Door(DoorEvent::Answered { .. }) => 5,
        Event::Door(DoorEvent::Changed { .. }) => 6,
        Event::Door(DoorEvent::Barred { .. }) => 7,
        Event::Door(DoorEvent::Forgiven { .. }) => 8,
        Event::Class(event) => match **event {
            ClassEvent::Snapshot { .. } => 9,
            ClassEvent::Joined { .. } => 10,
            ClassEvent::Changed { .. } => 11,
            ClassEvent::Left { .. } => 12,
            ClassEvent::Phase { .. } => 13,
            ClassEvent::Rights { .. } => 14,
            ClassEvent::Spotlight { .. } => 15,
            ClassEvent::Reacted { .. } => 16,
            ClassEvent::Silenced { .. } => 17,
            ClassEvent::Crowd { .. } => 26,
            ClassEvent::Reduced { .. } => 27,
            ClassEvent::EndsAt { .. } => 28,
        },
        Event::Chat(ChatEvent::Said { .. }) => 18,
        Event::Chat(ChatEvent::Erased { .. }) => 19,
        Event::Media(MediaEvent::Slots { .. }) => 20,
        Event::Media(MediaEvent::Speaking { .. }) => 21,
        Event::Media(MediaEvent::Lost {}) => 22,
        Event::Media(MediaEvent::Link { .. }) => 23,
        Event::Media(MediaEvent::Links { .. }) => 24,
        Event::Media(MediaEvent::Wanted { .. }) => 25,
    }
}

/// The keys that lead to a message (`ask.door.admit`), which name its file.
fn path_of(value: &Value, depth: usize) -> String {
    let mut keys = Vec::new();
    let mut at = value;
    while let (Value::Object(map), true) = (at, keys.len() < depth) {
        let Some((key, inner)) = map.iter().next() else { break };
        keys.push(key.clone());
        at = inner;
    }
    keys.join(".")
}

/// Compares `value` with its sample, both ways; writes the sample first when asked to.
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(file: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples").join(format!("{file}.json"));
    let text = serde_json::to_string_pretty(value).expect("wire types have string keys") + "\n";
    if std::env::var_os("PREAU_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().expect("samples lie in a folder")).expect("folder");
        std::fs::write(&path, &text).expect("samples can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(there, text, "{file}: the sample is stale; run `make types`");
    assert_eq!(&serde_json::from_str::<T>(&there).expect(file), value);
}

#[test]
fn every_client_message_has_a_sample() {
    let hello = Hello {
        version: VERSION,
        class: CLASS,
        token: Some("a.b.c".into()),
        resume: Some(Resume { session: SESSION, last_seq: 7 }),
        ticket: Some("AQIDBAU".into()),
    };
    golden("client/hello", &ClientFrame::Hello(HelloFrame { hello }));
    let mut seen = BTreeSet::new();
    for ask in asks() {
        let file = path_of(&serde_json::to_value(&ask).expect("an ask is JSON"), 2);
        assert!(seen.insert(ask_number(&ask)), "{file} twice");
        golden(&format!("client/{file}"), &ClientFrame::Request(Request { id: 7, ask }));
    }
    assert_eq!(seen.len(), ASKS);
}

#[test]
fn every_server_message_has_a_sample() {
    let welcome = Welcome {
        session: SESSION,
        person: NOE,
        name: name("Noé Durand"),
        role: Role::Student,
        class: invited(),
        resumed: false,
    };
    golden("server/welcome", &ServerFrame::Welcome(welcome));
    let wait = Wait { from_s: 180, to_s: 300 };
    let queued = Queued {
        ticket: "AQIDBAU".into(),
        priority: Priority::Students,
        place: PLACE,
        class_sign: 77,
        before: 1_240,
        wait,
    };
    golden("server/turned.queued", &ServerFrame::Turned(Turned::Queued(queued)));
    golden("server/turned.closed", &ServerFrame::Turned(Turned::Closed { until: Some(EIGHT) }));
    golden("server/turned.school_full", &ServerFrame::Turned(Turned::SchoolFull { retry_after_ms: 30_000 }));
    golden("server/turned.unavailable", &ServerFrame::Turned(Turned::Unavailable { retry_after_ms: 5_000 }));
    golden("server/beat", &ServerFrame::Beat(Beat { return_within_ms: 3_000 }));
    golden("server/reply.done", &ServerFrame::Reply(Reply { id: 7, outcome: Outcome::Done {} }));
    golden(
        "server/reply.answer",
        &ServerFrame::Reply(Reply { id: 7, outcome: Outcome::Answer { sdp: "v=0\r\n".into() } }),
    );
    let slots = vec![SlotFigures { source: Source::Camera, person: ADA, kbps: 380, height_px: 360, loss: 2 }];
    golden("server/reply.inspected", &ServerFrame::Reply(Reply { id: 7, outcome: Outcome::Inspected { slots } }));
    let urls = vec!["turn:192.0.2.1:3478?transport=udp".into()];
    let servers = vec![IceServer { urls, username: "0.600.1".into(), credential: "secret".into() }];
    golden("server/reply.ways", &ServerFrame::Reply(Reply { id: 7, outcome: Outcome::Ways { servers, ttl_s: 600 } }));
    golden(
        "server/reply.refused",
        &ServerFrame::Reply(Reply { id: 7, outcome: Outcome::refused(Refusal::TeachersOnly) }),
    );
    let mut seen = BTreeSet::new();
    for event in events() {
        let file = path_of(&serde_json::to_value(&event).expect("an event is JSON"), 2);
        assert!(seen.insert(event_number(&event)), "{file} twice");
        golden(&format!("server/event.{file}"), &ServerFrame::Event(Sequenced { seq: 3, on: event }));
    }
    assert_eq!(seen.len(), EVENTS);
    let class = ClassEvent::Snapshot { snapshot: snapshot(None) };
    golden(
        "server/event.class.snapshot_of_a_student",
        &ServerFrame::Event(Sequenced { seq: 3, on: Event::Class(Box::new(class)) }),
    );
}

fn line() -> LineDocument {
    let marks = vec![Mark { place: PLACE, before: 0 }, Mark { place: Place { draw: 9_000, ..PLACE }, before: 1_240 }];
    let students = Line {
        priority: Priority::Students,
        waiting: 2_480,
        served: Some(PLACE),
        marks,
        per_minute: Pace { slowest: 240, fastest: 420 },
        closed: false,
        closed_until: None,
    };
    let observers = Line {
        priority: Priority::Observers,
        waiting: 0,
        served: None,
        marks: vec![],
        per_minute: Pace { slowest: 0, fastest: 0 },
        closed: true,
        closed_until: Some(EIGHT),
    };
    LineDocument {
        life: "5e55".into(),
        at: EIGHT,
        again_in_ms: 6_000,
        lines: vec![students, observers],
        opened: vec![77],
    }
}

fn status() -> Status {
    Status {
        at: EIGHT,
        state: StatusState::Queueing,
        classes: 48,
        people: 1_203,
        queued: 2_480,
        wait: Wait { from_s: 180, to_s: 300 },
        reduction: Reduction::LatecomersOut,
        incidents: vec![Incident { at: EIGHT, text: "Une panne est réparée.".into() }],
    }
}

#[test]
fn every_document_of_the_gate_has_a_sample() {
    golden("gate/line", &line());
    golden("gate/status", &status());
    let used = Amounts {
        connections: 1_250,
        people: 1_203,
        packets_per_s: 96_000,
        egress_kbps: 640_000,
        memory_mb: 310,
        cpu_permille: 410,
    };
    let limits = Amounts {
        connections: 20_000,
        people: 1_500,
        packets_per_s: 300_000,
        egress_kbps: 900_000,
        memory_mb: 4_096,
        cpu_permille: 1_000,
    };
    let operations = Operations {
        status: status(),
        line: line(),
        used,
        limits,
        configured: Amounts { people: 2_000, ..limits },
        by_hand: vec![LineOrder { priority: Priority::Observers, closed: false, until: Some(EIGHT) }],
        kept: true,
        let_in_until_permille: 800,
        scarce: Scarce::People,
        reserved: 120,
        accepts_per_s_max: 500,
        accepts_per_s: 42,
        let_in: 1_322,
        queued: 2_480,
        turned_away: 3,
        attacks: vec![AttackCount { kind: Attack::BadToken, total: 12_000, lately: 340 }],
        classes: vec![ClassLoad { class: CLASS, teachers: 1, students: 24, queued: 0, reserved: 6 }],
        draining: false,
        shards_silent: 0,
    };
    golden("gate/operations", &operations);
    golden("gate/act.limits", &OperatorAct::Limits { limits });
    golden("gate/act.close", &OperatorAct::Close { priority: Priority::Observers, closed: true });
    golden("gate/act.drain", &OperatorAct::Drain { on: true });
    golden("gate/act.unsay", &OperatorAct::Unsay { at: EIGHT });
    golden("gate/act.say", &OperatorAct::Say { text: "Une panne est réparée.".into() });
}

#[test]
fn nothing_unknown_gets_through() {
    let refused = |text: &str| assert!(serde_json::from_str::<ClientFrame>(text).is_err(), "accepted: {text}");
    refused(r#"{"hello":{"version":1,"class":"00000000-0000-0000-0000-0000000c1a55","role":"teacher"}}"#);
    refused(r#"{"hello":{"version":1,"class":"00000000-0000-0000-0000-0000000c1a55"},"id":1}"#);
    refused(r#"{"id":1,"ask":{"session":{"leave":{}}},"role":"teacher"}"#);
    refused(r#"{"id":1,"ask":{"session":{"leave":{}},"door":{"open":{}}}}"#);
    refused(r#"{"id":1,"ask":{"session":{"leave":{"now":true}}}}"#);
    refused(r#"{"id":1,"ask":{"class":{"hand":{"up":"yes"}}}}"#);
    refused(r#"{"id":-1,"ask":{"class":{"hand":{"up":true}}}}"#);
    refused(r#"{"id":1,"ask":{"door":{"open":null}}}"#);
    refused(r#"{"id":1,"ask":{"door":"open"}}"#);
    refused(r#"{"id":1,"ask":{"media":{"receive":{"pictures":"some"}}}}"#);
    refused(r#"{"id":1,"ask":{"media":{"felt":{"felt":{"freezes":1,"frozen_ms":70000,"concealed_ms":0}}}}}"#);
    refused(r#"{"id":1,"id":2,"ask":{"door":{"open":{}}}}"#);
    refused("[]");
}
