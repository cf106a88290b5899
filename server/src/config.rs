//! What the operator chose: one TOML file, then `PREAU_…` variables, then flags, over defaults that need none of them.

mod fault;
mod file;
mod network;
mod origin;
mod portal;
mod print;
mod screens;
mod setting;
mod span;
mod suggest;
mod window;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use preau_protocol::{DisplayName, Proof};
use preau_sfu::Layered;

pub use fault::{ConfigFault, ConfigFaults, Place};
pub use network::Network;
pub use origin::{Origin, PublicUrl};
pub use portal::{ClaimPath, KeySource, LoginDemand, PortalConfig, PublicKeyAlgorithm};
pub use print::default_config;
pub use setting::{SETTINGS, Setting};
pub use window::{ClosedWindow, WindowFault};

/// Where Prometheus finds us unless told otherwise.
pub const METRICS_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);
/// The file that is read when it is there and no other is named.
pub const FILE_DEFAULT: &str = "preau.toml";
/// Everything an operator can say fits many times over; a larger file is not a configuration.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// All settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub listen: SocketAddr,
    /// How browsers reach this server; absent: `localhost` on the port that is listened on.
    pub public_url: Option<PublicUrl>,
    pub data: PathBuf,
    pub tls: Option<TlsFiles>,
    /// Origins besides the public URL's that may change state.
    pub origins: Vec<Origin>,
    pub frame_ancestors: Vec<Origin>,
    /// HSTS holds for the names under ours as well.
    pub hsts_subdomains: bool,
    /// Proxies of ours: what they say in `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    pub retention_days: u32,
    /// What the first teacher is called until they choose a name.
    pub first_teacher: DisplayName,
    /// How many shards; absent: one per core.
    pub shards: Option<u16>,
    /// People of one class whose media its own shard carries before others help.
    pub spread_from: u16,
    /// Screens are sent in this codec's spatial layers by browsers that can.
    pub screen_layers: Option<Layered>,
    pub accounts: AccountsConfig,
    pub udp: UdpConfig,
    pub lessons: LessonsConfig,
    pub ways: WaysConfig,
    pub gate: GateConfig,
    /// Opens `/ops`; without it that page is not there.
    pub operator_token: Option<OperatorToken>,
    pub metrics: MetricsBind,
    pub log: LogConfig,
    pub portals: Vec<PortalConfig>,
}

/// A certificate chain and its private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpConfig {
    pub bind: IpAddr,
    /// The first shard's port, the next shards take the next ones; 0: any free port for each.
    pub port: u16,
    /// Addresses that browsers are told; none: every address of this host, loopback among them.
    pub addresses: Vec<IpAddr>,
}

/// What an operator shows. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorToken(String);

impl OperatorToken {
    /// Takes as long whatever is wrong with `shown`.
    pub fn is(&self, shown: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), shown.as_bytes()).is_ok()
    }
}

impl std::fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OperatorToken(…)")
    }
}

/// What the gate keeps to; what is absent follows from the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateConfig {
    pub connections_max: Option<u32>,
    pub people_max: Option<u32>,
    pub packets_per_s_max: Option<u32>,
    pub egress_mbps_max: Option<u32>,
    pub memory_mb_max: Option<u32>,
    pub accepts_per_s_max: Option<u32>,
    pub closed: Vec<ClosedWindow>,
}

/// The ways to the media besides UDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaysConfig {
    /// TCP at the UDP ports.
    pub tcp: bool,
    pub turn: bool,
    /// TURN over TLS at a port of its own, besides the one where pages are served.
    pub turn_tls: Option<TurnTls>,
}

/// What the operator says of every lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonsConfig {
    /// Whoever does nothing for so long is asked for their seat while others wait; none: never.
    pub idle_after: Option<Duration>,
    /// How long whoever is asked has to answer.
    pub answer_within: Duration,
    /// A lesson ends so long after it was opened; none: nobody's rule says when.
    pub length_max: Option<Duration>,
}

/// How long a teacher's account is signed in in a browser, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountsConfig {
    /// Without a visit.
    pub idle_days: u32,
    /// With however many.
    pub days_max: u32,
}

/// A port for TURN over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnTls {
    pub listen: SocketAddr,
    /// `host` or `host:port`, as browsers are told; absent: the public URL's host and the port above.
    pub name: Option<String>,
    pub files: TlsFiles,
}

