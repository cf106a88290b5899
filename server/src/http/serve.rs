//! The accept loop: connections in, each within its limits, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::first_byte::FirstByte;
use super::guard::Peer;
use super::tls::Tls;
use crate::ways::{self, Edge, Home};

/// Connections at a time. The usual limit of open files is 20,000, and files and UDP need some. The gate keeps its own limit below.
const CONNECTIONS_MAX: usize = 19_500;
/// Connections that the kernel holds for us: a school that comes at the same second.
const BACKLOG: u32 = 4_096;
/// All of a request's headers must be there within this time, and the next request must begin within it.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// All headers of a request together. The cookie and the path are most of it.
const HEADER_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// What the kernel keeps of what we have written. Left alone it takes four megabytes for each reader who does not read; this
/// is a long answer at any pace that a school's link has.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// After an error of `accept` (no more files, say) others get time to close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One of the connections that there may be. Whoever takes the connection over takes this with it.
pub type Slot = Arc<OwnedSemaphorePermit>;

/// Binds to `address`, ready for a burst.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Where a connection goes that speaks TURN.
pub struct Relaying {
    pub edge: Arc<Edge>,
    pub home: Home,
}

pub struct Server {
    pub router: Router,
    pub tls: Option<Arc<Tls>>,
    /// Behind TLS a browser may also ask for TURN: whoever can open the pages can be in the class.
    pub relaying: Option<Relaying>,
    /// Cancelled: no new connection, and those there end after the request they are at.
    pub stop: CancellationToken,
}

impl Server {
    /// Serves until told to stop; returns when the last connection has ended. Upgraded ones are no longer ours.
    pub async fn run(self, listener: TcpListener) {
        let server = Arc::new(self);
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let connections = TaskTracker::new();
        loop {
            // With every slot taken nobody is accepted: the kernel keeps them waiting.
            let next = async {
                let slot = slots.clone().acquire_owned().await.ok()?;
                Some((slot, listener.accept().await))
            };
            let accepted = tokio::select! {
                () = server.stop.cancelled() => break,
                accepted = next => accepted,
            };
            match accepted {
                Some((slot, Ok((stream, peer)))) => {
                    connections.spawn(server.clone().connection(stream, peer, slot));
                }
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                None => break,
            }
        }
        connections.close();
        connections.wait().await;
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        // Small frames must not wait for one another.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES);
        let Some(tls) = &self.tls else { return self.speak(stream, peer, slot).await };
        let Some(stream) = tls.greet(stream).await else { return };
        let Some(relaying) = &self.relaying else { return self.speak(stream, peer, slot).await };
        let Ok(Ok((first, stream))) = tokio::time::timeout(HEADERS_WITHIN, FirstByte::of(stream)).await else { return };
        match first {
            // RFC 8489 §5: a STUN message begins with two zero bits, and no method of HTTP with such a byte.
            0..=3 => {
                let Some(admitted) = relaying.edge.admit(peer) else { return };
                ways::prepare(stream.get_ref().get_ref().0);
                relaying.edge.carry(stream, peer, admitted, &relaying.home).await;
            }
            _ => self.speak(stream, peer, slot).await,
        }
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr, slot: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let router = TowerToHyperService::new(self.router.clone());
        let slot: Slot = Arc::new(slot);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(slot.clone());
            router.call(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        // How a connection ends is the other side's business: there is nobody to tell.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
