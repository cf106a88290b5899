//! Any frames of anybody as the conversations of one class: who waits changes nothing but their own waiting, every request
//! is answered once, a conversation is taken up by nobody else, and nobody is seated but by a teacher.

use crate::cast::{self, ADA, CAST, CLASS, NOE};
use crate::relay::{START, relay_config};
use crate::script::Script;
use crate::witness::Witness;
use preau::shard::{Arrival, Change, Epoch, Input, LineId, Loaded, Output, Shard, Spread};
use preau_classroom::{DeviceId, Entry, Identity};
use preau_protocol::{
    Ask, ClientFrame, DoorAsk, PersonId, Policy, Reduction, Request, Resume, ServerFrame, SessionAsk, SessionId, UnixMs,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

const DEVICES: [DeviceId; 2] = [DeviceId(Uuid::from_u128(0xd1)), DeviceId(Uuid::from_u128(0xd2))];
/// A longer story only takes longer.
const ACTS_MAX: usize = 200;
/// Timers of one class, for one step of time: far more than there are.
const WAKES_MAX: usize = 1_000;

struct World {
    shard: Shard,
    now: Instant,
    /// The journal, and how much of it is on disk.
    /// Whom the store was told of.
    people: BTreeMap<PersonId, Identity>,
    entries: Vec<Entry>,
    durable: usize,
    /// Where the class's own count began when it was last read.
    base: usize,
    witness: Witness,
    next: u64,
}

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mut world = World {
        shard: Shard::new(
            relay_config(),
            Epoch::new(*START, UnixMs(1_800_000_000_000)),
            Spread { shards: 1, home_people_max: 100 },
        ),
        now: *START,
        people: BTreeMap::new(),
        entries: Vec::new(),
        durable: 0,
        base: 0,
        witness: Witness::default(),
        next: 1,
    };
    for _ in 0..ACTS_MAX {
        let Some(act) = script.next() else { break };
        match act % 12 {
            0 | 1 => world.arrive(&mut script),
            2 => world.frame(&mut script),
            3..=5 => world.ask(&mut script),
            6 => world.admit(script.pick(&CAST)),
            7 => world.lose(&mut script),
            8 => world.write(usize::from(script.byte())),
            9 => world.pass(Duration::from_millis(u64::from(script.byte()) * script.pick(&[1, 100, 10_000]))),
            10 => world.change(&mut script),
            _ => world.fail(),
        }
    }
    world.over();
}

impl World {
    fn arrive(&mut self, script: &mut Script<'_>) {
        let (person, device) = (script.pick(&CAST), script.pick(&DEVICES));
        let sessions = self.witness.sessions();
        let resume = script.flag().then(|| {
            let session = sessions.get(usize::from(script.byte()) % sessions.len().max(1)).copied();
            let last_seq = u32::from(script.byte());
            Resume { session: session.unwrap_or(SessionId(Uuid::nil())), last_seq }
        });
        let until = script.flag().then(|| self.unix().plus_ms(u64::from(script.byte()) * 10_000));
        let line = LineId(self.next);
        self.next += 1;
        let fresh = SessionId(Uuid::from_u128(u128::from(line.0) << 64 | 0x5e55));
        let identity = cast::identity(person);
        self.witness.arrives(line, person, device, fresh, resume);
        self.give(Input::Arrive(Box::new(Arrival { class: CLASS, line, fresh, resume, identity, device, until })));
    }

    /// A text frame as it comes from the socket: what is no request ends the conversation there.
    fn frame(&mut self, script: &mut Script<'_>) {
        let Some(line) = self.witness.line(script.byte()) else { return };
        match serde_json::from_slice(script.many()) {
            Ok(ClientFrame::Request(Request { ask, .. })) => self.say(line, ask),
            Ok(ClientFrame::Hello(_)) | Err(_) => self.leave(line),
        }
    }

    /// A request that is one, by one of those who are there.
    fn ask(&mut self, script: &mut Script<'_>) {
        let Some(line) = self.witness.line(script.byte()) else { return };
        let template = script.pick(&ASKS);
        let who = script.pick(&CAST);
        let text =
            template.replace("WHO", &who.to_string()).replace("BIT", if script.flag() { "true" } else { "false" });
        let ask = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        self.say(line, ask);
    }

    fn admit(&mut self, person: PersonId) {
        let Some(line) = self.witness.line_of(ADA) else { return };
        self.say(line, Ask::Door(DoorAsk::Admit { people: vec![person] }));
    }

