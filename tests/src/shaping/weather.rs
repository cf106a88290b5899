//! What one direction of a link does to datagrams.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Clear sky unless said otherwise: nothing lost, nothing late, no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// Share of datagrams lost, 0 to 1.
    pub loss: f64,
    /// How many are lost in a row, on average; below 1 counts as 1: each for itself.
    pub burst: f64,
    pub delay_ms: u32,
    /// Up to so much later, in waves: neighbours are late together, as behind somebody else's download.
    pub jitter_ms: u32,
    /// Share of datagrams held back so long that others overtake them.
    pub reorder: f64,
    /// Bits per second on the wire, with IP and UDP headers; absent: as fast as they come.
    pub rate_bps: Option<u64>,
    /// What is lost comes again, a round trip later: a byte stream.
    #[serde(skip)]
    pub is_repaired: bool,
    /// What may wait for the wire; the rest is dropped. 0: [`QUEUE_BYTES`].
    pub queue_bytes: usize,
}

/// About 200 ms of a megabit, as in a home router of the modest kind.
const QUEUE_BYTES: usize = 25_000;

impl Weather {
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.into())
    }

    /// The same sky for byte streams: they lose nothing, and nothing in them overtakes.
    pub fn of_streams(self) -> Weather {
        Weather { is_repaired: true, reorder: 0.0, ..self }
    }

    pub fn jitter(&self) -> Duration {
        Duration::from_millis(self.jitter_ms.into())
    }

    /// How long the wire is busy with so many bytes.
    pub fn wire_time(&self, bytes: usize) -> Duration {
        let Some(rate) = self.rate_bps else { return Duration::ZERO };
        Duration::from_nanos((bytes as u64 * 8).saturating_mul(1_000_000_000) / rate.max(1))
    }

    pub fn queue_bytes_max(&self) -> usize {
        if self.queue_bytes == 0 { QUEUE_BYTES } else { self.queue_bytes }
    }
}
