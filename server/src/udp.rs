//! One shard's UDP socket: batches in, segmented runs out.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use preau_sfu::Transmit;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// What the kernel keeps for us while we are busy: a few milliseconds of a full shard. It may grant less.
const KERNEL_BUFFER_BYTES: usize = 4 << 20;
/// One received datagram, or several of one sender joined by the kernel (GRO).
const RECEIVE_BYTES: usize = 64 * 1024;

/// A bound socket that is not yet part of a runtime.
pub struct Bound {
    socket: std::net::UdpSocket,
    pub address: SocketAddr,
}

impl Bound {
    /// Binds to `address`; a wildcard IPv6 address takes IPv4 too.
    pub fn to(address: SocketAddr) -> io::Result<Bound> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket: std::net::UdpSocket = socket.into();
        let address = socket.local_addr()?;
        Ok(Bound { socket, address })
    }
}

pub struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    /// The socket speaks IPv6, and IPv4 in mapped addresses (RFC 4291 §2.5.5.2).
    mapped: bool,
    /// Bound to one address, it need not be told from which of them to send.
    has_one_address: bool,
    buffer: Vec<u8>,
    /// Runs and datagrams that the kernel had no room for.
    pub dropped: u64,
}

impl Udp {
    /// Puts a bound socket into the current runtime.
    pub fn new(bound: Bound) -> io::Result<Udp> {
        let mapped = bound.address.is_ipv6();
        let has_one_address = !bound.address.ip().is_unspecified();
        let state = UdpSocketState::new(UdpSockRef::from(&bound.socket))?;
        // Less than asked for is no error: the buffers only bridge bursts.
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&bound.socket), KERNEL_BUFFER_BYTES);
        let _ = state.set_send_buffer_size(UdpSockRef::from(&bound.socket), KERNEL_BUFFER_BYTES);
        let socket = UdpSocket::from_std(bound.socket)?;
        Ok(Udp { socket, state, mapped, has_one_address, buffer: vec![0; RECEIVE_BYTES * BATCH_SIZE], dropped: 0 })
    }

    pub async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Reads one batch and gives each datagram to `take`: sender, local address, bytes. False when there is no more.
    pub fn read(&mut self, mut take: impl FnMut(SocketAddr, Option<IpAddr>, &mut [u8])) -> io::Result<bool> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let (socket, state) = (&self.socket, &self.state);
        let mut slices = self.buffer.chunks_mut(RECEIVE_BYTES).map(IoSliceMut::new);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| slices.next().expect("the buffer was made for a batch"));
        let mut count = 0;
        // Less than a batch was all there is: said now, it saves the call that would find nothing.
        let read = socket.try_io(Interest::READABLE, || {
            count = state.recv(UdpSockRef::from(socket), &mut slices, &mut metas)?;
            if count < BATCH_SIZE { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        let is_more = match read {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            // An ICMP answer to something sent earlier says nothing of this socket.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => true,
            Err(error) => return Err(error),
        };
        for (meta, slice) in metas.iter().zip(slices.iter_mut()).take(count) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            let stride = meta.stride.max(1);
            for datagram in slice[..meta.len].chunks_mut(stride) {
                take(from, to, datagram);
            }
        }
        Ok(is_more)
    }

    /// Sends a run to `to`. What the kernel has no room for is lost, as it would be on the way.
    pub fn send(&mut self, to: SocketAddr, run: &Transmit<'_>) {
        let segments_max = self.state.max_gso_segments();
        let whole = run.contents.len();
        let step = run.segment_size.map_or(whole, |size| size * segments_max).max(1);
        for part in run.contents.chunks(step) {
            let segment_size = run.segment_size.filter(|size| *size < part.len());
            let transmit = quinn_udp::Transmit {
                destination: self.mapped_address(to),
                ecn: None,
                contents: part,
                segment_size,
                src_ip: run.from.filter(|_| !self.has_one_address).map(|ip| self.mapped_ip(ip)),
            };
            let (socket, state) = (&self.socket, &self.state);
            let sent = socket.try_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(socket), &transmit));
            if sent.is_err() {
                self.dropped += 1;
            }
        }
    }

    fn mapped_address(&self, address: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.mapped_ip(address.ip()), address.port())
    }

    fn mapped_ip(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(v4) if self.mapped => IpAddr::V6(v4.to_ipv6_mapped()),
            ip => ip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_of_segments_arrives_as_datagrams() {
        let bind = || Udp::new(Bound::to("[::]:0".parse().expect("address")).expect("bound")).expect("in the runtime");
        let (mut here, mut there) = (bind(), bind());
        let port = there.socket.local_addr().expect("bound").port();
        let contents: Vec<u8> = (0..250).collect();
        let to = SocketAddr::new("127.0.0.1".parse().expect("address"), port);
        // The runtime knows a socket as writable once it has looked.
        here.socket.writable().await.expect("writable");
        here.send(to, &Transmit { to: to.into(), from: None, contents: &contents, segment_size: Some(100) });
        let mut got = Vec::new();
        while got.len() < 3 {
            there.readable().await.expect("readable");
            let take = |from: SocketAddr, _: Option<IpAddr>, bytes: &mut [u8]| {
                assert!(from.is_ipv4());
                got.push(bytes.to_vec());
            };
            there.read(take).expect("read");
        }
        assert_eq!(got, [&contents[..100], &contents[100..200], &contents[200..]]);
    }
}
