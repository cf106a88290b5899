//! How long the relay keeps a packet, by what a witness saw: the same packet in, and out to each who receives it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use crate::witness::Seen;

/// A packet that comes out later than this is another one.
const LATEST: Duration = Duration::from_millis(500);

/// One stream of one receiver's.
type Stream = (SocketAddr, u32);
/// Payload type, number, and when it came out.
type Arrival = (u8, u16, Duration);

/// Delays of the packets that `publisher` sent to these within `window`, sorted.
pub fn delays(
    seen: &[Seen],
    publisher: SocketAddr,
    receivers: &[SocketAddr],
    window: &Range<Duration>,
) -> Vec<Duration> {
    let passages = passages(seen, publisher, receivers, window);
    let mut delays: Vec<Duration> = passages.into_iter().map(|passage| passage.delay).collect();
    delays.sort_unstable();
    delays
}

/// A packet's way through the relay, to one receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    pub sent: Duration,
    pub delay: Duration,
}

/// The packets that `publisher` sent to these within `window`; of nobody else they are sent any. Its streams are told apart by payload type; what
/// a receiver's number is ahead of the publisher's stays the same as long as a slot shows the same stream.
pub fn passages(
    seen: &[Seen],
    publisher: SocketAddr,
    receivers: &[SocketAddr],
    window: &Range<Duration>,
) -> Vec<Passage> {
    let in_window = seen.iter().filter(|one| window.contains(&one.at) && is_rtp(&one.head));
    let mut sent: HashMap<(u8, u16), Duration> = HashMap::new();
    let mut last: HashMap<u8, (u16, Duration)> = HashMap::new();
    let mut received: BTreeMap<Stream, Vec<Arrival>> = BTreeMap::new();
    let mut ahead: BTreeMap<Stream, HashMap<u16, usize>> = BTreeMap::new();
    for one in in_window {
        let (kind, number) = (one.head[1] & 0x7f, u16::from_be_bytes([one.head[2], one.head[3]]));
        if one.from == publisher {
            sent.insert((kind, number), one.at);
            last.insert(kind, (number, one.at));
        } else if receivers.contains(&one.to) {
            let stream = (one.to, u32::from_be_bytes([one.head[8], one.head[9], one.head[10], one.head[11]]));
            received.entry(stream).or_default().push((kind, number, one.at));
            if let Some((newest, _)) = last.get(&kind) {
                *ahead.entry(stream).or_default().entry(number.wrapping_sub(*newest)).or_default() += 1;
            }
        }
    }
    let mut passages = Vec::new();
    for (stream, packets) in &received {
        let usual = ahead.get(stream).and_then(|counts| counts.iter().max_by_key(|(_, count)| **count));
        let Some((ahead, _)) = usual else { continue };
        // A receiver that takes no repairs in a stream of their own gets a probe as the same packet once more.
        let mut known = HashSet::new();
        for (kind, number, at) in packets.iter().filter(|(kind, number, _)| known.insert((*kind, *number))) {
            let was_sent = sent.get(&(*kind, number.wrapping_sub(*ahead)));
            let passage = was_sent.and_then(|sent| Some(Passage { sent: *sent, delay: at.checked_sub(*sent)? }));
            passages.extend(passage.filter(|passage| passage.delay < LATEST));
        }
    }
    passages
}

/// The value below which this share of `sorted` lies.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// RTP, and not RTCP (RFC 5761 §4).
fn is_rtp(head: &[u8; 12]) -> bool {
    matches!(head, [128..=191, kind, ..] if !(192..=223).contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtp(at_us: u64, from: u16, to: u16, number: u16, ssrc: u32) -> Seen {
        let mut head = [0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head[2..4].copy_from_slice(&number.to_be_bytes());
        head[8..].copy_from_slice(&ssrc.to_be_bytes());
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Seen { at: Duration::from_micros(at_us), from: address(from), to: address(to), len: 100, head }
    }

    #[test]
    fn a_packet_is_found_again_whatever_its_number_became() {
        let mut seen = Vec::new();
        for n in 0..50 {
            let at = u64::from(n) * 20_000;
            seen.push(rtp(at, 1, 9, 65_500_u16.wrapping_add(n), 7));
            seen.push(rtp(at + 100, 9, 2, 300 + n, 8));
            seen.push(rtp(at + 9_000, 9, 2, 300 + n, 8));
            // The other receiver's twentieth packet is late: the next one has come in by then.
            seen.push(rtp(at + if n == 20 { 21_000 } else { 200 }, 9, 3, 800 + n, 9));
        }
        seen.sort_by_key(|one| one.at);
        let (publisher, receivers) = (seen[0].from, [2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port))));
        let delays = delays(&seen, publisher, &receivers, &(Duration::ZERO..Duration::from_secs(9)));
        assert_eq!(delays.len(), 100);
        assert_eq!(quantile(&delays, 0.4), Duration::from_micros(100));
        assert_eq!(quantile(&delays, 0.9), Duration::from_micros(200));
        assert_eq!(quantile(&delays, 0.995), Duration::from_micros(21_000));
    }
}
