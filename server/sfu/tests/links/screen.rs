//! A picture as somebody sees it: packets put in order, asked for while missing, shown frame by frame.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// As browsers do: a missing packet is asked for at once, and again after this…
const ASK_EVERY: Duration = Duration::from_millis(100);
/// …so often; after that, or so long, only a keyframe helps.
const ASKS_MAX: u8 = 10;
const MISSED_MAX: Duration = Duration::from_millis(1_500);
const KEYFRAME_EVERY: Duration = Duration::from_millis(300);
/// Two frames further apart than this stand still for somebody who looks; less, a jitter buffer evens out.
const STILL: Duration = Duration::from_millis(400);

struct Packet {
    starts_keyframe: bool,
    ends_frame: bool,
    layer: u8,
}

struct Missing {
    since: Instant,
    asked_at: Option<Instant>,
    asks: u8,
}

/// What a look at a screen asks of the sender.
#[derive(Default)]
pub struct Wanted {
    pub missing: Vec<u16>,
    pub needs_keyframe: bool,
}

#[derive(Default)]
pub struct Screen {
    packets: BTreeMap<u64, Packet>,
    missing: BTreeMap<u64, Missing>,
    /// The first packet of the next frame; `None`: a keyframe is waited for.
    next: Option<u64>,
    highest: u64,
    asked_keyframe_at: Option<Instant>,
    shown_at: Option<Instant>,
    /// Since the last look: frames by layer, in order changes of it, and how long it stood.
    pub frames: BTreeMap<u8, usize>,
    pub layers: Vec<u8>,
    still: Duration,
    looked_since: Option<Instant>,
}

impl Screen {
    /// A video packet, repaired or not, with its payload without padding.
    pub fn on_packet(&mut self, sequence: u16, marker: bool, payload: &[u8], now: Instant) {
        if self.highest == 0 {
            self.highest = 0x1_0000 + u64::from(sequence);
        }
        let near = self.highest.wrapping_sub(u64::from(self.highest as u16));
        let full = [near - 0x1_0000, near, near + 0x1_0000].map(|near| near + u64::from(sequence));
        let index = full.into_iter().min_by_key(|full| full.abs_diff(self.highest)).unwrap();
        for missed in self.highest + 1..index {
            self.missing.insert(missed, Missing { since: now, asked_at: None, asks: 0 });
        }
        self.highest = self.highest.max(index);
        self.missing.remove(&index);
        if self.next.is_some_and(|next| index < next) {
            return;
        }
        let starts_keyframe = payload[0] & 0x10 != 0 && payload[4] & 1 == 0;
        let packet = Packet { starts_keyframe, ends_frame: marker, layer: *payload.last().unwrap() };
        self.packets.insert(index, packet);
        while self.show(now) {}
    }

    fn show(&mut self, now: Instant) -> bool {
        let whole =
            |first: u64| (first..).map_while(|at| self.packets.get(&at).map(|p| (at, p))).find(|p| p.1.ends_frame);
        let next = self.next.and_then(whole);
        let keys = self.packets.iter().filter(|(_, packet)| packet.starts_keyframe).map(|(at, _)| *at);
        let Some((last, packet)) = next.or_else(|| keys.filter_map(whole).next_back()) else { return false };
        let layer = packet.layer;
        *self.frames.entry(layer).or_default() += 1;
        if self.layers.last() != Some(&layer) {
            self.layers.push(layer);
        }
        let since = self.shown_at.replace(now).max(self.looked_since).map_or(Duration::ZERO, |at| now - at);
        if since > STILL {
            self.still += since;
        }
        self.next = Some(last + 1);
        self.packets = self.packets.split_off(&(last + 1));
        self.missing = self.missing.split_off(&(last + 1));
        true
    }

    pub fn look(&mut self, now: Instant) -> Wanted {
        let mut wanted = Wanted::default();
        let is_hopeless = |m: &Missing| m.asks >= ASKS_MAX || now - m.since > MISSED_MAX;
        if self.missing.values().any(is_hopeless) {
            self.missing.retain(|_, missing| !is_hopeless(missing));
            self.next = None;
        }
        for (index, missing) in &mut self.missing {
            if missing.asked_at.is_none_or(|at| now - at >= ASK_EVERY) {
                missing.asked_at = Some(now);
                missing.asks += 1;
                wanted.missing.push(*index as u16);
            }
        }
        let waits = self.next.is_none() && self.highest > 0;
        if waits && self.asked_keyframe_at.is_none_or(|at| now - at >= KEYFRAME_EVERY) {
            self.asked_keyframe_at = Some(now);
            wanted.needs_keyframe = true;
        }
        wanted
    }

    /// For how long the picture stood still since the last [`Screen::reset`].
    pub fn still(&self, now: Instant) -> Duration {
        let last = self.shown_at.max(self.looked_since).map_or(Duration::ZERO, |at| now - at);
        self.still + if last > STILL { last } else { Duration::ZERO }
    }

    /// Begins to count anew.
    pub fn reset(&mut self, now: Instant) {
        self.frames.clear();
        self.layers.clear();
        self.still = Duration::ZERO;
        self.looked_since = Some(now);
    }
}
