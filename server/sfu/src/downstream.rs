//! The way to each receiver, kept: its reports are taken in, its probes sent, its people told.

use crate::allot::LOSS_LOOKED_AT;
use crate::downlink::{Downlink, Feedback, PROBE_STEP};
use crate::event::Event;
use crate::link::{Link, Reduced};
use crate::outbox::PADDING_LEN;
use crate::peer::{Echo, Feed, Link as Transport, Pending, Why};
use crate::relay::Relay;
use crate::report::ReceptionNews;
use crate::slot::Slot;
use crate::stream::Stream;
use crate::timers::{PeerKey, Timer};
use crate::trunk::News;
use std::time::{Duration, Instant};

/// How often a way is looked at while packets go there.
pub const LINK_EVERY: Duration = Duration::from_millis(250);
/// People are told of a change at most so often.
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// A way that loses this much loses repairs too.
const ECHOED_FROM_LOSS: f64 = 0.05;
/// What takes one packet often takes the next: the second copy leaves a little later.
const ECHO_AFTER: Duration = Duration::from_millis(20);
const ECHOES_MAX: usize = 64;
/// Packets of one step of a probe: more would be a burst of its own.
const PROBE_PACKETS_MAX: usize = 32;

impl Relay {
    /// A receiver reports which packets arrived, and when.
    pub(crate) fn on_arrivals(&mut self, key: PeerKey, feedback: &Feedback<'_>, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some((_, downlink)) = &mut peer.downlink else { return };
        downlink.on_feedback(feedback, now);
        if peer.share.is_due(downlink.bps(), now) {
            self.replan.insert(key);
        }
    }

    /// A receiver reports how one of its slots arrives.
    pub(crate) fn on_reception(&mut self, key: PeerKey, news: &ReceptionNews, now: Instant) {
        let middle = (self.ntp(now) >> 16) as u32;
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(slot) = peer.slots.iter_mut().find(|slot| slot.ssrc == news.ssrc) {
            slot.loss = (u16::from(news.fraction_lost) * 100 / 256) as u8;
        }
        // RFC 3550 §6.4.1; what is negative or absurd is another clock's.
        let rtt = middle.wrapping_sub(news.last_sr).wrapping_sub(news.since_last_sr);
        if news.last_sr != 0
            && rtt < 10 << 16
            && let Some((_, downlink)) = &mut peer.downlink
        {
            downlink.on_round_trip(Duration::from_micros(u64::from(rtt) * 1_000_000 / 65_536));
        }
    }

