//! The table of settings: each has one key in the file, one `PREAU_…` variable and one flag.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use preau_protocol::DisplayName;

use super::fault::{ConfigFault, Place};
use super::origin::{Origin, PublicUrl};
use super::screens;
use super::span;
use super::suggest::suggest;
use super::{ClosedWindow, Config, LogFormat, MetricsBind, Network, OperatorToken, PortalConfig, TlsFiles, TurnTls};

/// Classes are kept for at most this long, whatever is configured: children's data is kept as briefly as possible.
const RETENTION_DAYS_MAX: i64 = 400;
/// A browser's cookie itself is kept for no longer without a visit.
const ACCOUNT_IDLE_DAYS_MAX: i64 = 180;
/// A school year, and the holidays after it.
const ACCOUNT_DAYS_MAX: i64 = 400;
/// One shard is a thread and a port; a machine with more cores than this is worth a second look.
const SHARDS_MAX: i64 = 256;
/// More than any class has: then none is spread.
const SPREAD_FROM_MAX: i64 = 10_000;
const ZONE_DEFAULT: &str = "Europe/Paris";
/// No machine has more of anything that the gate counts.
const GATE_LIMIT_MAX: i64 = 1_000_000_000;
/// 16 characters of a good generator are not guessed.
const OPERATOR_TOKEN_CHARS_MIN: usize = 16;
/// Names in one list: an allow-list that a person can still read.
const LIST_MAX: usize = 64;

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    List(Vec<String>),
}

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    Number,
    List,
}

impl Shape {
    pub(super) fn words(self) -> &'static str {
        match self {
            Shape::Text => "a text",
            Shape::Number => "a whole number",
            Shape::List => "a list of texts",
        }
    }
}

pub struct Setting {
    /// The dotted key in the file.
    pub key: &'static str,
    pub about: &'static str,
    pub shape: Shape,
    set: fn(&mut Draft, Value) -> Result<(), String>,
    /// The default as TOML.
    pub default: &'static str,
}

impl Setting {
    /// `udp.port` → `PREAU_UDP_PORT`.
    pub fn variable(&self) -> String {
        format!("PREAU_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// `udp.port` → `udp-port`.
    pub fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    pub(super) fn apply(&self, draft: &mut Draft, value: Value) -> Result<(), String> {
        (self.set)(draft, value)
    }

    /// A value as a variable or flag carries it: lists are separated by commas.
    fn read(&self, text: &str) -> Result<Value, String> {
        match self.shape {
            Shape::Text => Ok(Value::Text(text.into())),
            Shape::Number => {
                text.trim().parse().map(Value::Number).map_err(|_| format!("expected {}", self.shape.words()))
            }
            Shape::List => {
                Ok(Value::List(text.split(',').map(|t| t.trim().to_string()).filter(|t| !t.is_empty()).collect()))
            }
        }
    }
}

/// A configuration while its sources are laid over one another. Pairs that only make sense together are still apart.
#[derive(Default)]
pub(super) struct Draft {
    pub config: Config,
    pub portals: Vec<PortalConfig>,
    tls: Pair,
    turn_tls: Pair,
    turn_tls_listen: Option<SocketAddr>,
    turn_tls_name: Option<String>,
    zone: Option<TimeZone>,
    closed: Vec<String>,
    /// Where the windows were last written.
    closed_place: Option<Place>,
}

/// A certificate and its key, while they are still apart.
#[derive(Default)]
struct Pair {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    /// Where one of them was last written, to name it should its partner be missing.
    place: Option<Place>,
}

impl Pair {
    fn join(self, section: &str, faults: &mut Vec<ConfigFault>) -> Option<TlsFiles> {
        match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let place = self.place.expect("one of the two was written somewhere");
                let message = format!("{section}certificate and {section}key are needed together");
                faults.push(ConfigFault { place, message });
                None
            }
        }
    }
}

