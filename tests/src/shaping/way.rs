//! A participant's way to the server: a port of its own, each direction through a lane.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stream::{self, Shared};
use super::{Lane, Traffic, Weather};

/// No datagram is larger.
const DATAGRAM_BYTES: usize = 65_536;
/// A browser checks from each of its addresses; more senders than this are not one participant.
const SENDERS_MAX: usize = 64;
/// How soon a reader notices that its way is gone.
const NOTICED_WITHIN: Duration = Duration::from_millis(200);

/// A datagram, and where it goes at the end of its lane.
struct Parcel {
    bytes: Vec<u8>,
    through: Arc<UdpSocket>,
    to: SocketAddr,
}

enum Order {
    Carry(Parcel, Instant),
    Change(Weather),
    Tell(Sender<Traffic>),
}

/// Open until dropped.
pub struct Way {
    /// Where the participant sends to.
    pub address: SocketAddr,
    up: Sender<Order>,
    down: Sender<Order>,
    weather: Shared,
    is_gone: Arc<AtomicBool>,
}

/// Ports taken by chance are few.
const PORTS_TRIED_MAX: usize = 8;

impl Way {
    /// Opens a port on the address of `server` that leads there, for datagrams and for connections.
    pub fn open(server: SocketAddr, seed: u64) -> io::Result<Way> {
        let is_gone = Arc::new(AtomicBool::new(false));
        let (up, down) = (lane(seed.wrapping_mul(2)), lane(seed.wrapping_mul(2) + 1));
        let weather = Shared::default();
        let begin = || {
            let socket = listening(SocketAddr::new(server.ip(), 0))?;
            let address = socket.local_addr()?;
            stream::serve(address, server, weather.clone(), is_gone.clone(), seed)?;
            Ok::<_, io::Error>((socket, address))
        };
        // A number that is free for datagrams may be somebody's for connections.
        let mut begun = begin();
        for _ in 1..PORTS_TRIED_MAX {
            if !begun.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
                break;
            }
            begun = begin();
        }
        let (socket, address) = begun?;
        let ends = Ends { server, up: up.clone(), down: down.clone(), is_gone: is_gone.clone() };
        thread::spawn(move || ends.read_participant(&Arc::new(socket)));
        Ok(Way { address, up, down, weather, is_gone })
    }

    /// From now on it is so: towards the server, and from it.
    pub fn set(&self, up: Weather, down: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = (up, down);
        // A lane lives as long as its sender.
        let _ = self.up.send(Order::Change(up));
        let _ = self.down.send(Order::Change(down));
    }

    /// Towards the server, and from it.
    pub fn traffic(&self) -> (Traffic, Traffic) {
        let ask = |lane: &Sender<Order>| {
            let (tell, told) = mpsc::channel();
            let _ = lane.send(Order::Tell(tell));
            told.recv().unwrap_or_default()
        };
        (ask(&self.up), ask(&self.down))
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Relaxed);
    }
}

fn listening(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(at)?;
    socket.set_read_timeout(Some(NOTICED_WITHIN))?;
    Ok(socket)
}

/// Starts a lane's thread; it ends with the last sender.
fn lane(seed: u64) -> Sender<Order> {
    let (orders, given) = mpsc::channel();
    thread::spawn(move || carry(&mut Lane::new(seed, Weather::default()), &given));
    orders
}

fn carry(lane: &mut Lane<Parcel>, orders: &Receiver<Order>) {
    loop {
        while let Some(parcel) = lane.poll_output(Instant::now()) {
            // Whoever is not there any more does not get it.
            let _ = parcel.through.send_to(&parcel.bytes, parcel.to);
        }
        let order = match lane.poll_timeout() {
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => orders.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match order {
            Ok(Order::Carry(parcel, at)) => {
                let bytes = parcel.bytes.len();
                lane.offer(parcel, bytes, at);
            }
            Ok(Order::Change(weather)) => lane.change(weather),
            // Whoever asked may have stopped waiting.
            Ok(Order::Tell(tell)) => drop(tell.send(lane.traffic(Instant::now()))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What readers need to know of their way.
#[derive(Clone)]
struct Ends {
    server: SocketAddr,
    up: Sender<Order>,
    down: Sender<Order>,
    is_gone: Arc<AtomicBool>,
}

impl Ends {
    /// Each address of the participant gets a socket of its own towards the server, as behind a router.
    fn read_participant(&self, near: &Arc<UdpSocket>) {
        let mut far: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
        self.read(near, |from, bytes| {
            if !far.contains_key(&from) && far.len() < SENDERS_MAX {
                let Ok(socket) = listening(SocketAddr::new(self.server.ip(), 0)) else { return };
                let socket = Arc::new(socket);
                far.insert(from, socket.clone());
                let (ends, near) = (self.clone(), near.clone());
                thread::spawn(move || ends.read_server(&socket, &near, from));
            }
            if let Some(through) = far.get(&from) {
                let parcel = Parcel { bytes, through: through.clone(), to: self.server };
                let _ = self.up.send(Order::Carry(parcel, Instant::now()));
            }
        });
    }

    fn read_server(&self, far: &UdpSocket, near: &Arc<UdpSocket>, to: SocketAddr) {
        self.read(far, |from, bytes| {
            if from == self.server {
                let _ = self.down.send(Order::Carry(Parcel { bytes, through: near.clone(), to }, Instant::now()));
            }
        });
    }

    fn read(&self, socket: &UdpSocket, mut take: impl FnMut(SocketAddr, Vec<u8>)) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        while !self.is_gone.load(Ordering::Relaxed) {
            // An error is a timeout, or somebody's port that is closed by now: both pass.
            if let Ok((len, from)) = socket.recv_from(&mut buffer) {
                take(from, buffer[..len].to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_carries_both_ways_and_keeps_books() {
        let server = listening("127.0.0.1:0".parse().expect("address")).expect("bound");
        let participant = listening("127.0.0.1:0".parse().expect("address")).expect("bound");
        let way = Way::open(server.local_addr().expect("bound"), 1).expect("open");
        way.set(Weather::default(), Weather { delay_ms: 50, ..Weather::default() });
        let mut buffer = [0; 100];
        participant.send_to(b"there", way.address).expect("sent");
        let (len, from) = server.recv_from(&mut buffer).expect("it arrives");
        assert_eq!(&buffer[..len], b"there");
        let sent = Instant::now();
        server.send_to(b"and back", from).expect("sent");
        let (len, from) = participant.recv_from(&mut buffer).expect("it arrives");
        assert_eq!((&buffer[..len], from), (&b"and back"[..], way.address));
        assert!(sent.elapsed() >= Duration::from_millis(50));
        let (up, down) = way.traffic();
        assert_eq!((up.delivered, down.delivered, down.delivered_bytes), (1, 1, 8));
    }
}
