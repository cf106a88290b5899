//! Thousands of light peers on one thread.
//!
//! Once all are connected, the thread wakes by the clock and not for every datagram: a relay that is measured does not
//! pay for waking its clients, and the clients' own cost stays below the relay's.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use tokio::sync::oneshot;

use super::peer::{Failure, LightPeer};
use super::peer_report::{Logbook, PeerReport};
use super::reel::Sound;
use super::socket::{Buffer, Socket};

/// Between two looks at the sockets. A reel's packets are late by half of it on average.
const TICK: Duration = Duration::from_millis(1);
const EVENTS_AT_ONCE: usize = 1_024;

/// A peer's place in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(usize);

impl Place {
    pub fn index(self) -> usize {
        self.0
    }
}

/// What all peers of a fleet got and gave until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub connected: usize,
    /// Peers to which some media came.
    pub reached: usize,
    /// Media packets received, without repairs.
    pub packets: u64,
    pub repairs: u64,
    /// Numbers that never came.
    pub missing: u64,
    /// Thrown away on purpose.
    pub thrown: u64,
    /// Packets of the opened sample that did not open.
    pub unopened: u64,
    /// Media packets that peers of the fleet sent.
    pub sent: u64,
    pub reports: u64,
    /// CPU time of the fleet's thread.
    pub busy: Duration,
}

enum Command {
    Enlist(Box<LightPeer>, std::net::UdpSocket, oneshot::Sender<io::Result<Place>>, oneshot::Sender<Outcome>),
    Retire(Place),
    Survey(oneshot::Sender<Logbook>),
    Perform(Place, String, Option<Sound>),
    Census(oneshot::Sender<Census>),
}

type Outcome = Result<Instant, Failure>;

/// The handle of a fleet's thread, which ends with it.
#[derive(Clone)]
pub struct Fleet {
    commands: Sender<Command>,
}

impl Fleet {
    pub fn launch() -> io::Result<Fleet> {
        let (commands, inbox) = channel();
        let (boats, connecting) = (Vec::new(), Vec::new());
        let crew = Crew { poll: Poll::new()?, inbox, boats, connecting, epoch: Instant::now() };
        std::thread::Builder::new().name("fleet".into()).spawn(move || crew.run())?;
        Ok(Fleet { commands })
    }

    /// Takes a peer in and connects it. Returns its place and when it was connected.
    pub async fn connect(&self, peer: LightPeer, socket: std::net::UdpSocket) -> io::Result<(Place, Outcome)> {
        let ((place_tx, place), (outcome_tx, outcome)) = (oneshot::channel(), oneshot::channel());
        let gone = || io::Error::other("the fleet's thread is gone");
        let enlist = Command::Enlist(Box::new(peer), socket, place_tx, outcome_tx);
        self.commands.send(enlist).map_err(|_| gone())?;
        let place = place.await.map_err(|_| gone())??;
        Ok((place, outcome.await.map_err(|_| gone())?))
    }

    /// Takes a peer in; the survey tells whether and when it connects.
    pub async fn enlist(&self, peer: LightPeer, socket: std::net::UdpSocket) -> io::Result<Place> {
        let ((place_tx, place), (outcome_tx, _)) = (oneshot::channel(), oneshot::channel());
        let gone = || io::Error::other("the fleet's thread is gone");
        let enlist = Command::Enlist(Box::new(peer), socket, place_tx, outcome_tx);
        self.commands.send(enlist).map_err(|_| gone())?;
        place.await.map_err(|_| gone())?
    }

    /// The peer is gone from one moment to the next, as when a page closes; what it got stays counted.
    pub fn retire(&self, place: Place) {
        // Without its thread a fleet has no peers.
        let _ = self.commands.send(Command::Retire(place));
    }

    /// What each peer got until now, in the order in which they were enlisted.
    pub async fn survey(&self) -> io::Result<Logbook> {
        let (answer, logbook) = oneshot::channel();
        let gone = || io::Error::other("the fleet's thread is gone");
        self.commands.send(Command::Survey(answer)).map_err(|_| gone())?;
        logbook.await.map_err(|_| gone())
    }

    /// Sends a sound or picture in section `mid` of a peer, or nothing any more.
    pub fn perform(&self, place: Place, mid: &str, sound: Option<Sound>) {
        // Without its thread a fleet sends nothing anyway.
        let _ = self.commands.send(Command::Perform(place, mid.to_owned(), sound));
    }

    pub async fn census(&self) -> io::Result<Census> {
        let (answer, census) = oneshot::channel();
        let gone = || io::Error::other("the fleet's thread is gone");
        self.commands.send(Command::Census(answer)).map_err(|_| gone())?;
        census.await.map_err(|_| gone())
    }
}

struct Boat {
    peer: LightPeer,
    /// Nothing once the peer has retired.
    socket: Option<Socket>,
    /// When the peer next wants to be called.
    due: Option<Instant>,
}

impl Boat {
    fn flush(&mut self) {
        let Some(socket) = &self.socket else { return };
        while let Some(datagram) = self.peer.poll_transmit() {
            socket.send(self.peer.relay, &datagram);
        }
        self.due = self.peer.poll_timeout();
    }
}