impl Draft {
    pub fn finish(mut self, faults: &mut Vec<ConfigFault>) -> Config {
        self.config.portals = self.portals;
        let zone = self.zone.or_else(|| TimeZone::get(ZONE_DEFAULT).ok()).unwrap_or(TimeZone::UTC);
        for window in &self.closed {
            match ClosedWindow::parse(window, &zone) {
                Ok(window) => self.config.gate.closed.push(window),
                Err(error) => {
                    let place = self.closed_place.clone().expect("the window was written somewhere");
                    faults.push(ConfigFault { place, message: format!("gate.closed: {window:?}: {error}") });
                }
            }
        }
        self.config.tls = self.tls.join("tls.", faults);
        let place = self.turn_tls.place.clone();
        let files = self.turn_tls.join("ways.turn_tls_", faults).or_else(|| self.config.tls.clone());
        self.config.ways.turn_tls = match (self.turn_tls_listen, files) {
            (None, _) => None,
            (Some(listen), Some(files)) => Some(TurnTls { listen, name: self.turn_tls_name, files }),
            (Some(_), None) => {
                let place = place.expect("the address was written somewhere");
                let message = "ways.turn_tls_listen needs a certificate and a key, its own or those of tls".into();
                faults.push(ConfigFault { place, message });
                None
            }
        };
        self.config
    }

    pub fn set(&mut self, setting: &Setting, value: Value, place: Place, faults: &mut Vec<ConfigFault>) {
        if setting.key.starts_with("tls.") {
            self.tls.place = Some(place.clone());
        }
        if setting.key.starts_with("ways.turn_tls_") {
            self.turn_tls.place = Some(place.clone());
        }
        if setting.key == "gate.closed" {
            self.closed_place = Some(place.clone());
        }
        if let Err(message) = setting.apply(self, value) {
            faults.push(ConfigFault { place, message: format!("{}: {message}", setting.key) });
        }
    }
}

fn text<T>(value: Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
    match value {
        Value::Text(text) => parse(text.trim()),
        Value::Number(_) | Value::List(_) => Err("expected a text".into()),
    }
}

/// A text where nothing means the default.
fn text_or_none<T>(value: Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    text(value, |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) })
}

fn number(value: Value, range: std::ops::RangeInclusive<i64>) -> Result<i64, String> {
    match value {
        Value::Number(n) if range.contains(&n) => Ok(n),
        Value::Number(_) => Err(format!("expected a number from {} to {}", range.start(), range.end())),
        Value::Text(_) | Value::List(_) => Err("expected a whole number".into()),
    }
}

fn list<T>(value: Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    match value {
        Value::List(items) if items.len() > LIST_MAX => Err(format!("more than {LIST_MAX} entries")),
        Value::List(items) => items.iter().map(|item| parse(item).map_err(|why| format!("{item:?}: {why}"))).collect(),
        Value::Text(_) | Value::Number(_) => Err("expected a list of texts".into()),
    }
}

/// A limit of the gate; 0 means that of the machine.
fn amount(value: Value) -> Result<Option<u32>, String> {
    number(value, 0..=GATE_LIMIT_MAX).map(|n| u32::try_from(n).ok().filter(|n| *n > 0))
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "expected a time zone, as in Europe/Paris".into())
}

fn operator_token(text: &str) -> Result<OperatorToken, String> {
    match text.chars().count() {
        OPERATOR_TOKEN_CHARS_MIN.. => Ok(OperatorToken(text.into())),
        _ => Err(format!("expected at least {OPERATOR_TOKEN_CHARS_MIN} characters")),
    }
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, as in 127.0.0.1:8080 or [::]:8080".into())
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an IP address".into())
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("expected a path".into()) } else { Ok(PathBuf::from(text)) }
}

