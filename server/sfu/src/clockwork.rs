//! What happens by the clock: flights sent again, consent that ends, feedback, reports.

use crate::event::Farewell;
use crate::names::Source;
use crate::peer::Link;
use crate::relay::Relay;
use crate::report;
use crate::stream::note_starved;
use crate::timers::{PeerKey, Timer};
use crate::turn::Turn;
use crate::twcc::FEEDBACK_EVERY;
use std::time::{Duration, Instant};

/// RFC 3550 §6.2 allows more often for few members; browsers report once a second.
pub const REPORT_EVERY: Duration = Duration::from_secs(1);

impl Relay {
    /// When to call [`Relay::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let turn = self.turn.as_ref().and_then(Turn::poll_timeout);
        [self.timers.next(), self.media_due, self.connections.poll_timeout(), turn].into_iter().flatten().min()
    }

    /// Does everything that is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = Some(now);
        self.connections.handle_timeout(now);
        self.lose_expired(now);
        while let Some((key, timer)) = self.timers.pop_due(now) {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let armed = &mut peer.armed[timer as usize];
            // An entry that was armed again for an earlier instant has fired already.
            if armed.is_none_or(|at| at > now) {
                continue;
            }
            *armed = None;
            match timer {
                Timer::Dtls => self.on_dtls_timer(key, now),
                Timer::Consent => self.on_consent_timer(key, now),
                Timer::Feedback => self.on_feedback_timer(key, now),
                Timer::Report => self.on_report_timer(key, now),
                Timer::Keyframe => self.on_keyframe_timer(key, now),
                Timer::Link => self.on_link_timer(key, now),
                Timer::Probe => self.on_probe_timer(key, now),
                Timer::Echo => self.on_echo_timer(key),
                Timer::Wanted => self.tell_wanted(key, now),
            }
        }
        self.settle(now);
    }

    /// Wakes `timer` at `at`, or earlier if it already is.
    pub(crate) fn arm(&mut self, key: PeerKey, timer: Timer, at: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let armed = &mut peer.armed[timer as usize];
        if armed.is_none_or(|earlier| at < earlier) {
            *armed = Some(at);
            self.timers.arm(at, key, timer);
        }
    }

    fn on_dtls_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(dtls) = peer.dtls.as_mut().filter(|_| peer.srtp.is_none() && peer.link != Link::Dead) else { return };
        let is_late = peer.handshake_until.is_some_and(|until| now >= until);
        if is_late || !dtls.handle_timeout(now) {
            self.disconnect(key, Link::Dead, Farewell::HandshakeFailed, now);
            return;
        }
        let until = peer.handshake_until;
        self.send_dtls(key, now);
        if let Some(until) = until {
            self.arm(key, Timer::Dtls, until);
        }
    }

    fn on_consent_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get(key) else { return };
        match peer.ice.consent_until() {
            Some(until) if until > now => self.arm(key, Timer::Consent, until),
            _ if peer.link == Link::Dead => {}
            _ => self.disconnect(key, Link::Lost, Farewell::ConsentExpired, now),
        }
    }

    /// Transport-wide feedback, and NACKs for what is missing.
    fn on_feedback_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(first_ssrc) = peer.streams.first().map(|stream| stream.ssrc) else { return };
        let mut packets = Vec::new();
        while let Some(feedback) = peer.twcc.feedback(first_ssrc) {
            packets.push(feedback);
        }
        let mut due = Vec::new();
        let mut goes_on = false;
        for stream in peer.streams.iter_mut().filter(|stream| !stream.source.is_audio()) {
            stream.reception.due_requests(now, &mut due);
            if !due.is_empty() {
                packets.push(report::missing(stream.ssrc, &due));
            }
            goes_on |= stream.reception.has_missing();
        }
        for packet in &packets {
            self.send_rtcp(key, packet);
        }
        if goes_on {
            self.arm(key, Timer::Feedback, now + FEEDBACK_EVERY);
        }
    }

    /// A receiver report to a publisher, and a look at what still flows.
    fn on_report_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let room_id = peer.room;
        let is_here = !matches!(peer.link, Link::Elsewhere(_));
        if is_here && self.report(key, now) {
            self.flow_ends(key);
        }
        if let Some(room) = self.rooms.get_mut(&room_id) {
            let heard = room.speakers.on_silence(now);
            self.tell_heard(room_id, heard, now);
        }
        if is_here {
            self.tell_streams(key);
        }
        self.arm(key, Timer::Report, now + REPORT_EVERY);
    }

    /// Tells a publisher how its streams arrive. Returns whether one of them has stopped, or is starved or fed anew.
    fn report(&mut self, key: PeerKey, now: Instant) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let mut blocks = Vec::new();
        let mut has_stopped = false;
        for stream in &mut peer.streams {
            let block = stream.reception.report(now, REPORT_EVERY);
            blocks.extend(block.filter(|_| !stream.is_layer()).map(|block| (stream.ssrc, block)));
            if stream.is_flowing && !stream.reception.flows(now) {
                stream.is_flowing = false;
                has_stopped = true;
            }
        }
        let is_other = note_starved(&mut peer.streams) || has_stopped;
        if peer.link == Link::Connected && !blocks.is_empty() {
            self.send_rtcp(key, &report::receiver_report(&blocks));
        }
        is_other
    }

    /// Something of a publisher no longer flows.
    pub(crate) fn flow_ends(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get(key) else { return };
        let (id, room_id, shows) = (peer.id, peer.room, peer.flows(Source::Screen));
        self.replan_about(room_id, id);
        if let Some(room) = self.rooms.get_mut(&room_id).filter(|_| !shows) {
            room.end_screen(id);
        }
    }

    fn on_keyframe_timer(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut asks = Vec::new();
        let mut next = None;
        for stream in &mut peer.streams {
            if stream.keyframes.take_due(now) {
                asks.push((stream.id, stream.ssrc));
            }
            if let Some(due) = stream.keyframes.due() {
                next = Some(next.map_or(due, |earlier: Instant| earlier.min(due)));
            }
        }
        for (stream, ssrc) in asks {
            self.ask_keyframe(key, stream, ssrc);
        }
        if let Some(next) = next {
            self.arm(key, Timer::Keyframe, next);
        }
    }
}
