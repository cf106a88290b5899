//! One morning: chance proposes, the network delays, the class disposes.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use preau_classroom::{Entry, Fact, Input, Output, Way};
use preau_protocol::{Ask, ChatAsk, Close, Outcome, Reduction, Refusal, Role, SessionId, UnixMs};

use crate::{
    Tally,
    cast::{self, CAST, ROSTER_TOUCHED, member, person},
    chaos::Chaos,
    crowd::{Crowd, Resume, Socket},
    reference::{Answer, Expected, Reference},
    shard::Shard,
    watch::{Step, Watch},
};

const STEPS: u64 = 60;
const DAWN: UnixMs = UnixMs(1_800_000_000_000);

pub struct Morning {
    pub chaos: Chaos,
    pub now: u64,
    pub shard: Shard,
    pub crowd: Crowd,
    pub watch: Watch,
    pub reference: Reference,
    /// What the reference knew when the journal had so many entries: what a crash goes back to.
    pub known_at: BTreeMap<usize, Reference>,
    /// On their way: by time of arrival, then in the order in which they left.
    pub inbox: BTreeMap<(u64, u64), Input>,
    pub sent: u64,
    pub departed: Vec<SessionId>,
    pub tally: Tally,
    pub aloud: bool,
}

impl Morning {
    pub fn new(seed: u64) -> Morning {
        let mut chaos = Chaos::seeded(seed);
        let setup = cast::setup(chaos.policy(), DAWN);
        let reference = Reference::new(Rc::new(setup.clone()), DAWN.0);
        Morning {
            chaos,
            now: DAWN.0,
            shard: Shard::new(setup, DAWN),
            crowd: Crowd::default(),
            watch: Watch::default(),
            known_at: BTreeMap::from([(0, reference.clone())]),
            reference,
            inbox: BTreeMap::new(),
            sent: 0,
            departed: Vec::new(),
            tally: Tally::default(),
            aloud: false,
        }
    }

    pub fn told_aloud(mut self) -> Morning {
        self.aloud = true;
        self
    }

    pub fn run(mut self) -> Tally {
        for _ in 0..STEPS {
            self.let_time_pass();
            self.let_inputs_arrive();
            for _ in 0..=self.chaos.below(2) {
                self.somebody_acts();
            }
            self.something_befalls_the_class();
            self.commit();
            self.compare_views(1);
        }
        self.commit_to(self.shard.journal.len());
        self.compare_views(usize::MAX);
        assert_eq!(self.shard.restored(UnixMs(self.now)).lesson(), self.shard.class.lesson());
        self.tally
    }

    fn let_time_pass(&mut self) {
        let then = self.now + self.chaos.gap_ms();
        // Mostly the alarm rings in time; a busy machine sleeps through it.
        if !self.chaos.once_in(5) {
            while let Some(at) = self.shard.class.poll_timeout().filter(|at| at.0 <= then) {
                self.now = self.now.max(at.0);
                self.handle(Input::Timeout);
            }
        }
        self.now = then;
    }

