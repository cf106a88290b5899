//! A witness on the wire: every UDP datagram of this host's, to and from the relay, with the kernel's time.
//!
//! It needs CAP_NET_RAW, so it works in a network namespace of one's own (`tests/browser/netns.sh`).

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

/// One datagram, or several joined by their sender (GSO).
const DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// What waits while this thread does not run: a second of a small class. The kernel may grant less.
const KERNEL_BUFFER_BYTES: usize = 4 << 20;
/// How long ago the witness may be told to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Whole datagrams of people to the relay that are kept, for whoever wants to send them again.
const KEPT_MAX: usize = 512;

/// What was seen of one datagram.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When the kernel had it, since 1970.
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub len: usize,
    /// As much of it as an RTP header has (RFC 3550 §5.1); zero past its end.
    pub head: [u8; 12],
}

/// Where it is written down.
#[derive(Default)]
struct Notes {
    seen: Vec<Seen>,
    kept: VecDeque<(SocketAddr, Vec<u8>)>,
}

pub struct Witness {
    notes: Arc<Mutex<Notes>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Witness {
    /// Watches what leaves `relay`, and what people on 127.0.0.1 send there. What attackers send, from other addresses of
    /// this host's, is left out by the kernel: a flood must not blind the witness.
    pub fn of(relay: SocketAddr) -> io::Result<Witness> {
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP))?;
        socket.attach_filter(&to_and_from(relay.port()))?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES)?;
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        let (notes, over) = (Arc::new(Mutex::new(Notes::default())), Arc::new(AtomicBool::new(false)));
        let thread = {
            let (notes, over) = (notes.clone(), over.clone());
            std::thread::spawn(move || watch(&socket, &state, relay, &notes, &over))
        };
        Ok(Witness { notes, over, thread: Some(thread) })
    }

    /// All that was seen until now.
    pub fn seen(&self) -> Vec<Seen> {
        notes(&self.notes).seen.clone()
    }

    /// The last datagrams from this address to the relay, as they were, the oldest first.
    pub fn recorded(&self, from: SocketAddr) -> Vec<Vec<u8>> {
        let notes = notes(&self.notes);
        notes.kept.iter().filter(|(sender, _)| *sender == from).map(|(_, bytes)| bytes.clone()).collect()
    }

    /// Datagrams that the kernel could not keep for us: the testimony is whole if there are none.
    pub fn missed() -> io::Result<u64> {
        let table = std::fs::read_to_string("/proc/net/raw")?;
        let drops = table.lines().skip(1).filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok());
        Ok(drops.sum())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A thread that panicked has said so already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Now, on the clock by which the kernel stamps datagrams.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn notes(of: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch(socket: &Socket, state: &UdpSocketState, relay: SocketAddr, into: &Mutex<Notes>, over: &AtomicBool) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX * BATCH_SIZE];
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    while !over.load(Ordering::Relaxed) {
        let mut slices = buffer.chunks_mut(DATAGRAM_BYTES_MAX).map(IoSliceMut::new);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| slices.next().expect("the buffer was made for a batch"));
        // Nothing within the time is no news; anything else would say so again.
        let Ok(count) = state.recv(UdpSockRef::from(socket), &mut slices, &mut metas) else { continue };
        let mut notes = notes(into);
        for (meta, slice) in metas.iter().zip(slices.iter()).take(count) {
            let Some((from, to, bytes)) = datagram(&slice[..meta.len]) else { continue };
            let at = meta.timestamp.unwrap_or_else(now);
            let mut head = [0; 12];
            head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            notes.seen.push(Seen { at, from, to, len: bytes.len(), head });
            if to == relay {
                notes.kept.push_back((from, bytes.to_vec()));
                let surplus = notes.kept.len().saturating_sub(KEPT_MAX);
                notes.kept.drain(..surplus);
            }
        }
    }
}

/// Source, destination and payload of an IPv4 packet that holds UDP (RFC 791 §3.1, RFC 768).
fn datagram(packet: &[u8]) -> Option<(SocketAddr, SocketAddr, &[u8])> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let address = |at: usize| Some(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?));
    let port = |at: usize| Some(u16::from_be_bytes(*packet.get(at..)?.first_chunk()?));
    let from = SocketAddr::from((address(12)?, port(header)?));
    let to = SocketAddr::from((address(16)?, port(header + 2)?));
    Some((from, to, packet.get(header + 8..)?))
}

/// A filter in the kernel's own language (`man 7 socket`, SO_ATTACH_FILTER): from this port, or to it from 127.0.0.1.
fn to_and_from(port: u16) -> [SockFilter; 9] {
    const LENGTH_OF_HEADER: u16 = 0xb1;
    const HALF_AFTER_HEADER: u16 = 0x48;
    const WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let equals = |value: u32, yes: u8, no: u8| SockFilter::new(JUMP_IF_EQUAL, yes, no, value);
    let load = |kind: u16, at: u32| SockFilter::new(kind, 0, 0, at);
    [
        load(LENGTH_OF_HEADER, 0),
        load(HALF_AFTER_HEADER, 0),
        equals(port.into(), 4, 0),
        load(HALF_AFTER_HEADER, 2),
        equals(port.into(), 0, 3),
        load(WORD, 12),
        equals(u32::from(Ipv4Addr::LOCALHOST), 0, 1),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_behind_its_headers() {
        let mut packet = vec![0x46, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
        packet.extend([0; 4]);
        packet.extend([0x10, 0x00, 0x20, 0x00, 0, 11, 0, 0, 1, 2, 3]);
        let (from, to, bytes) = datagram(&packet).expect("whole");
        assert_eq!((from.to_string().as_str(), to.to_string().as_str()), ("127.0.0.1:4096", "127.0.0.2:8192"));
        assert_eq!(bytes, [1, 2, 3]);
        assert!(datagram(&packet[..30]).is_none(), "cut in the header");
    }
}
