//! A port at which connections are accepted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Edge, Home};
use crate::http::Tls;

/// Connections that the kernel holds for us: a school that comes at the same second.
const BACKLOG: i32 = 1_024;
/// What the kernel keeps of what we have written: media should be dropped here, where it is known what it is, and not
/// arrive late.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// After an error of `accept` (no more files, say) others get time to close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A port that nobody else has, not yet part of a runtime.
pub struct Bound {
    socket: std::net::TcpListener,
    pub address: SocketAddr,
}

impl Bound {
    /// Binds to `address`; a wildcard IPv6 address takes IPv4 too.
    pub fn to(address: SocketAddr) -> io::Result<Bound> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket: std::net::TcpListener = socket.into();
        let address = socket.local_addr()?;
        Ok(Bound { socket, address })
    }
}

/// Accepts until told to stop; what was accepted ends with its shard.
pub async fn listen(
    bound: Bound,
    tls: Option<Arc<Tls>>,
    home: Home,
    edge: Arc<Edge>,
    stop: CancellationToken,
) -> io::Result<()> {
    let listener = TcpListener::from_std(bound.socket)?;
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                // Without a place it is closed at once: a browser then looks for another way.
                let Some(admitted) = edge.admit(from) else { continue };
                prepare(&stream);
                let (edge, home, tls) = (edge.clone(), home.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => edge.carry(stream, from, admitted, &home).await,
                        Some(tls) => {
                            if let Some(stream) = tls.greet(stream).await {
                                edge.carry(stream, from, admitted, &home).await;
                            }
                        }
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for media could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Media waits for nothing.
pub fn prepare(stream: &TcpStream) {
    // A socket that refuses either carries media all the same, only later.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_send_buffer_size(SEND_BUFFER_BYTES);
}
