//! One light peer's socket: batches in, with segments joined by the kernel; single datagrams out.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

/// One datagram, or several of one sender joined by the kernel (GRO).
const RECEIVE_BYTES: usize = 64 * 1024;
/// What waits while the fleet looks elsewhere; the kernel may grant less.
const KERNEL_BUFFER_BYTES: usize = 1 << 20;

/// Where datagrams are read to; one for all sockets of a fleet.
pub struct Buffer(Vec<u8>);

impl Buffer {
    pub fn new() -> Buffer {
        Buffer(vec![0; RECEIVE_BYTES * BATCH_SIZE])
    }
}

pub struct Socket {
    pub inner: UdpSocket,
    state: UdpSocketState,
}

impl Socket {
    pub fn new(socket: std::net::UdpSocket) -> io::Result<Socket> {
        let inner = UdpSocket::from_std(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&inner))?;
        // Less than asked for is no error: the buffer only bridges pauses.
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&inner), KERNEL_BUFFER_BYTES);
        Ok(Socket { inner, state })
    }

    /// Reads until nothing is left, and gives each datagram to `take`, with the time at which the kernel got it: a fleet
    /// looks at its sockets by the clock, and what a relay is told of its way must not be the fleet's own rhythm.
    pub fn drain(&self, buffer: &mut Buffer, now: Instant, mut take: impl FnMut(&[u8], SocketAddr, Instant)) {
        let since_epoch = UNIX_EPOCH.elapsed().unwrap_or_default();
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut slices = buffer.0.chunks_mut(RECEIVE_BYTES).map(IoSliceMut::new);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| slices.next().expect("the buffer was made for a batch"));
        // Anything but datagrams is the end: nothing there, or an ICMP answer, which says that the relay is gone.
        while let Ok(count) = self.state.recv(UdpSockRef::from(&self.inner), &mut slices, &mut metas) {
            for (meta, slice) in metas.iter().zip(slices.iter()).take(count) {
                let waited = meta.timestamp.map_or(Duration::ZERO, |at| since_epoch.saturating_sub(at));
                let arrived = now.checked_sub(waited).unwrap_or(now);
                for datagram in slice[..meta.len].chunks(meta.stride.max(1)) {
                    take(datagram, meta.addr, arrived);
                }
            }
        }
    }

    /// Sends a datagram. What the kernel has no room for is lost, as it would be on the way.
    pub fn send(&self, to: SocketAddr, contents: &[u8]) {
        let transmit = Transmit { destination: to, ecn: None, contents, segment_size: None, src_ip: None };
        let _ = self.state.try_send(UdpSockRef::from(&self.inner), &transmit);
    }
}
