//! One peer: a browser's transport, what it publishes, and its receive slots.

use crate::codec::{Codec, red_primary};
use crate::downlink::Downlink;
use crate::dtls::Dtls;
use crate::event::Pictures;
use crate::gaze::Gazes;
use crate::ice::{Credentials, IceAgent};
use crate::jitter::Jitter;
use crate::names::{Audience, Mid, PeerId, RelayId, Role, RoomId, Source};
use crate::permit::Permit;
use crate::relay::Look;
use crate::replay::{ReportWindows, RetiredSsrcs};
use crate::rtp::RtpHeader;
use crate::session::{Extension, OfferedCodec, Section};
use crate::share::Share;
use crate::slot::{Slot, StreamId};
use crate::srtp::SrtpKeys;
use crate::stand_in::StandIn;
use crate::stats::PeerStats;
use crate::stream::Stream;
use crate::timers::{PeerKey, Timer};
use crate::twcc::Twcc;
use std::time::{Duration, Instant};

/// Microphone, screen sound, screen, and a camera of three layers; those that are taken out of one come on top.
pub const STREAMS_MAX: usize = 6;

/// A camera in three layers and a screen in full come to 1,000 datagrams/s with all feedback.
const INGRESS_PER_SECOND: u32 = 2_500;
/// A second's worth at once: a keyframe after a stall.
const INGRESS_BURST: u32 = 2_500;

/// Whether media flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// ICE or DTLS is not done.
    New,
    Connected,
    /// Consent ended; a valid check revives it.
    Lost,
    /// DTLS failed or was closed; only a new peer helps.
    Dead,
    /// Another relay of this process has the transport: the peer is a stand-in.
    Elsewhere(RelayId),
}

/// What one section sends, as it was negotiated.
pub struct Track {
    pub source: Source,
    pub mid: Mid,
    pub codecs: Vec<OfferedCodec>,
    pub rids: Vec<String>,
    pub ssrcs: Vec<(u32, Option<u32>)>,
    pub gazes: Gazes,
}

impl Track {
    pub fn new(source: Source, section: &Section) -> Track {
        Track {
            source,
            mid: section.mid,
            codecs: section.codecs.clone(),
            rids: section.rids.clone(),
            ssrcs: section.ssrcs.clone(),
            gazes: Gazes::default(),
        }
    }

    /// A track whose packets come already opened, numbered by their codecs.
    pub fn of(source: Source, codecs: impl Iterator<Item = Codec>) -> Track {
        let offered = |codec| OfferedCodec { codec, payload_type: codec as u8, rtx: None, fmtp: None };
        Track {
            source,
            mid: Mid::none(),
            codecs: codecs.map(offered).collect(),
            rids: Vec::new(),
            ssrcs: Vec::new(),
            gazes: Gazes::default(),
        }
    }

    pub fn codec(&self, payload_type: u8) -> Option<Codec> {
        self.codecs.iter().find(|offered| offered.payload_type == payload_type).map(|offered| offered.codec)
    }

    /// Where the newest sound begins in a payload that repeats earlier sound; 0 in every other. `None` if malformed.
    pub fn primary_at(&self, codec: Codec, payload: &[u8]) -> Option<u16> {
        if codec != Codec::Red {
            return Some(0);
        }
        let opus = self.codecs.iter().find(|offered| offered.codec == Codec::Opus)?;
        red_primary(payload, opus.payload_type).and_then(|at| u16::try_from(at).ok())
    }

    /// The media payload type whose retransmissions have `payload_type`.
    pub fn repaired(&self, payload_type: u8) -> Option<u8> {
        self.codecs.iter().find(|offered| offered.rtx == Some(payload_type)).map(|offered| offered.payload_type)
    }
}

/// A batch packet that waits to be sealed for this peer.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub packet: u32,
    pub slot: u16,
    pub why: Why,
}

/// Why a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Media,
    /// The receiver misses it.
    Repair,
    /// To learn what the way bears: a packet once more…
    Probe,
    /// …or nothing but padding; the packet is not looked at.
    Padding,
}

/// A repair that is sent once more, as it may be lost as well.
#[derive(Clone, Copy, Debug)]
pub struct Echo {
    pub slot: u16,
    pub stream: StreamId,
    pub index: u64,
}

