//! One light peer, sans-I/O: connects, counts what arrives, sends reels, and reports as a browser would.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::sender_report::SenderReport;

use super::answer::Answer;
use super::dtls::{Dtls, Keys, Progress};
use super::feedback::{self, ARRIVALS_EVERY, Arrivals, REPORT_EVERY};
use super::ice::{Credentials, Heard};
use super::offer::{RIDS, Section};
use super::reel::{Reel, Sound};
use super::stamp;
use super::tally::Tally;
use crate::histogram::Histogram;

/// Until it is answered, a check goes out again.
const CHECK_AGAIN: Duration = Duration::from_millis(100);
/// Browsers check a pair in use about this often, which is also their consent (RFC 7675 §5.1).
const CHECK_EVERY: Duration = Duration::from_millis(2_500);
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
/// Opening each packet would cost the tester as much as sealing it cost the relay.
const OPENED_EVERY: u64 = 64;
/// Seconds from the NTP epoch, 1900, to the Unix one.
const NTP_UNIX_S: u64 = 2_208_988_800;

/// How a peer behaves beyond receiving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// Receiver reports and transport-wide feedback, as browsers give them.
    pub feedback: bool,
    /// Of a thousand packets so many are thrown away on arrival and asked for again.
    pub loss_per_mille: u32,
    /// One packet of this many is opened, so that a relay that seals badly is found out, and to read when it was sent;
    /// at 0 one of [`OPENED_EVERY`].
    pub opened_every: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("DTLS failed")]
    Dtls,
    #[error("not connected within {CONNECTED_WITHIN:?}")]
    TooLate,
}

enum Stage {
    Checking,
    ShakingHands,
    Connected(Box<Keys>),
    Failed(Failure),
}

pub struct LightPeer {
    pub relay: SocketAddr,
    credentials: Credentials,
    sections: Vec<Section>,
    manners: Manners,
    transport_cc: Option<u8>,
    dtls: Dtls,
    stage: Stage,
    began: Option<Instant>,
    check_due: Option<Instant>,
    report_due: Option<Instant>,
    arrivals_due: Option<Instant>,
    arrivals: Option<Arrivals>,
    own_ssrc: u32,
    transport_number: u16,
    reels: Vec<Reel>,
    pub tallies: Vec<Tally>,
    /// From a light peer to this one, as the stamps in opened packets tell.
    pub transit: Histogram,
    epoch: Option<Instant>,
    pub connected_at: Option<Instant>,
    /// Packets of the sample that did not open.
    pub unopened: u64,
    pub reports_sent: u64,
    dice: u32,
    scratch: Vec<u8>,
    out: VecDeque<Vec<u8>>,
}

