//! The way out: control first, then each receiver's packets, sealed in one go and sent as runs.

use crate::downstream::LINK_EVERY;
use crate::event::{Event, Farewell};
use crate::names::RoomId;
use crate::outbox::{Receiver, Run, Twcc};
use crate::peer::{Link, Why};
use crate::relay::{Control, Relay, Transmit};
use crate::report::{self, SlotReport};
use crate::slot::StreamId;
use crate::speakers::Heard;
use crate::stats::Dropped;
use crate::timers::{PeerKey, Timer};
use crate::trunk::News;
use crate::turn;
use crate::way::{AllocationId, Path, Remote, Way};
use std::time::{Duration, Instant};

/// A class may wait this long for each of its receivers, so that cost is saved where it is high…
const GATHER_FOR_EACH: Duration = Duration::from_micros(20);
/// …not less than a timer can tell…
const GATHER_MIN: Duration = Duration::from_millis(1);
/// …and not more than goes unnoticed in a jitter buffer.
const GATHER_MAX: Duration = Duration::from_millis(5);

enum Next {
    Control(Path),
    Run(Run),
}

impl Next {
    fn path(&self) -> Path {
        match self {
            Next::Control(path) => *path,
            Next::Run(run) => run.path,
        }
    }
}

impl Relay {
    /// The next datagrams to send, until `None`. Media for many receivers is held back for some milliseconds:
    /// [`Relay::poll_timeout`] says until when.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (next, wrapped) = loop {
            let next = self.next_transmit()?;
            match next.path().remote {
                Remote::Udp(_) | Remote::Connection(_) => break (next, None),
                // An allocation may have ended while this waited.
                Remote::Relayed(id) => match self.wrap(id, &next) {
                    Some(wrapped) => break (next, Some(wrapped)),
                    None => continue,
                },
            }
        };
        let datagrams = match &next {
            Next::Control(_) => 1,
            Next::Run(run) => run.segments() as u64,
        };
        let (path, contents, segment_size) = match (&next, wrapped) {
            (_, Some((client, size))) => (client, &self.wrapped[..], (datagrams > 1).then_some(size)),
            (Next::Control(path), None) => (*path, &self.lent[..], None),
            (Next::Run(run), None) => {
                let size = (!run.is_single()).then_some(run.segment_size);
                (run.path, self.arena.bytes(run.range.clone()), size)
            }
        };
        self.stats.datagrams_out += datagrams;
        self.stats.bytes_out += contents.len() as u64;
        let to = match path.remote {
            Remote::Udp(address) => Way::Udp(address),
            Remote::Connection(id) => Way::Connection(id),
            // The client of an allocation is never relayed itself.
            Remote::Relayed(_) => return None,
        };
        Some(Transmit { to, from: path.local, contents, segment_size })
    }

    /// Wraps what is for a relayed address, for the way to the client behind it.
    fn wrap(&mut self, id: AllocationId, next: &Next) -> Option<(Path, usize)> {
        let (contents, segment_size) = match next {
            Next::Control(_) => (&self.lent[..], self.lent.len()),
            Next::Run(run) => (self.arena.bytes(run.range.clone()), run.segment_size),
        };
        let local = next.path().local;
        let candidate = *self.addresses.iter().find(|address| Some(address.ip()) == local)?;
        let run = turn::Run { contents, segment_size };
        self.turn.as_ref()?.wrap(id, candidate, &run, &mut self.wrapped)
    }

    fn next_transmit(&mut self) -> Option<Next> {
        loop {
            if let Some(control) = self.control.pop_front() {
                self.lent = control.bytes;
                return Some(Next::Control(control.path));
            }
            if let Some(run) = self.arena.pop_run() {
                return Some(Next::Run(run));
            }
            if self.gathers() {
                return None;
            }
            let Some(receiver) = self.receivers.pop_front() else {
                self.batch.clear();
                self.media_due = None;
                return None;
            };
            self.seal(receiver);
        }
    }

    /// A packet for so many receivers waits a little for the next one: what leaves together costs each of them less.
    pub(crate) fn gather(&mut self, receivers: usize, now: Instant) {
        let wait = (GATHER_FOR_EACH * receivers as u32).min(GATHER_MAX);
        let due = if wait < GATHER_MIN { now } else { now + wait };
        self.media_due = Some(self.media_due.map_or(due, |earlier| earlier.min(due)));
    }

    fn gathers(&self) -> bool {
        self.media_due > self.now && !self.batch.is_filling()
    }

    /// Seals what waits for one receiver into the arena, as much as it holds.
    fn seal(&mut self, key: PeerKey) {
        self.arena.clear();
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (Some(path), Some(keys), Link::Connected) = (peer.ice.path(), peer.srtp.as_mut(), peer.link) else {
            peer.pending.clear();
            return;
        };
        let Some(now) = self.now else { return };
        let twcc = peer.downlink.as_mut().map(|(extension, downlink)| Twcc { extension: *extension, downlink });
        let mut to = Receiver { path, sealer: &mut keys.sealer, twcc, now };
        let mut done = 0;
        let mut has_switched = false;
        for pending in &peer.pending {
            let Some((packet, payload)) = self.batch.get(pending.packet) else {
                done += 1;
                continue;
            };
            if !self.arena.has_room(payload.len()) {
                break;
            }
            done += 1;
            let Some(slot) = peer.slots.get_mut(usize::from(pending.slot)) else { continue };
            let shown = slot.showing();
            let is_sealed = match pending.why {
                Why::Media => self.arena.seal(&mut to, slot, packet, payload),
                Why::Repair => slot.may_repair(payload.len()) && self.arena.seal_repair(&mut to, slot, packet, payload),
                Why::Probe => self.arena.seal_repair(&mut to, slot, packet, payload),
                Why::Padding => self.arena.seal_padding(&mut to, slot),
            };
            if is_sealed {
                self.stats.packets_forwarded += u64::from(pending.why == Why::Media);
                self.stats.packets_retransmitted += u64::from(pending.why == Why::Repair);
                self.stats.packets_probing += u64::from(matches!(pending.why, Why::Probe | Why::Padding));
                peer.stats.packets_out += 1;
                peer.stats.bytes_out += payload.len() as u64;
                has_switched |= shown.is_some() && shown != slot.showing();
            } else {
                self.stats.drop_one(Dropped::NotWanted);
            }
        }
        if done < peer.pending.len() {
            peer.pending.drain(..done);
            self.receivers.push_front(key);
        } else {
            peer.pending.clear();
        }
        if peer.downlink.is_some() && peer.armed[Timer::Link as usize].is_none() {
            self.arm(key, Timer::Link, now + LINK_EVERY);
        }
        if has_switched {
            // The layer shown before is no longer needed.
            self.replan.insert(key);
        }
    }

    /// Seals and queues one RTCP packet for `key`.
    pub(crate) fn send_rtcp(&mut self, key: PeerKey, packet: &[u8]) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (Some(path), Some(keys)) = (peer.ice.path(), peer.srtp.as_mut()) else { return };
        peer.rtcp_index = (peer.rtcp_index + 1) & 0x7fff_ffff;
        if let Some(bytes) = keys.sealer.seal_rtcp(packet, peer.rtcp_index) {
            self.control.push_back(Control { path, bytes });
        }
    }

    /// Asks a publisher for a keyframe, at once or as soon as it may be asked again.
    pub(crate) fn want_keyframe(&mut self, publisher: PeerKey, id: StreamId, now: Instant) {
        let Some(peer) = self.peers.get_mut(publisher) else { return };
        let Some(ssrc) = peer.stream(id).filter(|stream| !stream.source.is_audio()).map(|stream| stream.ssrc) else {
            return;
        };
        // A keyframe of one spatial layer is one of all.
        let whole = peer.streams.iter().find(|stream| stream.is_split() && stream.ssrc == ssrc);
        let id = whole.map_or(id, |stream| stream.id);
        let Some(stream) = peer.stream_mut(id) else { return };
        if stream.keyframes.want(now) {
            self.ask_keyframe(publisher, id, ssrc);
        }
        let due = self.peers.get_mut(publisher).and_then(|peer| peer.stream_mut(id)?.keyframes.due());
        if let Some(due) = due {
            self.arm(publisher, Timer::Keyframe, due);
        }
    }

    /// Asks now: the publisher itself, or the relay that has it.
    pub(crate) fn ask_keyframe(&mut self, publisher: PeerKey, stream: StreamId, ssrc: u32) {
        let Some(peer) = self.peers.get(publisher) else { return };
        self.stats.keyframes_requested += 1;
        match peer.link {
            Link::Elsewhere(at) => self.trunks.tell(at, News::Keyframe { peer: peer.id, stream }),
            _ => self.send_rtcp(publisher, &report::keyframe_request(ssrc)),
        }
    }

    /// A publisher tells the time of its stream: so do we, of it and of the layers that were taken out of it.
    pub(crate) fn on_sender_report(&mut self, key: PeerKey, ssrc: u32, ntp: u64, timestamp: u32, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut told = Vec::new();
        for stream in peer.streams.iter_mut().filter(|stream| stream.ssrc == ssrc) {
            stream.reception.on_sender_report(ntp, now);
            told.push(stream.id);
        }
        for stream in told {
            self.tell_time(key, stream, ntp, timestamp, now);
        }
    }

    /// Tells the time of a stream to whoever is shown it, in the numbers of each slot.
    pub(crate) fn tell_time(&mut self, key: PeerKey, id: StreamId, ntp: u64, timestamp: u32, now: Instant) {
        let ours = self.ntp(now);
        let Some(peer) = self.peers.get_mut(key) else { return };
        // One step for all streams of a person keeps its sound and picture together.
        let step = *peer.ntp_step.get_or_insert(ours.wrapping_sub(ntp));
        let Some(stream) = peer.stream(id) else { return };
        let routes = stream.routes.clone();
        for trunk in &stream.trunks {
            self.trunks.tell(*trunk, News::Time { peer: peer.id, stream: id, ntp, timestamp });
        }
        for route in routes {
            let Some(receiver) = self.peers.get(route.receiver) else { continue };
            let Some(slot) = receiver.slots.get(usize::from(route.slot)) else { continue };
            let Some(timestamp) = slot.timestamp_of(id, timestamp) else { continue };
            let report = report::sender_report(&SlotReport {
                ssrc: slot.ssrc,
                cname: &crate::answer::cname(&slot.mid, slot.source),
                ntp: ntp.wrapping_add(step),
                timestamp,
                packets: slot.packets_sent,
                bytes: slot.bytes_sent,
            });
            self.send_rtcp(route.receiver, &report);
        }
    }

    /// The relay's own NTP time: a line that begins with its first use, not the time of day.
    pub(crate) fn ntp(&mut self, now: Instant) -> u64 {
        let epoch = *self.epoch.get_or_insert(now);
        let since = now.saturating_duration_since(epoch);
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        ((since.as_secs() + 0x8000_0000) << 32) | fraction
    }

    /// Tells the room what its speakers' stage made of a packet.
    pub(crate) fn tell_heard(&mut self, room: RoomId, heard: Heard, now: Instant) {
        if let Some(peers) = heard.speaking {
            self.events.push_back(Event::Speaking { room, peers });
        }
        if heard.stage_changed {
            self.replan_room(room);
            self.settle(now);
        }
    }

    /// The peer falls silent; the caller is told, once.
    pub(crate) fn disconnect(&mut self, key: PeerKey, link: Link, why: Farewell, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if matches!(peer.link, Link::Lost | Link::Dead) {
            peer.link = link;
            return;
        }
        peer.link = link;
        self.events.push_back(Event::Disconnected { peer: peer.id, why });
        if why == Farewell::ConsentExpired {
            for remote in peer.ice.forget_all() {
                self.disown(remote);
            }
        }
        self.clear_feeds(key, now);
    }
}