/// What lives on the thread.
struct Crew {
    poll: Poll,
    inbox: Receiver<Command>,
    boats: Vec<Boat>,
    connecting: Vec<(usize, oneshot::Sender<Outcome>)>,
    /// What the stamps in packets count from.
    epoch: Instant,
}

impl Crew {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_AT_ONCE);
        let mut buffer = Buffer::new();
        let mut tick = Instant::now();
        loop {
            // While somebody connects, the sockets are waited for instead.
            let until = if self.connecting.is_empty() { tick } else { Instant::now() };
            if !self.obey(until) {
                return;
            }
            // Who connects is measured by the clock on the wall, and is served at once.
            let patience = if self.connecting.is_empty() { Duration::ZERO } else { TICK };
            if self.poll.poll(&mut events, Some(patience)).is_err() {
                continue;
            }
            self.read(&events, &mut buffer);
            self.play();
            self.report_connected();
            let now = Instant::now();
            tick = if tick + TICK < now { now } else { tick + TICK };
        }
    }

    /// Does what is asked for until this time. False when nobody can ask any more.
    fn obey(&mut self, until: Instant) -> bool {
        loop {
            let command = match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            };
            match command {
                Command::Enlist(peer, socket, place, outcome) => {
                    let enlisted = self.enlist(*peer, socket);
                    let is_connecting = enlisted.is_ok();
                    if let Ok(Place(at)) = enlisted {
                        self.connecting.push((at, outcome));
                    }
                    // Who asked may have given up.
                    let _ = place.send(enlisted);
                    if is_connecting {
                        return true;
                    }
                }
                Command::Perform(Place(at), mid, sound) => {
                    let boat = &mut self.boats[at];
                    if boat.socket.is_some() {
                        boat.peer.perform(&mid, sound, Instant::now());
                        boat.due = boat.peer.poll_timeout();
                    }
                }
                Command::Retire(Place(at)) => self.retire(at),
                Command::Survey(answer) => drop(answer.send(self.survey())),
                Command::Census(answer) => drop(answer.send(self.census())),
            }
        }
    }

    fn enlist(&mut self, mut peer: LightPeer, socket: std::net::UdpSocket) -> io::Result<Place> {
        let at = self.boats.len();
        let mut socket = Socket::new(socket)?;
        self.poll.registry().register(&mut socket.inner, Token(at), Interest::READABLE)?;
        peer.begin(Instant::now(), self.epoch);
        let mut boat = Boat { peer, socket: Some(socket), due: None };
        boat.flush();
        self.boats.push(boat);
        Ok(Place(at))
    }

    fn read(&mut self, events: &Events, buffer: &mut Buffer) {
        let now = Instant::now();
        for event in events {
            let Some(Boat { peer, socket: Some(socket), due }) = self.boats.get_mut(event.token().0) else { continue };
            socket.drain(buffer, now, |datagram, from, arrived| peer.receive(datagram, from, arrived));
            peer.ask_again();
            while let Some(datagram) = peer.poll_transmit() {
                socket.send(peer.relay, &datagram);
            }
            *due = peer.poll_timeout();
        }
    }

    fn play(&mut self) {
        let now = Instant::now();
        for boat in &mut self.boats {
            if boat.due.is_some_and(|due| due <= now) {
                // Packets are stamped with the time at which they leave, not with that of the first of a thousand.
                boat.peer.handle_timeout(Instant::now());
                boat.flush();
            }
        }
    }

    fn report_connected(&mut self) {
        let now = Instant::now();
        let mut waiting = Vec::new();
        for (at, outcome) in self.connecting.drain(..) {
            match self.boats[at].peer.outcome() {
                // Who asked may have given up.
                Some(done) => drop(outcome.send(done.map(|()| now))),
                None => waiting.push((at, outcome)),
            }
        }
        self.connecting = waiting;
    }

    fn retire(&mut self, at: usize) {
        let Some(boat) = self.boats.get_mut(at) else { return };
        if let Some(mut socket) = boat.socket.take() {
            // It is closed in a moment anyway.
            let _ = self.poll.registry().deregister(&mut socket.inner);
        }
        boat.due = None;
        self.connecting.retain(|(connecting, _)| *connecting != at);
    }

    fn survey(&self) -> Logbook {
        let mut logbook = Logbook { busy: crate::usage::own_thread(), ..Logbook::default() };
        for boat in &self.boats {
            logbook.transit.add(&boat.peer.transit);
            logbook.peers.push(PeerReport::of(&boat.peer));
        }
        logbook
    }

    fn census(&self) -> Census {
        let mut census = Census { busy: crate::usage::own_thread(), ..Census::default() };
        for Boat { peer, .. } in &self.boats {
            census.connected += usize::from(peer.outcome() == Some(Ok(())));
            census.reached += usize::from(peer.tallies.iter().any(|tally| tally.packets > 0));
            census.sent += peer.sent();
            census.unopened += peer.unopened;
            census.reports += peer.reports_sent;
            for tally in &peer.tallies {
                if tally.is_repair {
                    census.repairs += tally.packets;
                } else {
                    census.packets += tally.packets;
                    census.missing += tally.missing();
                    census.thrown += tally.thrown_in_all;
                }
            }
        }
        census
    }
}