impl LightPeer {
    pub fn new(credentials: Credentials, sections: Vec<Section>, answer: &Answer, manners: Manners) -> LightPeer {
        LightPeer {
            relay: answer.relay,
            dtls: Dtls::new(answer.fingerprint.clone()),
            credentials,
            sections,
            manners,
            transport_cc: answer.transport_cc.filter(|_| manners.feedback),
            stage: Stage::Checking,
            began: None,
            check_due: None,
            report_due: None,
            arrivals_due: None,
            arrivals: None,
            own_ssrc: rand::random::<u32>() | 1,
            transport_number: 0,
            reels: Vec::new(),
            tallies: Vec::new(),
            transit: Histogram::default(),
            epoch: None,
            connected_at: None,
            unopened: 0,
            reports_sent: 0,
            dice: rand::random::<u32>() | 1,
            scratch: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// `epoch` is what the stamps of all peers that talk to each other count from.
    pub fn begin(&mut self, now: Instant, epoch: Instant) {
        self.began = Some(now);
        self.epoch = Some(epoch);
        self.check(now);
    }

    /// Whether media can flow, or will not.
    pub fn outcome(&self) -> Option<Result<(), Failure>> {
        match &self.stage {
            Stage::Checking | Stage::ShakingHands => None,
            Stage::Connected(_) => Some(Ok(())),
            Stage::Failed(failure) => Some(Err(*failure)),
        }
    }

    /// Packets sent until now.
    pub fn sent(&self) -> u64 {
        self.reels.iter().map(|reel| reel.sent).sum()
    }

    /// Sends a sound or picture in the section `mid`, from now on; nothing ends what was sent there.
    pub fn perform(&mut self, mid: &str, sound: Option<Sound>, now: Instant) {
        let Some(section) = self.sections.iter().find(|section| section.mid == mid) else { return };
        let Some(ssrc) = section.ssrc else { return };
        let layers = if section.has_layers { RIDS.len() } else { 1 };
        for (layer, rid) in RIDS.into_iter().enumerate().take(layers) {
            let ssrc = ssrc.wrapping_add(layer as u32);
            match (self.reels.iter_mut().find(|reel| reel.ssrc == ssrc), sound) {
                (Some(reel), sound) => reel.change(sound, now),
                (None, Some(sound)) => {
                    let reel = Reel::new(sound, ssrc, mid, now);
                    self.reels.push(if layers > 1 { reel.with_rid(rid, layer) } else { reel });
                }
                (None, None) => {}
            }
        }
    }

    /// What this peer sends in the section `mid` is named so, in its first layer.
    pub fn ssrc(&self, mid: &str) -> Option<u32> {
        self.sections.iter().find(|section| section.mid == mid)?.ssrc
    }

    /// Any RTP packet under this peer's keys: what a tampered client could send. Nothing before there are keys.
    pub fn seal(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let Stage::Connected(keys) = &mut self.stage else { return None };
        keys.sealer.encrypt_rtp(packet).ok().map(|sealed| sealed.to_vec())
    }

    /// The same for RTCP.
    pub fn seal_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let Stage::Connected(keys) = &mut self.stage else { return None };
        keys.sealer.encrypt_rtcp(packet).ok().map(|sealed| sealed.to_vec())
    }

    /// A check that nominates, as good as this peer's credentials are.
    pub fn knock(&self) -> Vec<u8> {
        self.credentials.check()
    }

    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// When to call [`LightPeer::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = [self.check_due, self.report_due, self.arrivals_due, self.dtls.poll_timeout()];
        let reels = self.reels.iter().filter_map(|reel| Some(reel.due()?.min(reel.report_due)));
        own.into_iter().flatten().chain(reels.filter(|_| matches!(self.stage, Stage::Connected(_)))).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.check_due.is_some_and(|due| due <= now) {
            self.check(now);
        }
        if self.dtls.poll_timeout().is_some_and(|due| due <= now) {
            self.dtls.handle_timeout(now);
            self.send_flights();
        }
        if self.report_due.is_some_and(|due| due <= now) {
            self.report_due = Some(now + REPORT_EVERY);
            let report = feedback::receiver_report(self.own_ssrc, &self.tallies, now);
            self.send_rtcp(&report);
        }
        if self.arrivals_due.is_some_and(|due| due <= now) {
            self.arrivals_due = None;
            let media = self.tallies.first().map_or(0, |tally| tally.ssrc);
            if let Some(told) = self.arrivals.as_mut().and_then(|arrivals| arrivals.feedback(self.own_ssrc, media)) {
                self.send_rtcp(&told);
            }
        }
        for at in 0..self.reels.len() {
            self.play(at, now);
        }
    }