    fn say(&mut self, line: LineId, ask: Ask) {
        // The edges answer this one themselves.
        if matches!(ask, Ask::Session(SessionAsk::Refresh { .. })) {
            let until = self.unix().plus_ms(600_000);
            return self.give(Input::Refreshed { class: CLASS, line, until });
        }
        let id = u32::try_from(self.next).expect("a short story");
        self.next += 1;
        self.witness.asks(line, id, &ask);
        self.give(Input::Ask { class: CLASS, line, id, ask });
        self.witness.has_asked();
    }

    fn lose(&mut self, script: &mut Script<'_>) {
        if let Some(line) = self.witness.line(script.byte()) {
            self.leave(line);
        }
    }

    fn leave(&mut self, line: LineId) {
        self.witness.leaves(line);
        self.give(Input::Gone { class: CLASS, line });
    }

    /// So many entries more are on disk.
    fn write(&mut self, entries: usize) {
        self.durable = self.entries.len().min(self.durable + entries);
        // What was on disk before the class was read has no number in it.
        let number = self.durable.saturating_sub(self.base) as u64;
        self.give(Input::Durable { class: CLASS, number });
    }

    /// The journal cannot be written: what is not on disk never was, and the class begins again.
    fn fail(&mut self) {
        self.entries.truncate(self.durable);
        self.witness.begins_again(&self.entries);
        self.give(Input::Unsaved { class: CLASS });
    }

    fn change(&mut self, script: &mut Script<'_>) {
        let person = script.pick(&CAST);
        let input = match script.byte() % 6 {
            0 => Input::Tell { class: CLASS, change: Change::Revoked(person) },
            5 => Input::Tell { class: CLASS, change: Change::SignedOut(person, script.pick(&DEVICES)) },
            1 => Input::Tell {
                class: CLASS,
                change: Change::Setup(cast::setup(script.pick(&[Policy::Ask, Policy::Roster, Policy::Shut]))),
            },
            2 => Input::SeatsWanted(script.flag()),
            3 => Input::Reduce(script.pick(&Reduction::ALL)),
            _ => Input::Find { class: CLASS, person, re: 0 },
        };
        self.give(input);
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut wakes = 0;
        while let Some(at) = self.shard.poll_timeout().filter(|at| *at <= until) {
            wakes += 1;
            assert!(wakes <= WAKES_MAX, "it wakes again and again");
            self.now = self.now.max(at);
            self.shard.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    fn give(&mut self, input: Input) {
        self.shard.handle(input, self.now);
        self.drain();
        // What is due now is done now, and not as part of what somebody asks next.
        self.pass(Duration::ZERO);
    }

    fn drain(&mut self) {
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Write { line, frame } => {
                    let frame: ServerFrame = serde_json::from_str(&frame.into_text()).expect("a frame of the wire");
                    self.witness.hears(line, &frame);
                }
                Output::HangUp { line, why } => self.witness.hung_up(line, why),
                Output::Load { class } => {
                    self.base = self.entries.len();
                    // The store answers with what was written, and has written all that it was given.
                    self.durable = self.base;
                    let loaded = Loaded {
                        setup: cast::setup(Policy::Ask),
                        people: self.people.clone(),
                        entries: self.entries.clone(),
                    };
                    self.shard.handle(Input::Loaded { class, loaded: Ok(Box::new(loaded)) }, self.now);
                }
                Output::Remember { who, .. } => {
                    self.people.insert(who.person, *who);
                }
                Output::Append { number, entry, .. } => {
                    assert_eq!(number as usize, self.entries.len() + 1 - self.base, "an entry out of order");
                    self.witness.records(&entry);
                    self.entries.push(*entry);
                }
                Output::Found { has_seat, re } => {
                    if re != 0 {
                        let person = CAST[re as usize - 1];
                        assert_eq!(
                            has_seat,
                            self.witness.has_seat(person),
                            "the class and its journal disagree of {person}"
                        );
                    }
                }
                Output::Measured(_) | Output::Overreached => {}
            }
        }
        assert!(self.shard.poll_transmit().is_none(), "media for an address that proved nothing");
    }

    /// All is written: whoever asked was answered, and the class is what its journal tells.
    fn over(&mut self) {
        self.write(self.entries.len());
        self.witness.is_done();
        for re in 1..=CAST.len() {
            self.give(Input::Find { class: CLASS, person: CAST[re - 1], re: re as u64 });
        }
        self.give(Input::Drain);
        self.witness.is_drained();
    }

