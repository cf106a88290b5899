//! A shard: the owner of its classes, where a decision about a person and its consequence for their media are one call.
//!
//! Sans-I/O: the thread in `udp` feeds it and drains it. One input, everything out, then the next:
//!
//! ```text
//! sessions ──► handle(Input) ─┐                ┌─► poll_output() until None ──► sockets, store
//! UDP ──► receive(datagram) ──┼─► one [`Shard`] ┼─► poll_transmit() until None ──► UDP
//! clock ──► handle_timeout ───┘                └─► poll_timeout()
//! ```

mod calls;
mod carrier;
mod desk;
mod epoch;
mod errand;
mod frame;
mod links;
mod media;
mod room;
mod spread;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use preau_classroom::{Classroom, DeviceId, Entry, Identity, Input as ClassInput, Limits, Setup};
use preau_protocol::{Ask, ClassId, Close, Invited, PersonId, Phase, Reduction, Resume, SessionId, UnixMs};
use preau_sfu::{ConnectionId, ConnectionNews, Event, Farewell, Ration, Relay, RelayConfig, RelayId, Transmit, Way};

pub use epoch::Epoch;
pub use errand::Word;
pub use frame::Frame;
pub use links::Measured;
use media::{Heard, Media};
use room::Room;
pub use spread::Spread;

/// Visitors who may wait for a class to be read from the store. A whole roster comes at once; more is a flood.
const LOADING_MAX: usize = 2_304;

/// What is said to a whole class at once may be a hundred times this; the room that it took is given back.
const OUTPUTS_KEPT_ROOM_FOR: usize = 256;

/// One WebSocket, as the shard knows it. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// Somebody verified, at the other end of a line.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub class: ClassId,
    pub line: LineId,
    /// For a new conversation; unguessable.
    pub fresh: SessionId,
    pub resume: Option<Resume>,
    pub identity: Identity,
    pub device: DeviceId,
    /// When the token that brought them expires.
    pub until: Option<UnixMs>,
}

/// A class as the store has it.
#[derive(Debug)]
pub struct Loaded {
    pub setup: Setup,
    pub people: BTreeMap<PersonId, Identity>,
    pub entries: Vec<Entry>,
}

/// Why a class is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLoaded {
    Missing,
    /// The store is unwell, or the class's journal is: later may help.
    Unreadable,
}

#[derive(Debug)]
pub enum Input {
    Arrive(Box<Arrival>),
    Ask {
        class: ClassId,
        line: LineId,
        id: u32,
        ask: Ask,
    },
    /// The socket is gone, or was too slow to be kept.
    Gone {
        class: ClassId,
        line: LineId,
    },
    /// A fresh token of the same person was verified.
    Refreshed {
        class: ClassId,
        line: LineId,
        until: UnixMs,
    },
    /// What a teacher changed on the set-up page. Nothing happens to a class that is not in session.
    Tell {
        class: ClassId,
        change: Change,
    },
    /// The answer to [`Output::Load`].
    Loaded {
        class: ClassId,
        loaded: Result<Box<Loaded>, NotLoaded>,
    },
    /// All entries up to this number are on disk.
    Durable {
        class: ClassId,
        number: u64,
    },
    /// An entry never will be: memory and journal disagree, so the class begins again from its journal.
    Unsaved {
        class: ClassId,
    },
    /// Others wait for seats on this server, or no longer.
    SeatsWanted(bool),
    /// What the server is short of: of every class here, and of everybody whose media is carried here.
    Reduce(Reduction),
    /// The server goes down in order: everyone is told to come back.
    Drain,
    /// Whether somebody has a seat in a class; answered by [`Output::Found`].
    Find {
        class: ClassId,
        person: PersonId,
        re: u64,
    },
}

/// A change that comes from outside the class.
#[derive(Clone, Debug)]
pub enum Change {
    Setup(Setup),
    Revoked(PersonId),
    SignedOut(PersonId, DeviceId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A text frame.
    Write {
        line: LineId,
        frame: Frame,
    },
    /// A close frame, after all that was written.
    HangUp {
        line: LineId,
        why: Close,
    },
    Load {
        class: ClassId,
    },
    /// Somebody is not known as they are now: before anything that is decided about them, and so on disk before it.
    Remember {
        class: ClassId,
        who: Box<Identity>,
    },
    /// The class's journal entry of this number (1, 2, 3, … since it was loaded), answered by [`Input::Durable`].
    Append {
        class: ClassId,
        number: u64,
        entry: Box<Entry>,
    },
    /// The answer to [`Input::Find`].
    Found {
        re: u64,
        has_seat: bool,
    },
    /// Ten seconds of one person's connection, for the metrics.
    Measured(Box<Measured>),
    /// Somebody in class asked for what only teachers may, and was refused.
    Overreached,
}

/// What a room's call may reach beyond its class.
struct Reach<'a> {
    media: &'a mut Media,
    out: &'a mut VecDeque<Output>,
    now: Instant,
    now_ms: UnixMs,
}

