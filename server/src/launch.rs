//! The shards of a server, their ports and the ways to them, bound before anything is promised to anybody.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use preau_classroom::Limits;
use preau_sfu::{Certificate, CertificateError, RelayConfig, RelayId, TurnConfig, TurnKey, Ways};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attacks::Attacks;
use crate::config::{Config, LessonsConfig, PublicUrl, TurnTls};
use crate::doctor::Notice;
use crate::http::{Relaying, Tls, TlsError};
use crate::neighbours::connect;
use crate::shard::{Epoch, Shard, Spread};
use crate::shards::Shards;
use crate::store::{Store, unix_now};
use crate::ways::{ARRIVING_MAX, Bound as BoundTcp, Crossing, Edge, Home, listen};
use crate::{thread, udp};

/// A free port of UDP may be somebody's of TCP: then the next is tried.
const FREE_PORT_TRIES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("{what}: {error}")]
    Bind { what: String, error: io::Error },
    #[error("the certificate for TURN: {0}")]
    Tls(#[from] TlsError),
    #[error("the certificate for media: {0}")]
    Certificate(#[from] CertificateError),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Everything that carries media, running or ready to.
pub struct Launched {
    pub shards: Shards,
    pub threads: Vec<JoinHandle<()>>,
    pub ports: Vec<u16>,
    /// What `preau doctor` needs to know.
    pub notice: Notice,
    /// The certificate of a TURN port of its own.
    pub turn_tls: Option<Arc<Tls>>,
    edge: Arc<Edge>,
    crossing: Option<Arc<Crossing>>,
    listeners: Vec<(BoundTcp, Option<Arc<Tls>>, Home)>,
}

/// What is the same for all shards.
struct Common<'a> {
    config: &'a Config,
    ips: Vec<IpAddr>,
    turn: Option<TurnKey>,
    /// Where browsers find TURN over TLS, if anywhere.
    turns: Vec<String>,
    certificate: Certificate,
    probe_password: String,
}

pub fn launch(
    config: &Config,
    public_url: &PublicUrl,
    store: &Store,
    attacks: &Arc<Attacks>,
) -> Result<Launched, LaunchError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = config.shards.unwrap_or(u16::try_from(cores).unwrap_or(u16::MAX));
    let spread = Spread { shards: count, home_people_max: usize::from(config.spread_from) };
    let started = Instant::now();
    let turn_port = config.ways.turn_tls.as_ref().filter(|_| config.ways.turn).map(bind_turn).transpose()?;
    let common = Common {
        config,
        ips: config.udp.advertised()?,
        turn: config.ways.turn.then(|| TurnKey::new(&rand::random(), started)),
        turns: turn_names(config, public_url, turn_port.as_ref().map(|(bound, _)| bound.address.port())),
        certificate: Certificate::generate()?,
        probe_password: format!("{:032x}", rand::random::<u128>()),
    };
    let epoch = Epoch::new(started, unix_now());
    let (mut inboxes, mut threads, mut ports) = (Vec::new(), Vec::new(), Vec::new());
    let (mut listeners, mut arrivals) = (Vec::new(), Vec::new());
    for (index, others) in connect(count).into_iter().enumerate() {
        let (bound, tcp) = bind_media(config, index)?;
        let port = bound.address.port();
        let (arriving, arrived) = mpsc::channel(ARRIVING_MAX);
        let shard = Shard::new(common.relay(index, port), epoch, spread).limited(limits(&config.lessons));
        let (inbox, thread) = thread::start(index, shard, bound, arrived, others, store.clone(), attacks.clone())?;
        listeners.extend(tcp.map(|bound| (bound, None, Home::Shard(arriving.clone()))));
        arrivals.push(arriving);
        inboxes.push(inbox);
        threads.push(thread);
        ports.push(port);
    }
    let crossing = common.turn.clone().map(|key| Arc::new(Crossing { key, shards: arrivals }));
    let turn_tls = turn_port.as_ref().map(|(_, tls)| tls.clone());
    if let (Some((bound, tls)), Some(crossing)) = (turn_port, &crossing) {
        listeners.push((bound, Some(tls), Home::Any(crossing.clone())));
    }
    let notice = Notice {
        password: common.probe_password,
        addresses: common.ips,
        ports: ports.clone(),
        tcp: config.ways.tcp,
        turn: config.ways.turn,
        turns: common.turns,
    };
    let edge = Arc::default();
    Ok(Launched { shards: Shards::new(inboxes, epoch), threads, ports, notice, turn_tls, edge, crossing, listeners })
}

/// What the operator says of every class.
fn limits(lessons: &LessonsConfig) -> Limits {
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Limits {
        idle_ms: lessons.idle_after.map(ms),
        still_there_ms: ms(lessons.answer_within),
        lesson_ms_max: lessons.length_max.map(ms),
        ..Limits::default()
    }
}

