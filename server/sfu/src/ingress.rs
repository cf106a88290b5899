//! The way in: what a peer sent, from its datagram to the stream it belongs to.

use crate::codec::{Codec, PictureNumbers, Vp8};
use crate::dependency;
use crate::dtls::Progress;
use crate::event::{Event, Farewell};
use crate::names::Source;
use crate::peer::{Claim, Echo, Leg, Link, Pending, STREAMS_MAX, Why};
use crate::relay::{Control, Relay};
use crate::replay::{ReplayWindow, WINDOW};
use crate::report::{self, News, Sequences};
use crate::rtp::RtpHeader;
use crate::session::Extension;
use crate::slot::{Packet, StreamId};
use crate::spatial::{Part, Unit};
use crate::srtp::{NotOpened, SrtpKeys};
use crate::stats::Dropped;
use crate::stream::Stream;
use crate::timers::{PeerKey, Timer};
use crate::twcc::FEEDBACK_EVERY;
use crate::vp9::Vp9;
use std::time::Instant;

/// A receiver that waits for more than this in one batch is not drained.
const PENDING_MAX: usize = 1_024;

impl Relay {
    pub(crate) fn on_dtls(&mut self, key: PeerKey, bytes: &[u8], now: Instant) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        if peer.link == Link::Dead {
            return Err(Dropped::BadDtls);
        }
        let dtls = peer.dtls.as_mut().ok_or(Dropped::BadDtls)?;
        let progress = dtls.receive(bytes, &peer.fingerprints, &self.dtls, now);
        self.send_dtls(key, now);
        match progress {
            Progress::Going => Ok(()),
            Progress::Connected(keys) => {
                self.begin_media(key, *keys);
                Ok(())
            }
            Progress::Closed => {
                self.disconnect(key, Link::Dead, Farewell::Closed, now);
                Ok(())
            }
            Progress::Failed => {
                self.disconnect(key, Link::Dead, Farewell::HandshakeFailed, now);
                Err(Dropped::BadDtls)
            }
        }
    }

    pub(crate) fn begin_media(&mut self, key: PeerKey, keys: SrtpKeys) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.srtp = Some(keys);
        peer.link = Link::Connected;
        self.events.push_back(Event::Connected { peer: peer.id });
        self.replan.insert(key);
    }

    /// Sends what DTLS has to send and wakes it when it wants.
    pub(crate) fn send_dtls(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(dtls) = &mut peer.dtls else { return };
        while let Some(flight) = dtls.poll_transmit() {
            if let Some(path) = peer.ice.path() {
                self.control.push_back(Control { path, bytes: flight.to_vec() });
            }
        }
        if let Some(at) = dtls.poll_timeout() {
            self.arm(key, Timer::Dtls, at.max(now));
        }
    }

    pub(crate) fn on_rtp(&mut self, key: PeerKey, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let keys = peer.srtp.as_mut().ok_or(Dropped::NoKeys)?;
        let header = RtpHeader::parse(bytes).ok_or(Dropped::NotMedia)?;
        let bound = peer.streams.iter_mut().enumerate().find_map(|(i, stream)| {
            if stream.ssrc == header.ssrc {
                Some((i, Leg::Media, &mut stream.window))
            } else if stream.rtx_ssrc == Some(header.ssrc) {
                Some((i, Leg::Repair, &mut stream.rtx_window))
            } else {
                None
            }
        });
        let mut fresh = ReplayWindow::default();
        let (at, window) = match bound {
            Some((i, leg, window)) => (Some((i, leg)), window),
            None => (None, &mut fresh),
        };
        let (len, index) = keys.opener.open_rtp(bytes, header.len, window).map_err(dropped)?;
        peer.dtls = None;
        let bytes = &mut bytes[..len];
        if let Some(value) = peer.extension(Extension::TransportCc, &header, bytes)
            && let Some(number) = value.first_chunk()
        {
            let sent =
                peer.extension(Extension::AbsSendTime, &header, bytes).and_then(|sent| sent.first_chunk().copied());
            let told = sent.map_or(now, |sent| peer.jitter.told(sent, now));
            peer.twcc.on_packet(u16::from_be_bytes(*number), told);
        }
        let (i, leg) = match at {
            Some(bound) => bound,
            None => self.bind(key, &header, bytes, fresh, now)?,
        };
        self.arm(key, Timer::Feedback, now + FEEDBACK_EVERY);
        match leg {
            Leg::Media => self.on_media(key, i, &header, index, bytes, now),
            Leg::Repair => self.on_repair(key, i, &header, bytes, now),
        }
    }

    /// Gives an SSRC, which has just authenticated for the first time, its place.
    fn bind(
        &mut self,
        key: PeerKey,
        header: &RtpHeader,
        bytes: &[u8],
        window: ReplayWindow,
        now: Instant,
    ) -> Result<(usize, Leg), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let Claim { track, layer, leg } = peer.claim(header, bytes).ok_or(Dropped::NotNegotiated)?;
        if peer.retired.contains(header.ssrc) {
            return Err(Dropped::Replayed);
        }
        let source = peer.tracks[track].source;
        let known = peer.streams.iter().position(|stream| stream.source == source && stream.layer == layer);
        let before = known.map(|i| &peer.streams[i]);
        let media = before.filter(|_| leg == Leg::Media).map(|before| before.ssrc);
        let repair = before.and_then(|before| before.rtx_ssrc);
        if !peer.retired.retire(media.into_iter().chain(repair)) {
            return Err(Dropped::NotNegotiated);
        }
        if leg == Leg::Repair {
            let i = known.ok_or(Dropped::NotNegotiated)?;
            peer.streams[i].rtx_ssrc = Some(header.ssrc);
            peer.streams[i].rtx_window = window;
            return Ok((i, leg));
        }
        let streams = peer.streams.iter().filter(|stream| !stream.is_layer()).count();
        if known.is_none() && streams == STREAMS_MAX {
            return Err(Dropped::NotNegotiated);
        }
        if peer.streams.is_empty() {
            self.events.push_back(Event::Publishes { peer: peer.id });
        }
        self.streams_made += 1;
        let announced = peer.tracks[track].ssrcs.iter().find(|(ssrc, _)| *ssrc == header.ssrc);
        let rtx = announced.and_then(|(_, rtx)| *rtx);
        let mut stream = Stream::new(StreamId(self.streams_made), source, layer, header.ssrc, rtx);
        stream.window = window;
        let i = match known {
            // A new SSRC for the same layer: the sender began anew (RFC 8829 §5.2.2).
            Some(i) => {
                let before = std::mem::replace(&mut peer.streams[i], stream);
                // They come after what they were taken out of.
                peer.streams.retain(|stream| !(stream.is_layer() && stream.ssrc == before.ssrc));
                i
            }
            None => {
                // Most people have a microphone only.
                peer.streams.reserve_exact(1);
                peer.streams.push(stream);
                peer.streams.len() - 1
            }
        };
        self.arm(key, Timer::Report, now + crate::clockwork::REPORT_EVERY);
        self.flow_begins(key, i, now);
        Ok((i, leg))
    }

    /// A stream flows that did not: plans may change, before its first packet is lost.
    pub(crate) fn flow_begins(&mut self, key: PeerKey, i: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.streams[i].is_flowing = true;
        let (id, room_id) = (peer.id, peer.room);
        let shows = peer.streams[i].source == Source::Screen && peer.may_send(Source::Screen);
        if shows && let Some(room) = self.rooms.get_mut(&room_id) {
            room.begin_screen(id);
        }
        self.tell_streams(key);
        self.replan_about(room_id, id);
        self.settle(now);
        // Whom nobody looks at is told so as well.
        self.tell_wanted(key, now);
    }

    /// A retransmission (RFC 4588 §4): its payload begins with the number of the packet it repairs.
    fn on_repair(
        &mut self,
        key: PeerKey,
        i: usize,
        header: &RtpHeader,
        bytes: &mut [u8],
        now: Instant,
    ) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let stream = &mut peer.streams[i];
        let track = peer.tracks.iter().find(|track| track.source == stream.source).ok_or(Dropped::NotNegotiated)?;
        let payload_type = track.repaired(header.payload_type).ok_or(Dropped::NotNegotiated)?;
        let payload = header.payload(bytes).ok_or(Dropped::Malformed)?;
        // Padding alone: the browser probes for bandwidth.
        let Some(original) = payload.first_chunk() else { return Ok(()) };
        let original = u16::from_be_bytes(*original);
        // What is far from the newest is of an earlier beginning: taken for something new it would be the only news.
        let near = stream.window.newest().ok_or(Dropped::NotWanted)?;
        let index = crate::rtp::extend(near, original);
        if index.abs_diff(near) >= WINDOW {
            return Err(Dropped::NotWanted);
        }
        if !stream.window.is_fresh(index) {
            return Err(Dropped::Replayed);
        }
        stream.window.accept(index);
        // The header moves up over the two bytes: what remains is the packet as it was.
        bytes.copy_within(..header.len, 2);
        let bytes = &mut bytes[2..];
        bytes[1] = (bytes[1] & 0x80) | payload_type;
        bytes[2..4].copy_from_slice(&original.to_be_bytes());
        bytes[8..12].copy_from_slice(&stream.ssrc.to_be_bytes());
        let header = RtpHeader::parse(bytes).ok_or(Dropped::Malformed)?;
        self.on_media(key, i, &header, index, bytes, now)
    }

    /// A media packet in the clear: to the ring, and to every slot that shows it.
    fn on_media(
        &mut self,
        key: PeerKey,
        i: usize,
        header: &RtpHeader,
        index: u64,
        bytes: &[u8],
        now: Instant,
    ) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let source = peer.streams[i].source;
        let track = peer.tracks.iter().find(|track| track.source == source).ok_or(Dropped::NotNegotiated)?;
        let codec = track.codec(header.payload_type).ok_or(Dropped::NotNegotiated)?;
        let payload = header.payload(bytes).ok_or(Dropped::Malformed)?;
        let primary_at = track.primary_at(codec, payload).ok_or(Dropped::Malformed)?;
        let is_permitted = peer.may_send(source);
        let level =
            peer.extension(Extension::AudioLevel, header, bytes).and_then(|value| value.first().map(|b| b & 0x7f));
        let descriptor = if codec == Codec::Av1 { peer.extension(Extension::Dependency, header, bytes) } else { None }
            .unwrap_or(&[]);
        let stream = &mut peer.streams[i];
        let is_first = stream.reception.bits_per_second == 0 && !stream.reception.flows(now);
        let is_outage = stream.reception.on_packet(index, header.timestamp, codec.clock_hz(), bytes.len(), now);
        let was_flowing = stream.is_flowing;
        let vp8 = if codec == Codec::Vp8 { Vp8::parse(payload) } else { None };
        let vp9 = if codec == Codec::Vp9 { Vp9::parse(payload) } else { None };
        let starts_keyframe = match (vp8, vp9) {
            (Some(vp8), _) => vp8.starts_keyframe,
            (_, Some(vp9)) => vp9.starts_keyframe(),
            _ => codec.starts_keyframe(payload),
        };
        let numbers = match (vp8, vp9) {
            (Some(vp8), _) => vp8.numbers,
            (_, Some(vp9)) => vp9.numbers,
            _ => dependency::numbers(descriptor),
        };
        let mut is_resized = false;
        if starts_keyframe && !codec.is_audio() {
            stream.keyframes.on_keyframe();
            if is_first {
                stream.keyframes.on_first_keyframe(now);
            }
            if let Some(height_px) = vp8.and_then(|vp8| vp8.height_px) {
                is_resized = stream.height_px.replace(height_px) != Some(height_px);
            }
        }
        if !is_permitted {
            return Err(Dropped::NotPermitted);
        }
        let (id, room) = (peer.id, peer.room);
        let stream_id = peer.streams[i].id;
        if source == Source::Microphone {
            self.hear(key, id, level, now);
            self.tell_level(key, level);
        }
        if !was_flowing {
            self.flow_begins(key, i, now);
        } else if is_resized {
            self.tell_streams(key);
            self.replan_about(room, id);
            self.settle(now);
        }
        if is_outage && !codec.is_audio() {
            self.want_keyframe(key, stream_id, now);
        }
        let packet = Packet {
            stream: stream_id,
            index,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            starts_keyframe,
            starts_picture: vp9.is_some_and(|vp9| vp9.starts_picture()),
            arrived: now,
            primary_at,
            numbers,
        };
        let joined;
        let kept = if codec == Codec::Av1 {
            joined = dependency::joined(descriptor, payload);
            &joined
        } else {
            payload
        };
        let tells_layers = match codec {
            Codec::Vp9 => vp9.is_some_and(|vp9| vp9.spatial.is_some()),
            Codec::Av1 => dependency::has_layers(descriptor),
            _ => false,
        };
        if matches!(codec, Codec::Vp9 | Codec::Av1) && self.is_split(key, i, tells_layers) {
            let unit = Unit { packet, payload_type: header.payload_type, part: vp9.map(Part::from) };
            return self.take_apart(key, i, unit, kept);
        }
        self.fan_out(key, i, packet, header.payload_type, kept)
    }

    pub(crate) fn hear(&mut self, key: PeerKey, id: crate::names::PeerId, level: Option<u8>, now: Instant) {
        let Some(room_id) = self.peers.get(key).map(|peer| peer.room) else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let heard = room.speakers.on_packet(id, level, now);
        self.tell_heard(room_id, heard, now);
    }

    /// To every slot that shows the stream, and to other relays.
    pub(crate) fn fan_out(
        &mut self,
        key: PeerKey,
        i: usize,
        packet: Packet,
        payload_type: u8,
        payload: &[u8],
    ) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let stream = &mut peer.streams[i];
        if !packet.codec.is_audio() {
            stream.ring.push(packet.index, packet.timestamp, payload_type, packet.marker, packet.arrived, payload);
        }
        let is_carried = !stream.trunks.is_empty();
        let is_shown = !stream.routes.is_empty();
        if is_carried {
            self.carry(key, i, packet, payload);
        }
        if !is_shown {
            return if is_carried { Ok(()) } else { Err(Dropped::NotWanted) };
        }
        let place = self.batch.push(packet, payload).ok_or(Dropped::QueueFull)?;
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let routes = std::mem::take(&mut peer.streams[i].routes);
        self.gather(routes.len(), packet.arrived);
        for route in &routes {
            let pending = Pending { packet: place, slot: route.slot, why: Why::Media };
            self.wait(route.receiver, pending);
        }
        if let Some(peer) = self.peers.get_mut(key) {
            peer.streams[i].routes = routes;
        }
        Ok(())
    }

    pub(crate) fn wait(&mut self, receiver: PeerKey, pending: Pending) {
        let Some(peer) = self.peers.get_mut(receiver) else { return };
        if peer.pending.len() == PENDING_MAX {
            self.stats.drop_one(Dropped::QueueFull);
            return;
        }
        if peer.pending.is_empty() {
            self.receivers.push_back(receiver);
        }
        peer.pending.push(pending);
    }

    pub(crate) fn on_rtcp(&mut self, key: PeerKey, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
        let keys = peer.srtp.as_mut().ok_or(Dropped::NoKeys)?;
        let ssrc = bytes.get(4..8).and_then(<[u8]>::first_chunk).map(|ssrc| u32::from_be_bytes(*ssrc));
        let ssrc = ssrc.ok_or(Dropped::NotMedia)?;
        let mut window = peer.report_windows.of(ssrc);
        let len = keys.opener.open_rtcp(bytes, &mut window).map_err(dropped)?;
        if !peer.report_windows.keep(ssrc, window) {
            return Err(Dropped::NotNegotiated);
        }
        peer.dtls = None;
        report::read(&bytes[..len], |news| self.on_news(key, news, now)).ok_or(Dropped::Malformed)
    }

    fn on_news(&mut self, key: PeerKey, news: News<'_>, now: Instant) {
        match news {
            News::SenderReport { ssrc, ntp, timestamp } => self.on_sender_report(key, ssrc, ntp, timestamp, now),
            News::Reception(reception) => self.on_reception(key, &reception, now),
            News::KeyframeWanted { ssrc } => self.on_keyframe_wanted(key, ssrc, now),
            News::Missing { ssrc, sequences } => self.on_missing(key, ssrc, sequences, now),
            News::Arrivals(feedback) => self.on_arrivals(key, &feedback, now),
        }
    }

    /// A receiver lost the picture in one of its slots.
    fn on_keyframe_wanted(&mut self, key: PeerKey, ssrc: u32, now: Instant) {
        let Some(peer) = self.peers.get(key) else { return };
        let Some(slot) = peer.slots.iter().find(|slot| slot.ssrc == ssrc) else { return };
        let Some(stream) = slot.target().or(slot.showing()) else { return };
        if let Some(feed) = peer.feeds.iter().find(|feed| feed.stream == stream) {
            self.want_keyframe(feed.publisher, stream, now);
        }
    }

    /// A receiver misses packets of a slot: from the publisher's ring, within the slot's budget.
    fn on_missing(&mut self, key: PeerKey, ssrc: u32, sequences: Sequences<'_>, now: Instant) {
        let Some(peer) = self.peers.get(key) else { return };
        let Some(slot) = peer.slots.iter().position(|slot| slot.ssrc == ssrc) else { return };
        for sequence in sequences {
            let Some(peer) = self.peers.get(key) else { return };
            let Some((stream, index)) = peer.slots[slot].published(sequence) else { continue };
            if self.send_again(key, slot, stream, index, Why::Repair).is_some() {
                self.echo(key, Echo { slot: slot as u16, stream, index }, now);
            }
        }
    }

    /// Queues a packet of the publisher's ring once more. Returns its size, if it is still there.
    pub(crate) fn send_again(
        &mut self,
        key: PeerKey,
        slot: usize,
        stream: StreamId,
        index: u64,
        why: Why,
    ) -> Option<usize> {
        // What was shown before comes from the same publisher.
        let feed = self.peers.get(key)?.feeds.iter().find(|feed| usize::from(feed.slot) == slot)?;
        let publisher = self.peers.get(feed.publisher)?;
        let stream = publisher.stream(stream)?;
        let (kept, payload) = stream.ring.get(index)?;
        let codec = publisher.track(stream.source)?.codec(kept.payload_type)?;
        let packet = Packet {
            stream: stream.id,
            index,
            timestamp: kept.timestamp,
            marker: kept.marker,
            codec,
            starts_keyframe: false,
            starts_picture: false,
            arrived: kept.arrived,
            primary_at: 0,
            numbers: PictureNumbers::of(codec, payload),
        };
        let len = payload.len();
        let place = self.batch.push(packet, payload)?;
        self.wait(key, Pending { packet: place, slot: slot as u16, why });
        Some(len)
    }
}

fn dropped(why: NotOpened) -> Dropped {
    match why {
        NotOpened::TooShort => Dropped::NotMedia,
        NotOpened::Replayed => Dropped::Replayed,
        NotOpened::BadAuthentication => Dropped::BadAuthentication,
    }
}
