//! A relay with all its ways, the same in every story.

use preau_sfu::{Certificate, Layered, Relay, RelayConfig, RelayId, TurnConfig, TurnKey, Ways};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Instant;

/// When every story begins.
pub static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Made once: its key has no part in any decision.
static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().expect("the system gives keys"));

/// What the operator's probe signs with.
pub const PROBE_PASSWORD: &str = "of the operator";

/// Our own candidates.
pub fn candidates() -> [SocketAddr; 2] {
    [([192, 0, 2, 1], 5000).into(), ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 5000).into()]
}

pub fn turn_key() -> TurnKey {
    TurnKey::new(&[8; 32], *START)
}

pub fn relay() -> Relay {
    Relay::new(relay_config())
}

pub fn relay_config() -> RelayConfig {
    let turn = TurnConfig { key: turn_key(), shard: 1, urls: Vec::new() };
    RelayConfig {
        id: RelayId(0),
        certificate: CERTIFICATE.clone(),
        addresses: candidates().to_vec(),
        seed: [3; 32],
        ways: Ways { has_tcp: true, turn: Some(turn), probe_password: Some(PROBE_PASSWORD.to_owned()) },
        screen_layers: Some(Layered::Av1),
    }
}