impl Launched {
    /// For the port of the pages: TURN is there too, where there is TLS.
    pub fn relaying(&self) -> Option<Relaying> {
        let home = Home::Any(self.crossing.clone()?);
        Some(Relaying { edge: self.edge.clone(), home })
    }

    /// Accepts connections until told to stop.
    pub fn listen(&mut self, tasks: &TaskTracker, stop: &CancellationToken) {
        for (bound, tls, home) in std::mem::take(&mut self.listeners) {
            let (edge, stop, address) = (self.edge.clone(), stop.clone(), bound.address);
            tasks.spawn(async move {
                if let Err(error) = listen(bound, tls, home, edge, stop).await {
                    tracing::error!(%address, %error, "nobody is accepted for media here any more");
                }
            });
        }
    }
}

impl Common<'_> {
    fn relay(&self, index: usize, port: u16) -> RelayConfig {
        let addresses: Vec<SocketAddr> = self.ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
        let turn = self.turn.clone().map(|key| TurnConfig {
            key,
            shard: u16::try_from(index).expect("fewer shards than that can be configured"),
            urls: self.turn_urls(&addresses),
        });
        RelayConfig {
            id: RelayId(u16::try_from(index).expect("fewer shards than that can be configured")),
            certificate: self.certificate.clone(),
            addresses,
            seed: rand::random(),
            ways: Ways { has_tcp: self.config.ways.tcp, turn, probe_password: Some(self.probe_password.clone()) },
            screen_layers: self.config.screen_layers,
        }
    }

    /// One address of each family: a browser tries every URL from every network it has.
    fn turn_urls(&self, addresses: &[SocketAddr]) -> Vec<String> {
        let v4 = addresses.iter().find(|address| address.is_ipv4());
        let v6 = addresses.iter().find(|address| address.is_ipv6() && !address.ip().is_loopback());
        let plain: Vec<&SocketAddr> = v4.into_iter().chain(v6).collect();
        let udp = plain.iter().map(|address| format!("turn:{address}?transport=udp"));
        let tcp = plain.iter().filter(|_| self.config.ways.tcp).map(|address| format!("turn:{address}?transport=tcp"));
        let tls = self.turns.iter().map(|name| format!("turns:{name}?transport=tcp"));
        udp.chain(tcp).chain(tls).collect()
    }
}

/// `host:port` of every place where TURN is spoken behind TLS.
fn turn_names(config: &Config, public_url: &PublicUrl, own_port: Option<u16>) -> Vec<String> {
    if !config.ways.turn {
        return Vec::new();
    }
    let (host, port) = public_url.host_and_port();
    let with_pages = config.tls.is_some().then(|| format!("{host}:{port}"));
    let own = config.ways.turn_tls.as_ref().zip(own_port).map(|(turn, port)| match &turn.name {
        Some(name) if name.contains(':') => name.clone(),
        Some(name) => format!("{name}:{port}"),
        None => format!("{host}:{port}"),
    });
    let mut names: Vec<String> = with_pages.into_iter().chain(own).collect();
    names.dedup();
    names
}

fn bind_turn(turn: &TurnTls) -> Result<(BoundTcp, Arc<Tls>), LaunchError> {
    let refused = |error| LaunchError::Bind { what: format!("ways.turn_tls_listen = {}", turn.listen), error };
    let bound = BoundTcp::to(turn.listen).map_err(refused)?;
    Ok((bound, Arc::new(Tls::open(turn.files.clone())?)))
}

/// A shard's port, of UDP and of TCP.
fn bind_media(config: &Config, index: usize) -> Result<(udp::Bound, Option<BoundTcp>), LaunchError> {
    let refused = |error| LaunchError::Bind { what: format!("udp.port {} + {index}", config.udp.port), error };
    let first = config.udp.port;
    let port = u16::try_from(index).ok().and_then(|index| first.checked_add(index));
    let port = port.ok_or_else(|| refused(io::Error::other("there are not so many ports")))?;
    let tries = if first == 0 { FREE_PORT_TRIES } else { 1 };
    let mut outcome = Err(io::Error::other("no port was tried"));
    for _ in 0..tries {
        outcome = bind_both(config, if first == 0 { 0 } else { port });
        match &outcome {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Ok(_) | Err(_) => break,
        }
    }
    outcome.map_err(refused)
}

fn bind_both(config: &Config, port: u16) -> io::Result<(udp::Bound, Option<BoundTcp>)> {
    let bound = match udp::Bound::to(SocketAddr::new(config.udp.bind, port)) {
        // A host without IPv6: the wildcard of both families is IPv4's.
        Err(_) if config.udp.bind.is_ipv6() && config.udp.bind.is_unspecified() => {
            udp::Bound::to(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?
        }
        bound => bound?,
    };
    let tcp = config.ways.tcp.then(|| BoundTcp::to(bound.address)).transpose()?;
    Ok((bound, tcp))
}