    fn unix(&self) -> UnixMs {
        UnixMs(1_800_000_000_000).plus_ms(self.now.duration_since(*START).as_millis() as u64)
    }
}

/// What anybody may ask: of themselves, of others, of teachers, of the relay.
const ASKS: [&str; 24] = [
    r#"{"session":{"leave":{}}}"#,
    r#"{"session":{"here":{}}}"#,
    r#"{"session":{"refresh":{"token":"x"}}}"#,
    r#"{"door":{"admit":{"people":["WHO"]}}}"#,
    r#"{"door":{"refuse":{"people":["WHO"]}}}"#,
    r#"{"door":{"block":{"person":"WHO"}}}"#,
    r#"{"door":{"forgive":{"person":"WHO"}}}"#,
    r#"{"door":{"open":{}}}"#,
    r#"{"door":{"policy":{"policy":"roster"}}}"#,
    r#"{"door":{"note":{"text":"Soon"}}}"#,
    r#"{"class":{"hand":{"up":BIT}}}"#,
    r#"{"class":{"react":{"reaction":"clap"}}}"#,
    r#"{"class":{"sending":{"sending":{"microphone":BIT,"camera":true,"screen":BIT}}}}"#,
    r#"{"class":{"mute":{"people":["WHO"]}}}"#,
    r#"{"class":{"rights":{"rights":{"speak":BIT,"camera":BIT,"screen":true,"chat":BIT}}}}"#,
    r#"{"class":{"spotlight":{"person":"WHO"}}}"#,
    r#"{"class":{"remove":{"person":"WHO","block":BIT}}}"#,
    r#"{"class":{"end":{}}}"#,
    r#"{"chat":{"say":{"text":"Bonjour"}}}"#,
    r#"{"chat":{"erase":{"message":1}}}"#,
    r#"{"media":{"view":{"looks":[{"person":"WHO","height_px":720}]}}}"#,
    r#"{"media":{"receive":{"pictures":"few"}}}"#,
    r#"{"media":{"inspect":{"person":"WHO"}}}"#,
    r#"{"media":{"ways":{}}}"#,
];

/// A lesson; a crash; a resume, one of somebody else's; a hello in mid-conversation.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let arrive = |who: u8, device: u8| vec![0, who, device, 0, 0];
    let resume = |who: u8, device: u8, of: u8, seq: u8| vec![0, who, device, 1, of, seq, 0];
    let ask = |line: u8, template: u8, who: u8| vec![3, line, template, who, 1];
    let admit = |who: u8| vec![6, who];
    let (ada, noe, zoe) = (0, 1, 2);
    assert_eq!(CAST[usize::from(noe)], NOE);
    let write = vec![8, 255];
    let begin = [arrive(ada, 0), arrive(noe, 0), write.clone(), admit(noe), write.clone()].concat();
    let frame = |line: u8, text: &str| [&[2, line][..], &(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    let offer = format!(
        "{{\"id\":1,\"ask\":{}}}",
        r#"{"media":{"offer":{"sdp":"v=0","send":{"microphone":"0","camera":"1","screen":"2","screen_audio":"3"},"receive":{"audio":[],"screen":"4","screen_audio":"5","video":[]}}}}"#
    );
    let hello = include_str!("../../../protocol/samples/client/hello.json");
    vec![
        (
            "lesson",
            [begin.clone(), ask(1, 18, 0), ask(0, 12, 0), ask(1, 10, 0), ask(0, 16, noe), write.clone()].concat(),
        ),
        (
            "roster",
            [begin.clone(), ask(0, 8, 0), vec![7, 1], arrive(noe, 1), arrive(zoe, 0), write.clone(), ask(2, 18, 0)]
                .concat(),
        ),
        ("crash", [begin.clone(), ask(0, 16, noe), vec![11], arrive(ada, 0), arrive(noe, 0), write.clone()].concat()),
        (
            "resume",
            [begin.clone(), vec![7, 1], resume(noe, 0, 1, 1), resume(zoe, 0, 0, 0), resume(noe, 1, 1, 0)].concat(),
        ),
        (
            "pushing",
            [arrive(zoe, 0), ask(0, 3, zoe), arrive(zoe, 1), frame(0, &offer), arrive(ada, 0), write.clone()].concat(),
        ),
        ("hello-again", [begin.clone(), frame(1, hello), vec![9, 200, 2], arrive(noe, 0), write.clone()].concat()),
        ("set-up", [begin, vec![10, noe, 0], vec![10, noe, 1, 1], vec![10, 0, 3, 5], vec![9, 255, 2], write].concat()),
    ]
}
