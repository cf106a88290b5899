//! What arrived of sound and pictures, per receiver.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Spread;
use crate::gauge::Gauge;
use crate::ledger::{Ledger, Medium};
use crate::light::{PeerReport, Stream};
use crate::{Peer, Receipt};

/// A checked peer in a run with loss may miss packets; in one without it must not miss any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reception {
    pub receivers: usize,
    pub expected: u64,
    pub got: u64,
    /// Of a thousand, what did not come and was not thrown away on purpose; over receivers.
    pub lost_per_mille: Quantiles,
    pub audio_jitter_ms: Spread,
    pub video_jitter_ms: Spread,
    /// Pictures that stood still, over receivers.
    pub freezes: u64,
    pub frozen_ms: Spread,
    /// From one person to another, through the server.
    pub transit: Transit,
    pub sent: u64,
    pub repairs: u64,
    /// Packets that were opened and did not open.
    pub unopened: u64,
    /// Peers that never connected.
    pub unconnected: usize,
    pub checked: Checked,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    pub all: f64,
    pub p50: f64,
    pub p95: f64,
    pub max: f64,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transit {
    pub n: u64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// What the full peers found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    pub peers: usize,
    pub packets: u64,
    /// One line each; none is as it should be.
    pub faults: Vec<String>,
}

impl Reception {
    /// Nothing in a run without media.
    pub fn of(ledger: &Ledger, gauge: &Gauge) -> Option<Reception> {
        let peers = &gauge.logbook.peers;
        let streams = || peers.iter().flat_map(|peer| &peer.streams);
        if peers.is_empty() {
            return None;
        }
        let jitter = |is_video: bool| {
            let of_kind = streams().filter(|stream| stream.is_video == is_video);
            Spread::of(of_kind.map(|stream| stream.jitter).collect())
        };
        let frozen = |peer: &PeerReport| peer.streams.iter().map(|stream| stream.frozen).sum::<Duration>();
        let receiving = || peers.iter().filter(|peer| !peer.streams.is_empty());
        Some(Reception {
            receivers: receiving().count(),
            expected: streams().map(|stream| stream.expected - stream.thrown).sum(),
            got: streams().map(|stream| stream.got).sum(),
            lost_per_mille: lost(receiving().map(|peer| &peer.streams[..])),
            audio_jitter_ms: jitter(false),
            video_jitter_ms: jitter(true),
            freezes: streams().map(|stream| u64::from(stream.freezes)).sum(),
            frozen_ms: Spread::of(receiving().map(frozen).collect()),
            transit: transit(gauge),
            sent: peers.iter().map(|peer| peer.sent).sum(),
            repairs: peers.iter().map(|peer| peer.repairs).sum(),
            unopened: peers.iter().map(|peer| peer.unopened).sum(),
            unconnected: peers.iter().filter(|peer| peer.connected.is_none()).count(),
            checked: checked(ledger),
        })
    }
}

fn lost<'a>(receivers: impl Iterator<Item = &'a [Stream]>) -> Quantiles {
    let (mut missing, mut expected, mut each) = (0, 0, Vec::new());
    for streams in receivers {
        let should: u64 = streams.iter().map(|stream| stream.expected - stream.thrown.min(stream.expected)).sum();
        let got: u64 = streams.iter().map(|stream| stream.got).sum();
        missing += should.saturating_sub(got);
        expected += should;
        each.push(1_000.0 * should.saturating_sub(got) as f64 / should.max(1) as f64);
    }
    each.sort_by(f64::total_cmp);
    let at = |q: f64| each.get(((q * each.len() as f64).ceil() as usize).saturating_sub(1)).copied().unwrap_or(0.0);
    let round = |number: f64| (number * 1_000.0).round() / 1_000.0;
    Quantiles {
        all: round(1_000.0 * missing as f64 / expected.max(1) as f64),
        p50: round(at(0.5)),
        p95: round(at(0.95)),
        max: round(at(1.0)),
    }
}

fn transit(gauge: &Gauge) -> Transit {
    let all = &gauge.logbook.transit;
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let at = |q| all.quantile(q).map_or(0.0, ms);
    Transit { n: all.count(), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: ms(all.most()) }
}

fn checked(ledger: &Ledger) -> Checked {
    let mut checked = Checked::default();
    for (part, record) in ledger.agenda.people.iter().zip(&ledger.records) {
        let Some(Medium::Full(peer)) = record.media.last() else { continue };
        checked.peers += 1;
        let who = format!("student {} of class {}", part.number, part.class + 1);
        let slots = peer.slots();
        checked.packets += slots.iter().map(|(_, receipt)| receipt.packets).sum::<u64>();
        for (mid, receipt) in &slots {
            let faults = faults(peer, mid, receipt);
            checked.faults.extend(faults.into_iter().map(|fault| format!("{who}: {fault}")));
        }
        if slots.is_empty() {
            checked.faults.push(format!("{who}: nothing came"));
        }
    }
    checked
}

fn faults(peer: &Peer, mid: &str, receipt: &Receipt) -> Vec<String> {
    let is_video = peer.receive.video.iter().chain([&peer.receive.screen]).any(|video| video == mid);
    let mut faults = Vec::new();
    if receipt.ssrcs.len() > 1 {
        faults.push(format!("slot {mid} had {} streams, not one", receipt.ssrcs.len()));
    }
    if receipt.gaps > 0 {
        faults.push(format!("slot {mid} had {} gaps in {} packets", receipt.gaps, receipt.packets));
    }
    if is_video && receipt.keyframes == 0 && receipt.packets > 0 {
        faults.push(format!("slot {mid} never began a picture that needs no other"));
    }
    faults
}
