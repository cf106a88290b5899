//! A UDP socket read in batches, with a clock and a bell.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

const RECEIVE_BYTES: usize = 64 * 1024;
const KERNEL_BUFFER_BYTES: usize = 4 << 20;

pub struct Wire {
    socket: UdpSocket,
    state: UdpSocketState,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    pub address: SocketAddr,
    pub bell: Arc<Waker>,
}

impl Wire {
    pub fn open() -> io::Result<Wire> {
        let mut socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        let _ = state.set_send_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        let poll = Poll::new()?;
        poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
        let bell = Arc::new(Waker::new(poll.registry(), Token(1))?);
        let address = socket.local_addr()?;
        let buffer = vec![0; RECEIVE_BYTES * BATCH_SIZE];
        Ok(Wire { socket, state, poll, events: Events::with_capacity(8), buffer, address, bell })
    }

    /// Waits for datagrams, the bell, or the time.
    pub fn wait(&mut self, patience: Duration) {
        // Interrupted: look, and wait again.
        let _ = self.poll.poll(&mut self.events, Some(patience));
    }

    /// Reads one batch. False when there was none.
    pub fn read(&mut self, mut take: impl FnMut(SocketAddr, &[u8])) -> bool {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut slices = self.buffer.chunks_mut(RECEIVE_BYTES).map(IoSliceMut::new);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| slices.next().expect("the buffer was made for a batch"));
        let Ok(count) = self.state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut metas) else {
            return false;
        };
        for (meta, slice) in metas.iter().zip(slices.iter()).take(count) {
            for datagram in slice[..meta.len].chunks(meta.stride.max(1)) {
                take(meta.addr, datagram);
            }
        }
        true
    }

    pub fn send(&self, to: SocketAddr, contents: &[u8]) {
        let transmit = Transmit { destination: to, ecn: None, contents, segment_size: None, src_ip: None };
        // What the kernel has no room for is lost.
        let _ = self.state.try_send(UdpSockRef::from(&self.socket), &transmit);
    }
}