/// Who waits for a class to come from the store.
#[derive(Default)]
struct Waiting {
    arrivals: Vec<Arrival>,
    /// Whose seat is looked for, and what the asker called the question.
    questions: Vec<(PersonId, u64)>,
}

pub struct Shard {
    id: RelayId,
    epoch: Epoch,
    media: Media,
    rooms: BTreeMap<ClassId, Room>,
    /// Classes on their way from the store, with those who wait for them.
    loading: BTreeMap<ClassId, Waiting>,
    /// When each class wants to be woken.
    timers: BTreeSet<(UnixMs, ClassId)>,
    out: VecDeque<Output>,
    draining: bool,
    /// As the gate has it: classes that come into session are told.
    seats_wanted: bool,
    reduction: Reduction,
    limits: Limits,
}

impl Shard {
    pub fn new(relay: RelayConfig, epoch: Epoch, spread: Spread) -> Shard {
        let id = relay.id;
        Shard {
            id,
            epoch,
            media: Media::new(Relay::new(relay), id, spread),
            rooms: BTreeMap::new(),
            loading: BTreeMap::new(),
            timers: BTreeSet::new(),
            out: VecDeque::new(),
            draining: false,
            seats_wanted: false,
            reduction: Reduction::Nothing,
            limits: Limits::default(),
        }
    }

