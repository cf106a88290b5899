//! One way, tried as a browser would try it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use preau_sfu::Probe;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Around the world and back, with a handshake.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// A datagram may be lost.
const UDP_TRIES: usize = 3;
const UDP_TRY: Duration = Duration::from_millis(700);
const ANSWER_BYTES_MAX: usize = 512;

/// What is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Udp(SocketAddr),
    Tcp(SocketAddr),
    TurnUdp(SocketAddr),
    TurnTcp(SocketAddr),
    /// `host:port`.
    TurnTls(String),
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (way, at) = match self {
            Check::Udp(at) => ("UDP", at.to_string()),
            Check::Tcp(at) => ("TCP", at.to_string()),
            Check::TurnUdp(at) => ("TURN over UDP", at.to_string()),
            Check::TurnTcp(at) => ("TURN over TCP", at.to_string()),
            Check::TurnTls(at) => ("TURN over TLS", at.clone()),
        };
        write!(f, "{way:<14} {at:<44}")
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Finding {
    /// The server answered, and said as whom it sees us.
    Open {
        seen_as: Option<SocketAddr>,
    },
    Silent,
    Failed(io::Error),
}

impl Finding {
    pub async fn of(check: &Check, password: &str) -> Finding {
        let probe = Probe::new(password, rand::random());
        let tried = timeout(ANSWER_WITHIN, async {
            match check {
                Check::Udp(at) => over_udp(*at, &probe.request(), |answer| probe.read(answer).map(Some)).await,
                Check::TurnUdp(at) => over_udp(*at, &probe.knock(), |answer| challenged(&probe, answer)).await,
                Check::Tcp(at) => {
                    let mut stream = TcpStream::connect(at).await?;
                    let request = probe.request();
                    stream.write_all(&[&(request.len() as u16).to_be_bytes(), &request[..]].concat()).await?;
                    let len = stream.read_u16().await?;
                    let answer = read(&mut stream, usize::from(len)).await?;
                    Ok(probe.read(&answer).map(Some))
                }
                Check::TurnTcp(at) => {
                    let mut stream = TcpStream::connect(at).await?;
                    let answer = over_stream(&mut stream, &probe.knock()).await?;
                    Ok(challenged(&probe, &answer))
                }
                Check::TurnTls(at) => {
                    let mut stream = secured(at).await?;
                    let answer = over_stream(&mut stream, &probe.request()).await?;
                    Ok(probe.read(&answer).map(Some))
                }
            }
        });
        match tried.await {
            Ok(Ok(Some(seen_as))) => Finding::Open { seen_as },
            Ok(Ok(None)) => Finding::Failed(io::Error::other("another server answers here")),
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => Finding::Silent,
            Ok(Err(error)) => Finding::Failed(error),
            Err(_) => Finding::Silent,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self, Finding::Open { .. })
    }
}

/// A challenge tells nothing of us.
fn challenged(probe: &Probe, answer: &[u8]) -> Option<Option<SocketAddr>> {
    probe.is_challenge(answer).then_some(None)
}

/// `Some` in the answer: it is the server's own.
type Answered = io::Result<Option<Option<SocketAddr>>>;

async fn over_udp(at: SocketAddr, request: &[u8], read: impl Fn(&[u8]) -> Option<Option<SocketAddr>>) -> Answered {
    let any = if at.is_ipv4() {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
    } else {
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
    };
    let socket = UdpSocket::bind(any).await?;
    // Connected, so that a closed port is told apart from silence.
    socket.connect(at).await?;
    let mut answer = [0; ANSWER_BYTES_MAX];
    for _ in 0..UDP_TRIES {
        socket.send(request).await?;
        if let Ok(len) = timeout(UDP_TRY, socket.recv(&mut answer)).await {
            return Ok(read(&answer[..len?]));
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// One message of STUN there, one back.
async fn over_stream<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let header = read(stream, 20).await?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    Ok([header, read(stream, length).await?].concat())
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, len: usize) -> io::Result<Vec<u8>> {
    if len > ANSWER_BYTES_MAX {
        return Err(io::Error::other("another server answers here"));
    }
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// TLS with a certificate that this machine trusts for this name, as a browser wants it.
async fn secured(at: &str) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let host = at.rsplit_once(':').map_or(at, |(host, _)| host).trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(at).await?).await
}