impl UdpConfig {
    /// The addresses to put into candidates.
    pub fn advertised(&self) -> std::io::Result<Vec<IpAddr>> {
        if !self.addresses.is_empty() {
            return Ok(self.addresses.clone());
        }
        if !self.bind.is_unspecified() {
            return Ok(vec![self.bind]);
        }
        let mut found: Vec<IpAddr> = if_addrs::get_if_addrs()?
            .into_iter()
            .map(|interface| interface.ip())
            .filter(|ip| ip.is_ipv4() == self.bind.is_ipv4() || self.bind.is_ipv6())
            .filter(|ip| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()))
            .collect();
        // Loopback last: a browser tries what it is told in order.
        found.sort_by_key(|ip| (ip.is_loopback(), *ip));
        found.dedup();
        Ok(found)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsBind {
    /// [`METRICS_DEFAULT`], and nowhere if that is taken: nobody asked for it.
    Default,
    Off,
    /// Here, or the server does not start.
    At(SocketAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    pub format: LogFormat,
    pub level: tracing::Level,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            data: PathBuf::from("data"),
            tls: None,
            origins: Vec::new(),
            frame_ancestors: Vec::new(),
            hsts_subdomains: false,
            trusted_proxies: Vec::new(),
            retention_days: 30,
            first_teacher: DisplayName::parse("Professeur").expect("a constant name"),
            shards: None,
            spread_from: 150,
            screen_layers: None,
            accounts: AccountsConfig { idle_days: 90, days_max: 365 },
            udp: UdpConfig { bind: IpAddr::V6(Ipv6Addr::UNSPECIFIED), port: 0, addresses: Vec::new() },
            lessons: LessonsConfig {
                idle_after: Some(Duration::from_secs(30 * 60)),
                answer_within: Duration::from_secs(2 * 60),
                length_max: None,
            },
            ways: WaysConfig { tcp: true, turn: true, turn_tls: None },
            gate: GateConfig::default(),
            operator_token: None,
            metrics: MetricsBind::Default,
            log: LogConfig { format: LogFormat::Text, level: tracing::Level::INFO },
            portals: Vec::new(),
        }
    }
}

/// Where settings may come from besides the defaults.
#[derive(Debug, Default)]
pub struct Sources {
    /// A file that must be there; else [`FILE_DEFAULT`] is read if it is.
    pub file: Option<PathBuf>,
    /// `PREAU_…` variables, by name.
    pub variables: Vec<(String, String)>,
    /// Flags without their dashes, as `listen` or `udp-port`.
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// Lays all sources over the defaults. Every fault found is reported, not only the first.
    pub fn load(sources: &Sources) -> Result<Config, ConfigFaults> {
        let (mut draft, mut faults) = match read(sources.file.as_deref()) {
            Ok(None) => Default::default(),
            Ok(Some((path, text))) => file::draft(&path, &text),
            Err(fault) => (setting::Draft::default(), vec![fault]),
        };
        setting::lay_variables(&mut draft, &sources.variables, &mut faults);
        setting::lay_flags(&mut draft, &sources.flags, &mut faults);
        let config = draft.finish(&mut faults);
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults(faults)) }
    }

    /// What a file with this text says, laid over the defaults. `path` is for faults.
    pub fn of_text(path: &Path, text: &str) -> Result<Config, ConfigFaults> {
        let (draft, mut faults) = file::draft(path, text);
        let config = draft.finish(&mut faults);
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults(faults)) }
    }

    /// The portal that sent somebody, and its number.
    pub fn portal_of(&self, proof: &Proof) -> Option<(usize, &PortalConfig)> {
        let Proof::Portal { issuer } = proof else { return None };
        self.portals.iter().enumerate().find(|(_, portal)| portal.name == *issuer)
    }

    /// The URL at which browsers reach this server, once the port is known.
    pub fn public_url_on(&self, port: u16) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::localhost(self.tls.is_some(), port))
    }
}

fn read(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigFault> {
    let path = named.unwrap_or(Path::new(FILE_DEFAULT));
    let fault = |message: String| ConfigFault { place: Place::File { path: path.into(), line: None }, message };
    let size = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => return Err(fault(format!("cannot be read: {error}"))),
        Ok(metadata) => metadata.len(),
    };
    if size > FILE_BYTES_MAX {
        return Err(fault(format!("is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    Ok(Some((path.into(), text)))
}

#[cfg(test)]
mod tests;