/// Every setting, in the order in which it is printed. Portals are tables of their own (see `portal`).
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        about: "Where browsers connect: address and port. Without TLS keep it on loopback, behind a proxy that has it.",
        shape: Shape::Text,
        default: "\"127.0.0.1:8080\"",
        set: |d, v| text(v, socket).map(|x| d.config.listen = x),
    },
    Setting {
        key: "public_url",
        about: "How browsers reach this server, as in https://class.example.org. Empty: localhost on the port above.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, PublicUrl::parse_root).map(|x| d.config.public_url = x),
    },
    Setting {
        key: "data",
        about: "The directory of the database.",
        shape: Shape::Text,
        default: "\"data\"",
        set: |d, v| text(v, path).map(|x| d.config.data = x),
    },
    Setting {
        key: "origins",
        about: "Further origins whose pages may act here, besides the public URL's. Exact, no wildcards.",
        shape: Shape::List,
        default: "[]",
        set: |d, v| list(v, Origin::parse).map(|x| d.config.origins = x),
    },
    Setting {
        key: "frame_ancestors",
        about: "Origins that may show Préau in a frame. None: nobody.",
        shape: Shape::List,
        default: "[]",
        set: |d, v| list(v, Origin::parse).map(|x| d.config.frame_ancestors = x),
    },
    Setting {
        key: "hsts_subdomains",
        about: "\"on\" or \"off\": browsers are told to ask every name under the public URL's by HTTPS, too. On only where all of them speak it.",
        shape: Shape::Text,
        default: "\"off\"",
        set: |d, v| text(v, switch).map(|x| d.config.hsts_subdomains = x),
    },
    Setting {
        key: "trusted_proxies",
        about: "Networks of our own reverse proxies, as in 127.0.0.1 or 10.0.0.0/8: from there X-Forwarded-For is believed, and from nowhere else. Behind a proxy that is not named here everybody has one address, and shares one budget for strangers.",
        shape: Shape::List,
        default: "[]",
        set: |d, v| list(v, Network::parse).map(|x| d.config.trusted_proxies = x),
    },
    Setting {
        key: "retention_days",
        about: "A class is erased with everything about it this many days after it was last used.",
        shape: Shape::Number,
        default: "30",
        set: |d, v| number(v, 1..=RETENTION_DAYS_MAX).map(|x| d.config.retention_days = x as u32),
    },
    Setting {
        key: "first_teacher",
        about: "What the first teacher is called until they choose a name.",
        shape: Shape::Text,
        default: "\"Professeur\"",
        set: |d, v| text(v, |t| DisplayName::parse(t).map_err(|e| e.to_string())).map(|x| d.config.first_teacher = x),
    },
    Setting {
        key: "operator_token",
        about: "Opens the operator's page at /ops: 16 characters or more. Empty: there is no such page.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, operator_token).map(|x| d.config.operator_token = x),
    },
    Setting {
        key: "shards",
        about: "Threads that run classes and their media, each with a UDP port of its own. 0: one per core.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| number(v, 0..=SHARDS_MAX).map(|x| d.config.shards = (x > 0).then_some(x as u16)),
    },
    Setting {
        key: "spread_from",
        about: "A class's media is carried by its own shard up to so many people, and past that by all that have room. More than that many who look at nine cameras each take half of a core.",
        shape: Shape::Number,
        default: "150",
        set: |d, v| number(v, 1..=SPREAD_FROM_MAX).map(|x| d.config.spread_from = x as u16),
    },
    Setting {
        key: "screen_layers",
        about: "\"av1\", \"vp9\" or \"off\": browsers that can send a shared screen in this codec in three sizes at once, so that who has a weak connection sees a smaller one instead of none. It takes the sharer's processor more work, AV1 most, and everybody in class needs a browser that plays it, as Chrome and Firefox do.",
        shape: Shape::Text,
        default: "\"off\"",
        set: |d, v| text(v, screens::parse).map(|x| d.config.screen_layers = x),
    },
    Setting {
        key: "accounts.idle_days",
        about: "A teacher's account is signed out of a browser in which it was not used for so many days.",
        shape: Shape::Number,
        default: "90",
        set: |d, v| number(v, 1..=ACCOUNT_IDLE_DAYS_MAX).map(|x| d.config.accounts.idle_days = x as u32),
    },
    Setting {
        key: "accounts.days_max",
        about: "And so many days after it was signed in, however often it was used: then it takes a new link.",
        shape: Shape::Number,
        default: "365",
        set: |d, v| number(v, 1..=ACCOUNT_DAYS_MAX).map(|x| d.config.accounts.days_max = x as u32),
    },
    Setting {
        key: "tls.certificate",
        about: "A PEM file with the certificate chain. With it and the key Préau speaks HTTPS itself.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, path).map(|x| d.tls.certificate = x),
    },
    Setting {
        key: "tls.key",
        about: "A PEM file with the private key. Both files are read again on SIGHUP.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, path).map(|x| d.tls.key = x),
    },
    Setting {
        key: "udp.bind",
        about: "The address media sockets are bound to, UDP and TCP. [::] takes IPv4 too, and is IPv4 where there is no IPv6.",
        shape: Shape::Text,
        default: "\"::\"",
        set: |d, v| text(v, address).map(|x| d.config.udp.bind = x),
    },
    Setting {
        key: "udp.port",
        about: "The first shard's port, UDP and TCP; the next shards take the next ones. 0: any free port. Behind a firewall choose one (3478, say): `preau doctor` says what must be open.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| number(v, 0..=i64::from(u16::MAX)).map(|x| d.config.udp.port = x as u16),
    },
    Setting {
        key: "udp.addresses",
        about: "Addresses that browsers are told to send media to: the public ones, where they differ from this host's. None: every address of this host.",
        shape: Shape::List,
        default: "[]",
        set: |d, v| list(v, address).map(|x| d.config.udp.addresses = x),
    },
    Setting {
        key: "ways.tcp",
        about: "\"on\" or \"off\": media over TCP too, at the ports of UDP, for networks that let no UDP through.",
        shape: Shape::Text,
        default: "\"on\"",
        set: |d, v| text(v, switch).map(|x| d.config.ways.tcp = x),
    },
    Setting {
        key: "ways.turn",
        about: "\"on\" or \"off\": TURN for networks that let only little through. It relays to this server's own media and to nothing else. With tls.certificate it is also where pages are served: one port for everything.",
        shape: Shape::Text,
        default: "\"on\"",
        set: |d, v| text(v, switch).map(|x| d.config.ways.turn = x),
    },
    Setting {
        key: "ways.turn_tls_listen",
        about: "A further address for TURN over TLS, as in [::]:443, for when a proxy serves the pages. Empty: none.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, socket).map(|x| d.turn_tls_listen = x),
    },
    Setting {
        key: "ways.turn_tls_name",
        about: "What browsers are told for it, as in turn.example.org or turn.example.org:443. Empty: the public URL's host.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, host).map(|x| d.turn_tls_name = x),
    },
    Setting {
        key: "ways.turn_tls_certificate",
        about: "A PEM file with the certificate chain for it. Empty: that of tls.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, path).map(|x| d.turn_tls.certificate = x),
    },
    Setting {
        key: "ways.turn_tls_key",
        about: "A PEM file with its private key. Both files are read again on SIGHUP.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text_or_none(v, path).map(|x| d.turn_tls.key = x),
    },
    Setting {
        key: "gate.idle_after",
        about: "While others wait to come in, a student who did nothing for so long is asked whether they are still there, and without an answer the seat is free. They come back without being admitted again. As in 90 s, 30 min, 1 h, or \"off\": nobody is asked.",
        shape: Shape::Text,
        default: "\"30 min\"",
        set: |d, v| text(v, span::parse_or_off).map(|x| d.config.lessons.idle_after = x),
    },
    Setting {
        key: "gate.idle_answer_within",
        about: "How long they have to answer.",
        shape: Shape::Text,
        default: "\"2 min\"",
        set: |d, v| text(v, span::parse).map(|x| d.config.lessons.answer_within = x),
    },
    Setting {
        key: "gate.class_length_max",
        about: "A class ends so long after its teacher opened it, as in 90 min. Everybody knows from the start. \"off\": it ends when its teacher ends it.",
        shape: Shape::Text,
        default: "\"off\"",
        set: |d, v| text(v, span::parse_or_off).map(|x| d.config.lessons.length_max = x),
    },
    Setting {
        key: "gate.people_max",
        about: "People in lobbies and classes. Newcomers wait in a line from four fifths of this on, and of each limit below. 0: as many as there can be sockets.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.people_max = x),
    },
    Setting {
        key: "gate.connections_max",
        about: "WebSockets. 0: what the limit of open files leaves.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.connections_max = x),
    },
    Setting {
        key: "gate.packets_per_s_max",
        about: "Media packets forwarded per second. 0: 150,000 for each core.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.packets_per_s_max = x),
    },
    Setting {
        key: "gate.egress_mbps_max",
        about: "What leaves, in Mbit/s. 0: 900.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.egress_mbps_max = x),
    },
    Setting {
        key: "gate.memory_mb_max",
        about: "Memory of the process. 0: three quarters of the machine's, or its container's.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.memory_mb_max = x),
    },
    Setting {
        key: "gate.accepts_per_s_max",
        about: "New sockets per second; whoever is over it is told to come again. 0: 500 for each core, less where memory is small.",
        shape: Shape::Number,
        default: "0",
        set: |d, v| amount(v).map(|x| d.config.gate.accepts_per_s_max = x),
    },
    Setting {
        key: "gate.time_zone",
        about: "In which the times below are.",
        shape: Shape::Text,
        default: "\"Europe/Paris\"",
        set: |d, v| text(v, zone).map(|x| d.zone = Some(x)),
    },
    Setting {
        key: "gate.closed",
        about: "Who is kept out when, every day, as in observers 08:00-15:00. One of observers, out_of_hour and students, and two times.",
        shape: Shape::List,
        default: "[]",
        set: |d, v| list(v, |t| Ok(t.to_owned())).map(|x| d.closed = x),
    },
    Setting {
        key: "metrics.listen",
        about: "Where /metrics is served, or \"off\". Empty: 127.0.0.1:9090 if it is free.",
        shape: Shape::Text,
        default: "\"\"",
        set: |d, v| text(v, metrics_bind).map(|x| d.config.metrics = x),
    },
    Setting {
        key: "log.format",
        about: "\"text\" for people or \"json\" for machines; the ready line on stdout follows it.",
        shape: Shape::Text,
        default: "\"text\"",
        set: |d, v| text(v, log_format).map(|x| d.config.log.format = x),
    },
    Setting {
        key: "log.level",
        about: "\"error\", \"warn\", \"info\", \"debug\" or \"trace\".",
        shape: Shape::Text,
        default: "\"info\"",
        set: |d, v| text(v, log_level).map(|x| d.config.log.level = x),
    },
];

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected \"on\" or \"off\"".into()),
    }
}