    pub(crate) fn on_link_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some((_, downlink)) = &mut peer.downlink else { return };
        downlink.look(now);
        let (is_idle, bps, loses) = (downlink.is_idle(), downlink.bps(), downlink.loss() >= LOSS_LOOKED_AT);
        // The rates of what is shown breathe: the division follows them, not only the way.
        let is_reduced = peer.share.reduced != Reduced::Nothing;
        let is_there = peer.link == Transport::Connected;
        let is_short = is_reduced || loses || self.shown_bps(key) > bps;
        if is_short {
            self.replan.insert(key);
        }
        self.tell_link(key, now);
        // Where all pictures were taken away and nobody speaks, nothing leaves but probes: who else would begin them?
        if !is_idle || (is_short && is_there) {
            self.arm(key, Timer::Link, now + LINK_EVERY);
        }
    }

    /// What all that is shown to a receiver takes just now.
    fn shown_bps(&self, key: PeerKey) -> u64 {
        let Some(peer) = self.peers.get(key) else { return 0 };
        let cost = |feed: &Feed| self.peers.get(feed.publisher)?.stream(feed.stream).map(Stream::cost_bps);
        peer.feeds.iter().filter_map(cost).sum()
    }

    /// Begins a probe if the last division left something to wish for.
    pub(crate) fn probe(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some((_, downlink)) = &mut peer.downlink else { return };
        let Some(next) = peer.share.next_bps else { return };
        if !peer.slots.iter().any(Slot::has_rtx) {
            downlink.dare(next, now);
        } else if downlink.probe(next, now) {
            self.arm(key, Timer::Probe, now);
        }
    }

    pub(crate) fn on_probe_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some((_, downlink)) = &mut peer.downlink else { return };
        let bytes = downlink.probe_step(now);
        let due = downlink.probe_due();
        self.send_probe(key, bytes, now);
        if let Some(due) = due {
            self.arm(key, Timer::Probe, due.max(now + PROBE_STEP / 2));
        }
    }

    /// Packets that were sent lately once more; padding if there are none.
    fn send_probe(&mut self, key: PeerKey, bytes: usize, now: Instant) {
        let Some(peer) = self.peers.get(key) else { return };
        let shown = |slot: &Slot| !slot.source.is_audio() && slot.showing().is_some();
        let slot = peer.slots.iter().position(shown);
        let mut left = bytes as i64;
        let lately = slot.map(|slot| (slot, peer.slots[slot].lately().collect::<Vec<_>>()));
        let (at, mut lately) = lately.map_or((None, Vec::new()), |(slot, lately)| (Some(slot), lately));
        for _ in 0..PROBE_PACKETS_MAX {
            if left <= 0 {
                return;
            }
            let again = at
                .zip(lately.pop())
                .and_then(|(slot, (stream, index))| self.send_again(key, slot, stream, index, Why::Probe));
            left -= match again {
                Some(len) => len as i64,
                None => self.pad(key, now),
            };
        }
    }

    /// Queues one packet of padding. Returns its size.
    fn pad(&mut self, key: PeerKey, now: Instant) -> i64 {
        let size = i64::from(PADDING_LEN);
        let Some(peer) = self.peers.get(key) else { return size };
        let Some(slot) = peer.slots.iter().position(|slot| !slot.source.is_audio()) else { return size };
        if let Some(place) = self.batch.padding(now) {
            self.wait(key, Pending { packet: place, slot: slot as u16, why: Why::Padding });
        }
        size
    }

    /// Where much is lost, a repair may be as well, and another request would take a round trip: it goes twice.
    pub(crate) fn echo(&mut self, key: PeerKey, echo: Echo, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let loss = peer.downlink.as_ref().map_or(0.0, |(_, downlink)| downlink.loss());
        if loss >= ECHOED_FROM_LOSS && peer.echoes.len() < ECHOES_MAX {
            peer.echoes.push(echo);
            self.arm(key, Timer::Echo, now + ECHO_AFTER);
        }
    }

    pub(crate) fn on_echo_timer(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut echoes = std::mem::take(&mut peer.echoes);
        for Echo { slot, stream, index } in echoes.drain(..) {
            let slot = usize::from(slot);
            let is_spared = self.peers.get(key).and_then(|peer| peer.slots.get(slot)).is_some_and(Slot::spares_repairs);
            if is_spared {
                self.send_again(key, slot, stream, index, Why::Repair);
            }
        }
        if let Some(peer) = self.peers.get_mut(key) {
            peer.echoes = echoes;
        }
    }

    fn tell_link(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get(key) else { return };
        if peer.told.is_some_and(|(_, at)| now.saturating_duration_since(at) < TOLD_EVERY) {
            return;
        }
        let link = self.link_of(key);
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(link) = link.filter(|link| link.is_news(peer.told.as_ref().map(|(link, _)| link))) {
            peer.told = Some((link, now));
            self.events.push_back(Event::Link { peer: peer.id, link });
        }
    }

    fn link_of(&self, key: PeerKey) -> Option<Link> {
        let peer = self.peers.get(key)?;
        let downlink: Option<&Downlink> = peer.downlink.as_ref().map(|(_, downlink)| &**downlink);
        let loss_up = peer.streams.iter().filter(|stream| stream.is_flowing).map(|stream| stream.reception.loss);
        Some(Link::new(downlink, loss_up.max().unwrap_or(0), peer.share.reduced))
    }

    /// How the way of `peer` is now, for whoever looks.
    pub fn link(&self, peer: crate::names::PeerId) -> Option<Link> {
        self.link_of(self.peers.key_of(peer)?)
    }

    /// Tells publishers how high they are looked at.
    pub(crate) fn tell_wanted(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut due: Option<Instant> = None;
        for track in peer.tracks.iter_mut().filter(|track| !track.source.is_audio()) {
            if let Transport::Elsewhere(at) = peer.link {
                let (peer, source) = (peer.id, track.source);
                let news = track.gazes.change().map(|height_px| News::Gaze { peer, source, height_px });
                news.into_iter().for_each(|news| self.trunks.tell(at, news));
                continue;
            }
            if let Some(height_px) = track.gazes.news(now) {
                self.events.push_back(Event::Wanted { peer: peer.id, source: track.source, height_px });
            }
            due = [due, track.gazes.due()].into_iter().flatten().min();
        }
        if let Some(due) = due {
            self.arm(key, Timer::Wanted, due);
        }
    }
}