    /// One datagram of the relay. It may be decrypted in place.
    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        match datagram {
            [128..=191, 192..=223, ..] => self.on_rtcp(datagram, now),
            [128..=191, ..] => self.on_rtp(datagram, now),
            [20..=63, ..] => self.on_dtls(datagram, now),
            [0..=3, ..] => self.on_stun(datagram, from, now),
            _ => {}
        }
    }

    /// Asks again for what was thrown away since the last call: browsers do so at once.
    pub fn ask_again(&mut self) {
        for at in 0..self.tallies.len() {
            if self.tallies[at].thrown.is_empty() {
                continue;
            }
            let thrown = std::mem::take(&mut self.tallies[at].thrown);
            let ask = feedback::missing(self.own_ssrc, self.tallies[at].ssrc, &thrown);
            self.send_rtcp(&ask);
        }
    }

    fn check(&mut self, now: Instant) {
        let is_done = matches!(self.stage, Stage::Connected(_));
        if !is_done && self.began.is_some_and(|began| now > began + CONNECTED_WITHIN) {
            self.stage = Stage::Failed(Failure::TooLate);
            self.check_due = None;
            return;
        }
        self.out.push_back(self.credentials.check());
        self.check_due = Some(now + if is_done { CHECK_EVERY } else { CHECK_AGAIN });
    }

    fn on_stun(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        match self.credentials.hear(datagram, from) {
            Heard::Asked(answer) => self.out.push_back(answer),
            Heard::Answered if matches!(self.stage, Stage::Checking) => {
                self.stage = Stage::ShakingHands;
                let progress = self.dtls.begin(now);
                self.advance(progress, now);
            }
            Heard::Answered | Heard::Nothing => {}
        }
    }

    fn on_dtls(&mut self, datagram: &[u8], now: Instant) {
        let progress = self.dtls.receive(datagram, now);
        self.advance(progress, now);
    }

    fn advance(&mut self, progress: Progress, now: Instant) {
        self.send_flights();
        match progress {
            Progress::Going => {}
            Progress::Failed => self.stage = Stage::Failed(Failure::Dtls),
            Progress::Connected(keys) => {
                self.stage = Stage::Connected(keys);
                self.connected_at = Some(now);
                self.check_due = Some(now + CHECK_EVERY.mul_f32(0.5 + self.roll() as f32 / u32::MAX as f32));
                if self.manners.feedback {
                    self.report_due = Some(now + REPORT_EVERY.mul_f32(self.roll() as f32 / u32::MAX as f32));
                    self.arrivals = Some(Arrivals::new(now));
                }
            }
        }
    }

    fn send_flights(&mut self) {
        while let Some(flight) = self.dtls.poll_transmit() {
            self.out.push_back(flight);
        }
    }

    fn on_rtp(&mut self, packet: &[u8], now: Instant) {
        let (Stage::Connected(keys), Some(head)) = (&mut self.stage, packet.first_chunk::<12>()) else { return };
        let sequence = u16::from_be_bytes([head[2], head[3]]);
        let ssrc = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
        let known = self.tallies.iter().position(|tally| tally.ssrc == ssrc);
        let at = known.unwrap_or(self.tallies.len());
        if known.is_none() {
            self.tallies.push(Tally::new(ssrc, head[1] & 0x7f, sequence, now));
        }
        let tally = &mut self.tallies[at];
        // Xorshift (Marsaglia 2003): chance enough to throw packets away.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        if !tally.is_repair && self.dice % 1_000 < self.manners.loss_per_mille {
            tally.throw_away(sequence);
            return;
        }
        let timestamp = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        tally.count(sequence, timestamp, packet.len(), now);
        let opened_every = if self.manners.opened_every == 0 { OPENED_EVERY } else { self.manners.opened_every };
        // Stamps are at the ends of frames: of pictures the packet with the marker.
        let ends_frame = !tally.is_video || head[1] & 0x80 != 0;
        if tally.unread >= opened_every && (ends_frame || tally.unread >= 2 * opened_every) {
            tally.unread = 0;
            match (keys.opener.decrypt_rtp(packet), self.epoch) {
                (Ok(plain), Some(epoch)) => {
                    let sent = stamp::read(&plain).map(|sent| epoch + sent);
                    let first_time = sent.filter(|_| !tally.is_repair);
                    first_time.into_iter().for_each(|sent| self.transit.note(now.saturating_duration_since(sent)));
                }
                (Ok(_), None) => {}
                (Err(_), _) => self.unopened += 1,
            }
        }
        if let (Some(id), Some(arrivals)) = (self.transport_cc, &mut self.arrivals)
            && let Some(number) = transport_number(packet, id)
        {
            arrivals.note(number, now);
            self.arrivals_due.get_or_insert(now + ARRIVALS_EVERY);
        }
    }

    fn on_rtcp(&mut self, datagram: &[u8], now: Instant) {
        if self.reels.is_empty() && !self.manners.feedback {
            return;
        }
        let Stage::Connected(keys) = &mut self.stage else { return };
        let Ok(plain) = keys.opener.decrypt_rtcp(datagram) else {
            self.unopened += 1;
            return;
        };
        let Ok(packets) = rtc_rtcp::packet::unmarshal(&mut &plain[..]) else { return };
        for packet in &packets {
            let any = packet.as_any();
            if let Some(asked) = any.downcast_ref::<PictureLossIndication>() {
                let of_it = self.reels.iter_mut().filter(|reel| reel.ssrc == asked.media_ssrc);
                of_it.for_each(Reel::want_key);
            } else if any.is::<FullIntraRequest>() {
                self.reels.iter_mut().for_each(Reel::want_key);
            } else if let Some(report) = any.downcast_ref::<SenderReport>()
                && let Some(tally) = self.tallies.iter_mut().find(|tally| tally.ssrc == report.ssrc)
            {
                tally.last_report = Some(((report.ntp_time >> 16) as u32, now));
            }
        }
    }

    /// Sends what is due of one reel, and its sender report.
    fn play(&mut self, at: usize, now: Instant) {
        let Stage::Connected(keys) = &mut self.stage else { return };
        let reel = &mut self.reels[at];
        while reel.due().is_some_and(|due| due <= now) {
            reel.write(&mut self.scratch, self.transport_number, now);
            if let Some(epoch) = self.epoch {
                stamp::write(&mut self.scratch, now.saturating_duration_since(epoch));
            }
            self.transport_number = self.transport_number.wrapping_add(1);
            if let Ok(sealed) = keys.sealer.encrypt_rtp(&self.scratch) {
                self.out.push_back(sealed.to_vec());
            }
        }
        if reel.report_due <= now && reel.sent > 0 {
            reel.report_due = now + REPORT_EVERY;
            let (ssrc, timestamp, sent) = (reel.ssrc, reel.timestamp, reel.sent as u32);
            let octets = sent.wrapping_mul(reel.payload_len() as u32);
            let report = feedback::sender_report(ssrc, ntp_time(), timestamp, sent, octets);
            self.send_rtcp(&report);
        }
    }

    fn send_rtcp(&mut self, packet: &[u8]) {
        if let Stage::Connected(keys) = &mut self.stage
            && let Ok(sealed) = keys.sealer.encrypt_rtcp(packet)
        {
            self.reports_sent += 1;
            self.out.push_back(sealed.to_vec());
        }
    }

    fn roll(&mut self) -> u32 {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.dice
    }
}

/// The transport-wide number of a packet: extensions are in the clear (RFC 8285 §4.2).
fn transport_number(packet: &[u8], wanted: u8) -> Option<u16> {
    if packet[0] & 0x10 == 0 {
        return None;
    }
    let start = 12 + 4 * usize::from(packet[0] & 0x0f);
    let head = packet.get(start..start + 4)?;
    let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let mut rest = packet.get(start + 4..start + 4 + 4 * words)?;
    while let Some((&first, after)) = rest.split_first() {
        if first == 0 {
            rest = after;
            continue;
        }
        let len = usize::from(first & 0x0f) + 1;
        let value = after.get(..len)?;
        if first >> 4 == wanted {
            return value.first_chunk().map(|number| u16::from_be_bytes(*number));
        }
        rest = &after[len..];
    }
    None
}

fn ntp_time() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (since.as_secs() + NTP_UNIX_S) << 32 | fraction
}