    fn let_inputs_arrive(&mut self) {
        while let Some(entry) = self.inbox.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let input = entry.remove();
            let twice = !matches!(input, Input::Arrive { .. }) && self.chaos.once_in(30);
            if twice {
                self.handle(input.clone());
            }
            self.handle(input);
        }
    }

    fn somebody_acts(&mut self) {
        let sessions: Vec<SessionId> = self.crowd.clients.keys().copied().collect();
        if sessions.is_empty() || self.chaos.once_in(4) {
            return self.somebody_comes();
        }
        if self.chaos.once_in(25) {
            return self.somebody_forges();
        }
        let session = sessions[self.chaos.index(sessions.len())];
        let client = &self.crowd.clients[&session];
        let (who, device, up) = (client.who, client.device, matches!(client.socket, Socket::Up));
        if up && client.view.class.is_none() && !self.chaos.once_in(12) {
            // One who waits mostly waits.
            return;
        }
        match (up, self.chaos.below(16)) {
            (false, 0..9) => self.somebody_resumes(session),
            (false, 9) => self.arrive(who, device),
            // It was on its way when the socket broke.
            (false, 10) => self.somebody_asks(session),
            (false, _) => {}
            (true, 0) => {
                self.crowd.clients.get_mut(&session).expect("acting").socket = Socket::Down { missed: Vec::new() };
                self.send(session, Input::Lost { session });
            }
            (true, 1) => {
                let device = if self.chaos.once_in(3) { 1 - device } else { device };
                self.arrive(who, device);
            }
            (true, 2) if CAST[who].token => {
                let until = UnixMs(self.now + self.chaos.below(600_000));
                self.send(session, Input::Refreshed { session, until });
            }
            (true, _) => self.somebody_asks(session),
        }
    }

    fn somebody_comes(&mut self) {
        let teacher_inside = self.reference.seats.iter().any(|seat| member(seat.person).role == Role::Teacher);
        let teacher_comes = self.chaos.once_in(if teacher_inside { 12 } else { 2 });
        let who = if teacher_comes { self.chaos.index(2) } else { self.chaos.index(CAST.len()) };
        let is_there = self.crowd.clients.values().any(|client| client.who == who);
        if !is_there || self.chaos.once_in(8) {
            let device = usize::from(self.chaos.once_in(6));
            self.arrive(who, device);
        }
    }

    fn arrive(&mut self, who: usize, device: usize) {
        let session = self.crowd.open(who, device);
        let identity = cast::identity(who, &self.shard.setup);
        self.shard.identities.insert(person(who), identity.clone());
        let until = CAST[who].token.then(|| UnixMs(self.now + self.chaos.below(600_000)));
        self.send(session, Input::Arrive { session, identity, device: cast::device(who, device), until });
    }

    fn somebody_resumes(&mut self, session: SessionId) {
        // The resume reaches the shard before the client hears of anything.
        match self.crowd.resume(session) {
            Some(Resume::WithEvents) => self.send(session, Input::Back { session }),
            Some(Resume::TooLate) => self.send(session, Input::Snapshot { session }),
            None => {}
        }
    }

    fn somebody_asks(&mut self, session: SessionId) {
        let client = &self.crowd.clients[&session];
        let ask = self.chaos.ask(CAST[client.who].role, &client.view);
        let client = self.crowd.clients.get_mut(&session).expect("acting");
        let id = client.asked.len() as u32 + 1;
        client.asked.insert(id, ask.clone());
        self.send(session, Input::Ask { session, id, ask });
    }

    /// A stranger names a session that is over, or was never there.
    fn somebody_forges(&mut self) {
        let session = match self.departed.is_empty() || self.chaos.coin() {
            true => SessionId(uuid::Uuid::from_u128(0xbad)),
            false => self.departed[self.chaos.index(self.departed.len())],
        };
        let teacher = self.crowd.clients.values().find(|client| CAST[client.who].role == Role::Teacher);
        let view = teacher.map(|client| client.view.clone()).unwrap_or_default();
        let ask = self.chaos.ask(Role::Teacher, &view);
        let input = match self.chaos.below(4) {
            0 => Input::Back { session },
            1 => Input::Snapshot { session },
            2 => Input::Refreshed { session, until: UnixMs(u64::MAX) },
            _ => Input::Ask { session, id: 1, ask },
        };
        self.handle(input);
    }

    fn send(&mut self, session: SessionId, input: Input) {
        let Some(client) = self.crowd.clients.get_mut(&session) else { return };
        let delay = if self.chaos.once_in(4) { self.chaos.below(2_000) } else { self.chaos.below(60) };
        client.arrives_after = client.arrives_after.max(self.now + delay);
        self.sent += 1;
        self.inbox.insert((client.arrives_after, self.sent), input);
    }

    fn something_befalls_the_class(&mut self) {
        match self.chaos.below(120) {
            0..4 => self.change_setup(),
            4 => {
                let person = person(self.chaos.index(CAST.len()));
                self.handle(Input::Revoked { person });
            }
            5 => {
                let who = self.chaos.index(CAST.len());
                let device = cast::device(who, usize::from(self.chaos.once_in(3)));
                self.handle(Input::SignedOut { person: person(who), device });
            }
            6..9 => self.crash(),
            9..14 => {
                let wanted = !self.reference.wanted;
                self.handle(Input::SeatsWanted(wanted));
            }
            14..16 => {
                let reduction = Reduction::ALL[self.chaos.index(Reduction::ALL.len())].in_class();
                self.handle(Input::Reduced(reduction));
            }
            _ => {}
        }
    }

    fn change_setup(&mut self) {
        let mut setup = self.shard.setup.clone();
        if self.chaos.once_in(3) {
            setup.policy = self.chaos.policy();
        }
        let who = ROSTER_TOUCHED[self.chaos.index(ROSTER_TOUCHED.len())];
        if setup.roster.remove(&person(who)).is_none() {
            setup.roster.insert(person(who), cast::name(person(who)).clone());
        }
        if let Some(identity) = self.shard.identities.get_mut(&person(who)) {
            identity.on_roster = setup.roster.contains_key(&person(who));
        }
        self.shard.setup = setup.clone();
        self.handle(Input::Setup(setup));
    }

    fn commit(&mut self) {
        let boundaries: Vec<usize> = self.known_at.keys().copied().filter(|at| *at >= self.shard.durable).collect();
        let at = if self.chaos.once_in(3) { self.chaos.index(boundaries.len()) } else { boundaries.len() - 1 };
        self.commit_to(boundaries[at]);
    }

    fn commit_to(&mut self, entries: usize) {
        for output in self.shard.commit(entries) {
            self.crowd.deliver(output);
        }
        self.known_at = self.known_at.split_off(&entries);
    }

    /// Promise 6: what a teacher was told has been done is done, and who was shown in has a seat.
    fn crash(&mut self) {
        self.tell(&"crash");
        self.tally.crashes += 1;
        self.tally.lost_decisions += (self.shard.journal.len() - self.shard.durable) as u64;
        let live_seats = self.watch.seats().clone();
        let live_barred = self.watch.barred().clone();
        self.shard.crash(UnixMs(self.now));
        self.reference = self.known_at.remove(&self.shard.durable).expect("known at every boundary");
        let known = self.shard.identities.values();
        let expected: BTreeSet<_> =
            known.filter(|identity| identity.on_roster).map(|identity| identity.person).collect();
        self.reference.crash(self.shard.setup.clone(), expected, self.now);
        self.known_at = BTreeMap::from([(self.shard.durable, self.reference.clone())]);
        self.watch.crash(&self.shard.journal);
        self.inbox.clear();
        let shown_in = std::mem::take(&mut self.crowd.shown_in);
        self.departed.extend(self.crowd.clients.keys());
        self.crowd.crash();
        // A lesson that was over by the clock is over, whether or not that was on disk.
        if self.reference.ends_at().is_some_and(|at| at <= self.now) {
            return self.compare();
        }
        for (person, device) in shown_in {
            if live_seats.get(&person) == Some(&device) {
                let outputs = self.knock_of_a_double(person, device);
                let seated = outputs.iter().any(|output| matches!(output, Output::Permit { .. }));
                assert!(seated, "{} was seated and has to be admitted again", member(person).name);
            }
        }
        for person in self.crowd.known_barred.clone() {
            if live_barred.contains_key(&person) {
                let outputs = self.knock_of_a_double(person, cast::device(0, 0));
                let closed = matches!(outputs[..], [Output::Close { why: Close::Removed, .. }]);
                assert!(closed, "{} was removed and is not any more: {outputs:?}", member(person).name);
            }
        }
        self.compare();
    }

    /// What a copy of the class says to somebody who knocks.
    fn knock_of_a_double(&self, person: preau_protocol::PersonId, device: preau_classroom::DeviceId) -> Vec<Output> {
        let mut double = self.shard.class.clone();
        let identity = cast::identity(cast::index(person), &self.shard.setup);
        let session = SessionId(uuid::Uuid::from_u128(0xd0b1e));
        double.handle(Input::Arrive { session, identity, device, until: None }, UnixMs(self.now));
        std::iter::from_fn(|| double.poll_output()).collect()
    }

    fn handle(&mut self, input: Input) {
        self.tell(&input);
        self.tally.inputs += 1;
        let before = self.reference.clone();
        let is_late = self.shard.class.poll_timeout().is_some_and(|at| at.0 <= self.now);
        let outputs = self.shard.handle(input.clone(), UnixMs(self.now));
        for output in &outputs {
            self.tell(output);
        }
        let expected = self.reference.handle(&input, self.now);
        self.hear_answer(&input, &expected, &outputs);
        self.watch.see(&Step { input: &input, before: &before, after: &self.reference, is_late }, &outputs);
        self.count(&outputs);
        self.known_at.insert(self.shard.journal.len(), self.reference.clone());
        self.compare();
        if self.chaos.once_in(30) {
            assert_eq!(self.shard.restored(UnixMs(self.now)).lesson(), self.shard.class.lesson(), "journal and class");
        }
    }

    /// Every request gets exactly one answer, the right one, unless its session is over; and the right sessions end.
    fn hear_answer(&mut self, input: &Input, expected: &Expected, outputs: &[Output]) {
        let closes: BTreeMap<SessionId, Close> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Close { session, why } => Some((*session, *why)),
                _ => None,
            })
            .collect();
        assert_eq!(closes, expected.closes, "sessions that end");
        self.departed.extend(closes.keys());
        let replies: Vec<_> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Reply { to, id, outcome } => Some((*to, *id, outcome)),
                _ => None,
            })
            .collect();
        let (Some(answer), Input::Ask { session, id, ask }) = (expected.reply, input) else {
            assert!(replies.is_empty(), "an answer to nothing: {replies:?}");
            return;
        };
        let [(to, re, outcome)] = replies[..] else { panic!("one answer expected: {replies:?}") };
        assert_eq!((to, re), (*session, *id));
        let code = match outcome {
            Outcome::Done {} => Answer::Done,
            Outcome::Refused { code, .. } => Answer::Refused(*code),
            Outcome::Answer { .. } | Outcome::Inspected { .. } | Outcome::Ways { .. } => {
                panic!("a class makes no media")
            }
        };
        if answer == Answer::DoneUnlessTooSoon {
            assert!([Answer::Done, Answer::Refused(Refusal::TooSoon)].contains(&code));
            if let (Ask::Chat(ChatAsk::Say { text }), Answer::Done) = (ask, code) {
                self.reference.was_said(text);
            }
        } else {
            assert_eq!(code, answer, "the answer to {ask:?}");
        }
        self.tally.full += u64::from(code == Answer::Refused(Refusal::ClassFull));
    }

    fn count(&mut self, outputs: &[Output]) {
        let tally = &mut self.tally;
        for output in outputs {
            let counter = match output {
                Output::Record(Entry { fact: Fact::Seated { way: Way::Roster {}, .. }, .. }) => {
                    &mut tally.seated_by_rule
                }
                Output::Record(Entry { fact: Fact::Seated { way: Way::Returned {}, .. }, .. }) => &mut tally.returned,
                Output::Record(Entry { fact: Fact::Seated { .. }, .. }) => &mut tally.seated,
                Output::Record(Entry { fact: Fact::Idle { .. }, .. }) => &mut tally.idle,
                Output::Record(Entry { fact: Fact::Removed { .. } | Fact::Blocked { .. }, .. }) => &mut tally.removed,
                Output::Record(Entry { fact: Fact::Refused { .. }, .. }) => &mut tally.refused,
                Output::Record(Entry { fact: Fact::Unattended {}, .. }) => &mut tally.unattended,
                Output::Record(Entry { fact: Fact::Ended { .. }, .. }) => &mut tally.ended,
                Output::Close { why: Close::NotAllowed, .. } => &mut tally.thrown_out,
                Output::Close { why: Close::NotAuthenticated, .. } => &mut tally.expired,
                Output::Close { why: Close::Replaced, .. } => &mut tally.moved_device,
                Output::Close { why: Close::Full, .. } => &mut tally.full,
                _ => continue,
            };
            *counter += 1;
        }
    }

    fn tell(&self, what: &dyn std::fmt::Debug) {
        if self.aloud {
            println!("{:>9} {what:?}", self.now - DAWN.0);
        }
    }
}
