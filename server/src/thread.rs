//! The thread of one shard: its socket, its inbox and its clock, one after the other.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use preau_protocol::{Attack, ClassId};
use preau_sfu::{ConnectionId, ConnectionNews, Load, RelayId, Way};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use crate::attacks::Attacks;
use crate::neighbours::{FromNeighbours, LOADS_AT_ONCE_MAX, Neighbours, WORDS_AT_ONCE_MAX};
use crate::shard::{Input, LineId, Output, Shard, Word};
use crate::shards::{self, Command, Down, INBOX_MAX};
use crate::store::Store;
use crate::udp::{Bound, Udp};
use crate::ways::{Arriving, Outbox};

/// Batches read before others get their turn: a flood must not keep the inbox waiting.
const BATCHES_IN_A_ROW_MAX: usize = 8;
/// The exit status of a process whose shard failed (`EX_SOFTWARE` of sysexits.h).
const SHARD_FAILED: i32 = 70;
/// Commands taken from the inbox at once.
const COMMANDS_AT_ONCE_MAX: usize = 64;
/// Datagrams of connections taken at once: the relay has room for more before it is drained.
const ARRIVED_AT_ONCE_MAX: usize = 64;

/// Starts a shard's thread. It ends after [`Command::Stop`].
pub fn start(
    index: usize,
    shard: Shard,
    bound: Bound,
    arriving: mpsc::Receiver<Arriving>,
    others: (Neighbours, FromNeighbours),
    store: Store,
    attacks: Arc<Attacks>,
) -> io::Result<(mpsc::Sender<Command>, std::thread::JoinHandle<()>)> {
    let (inbox, commands) = mpsc::channel(INBOX_MAX);
    let thread = std::thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let work = AssertUnwindSafe(|| {
            runtime
                .and_then(|runtime| runtime.block_on(run(shard, bound, arriving, others, (store, attacks), commands)))
        });
        let fault = match catch_unwind(work) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a panic".to_owned(),
        };
        // Its classes are gone from memory and safe in the journal: whoever runs this process starts it again.
        tracing::error!(shard = index, fault, "a shard failed, and the process with it");
        std::process::exit(SHARD_FAILED);
    })?;
    Ok((inbox, thread))
}

async fn run(
    shard: Shard,
    bound: Bound,
    mut arriving: mpsc::Receiver<Arriving>,
    (neighbours, mut others): (Neighbours, FromNeighbours),
    (store, attacks): (Store, Arc<Attacks>),
    mut commands: mpsc::Receiver<Command>,
) -> io::Result<()> {
    let mut udp = Udp::new(bound)?;
    // Bounded by the store's own queue: each message answers something the store had accepted.
    let (answers, mut answered) = mpsc::unbounded_channel();
    let mut driver = Driver {
        shard,
        lines: HashMap::new(),
        connections: HashMap::new(),
        neighbours,
        store,
        attacks,
        finding: HashMap::new(),
        questions: 0,
        answers,
    };
    let mut batch = Vec::with_capacity(COMMANDS_AT_ONCE_MAX);
    let mut arrived = Vec::with_capacity(ARRIVED_AT_ONCE_MAX);
    let (mut words, mut loads) = (Vec::new(), Vec::new());
    loop {
        let wake = driver.shard.poll_timeout();
        tokio::select! {
            ready = udp.readable() => {
                ready?;
                driver.read(&mut udp)?;
            }
            count = commands.recv_many(&mut batch, COMMANDS_AT_ONCE_MAX) => {
                for command in batch.drain(..) {
                    if matches!(command, Command::Stop) {
                        return Ok(());
                    }
                    driver.command(command);
                }
                if count == 0 {
                    return Ok(());
                }
            }
            Some(input) = answered.recv() => driver.handle(input),
            1.. = arriving.recv_many(&mut arrived, ARRIVED_AT_ONCE_MAX) => {
                driver.arrive(&mut arrived);
            }
            1.. = others.words.recv_many(&mut words, WORDS_AT_ONCE_MAX) => driver.hear(&mut words),
            1.. = others.loads.recv_many(&mut loads, LOADS_AT_ONCE_MAX) => driver.unload(&mut loads, &mut udp),
            () = at(wake) => driver.shard.handle_timeout(Instant::now()),
        }
        driver.flush();
        driver.transmit(&mut udp);
        driver.tell_neighbours();
        driver.follow_connections();
    }
}