    /// The same shard, whose classes hold so many, and last so long.
    pub fn limited(mut self, limits: Limits) -> Shard {
        self.limits = limits;
        self
    }

    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Arrive(arrival) => self.arrive(*arrival, now),
            Input::Ask { class, line, id, ask } => {
                self.in_room(class, now, |room, reach| room.ask(line, id, ask, reach));
            }
            Input::Gone { class, line } => self.gone(class, line, now),
            Input::Refreshed { class, line, until } => {
                self.in_room(class, now, |room, reach| room.refreshed(line, until, reach));
            }
            Input::Tell { class, change } => {
                let input = match change {
                    Change::Setup(setup) => ClassInput::Setup(setup),
                    Change::Revoked(person) => ClassInput::Revoked { person },
                    Change::SignedOut(person, device) => ClassInput::SignedOut { person, device },
                };
                self.in_room(class, now, |room, reach| room.feed(input, reach));
            }
            Input::Loaded { class, loaded } => self.loaded(class, loaded, now),
            Input::Durable { class, number } => {
                self.in_room(class, now, |room, reach| room.durable_up_to(number, reach));
            }
            Input::Unsaved { class } => self.begin_again(class, now),
            Input::SeatsWanted(wanted) => {
                self.seats_wanted = wanted;
                self.in_every_room(&ClassInput::SeatsWanted(wanted), now);
            }
            Input::Reduce(reduction) => self.reduce(reduction, now),
            Input::Drain => self.drain(),
            Input::Find { class, person, re } => self.find(class, person, re, now),
        }
    }

    /// One datagram, decrypted in place. Call [`Shard::settle`] after a batch.
    ///
    /// A datagram that makes the relay panic is a bug, and stays its sender's: their media ends and begins anew, and
    /// nobody else's is touched.
    pub fn receive(&mut self, from: Way, to: Option<IpAddr>, bytes: &mut [u8], now: Instant) {
        let relay = &mut self.media.carrier.relay;
        if catch_unwind(AssertUnwindSafe(|| relay.receive(from, to, bytes, now))).is_err() {
            self.media_failed(from, to, now);
        }
    }

    fn media_failed(&mut self, from: Way, to: Option<IpAddr>, now: Instant) {
        tracing::error!("a datagram made the relay panic; its sender's media begins anew");
        let Some(peer) = self.media.carrier.relay.peer_at(from, to) else { return };
        self.pass_on(Event::Disconnected { peer, why: Farewell::Closed }, now);
    }

    /// The edge has a new connection; its datagrams come by [`Shard::receive`].
    pub fn open(&mut self, id: ConnectionId, from: SocketAddr, now: Instant) {
        self.media.carrier.relay.open(id, from, now);
    }

    pub fn close(&mut self, id: ConnectionId) {
        self.media.carrier.relay.close(id);
    }

    /// What is to be done about connections, until `None`.
    pub fn poll_connection(&mut self) -> Option<ConnectionNews> {
        self.media.carrier.relay.poll_connection()
    }

    /// Passes on what the relay has to say since the last call.
    pub fn settle(&mut self, now: Instant) {
        while let Some(event) = self.media.carrier.relay.poll_event() {
            self.pass_on(event, now);
        }
    }

    /// What the relay says is for the class; another shard's class is told by that shard.
    fn pass_on(&mut self, event: Event, now: Instant) {
        let home = Media::home_of(&event);
        if home == self.id {
            let Some(class) = self.media.class_of(&event) else { return };
            self.in_room(class, now, |room, reach| room.relay_says(event, reach));
        } else if !matches!(event, Event::Speaking { .. }) {
            // Who speaks, the home's own relay knows.
            self.media.tell_home(home, event);
        }
    }

    /// A word of another shard.
    pub fn hear(&mut self, from: RelayId, word: Word, now: Instant) {
        match self.media.hear(from, word, now) {
            Some(Heard::Answer { class, call, report }) => {
                self.in_room(class, now, |room, reach| room.answered(Some((call, report)), reach));
            }
            Some(Heard::Said(event)) => self.pass_on(event, now),
            None => {}
        }
    }

    /// What another shard's relay sent to ours. Call [`Shard::settle`] after it.
    pub fn unload(&mut self, from: RelayId, load: preau_sfu::Load, now: Instant) {
        self.media.carrier.relay.unload(from, load, now);
    }

    /// What is for other shards, until `None`.
    pub fn poll_word(&mut self) -> Option<(RelayId, Word)> {
        self.media.poll_word()
    }

    /// What our relay has for those of other shards, until `None`.
    pub fn poll_load(&mut self) -> Option<(RelayId, preau_sfu::Load)> {
        self.media.carrier.relay.poll_load()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        if self.out.is_empty() {
            self.out.shrink_to(OUTPUTS_KEPT_ROOM_FOR);
        }
        self.out.pop_front()
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.media.carrier.relay.poll_transmit()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let class = self.timers.first().map(|(at, _)| self.epoch.instant(*at));
        [class, self.media.carrier.relay.poll_timeout()].into_iter().flatten().min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.media.carrier.relay.poll_timeout().is_some_and(|at| at <= now) {
            self.media.carrier.relay.handle_timeout(now);
        }
        let now_ms = self.epoch.unix(now);
        while let Some((_, class)) = self.timers.first().copied().filter(|(at, _)| *at <= now_ms) {
            self.in_room(class, now, |room, reach| room.wake(reach));
        }
        self.settle(now);
    }

    /// Where a class is in its life; `None` while it is not in session.
    pub fn phase(&self, class: ClassId) -> Option<Phase> {
        self.rooms.get(&class).map(Room::phase)
    }

    /// Figures for the metrics: classes in session, sessions, and the relay's counters.
    pub fn load(&self) -> (usize, usize, &preau_sfu::Stats) {
        (self.rooms.len(), self.rooms.values().map(Room::sessions).sum(), self.media.carrier.relay.stats())
    }

    fn arrive(&mut self, arrival: Arrival, now: Instant) {
        if self.draining {
            self.out.push_back(Output::HangUp { line: arrival.line, why: Close::Draining });
            return;
        }
        let class = arrival.class;
        if self.rooms.contains_key(&class) {
            self.in_room(class, now, |room, reach| room.arrive(arrival, reach));
            return;
        }
        let waiting = self.waiting_for(class);
        if waiting.arrivals.len() < LOADING_MAX {
            waiting.arrivals.push(arrival);
        } else {
            self.out.push_back(Output::HangUp { line: arrival.line, why: Close::Full });
        }
    }

    /// Asks the store for a class once, even if whoever came first is gone again: a second answer would replace a class in session.
    fn waiting_for(&mut self, class: ClassId) -> &mut Waiting {
        if !self.loading.contains_key(&class) {
            self.out.push_back(Output::Load { class });
        }
        self.loading.entry(class).or_default()
    }

    /// Somebody who has a seat does not stand in the line, even if the class is known to its journal alone.
    fn find(&mut self, class: ClassId, person: PersonId, re: u64, now: Instant) {
        if self.rooms.contains_key(&class) {
            return self.in_room(class, now, |room, reach| {
                reach.out.push_back(Output::Found { re, has_seat: room.has_seat(person) });
            });
        }
        let waiting = self.waiting_for(class);
        if waiting.questions.len() < LOADING_MAX {
            waiting.questions.push((person, re));
        } else {
            self.out.push_back(Output::Found { re, has_seat: false });
        }
    }

    fn loaded(&mut self, class: ClassId, loaded: Result<Box<Loaded>, NotLoaded>, now: Instant) {
        let Waiting { arrivals, questions } = self.loading.remove(&class).unwrap_or_default();
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(why) => {
                let why = match why {
                    NotLoaded::Missing => Close::NotAllowed,
                    NotLoaded::Unreadable => Close::Draining,
                };
                self.out.extend(arrivals.iter().map(|arrival| Output::HangUp { line: arrival.line, why }));
                self.out.extend(questions.iter().map(|(_, re)| Output::Found { re: *re, has_seat: false }));
                return;
            }
        };
        let invited: Invited = loaded.setup.class.clone();
        let now_ms = self.epoch.unix(now);
        let classroom = Classroom::restore(loaded.setup, loaded.people, loaded.entries, now_ms).limited(self.limits);
        let media_room = self.media.open(class);
        self.rooms.insert(class, Room::new(class, invited, classroom, media_room));
        let (wanted, reduction) = (self.seats_wanted, self.reduction);
        self.in_room(class, now, |room, reach| {
            room.feed(ClassInput::SeatsWanted(wanted), reach);
            room.feed(ClassInput::Reduced(reduction), reach);
            for (person, re) in questions {
                reach.out.push_back(Output::Found { re, has_seat: room.has_seat(person) });
            }
            arrivals.into_iter().for_each(|arrival| room.arrive(arrival, reach));
        });
    }

    fn gone(&mut self, class: ClassId, line: LineId, now: Instant) {
        if let Some(waiting) = self.loading.get_mut(&class) {
            waiting.arrivals.retain(|arrival| arrival.line != line);
        }
        self.in_room(class, now, |room, reach| room.lose(line, reach));
    }

    /// Forgets a class's memory. Its people are told to come back, and find it as the journal has it.
    fn begin_again(&mut self, class: ClassId, now: Instant) {
        self.in_room(class, now, |room, reach| room.dissolve(reach));
    }

    /// The relay first: what is left out at once is explained at once. Nobody's media is carried by a relay that is not told.
    fn reduce(&mut self, reduction: Reduction, now: Instant) {
        self.reduction = reduction.in_class();
        self.media.carrier.relay.ration(ration(reduction), now);
        self.in_every_room(&ClassInput::Reduced(self.reduction), now);
    }

    fn in_every_room(&mut self, input: &ClassInput, now: Instant) {
        let classes: Vec<ClassId> = self.rooms.keys().copied().collect();
        for class in classes {
            self.in_room(class, now, |room, reach| room.feed(input.clone(), reach));
        }
    }

    fn drain(&mut self) {
        self.draining = true;
        let lines = self.rooms.values().flat_map(Room::lines);
        self.out.extend(lines.map(|line| Output::HangUp { line, why: Close::Draining }));
        for late in std::mem::take(&mut self.loading).into_values() {
            let hang_up = |arrival: &Arrival| Output::HangUp { line: arrival.line, why: Close::Draining };
            self.out.extend(late.arrivals.iter().map(hang_up));
            self.out.extend(late.questions.iter().map(|(_, re)| Output::Found { re: *re, has_seat: false }));
        }
    }

    /// Does something in a class, then keeps its timer, and lets go of a class in which nobody is any more.
    fn in_room(&mut self, class: ClassId, now: Instant, act: impl FnOnce(&mut Room, &mut Reach<'_>)) {
        let Some(room) = self.rooms.get_mut(&class) else { return };
        let now_ms = self.epoch.unix(now);
        let before = room.wakes_at();
        act(room, &mut Reach { media: &mut self.media, out: &mut self.out, now, now_ms });
        let after = room.wakes_at();
        before.map(|at| self.timers.remove(&(at, class)));
        if room.is_over() {
            self.media.close(room.media_room, now);
            self.rooms.remove(&class);
        } else {
            after.map(|at| self.timers.insert((at, class)));
        }
    }
}

/// The wire's word in the relay's.
fn ration(reduction: Reduction) -> Ration {
    match reduction {
        Reduction::Nothing | Reduction::LatecomersOut => Ration::Everything,
        Reduction::StudentCamerasOff => Ration::TeachersCameras,
        Reduction::SmallPictures => Ration::SmallPictures,
        Reduction::AudioOnly => Ration::Sound,
        Reduction::TextOnly | Reduction::Full => Ration::Nothing,
    }
}

#[cfg(test)]
mod tests;
