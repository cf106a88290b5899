//! The ways between a browser and this relay: plain UDP, a connection that the edge keeps, a relayed address.

use std::net::{IpAddr, SocketAddr};

/// A byte stream (TCP, or TLS over it) that the edge cuts into datagrams. The edge gives the number, and never twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A relayed address that exists only in this relay's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllocationId(pub u64);

/// Where a datagram enters or leaves this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// The other end of a UDP datagram.
    Udp(SocketAddr),
    Connection(ConnectionId),
}

impl From<SocketAddr> for Way {
    fn from(address: SocketAddr) -> Way {
        Way::Udp(address)
    }
}

/// Who an ICE check came from. Only UDP addresses can be forged; the others are this relay's own numbers, which is why
/// they are no addresses here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remote {
    Udp(SocketAddr),
    Connection(ConnectionId),
    /// Through an allocation, whose client came by one of the others.
    Relayed(AllocationId),
}

impl From<Way> for Remote {
    fn from(way: Way) -> Remote {
        match way {
            Way::Udp(address) => Remote::Udp(address),
            Way::Connection(id) => Remote::Connection(id),
        }
    }
}

/// Where a peer is and through which of our addresses it came, if the socket tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    pub remote: Remote,
    pub local: Option<IpAddr>,
}