/// A stream that one of our slots is routed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    pub publisher: PeerKey,
    pub stream: StreamId,
    pub slot: u16,
}

/// Which of the two SSRCs of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    Media,
    Repair,
}

pub struct Peer {
    pub id: PeerId,
    pub key: PeerKey,
    pub room: RoomId,
    pub role: Role,
    pub permit: Permit,
    pub link: Link,
    pub ice: IceAgent,
    /// Until the peer's first packet under its keys: whoever sends one has heard our last flight (RFC 6347 §4.2.4), and
    /// what is left of a handshake is a third of a seat. A stand-in has none.
    pub dtls: Option<Box<Dtls>>,
    pub handshake_until: Option<Instant>,
    pub fingerprints: Vec<[u8; 32]>,
    /// The offer's sections and the SSRCs of slots, so that a later offer is answered alike.
    pub sections: Vec<(Mid, crate::answer::Use)>,
    pub answers: u64,
    pub srtp: Option<SrtpKeys>,
    pub report_windows: ReportWindows,
    pub retired: RetiredSsrcs,
    pub rtcp_index: u32,
    /// Ids of the header extensions; one BUNDLE has one id for each (RFC 8843 §9.2).
    pub extensions: [Option<u8>; Extension::ALL.len()],
    pub tracks: Vec<Track>,
    pub streams: Vec<Stream>,
    /// Other relays on which this peer has a stand-in.
    pub watchers: Vec<RelayId>,
    pub twcc: Twcc,
    pub jitter: Jitter,
    pub slots: Vec<Slot>,
    pub feeds: Vec<Feed>,
    pub wanted: Vec<Look>,
    pub pictures: Pictures,
    /// The publishers this peer looks at, and how high.
    pub gazes: Vec<(PeerKey, Source, u16)>,
    /// The way to this peer, if it reports arrivals, with the id of the extension that numbers them.
    pub downlink: Option<(u8, Box<Downlink>)>,
    pub share: Share,
    pub told: Option<(crate::link::Link, Instant)>,
    pub pending: Vec<Pending>,
    pub echoes: Vec<Echo>,
    /// What to add to the peer's NTP time for ours, in 2^-32 s.
    pub ntp_step: Option<u64>,
    pub armed: [Option<Instant>; Timer::COUNT],
    pub ingress: Ingress,
    pub stats: PeerStats,
}

impl Peer {
    /// Somebody of whom nothing is known yet: no transport, nothing sent, no slots, no rights.
    pub fn new((id, room, role): (PeerId, RoomId, Role), key: PeerKey, link: Link, now: Instant) -> Peer {
        let nobody = Credentials { ufrag: String::new(), password: String::new() };
        Peer {
            id,
            key,
            room,
            role,
            permit: Permit::nothing(),
            link,
            ice: IceAgent::new(nobody, String::new()),
            dtls: None,
            handshake_until: None,
            fingerprints: Vec::new(),
            sections: Vec::new(),
            answers: 0,
            srtp: None,
            report_windows: ReportWindows::default(),
            retired: RetiredSsrcs::default(),
            rtcp_index: 0,
            extensions: [None; Extension::ALL.len()],
            tracks: Vec::new(),
            streams: Vec::new(),
            watchers: Vec::new(),
            twcc: Twcc::default(),
            jitter: Jitter::default(),
            slots: Vec::new(),
            feeds: Vec::new(),
            wanted: Vec::new(),
            pictures: Pictures::All,
            gazes: Vec::new(),
            downlink: None,
            share: Share::default(),
            told: None,
            pending: Vec::new(),
            echoes: Vec::new(),
            ntp_step: None,
            armed: [None; Timer::COUNT],
            ingress: Ingress::new(now),
            stats: PeerStats::default(),
        }
    }

    /// Without a transport and without slots: it sends, by another relay, and receives nothing.
    pub fn stand_in(key: PeerKey, who: StandIn, permit: Permit, now: Instant) -> Peer {
        Peer { permit, ..Peer::new((who.peer, who.room, who.role), key, Link::Elsewhere(who.at), now) }
    }

