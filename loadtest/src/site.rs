//! The one server of a run: where it is, and sockets to it that cost little.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite};

/// A page that is not answered within this time says so, and tries again.
const DIALLED_WITHIN: Duration = Duration::from_secs(10);
/// The library's default is 128 KiB for each, allocated at once.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// The connection just broke, or was closed without a code (RFC 6455 §7.4.1).
pub const BROKEN: u16 = 1006;
const NO_CODE: u16 = 1005;

/// Plain, or under TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub type Socket = WebSocketStream<Box<dyn Stream>>;

#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error("{0:?} is no link of a teacher's account, like http://localhost:8080/#welcome=…")]
    Link(String),
    #[error("{0:?} is no link of {1}: a run is against one server")]
    Another(String, String),
    #[error("{0} has no address: {1}")]
    Unknown(String, std::io::Error),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("no WebSocket address: {0}")]
    Address(#[from] Box<tungstenite::Error>),
}

/// Why there is no socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unopened {
    /// Nothing listens, or it did not answer in time.
    Unanswered(String),
    /// The upgrade was answered with this status.
    Refused { status: u16, retry_after: Option<Duration> },
}

/// A server, resolved once.
#[derive(Clone)]
pub struct Site {
    /// An origin, like `http://localhost:8080`.
    pub origin: String,
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    url: String,
}

impl Site {
    /// The one server of all these links.
    pub async fn of_links(links: &[String]) -> Result<Site, SiteError> {
        let (first, others) = links.split_first().ok_or_else(|| SiteError::Link(String::new()))?;
        let site = Site::of_link(first).await?;
        match others.iter().find(|link| link.split_once("/#").is_none_or(|(origin, _)| origin != site.origin)) {
            Some(other) => Err(SiteError::Another(other.clone(), site.origin)),
            None => Ok(site),
        }
    }

    /// The server of a teacher's link.
    pub async fn of_link(link: &str) -> Result<Site, SiteError> {
        let wrong = || SiteError::Link(link.into());
        let (origin, _) = link.split_once("/#").ok_or_else(wrong)?;
        let (scheme, authority) = origin.split_once("://").ok_or_else(wrong)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(wrong()),
        };
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:{default_port}") };
        let unknown = |error| SiteError::Unknown(authority.into(), error);
        let found: Vec<SocketAddr> = lookup_host(&with_port).await.map_err(unknown)?.collect();
        // Media is offered over IPv4 alone.
        let address = found.iter().find(|address| address.is_ipv4()).or(found.first());
        let none = || unknown(std::io::Error::other("nothing was found"));
        let host = with_port.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
        let tls = if scheme == "https" { Some(tls(host)?) } else { None };
        let url = format!("{}/ws", origin.replacen("http", "ws", 1));
        Ok(Site { origin: origin.into(), address: *address.ok_or_else(none)?, tls, url })
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Opens a socket as a page of the server's own, from a network of this number.
    pub async fn dial(&self, cookie: Option<&str>, network: usize) -> Result<Socket, Unopened> {
        let unanswered = |error: &dyn std::fmt::Display| Unopened::Unanswered(error.to_string());
        let request = self.request(cookie).map_err(|error| unanswered(&error))?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        let opening = async {
            let stream = self.connect(network).await.map_err(|error| unanswered(&error))?;
            client_async_with_config(request, stream, Some(config)).await.map_err(|error| match error {
                tungstenite::Error::Http(response) => Unopened::Refused {
                    status: response.status().as_u16(),
                    retry_after: retry_after(response.headers().get(header::RETRY_AFTER)),
                },
                other => unanswered(&other),
            })
        };
        let late = Unopened::Unanswered(format!("no answer within {DIALLED_WITHIN:?}"));
        timeout(DIALLED_WITHIN, opening).await.map_err(|_| late)?.map(|(socket, _)| socket)
    }

    fn request(&self, cookie: Option<&str>) -> Result<Request<()>, Box<tungstenite::Error>> {
        let mut request = self.url.as_str().into_client_request().map_err(Box::new)?;
        let value = |text: &str| HeaderValue::from_str(text).map_err(|error| Box::new(error.into()));
        request.headers_mut().insert(header::ORIGIN, value(&self.origin)?);
        if let Some(cookie) = cookie {
            request.headers_mut().insert(header::COOKIE, value(cookie)?);
        }
        Ok(request)
    }

    /// On this machine people come from addresses of their own: a port number is not used up by them all.
    async fn connect(&self, network: usize) -> std::io::Result<Box<dyn Stream>> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let (true, SocketAddr::V4(_)) = (self.is_here(), self.address) {
            let address = Ipv4Addr::new(127, 20, network as u8, 1);
            socket.bind(SocketAddr::new(IpAddr::V4(address), 0))?;
        }
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        Ok(match &self.tls {
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        })
    }
}

fn tls(host: &str) -> Result<(TlsConnector, ServerName<'static>), SiteError> {
    let wrong = |error: &dyn std::fmt::Display| SiteError::Tls(error.to_string());
    let config = ClientConfig::with_platform_verifier().map_err(|error| wrong(&error))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// Seconds (RFC 9110 §10.2.3); the other form, a date, no part of this product sends.
fn retry_after(value: Option<&HeaderValue>) -> Option<Duration> {
    value?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The next text, or the code with which the socket ended.
pub async fn next_text(socket: &mut Socket) -> Result<Utf8Bytes, u16> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(NO_CODE, |frame| frame.code.into())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
            Some(Err(_)) | None => return Err(BROKEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_names_one_server() {
        let site = Site::of_link("http://127.0.0.1:9/#welcome=x").await.expect("a server");
        assert_eq!((site.origin.as_str(), site.url.as_str()), ("http://127.0.0.1:9", "ws://127.0.0.1:9/ws"));
        assert!(site.is_here());
        for wrong in ["localhost:8080", "ftp://localhost/#welcome=x", "http://localhost:8080/"] {
            assert!(matches!(Site::of_link(wrong).await, Err(SiteError::Link(_))), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let site = Site::of_link("http://127.0.0.1:9/#welcome=x").await.expect("a server");
        assert!(matches!(site.dial(None, 1).await, Err(Unopened::Unanswered(_))));
    }
}