/// A host, perhaps with a port, as a URL has them.
fn host(text: &str) -> Result<String, String> {
    Origin::parse(&format!("https://{text}"))
        .map(|_| text.to_ascii_lowercase())
        .map_err(|_| "expected a host, as in turn.example.org or turn.example.org:443".into())
}

fn metrics_bind(text: &str) -> Result<MetricsBind, String> {
    match text {
        "" => Ok(MetricsBind::Default),
        "off" => Ok(MetricsBind::Off),
        _ => socket(text).map(MetricsBind::At),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected \"text\" or \"json\"".into()),
    }
}

fn log_level(text: &str) -> Result<tracing::Level, String> {
    match text {
        "error" => Ok(tracing::Level::ERROR),
        "warn" => Ok(tracing::Level::WARN),
        "info" => Ok(tracing::Level::INFO),
        "debug" => Ok(tracing::Level::DEBUG),
        "trace" => Ok(tracing::Level::TRACE),
        _ => Err("expected \"error\", \"warn\", \"info\", \"debug\" or \"trace\"".into()),
    }
}

/// Lays `PREAU_…` variables over. One that we do not know is a fault: it was meant to say something.
pub(super) fn lay_variables(draft: &mut Draft, variables: &[(String, String)], faults: &mut Vec<ConfigFault>) {
    for (name, text) in variables {
        let place = Place::Variable(name.clone());
        match SETTINGS.iter().find(|setting| setting.variable() == *name) {
            Some(setting) => match setting.read(text) {
                Ok(value) => draft.set(setting, value, place, faults),
                Err(message) => faults.push(ConfigFault { place, message }),
            },
            None => {
                let known = SETTINGS.iter().map(Setting::variable).collect::<Vec<_>>();
                let message = format!("no such variable{}", suggest(name, known.iter().map(String::as_str)));
                faults.push(ConfigFault { place, message });
            }
        }
    }
}

/// Lays flags over. The command line has already refused those that we do not know.
pub(super) fn lay_flags(draft: &mut Draft, flags: &[(String, String)], faults: &mut Vec<ConfigFault>) {
    for (name, text) in flags {
        let place = Place::Flag(name.clone());
        let setting = SETTINGS.iter().find(|setting| setting.flag() == *name).expect("flags are made from SETTINGS");
        match setting.read(text) {
            Ok(value) => draft.set(setting, value, place, faults),
            Err(message) => faults.push(ConfigFault { place, message }),
        }
    }
}