    /// Whether what this peer sends of `source` may reach a receiver with `role`.
    pub fn may_reach(&self, source: Source, role: Role) -> bool {
        self.permit.sources.contains(&source)
            && match self.permit.audience {
                Audience::Everyone => true,
                Audience::Teachers => role == Role::Teacher,
            }
    }

    pub fn may_send(&self, source: Source) -> bool {
        self.permit.sources.contains(&source)
    }

    pub fn track(&self, source: Source) -> Option<&Track> {
        self.tracks.iter().find(|track| track.source == source)
    }

    /// Those that may be shown.
    pub fn streams_of(&self, source: Source) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(move |stream| stream.source == source && !stream.is_split())
    }

    pub fn flows(&self, source: Source) -> bool {
        self.streams_of(source).any(|stream| stream.is_flowing)
    }

    pub fn stream_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    pub fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.id == id)
    }

    /// The value of a header extension in a packet.
    pub fn extension<'p>(&self, extension: Extension, header: &RtpHeader, packet: &'p [u8]) -> Option<&'p [u8]> {
        let wanted = self.extensions[extension as usize]?;
        header.extensions(packet).find(|(id, _)| *id == wanted).map(|(_, value)| value)
    }

    /// Which track and layer an unbound SSRC belongs to: by its MID and RID (RFC 8843 §9.2), else
    /// by the offer's own word (RFC 5576).
    pub fn claim(&self, header: &RtpHeader, packet: &[u8]) -> Option<Claim> {
        let text = |extension| {
            let value = self.extension(extension, header, packet)?;
            std::str::from_utf8(value).ok().map(|text| text.trim_end_matches('\0'))
        };
        let announced = |track: &Track| {
            let ssrcs = || track.ssrcs.iter().enumerate();
            let media = ssrcs().find(|(_, (media, _))| *media == header.ssrc).map(|(i, _)| i);
            media.or_else(|| ssrcs().find(|(_, (_, rtx))| *rtx == Some(header.ssrc)).map(|(i, _)| i))
        };
        let mid = text(Extension::Mid);
        let (at, track) = self.tracks.iter().enumerate().find(|(_, track)| match mid {
            Some(mid) => track.mid.as_str() == mid,
            None => announced(track).is_some(),
        })?;
        let leg = if track.codec(header.payload_type).is_some() {
            Leg::Media
        } else {
            track.repaired(header.payload_type).map(|_| Leg::Repair)?
        };
        let layer = if track.rids.is_empty() {
            // Without simulcast one SSRC is the track.
            0
        } else {
            let rid = text(if leg == Leg::Media { Extension::Rid } else { Extension::RepairedRid });
            let rid = rid.or_else(|| text(Extension::Rid));
            let by_rid = rid.and_then(|rid| track.rids.iter().position(|known| known == rid));
            by_rid.or_else(|| announced(track))?
        };
        Some(Claim { track: at, layer: layer as u8, leg })
    }
}

/// What an unbound SSRC says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub track: usize,
    pub layer: u8,
    pub leg: Leg,
}

/// A token bucket over datagrams.
pub struct Ingress {
    tokens: u32,
    filled_at: Instant,
}

impl Ingress {
    pub fn new(now: Instant) -> Ingress {
        Ingress { tokens: INGRESS_BURST, filled_at: now }
    }

    pub fn take(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.filled_at);
        let fresh = since.as_micros() * u128::from(INGRESS_PER_SECOND) / 1_000_000;
        if fresh > 0 {
            let fresh = u32::try_from(fresh).unwrap_or(INGRESS_BURST);
            self.tokens = self.tokens.saturating_add(fresh).min(INGRESS_BURST);
            let spent = Duration::from_micros(u64::from(fresh) * 1_000_000 / u64::from(INGRESS_PER_SECOND));
            self.filled_at = if self.tokens == INGRESS_BURST { now } else { self.filled_at + spent };
        }
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_its_rate() {
        let start = Instant::now();
        let mut ingress = Ingress::new(start);
        let passed = (0..20_000_u64).filter(|i| ingress.take(start + Duration::from_micros(i * 50))).count();
        assert!((4_900..=5_100).contains(&passed), "{passed} in one second: the burst and the rate");
    }
}