async fn at(wake: Option<Instant>) {
    match wake {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

struct Driver {
    shard: Shard,
    lines: HashMap<LineId, (ClassId, mpsc::Sender<Down>)>,
    connections: HashMap<ConnectionId, Outbox>,
    neighbours: Neighbours,
    store: Store,
    attacks: Arc<Attacks>,
    /// Who wants to know whether somebody has a seat. The shard answers each, at the latest when the class is there.
    finding: HashMap<u64, oneshot::Sender<bool>>,
    questions: u64,
    answers: mpsc::UnboundedSender<Input>,
}

impl Driver {
    /// What has arrived, stamped once a batch.
    fn read(&mut self, udp: &mut Udp) -> io::Result<()> {
        for _ in 0..BATCHES_IN_A_ROW_MAX {
            let now = Instant::now();
            let shard = &mut self.shard;
            let is_more = udp.read(|from, to, bytes| shard.receive(from.into(), to, bytes, now))?;
            shard.settle(now);
            if !is_more {
                break;
            }
            self.transmit(udp);
            self.tell_neighbours();
        }
        Ok(())
    }

    /// What other shards have to say.
    fn hear(&mut self, words: &mut Vec<(RelayId, Word)>) {
        let now = Instant::now();
        for (from, word) in words.drain(..) {
            self.shard.hear(from, word, now);
        }
        self.shard.settle(now);
    }

    /// What other shards' relays sent: each load is a batch of its own.
    fn unload(&mut self, loads: &mut Vec<(RelayId, Load)>, udp: &mut Udp) {
        for (from, load) in loads.drain(..) {
            let now = Instant::now();
            self.shard.unload(from, load, now);
            self.shard.settle(now);
            self.transmit(udp);
        }
    }

    fn tell_neighbours(&mut self) {
        while let Some((to, word)) = self.shard.poll_word() {
            self.neighbours.tell(to, word);
        }
        while let Some((to, load)) = self.shard.poll_load() {
            self.neighbours.carry(to, load);
        }
    }

    /// What has arrived over connections.
    fn arrive(&mut self, arrived: &mut Vec<Arriving>) {
        let now = Instant::now();
        for arriving in arrived.drain(..) {
            match arriving {
                Arriving::Opened { id, from, outbox } => {
                    self.connections.insert(id, outbox);
                    self.shard.open(id, from, now);
                }
                Arriving::Datagram { id, mut bytes } => self.shard.receive(Way::Connection(id), None, &mut bytes, now),
                Arriving::Closed { id } => {
                    self.connections.remove(&id);
                    self.shard.close(id);
                }
            }
        }
        self.shard.settle(now);
    }

    fn follow_connections(&mut self) {
        while let Some(news) = self.shard.poll_connection() {
            match news {
                ConnectionNews::Proved(id) => self.connections.get_mut(&id).into_iter().for_each(Outbox::prove),
                // Without its outbox a connection ends.
                ConnectionNews::Over(id) => drop(self.connections.remove(&id)),
            }
        }
    }

    fn transmit(&mut self, udp: &mut Udp) {
        while let Some(run) = self.shard.poll_transmit() {
            match run.to {
                Way::Udp(to) => udp.send(to, &run),
                // What a slow connection has no room for is lost, as it would be on the way.
                Way::Connection(id) => drop(self.connections.get(&id).map(|outbox| outbox.send(&run))),
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Input(input) => self.handle(input),
            Command::Line { line, class, down } => {
                self.lines.insert(line, (class, down));
            }
            Command::Unline { line } => self.cut(line),
            Command::Find { class, person, answer } => {
                self.questions += 1;
                self.finding.insert(self.questions, answer);
                self.handle(Input::Find { class, person, re: self.questions });
            }
            // The asker may have gone; then nobody needs the answer.
            Command::Phase { class, answer } => drop(answer.send(self.shard.phase(class))),
            Command::Load { answer } => {
                let (classes, sessions, relay) = self.shard.load();
                drop(answer.send(shards::Load { classes, sessions, relay: relay.clone() }));
            }
            Command::Stop => {}
        }
    }

    fn handle(&mut self, input: Input) {
        let now = Instant::now();
        self.shard.handle(input, now);
        self.shard.settle(now);
    }

    /// Carries out what the shard wants done with sockets and store.
    fn flush(&mut self) {
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Write { line, frame } => {
                    let full =
                        self.lines.get(&line).is_some_and(|(_, down)| down.try_send(Down::Frame(frame)).is_err());
                    if full {
                        self.cut(line);
                    }
                }
                Output::HangUp { line, why } => {
                    if let Some((_, down)) = self.lines.remove(&line) {
                        // A full outbox ends as a slow reader's does: the channel closes.
                        let _ = down.try_send(Down::HangUp(why));
                    }
                }
                Output::Load { class } => self.load(class),
                Output::Remember { class, who } => self.store.remember_person(class, *who),
                Output::Append { class, number, entry } => {
                    let ticket = Ticket { answers: self.answers.clone(), class, number, durable: false };
                    self.store.append(class, &entry, Box::new(move || ticket.redeem()));
                }
                // The asker may have gone; then nobody needs the answer.
                Output::Found { re, has_seat } => drop(self.finding.remove(&re).map(|answer| answer.send(has_seat))),
                Output::Measured(measured) => crate::measures::record(&measured),
                Output::Overreached => self.attacks.count(Attack::Overreach),
            }
        }
    }

    /// A line that is gone or too slow: its session may resume on another.
    fn cut(&mut self, line: LineId) {
        if let Some((class, _)) = self.lines.remove(&line) {
            self.shard.handle(Input::Gone { class, line }, Instant::now());
        }
    }

    fn load(&mut self, class: ClassId) {
        let answers = self.answers.clone();
        // The shard is gone only when the server is.
        self.store.load(class, Box::new(move |loaded| drop(answers.send(Input::Loaded { class, loaded }))));
    }
}

/// An entry on its way to the disk. Dropped unredeemed, it says that the entry will never be there.
struct Ticket {
    answers: mpsc::UnboundedSender<Input>,
    class: ClassId,
    number: u64,
    durable: bool,
}

impl Ticket {
    fn redeem(mut self) {
        self.durable = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (class, number) = (self.class, self.number);
        let input = if self.durable { Input::Durable { class, number } } else { Input::Unsaved { class } };
        // The shard is gone only when the server is.
        drop(self.answers.send(input));
    }
}
