//! A browser's session description, read once into what the relay needs of it (RFC 8866, RFC 8829).

use crate::codec::Codec;
use crate::names::Mid;
use crate::offer::OfferError;
use crate::sdp::{Description, Media};
use std::collections::BTreeMap;

/// A lean offer with all slots takes two thirds of it.
pub const SDP_LEN_MAX: usize = 32 * 1024;
/// 4 senders, 5 fixed slots, 24 cameras, and some room.
pub const SECTIONS_MAX: usize = 40;
/// They are not used: checks teach us addresses. More than this is no browser.
pub const CANDIDATES_MAX: usize = 20;
/// RFC 8839 §5.4.
const UFRAG_LEN_MAX: usize = 256;
/// Browsers have one; two while a certificate is renewed.
const FINGERPRINTS_MAX: usize = 8;
/// Three are what we ask for; the rest of a longer list is not served.
const RIDS_MAX: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

/// One codec of a section, by the offerer's payload types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedCodec {
    pub codec: Codec,
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588 §8.6).
    pub rtx: Option<u8>,
    pub fmtp: Option<String>,
}

/// Header extensions the relay reads; the rest is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extension {
    Mid,
    Rid,
    RepairedRid,
    AudioLevel,
    TransportCc,
    AbsSendTime,
    /// Of AV1: which layer a packet is of.
    Dependency,
}

impl Extension {
    pub const ALL: [Extension; 7] = [
        Extension::Mid,
        Extension::Rid,
        Extension::RepairedRid,
        Extension::AudioLevel,
        Extension::TransportCc,
        Extension::AbsSendTime,
        Extension::Dependency,
    ];

    pub fn uri(self) -> &'static str {
        match self {
            Extension::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Extension::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Extension::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Extension::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Extension::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Extension::Dependency => {
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
            }
            Extension::TransportCc => "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        }
    }
}

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub mid: Mid,
    pub kind: Kind,
    pub direction: Direction,
    /// Served codecs only, one payload type each, preferred first.
    pub codecs: Vec<OfferedCodec>,
    pub extensions: BTreeMap<Extension, u8>,
    /// RIDs that are sent, in the offer's order (RFC 8853).
    pub rids: Vec<String>,
    /// SSRCs announced for media, with their retransmission's (RFC 5576 `FID`).
    pub ssrcs: Vec<(u32, Option<u32>)>,
}

/// The whole description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub ufrag: String,
    pub fingerprints: Vec<[u8; 32]>,
    pub sections: Vec<Section>,
}

impl Session {
    pub fn parse(sdp: &str) -> Result<Session, OfferError> {
        if sdp.len() > SDP_LEN_MAX {
            return Err(OfferError::TooLarge(sdp.len()));
        }
        count_lines(sdp)?;
        let description = Description::read(sdp).ok_or(OfferError::NotSdp)?;
        let media = &description.media;
        if media.iter().any(|m| m.kind == "application") {
            return Err(OfferError::DataChannel);
        }
        let attributes = |key: &'static str| {
            let session = description.attributes.iter();
            session
                .chain(media.iter().flat_map(|m| m.attributes.iter()))
                .filter(move |a| a.key == key)
                .filter_map(|a| a.value)
        };
        let ufrag = attributes("ice-ufrag").next().filter(|text| is_ice_text(text, 4, UFRAG_LEN_MAX));
        let password = attributes("ice-pwd").next().filter(|text| is_ice_text(text, 22, UFRAG_LEN_MAX));
        let (Some(ufrag), Some(_)) = (ufrag, password) else {
            return Err(OfferError::BadIceCredentials);
        };
        if !attributes("setup").all(|setup| setup == "actpass" || setup == "active") {
            return Err(OfferError::BadSetup);
        }
        let fingerprints = fingerprints(attributes("fingerprint"))?;
        let bundle: Vec<&str> = attributes("group")
            .filter_map(|group| group.strip_prefix("BUNDLE "))
            .flat_map(str::split_whitespace)
            .collect();
        let mut sections: Vec<Section> = Vec::new();
        for m in media {
            let section = Section::read(m, &bundle)?;
            if sections.iter().any(|earlier| earlier.mid == section.mid) {
                return Err(OfferError::MidTwice(section.mid.to_string()));
            }
            sections.push(section);
        }
        Ok(Session { ufrag: ufrag.to_owned(), fingerprints, sections })
    }

    /// Puts a codec first in a section, if it is offered there.
    pub fn prefer(&mut self, mid: &Mid, codec: Codec) {
        if let Some(section) = self.sections.iter_mut().find(|section| section.mid == *mid) {
            section.codecs.sort_by_key(|offered| offered.codec != codec);
        }
    }

    pub fn section(&self, mid: &Mid) -> Option<&Section> {
        self.sections.iter().find(|section| section.mid == *mid)
    }
}

/// Limits that hold before a parser touches the text.
fn count_lines(sdp: &str) -> Result<(), OfferError> {
    let (mut sections, mut candidates) = (0, 0);
    for line in sdp.lines() {
        sections += usize::from(line.starts_with("m="));
        candidates += usize::from(line.starts_with("a=candidate:"));
    }
    if sections > SECTIONS_MAX {
        return Err(OfferError::TooManySections(sections));
    }
    if candidates > CANDIDATES_MAX {
        return Err(OfferError::TooManyCandidates(candidates));
    }
    Ok(())
}

fn is_ice_text(text: &str, len_min: usize, len_max: usize) -> bool {
    let is_ice_char = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/' || b == b'-' || b == b'_';
    (len_min..=len_max).contains(&text.len()) && text.bytes().all(is_ice_char)
}

/// All SHA-256 lines: one of another hash before them must not hide them.
fn fingerprints<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<[u8; 32]>, OfferError> {
    let mut found = Vec::new();
    for line in lines {
        let Some((hash, text)) = line.split_once(' ') else { continue };
        if !hash.eq_ignore_ascii_case("sha-256") {
            continue;
        }
        let digest = read_digest(text.trim()).ok_or(OfferError::NoFingerprint)?;
        if !found.contains(&digest) && found.len() < FINGERPRINTS_MAX {
            found.push(digest);
        }
    }
    if found.is_empty() { Err(OfferError::NoFingerprint) } else { Ok(found) }
}

fn read_digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let mut parts = text.split(':');
    for byte in &mut digest {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(digest)
}

impl Section {
    fn read(m: &Media<'_>, bundle: &[&str]) -> Result<Section, OfferError> {
        let kind = match m.kind {
            "audio" => Kind::Audio,
            "video" => Kind::Video,
            _ => return Err(OfferError::NotSdp),
        };
        let lines = SectionLines::read(m);
        let mid = lines.mid.and_then(Mid::parse).ok_or(OfferError::NotSdp)?;
        if !bundle.contains(&mid.as_str()) {
            return Err(OfferError::NotBundled(mid.to_string()));
        }
        if !lines.has_rtcp_mux {
            return Err(OfferError::NoRtcpMux(mid.to_string()));
        }
        let sends_rid = |line: &&str| {
            let (rid, how) = line.split_once(' ')?;
            (how.split([' ', ';']).next() == Some("send")).then(|| Mid::parse(rid))?
        };
        Ok(Section {
            mid,
            kind,
            direction: lines.direction.unwrap_or(Direction::SendRecv),
            codecs: read_codecs(kind, &m.formats, &lines),
            extensions: lines.extmap.into_iter().filter_map(read_extension).collect(),
            rids: lines.rid.iter().filter_map(sends_rid).map(|rid| rid.as_str().to_owned()).take(RIDS_MAX).collect(),
            ssrcs: read_ssrcs(&lines.ssrc, &lines.ssrc_group),
        })
    }
}

/// The lines of a section that count, found in one go: an offer has hundreds.
#[derive(Default)]
struct SectionLines<'a> {
    mid: Option<&'a str>,
    has_rtcp_mux: bool,
    direction: Option<Direction>,
    rtpmap: BTreeMap<u8, &'a str>,
    fmtp: BTreeMap<u8, &'a str>,
    rid: Vec<&'a str>,
    extmap: Vec<&'a str>,
    ssrc: Vec<&'a str>,
    ssrc_group: Vec<&'a str>,
}

impl<'a> SectionLines<'a> {
    fn read(m: &Media<'a>) -> SectionLines<'a> {
        let by_type = |line: &'a str| {
            let (payload_type, rest) = line.split_once(' ')?;
            Some((payload_type.parse::<u8>().ok().filter(|pt| *pt < 128)?, rest))
        };
        let mut lines = SectionLines::default();
        for attribute in &m.attributes {
            match (attribute.key, attribute.value) {
                ("mid", value) => lines.mid = lines.mid.or(value),
                ("rtcp-mux", _) => lines.has_rtcp_mux = true,
                ("sendonly", _) => lines.direction = Some(Direction::SendOnly),
                ("recvonly", _) => lines.direction = Some(Direction::RecvOnly),
                ("inactive", _) => lines.direction = Some(Direction::Inactive),
                ("rtpmap", Some(value)) => lines.rtpmap.extend(by_type(value)),
                ("fmtp", Some(value)) => lines.fmtp.extend(by_type(value)),
                ("rid", Some(value)) => lines.rid.push(value),
                ("extmap", Some(value)) => lines.extmap.push(value),
                ("ssrc", Some(value)) => lines.ssrc.push(value),
                ("ssrc-group", Some(value)) => lines.ssrc_group.push(value),
                _ => {}
            }
        }
        lines
    }

    /// The payload type of the retransmissions of another.
    fn rtx_of(&self, payload_type: u8) -> Option<u8> {
        let repairs =
            |parameter: &str| parameter.trim().strip_prefix("apt=").is_some_and(|apt| apt.parse() == Ok(payload_type));
        let is_rtx = |map: &&str| map.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("rtx/"));
        let found =
            self.fmtp.iter().find(|(pt, fmtp)| self.rtpmap.get(pt).is_some_and(is_rtx) && fmtp.split(';').any(repairs));
        found.map(|(pt, _)| *pt)
    }
}

/// `id[/direction] uri …`.
fn read_extension(line: &str) -> Option<(Extension, u8)> {
    let (id, rest) = line.split_once(' ')?;
    let id = id.split('/').next()?.parse().ok().filter(|id| (1..=14).contains(id))?;
    let uri = rest.split(' ').next()?;
    Extension::ALL.into_iter().find(|extension| extension.uri() == uri).map(|extension| (extension, id))
}

fn read_codecs(kind: Kind, formats: &[&str], lines: &SectionLines<'_>) -> Vec<OfferedCodec> {
    let mut codecs: Vec<OfferedCodec> = Vec::new();
    let offered: Vec<u8> = formats.iter().filter_map(|format| format.parse().ok()).collect();
    for &payload_type in &offered {
        let Some(name) = lines.rtpmap.get(&payload_type).and_then(|map| map.split('/').next()) else { continue };
        let Some(codec) = Codec::from_rtpmap(name) else { continue };
        let fmtp = lines.fmtp.get(&payload_type).copied();
        if codec.is_audio() != (kind == Kind::Audio) || !is_served(codec, fmtp) {
            continue;
        }
        if codecs.iter().all(|earlier| earlier.codec != codec) {
            let fmtp = fmtp.map(str::to_owned);
            // A description alone is no offer.
            let rtx = lines.rtx_of(payload_type).filter(|rtx| offered.contains(rtx));
            codecs.push(OfferedCodec { codec, payload_type, rtx, fmtp });
        }
    }
    let opus = codecs.iter().find(|offered| offered.codec == Codec::Opus).map(|offered| offered.payload_type);
    codecs.retain(|offered| offered.codec != Codec::Red || repeats(offered.fmtp.as_deref(), opus));
    codecs.sort_by_key(|offered| offered.codec);
    codecs
}

/// Whether redundancy is of one codec throughout: `111/111` (RFC 2198 §5).
fn repeats(fmtp: Option<&str>, payload_type: Option<u8>) -> bool {
    fmtp.is_some_and(|fmtp| fmtp.split('/').all(|block| payload_type.is_some() && block.parse().ok() == payload_type))
}

/// The one profile of each codec that all browsers share.
fn is_served(codec: Codec, fmtp: Option<&str>) -> bool {
    let parameter = |name: &str| {
        let mut parts = fmtp.unwrap_or("").split(';').filter_map(|part| part.trim().split_once('='));
        parts.find(|(key, _)| *key == name).map(|(_, value)| value.to_ascii_lowercase())
    };
    match codec {
        Codec::Red | Codec::Opus | Codec::Vp8 => true,
        Codec::Vp9 => parameter("profile-id").is_none_or(|profile| profile == "0"),
        Codec::Av1 => parameter("profile").is_none_or(|profile| profile == "0"),
        // Constrained baseline, fragments allowed (RFC 6184 §8.1).
        Codec::H264 => {
            parameter("packetization-mode").as_deref() == Some("1")
                && parameter("profile-level-id").is_some_and(|id| id.starts_with("42e0"))
        }
    }
}

fn read_ssrcs(ssrcs: &[&str], groups: &[&str]) -> Vec<(u32, Option<u32>)> {
    let pairs: Vec<(u32, u32)> = groups
        .iter()
        .filter_map(|group| group.strip_prefix("FID "))
        .filter_map(|pair| pair.split_once(' '))
        .filter_map(|(media, rtx)| Some((media.parse().ok()?, rtx.trim().parse().ok()?)))
        .collect();
    let mut found: Vec<(u32, Option<u32>)> = Vec::new();
    for ssrc in ssrcs.iter().filter_map(|line| line.split(' ').next()?.parse::<u32>().ok()) {
        let is_rtx = pairs.iter().any(|(_, rtx)| *rtx == ssrc);
        let is_known = found.iter().any(|(known, _)| *known == ssrc);
        if !is_rtx && !is_known && found.len() < RIDS_MAX {
            let rtx = pairs.iter().find(|(media, _)| *media == ssrc).map(|(_, rtx)| *rtx);
            found.push((ssrc, rtx));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retransmissions_have_a_payload_type_that_is_offered() {
        let rtx_among = |formats: &[&str]| {
            let lines = SectionLines {
                rtpmap: [(96, "VP8/90000"), (97, "rtx/90000")].into(),
                fmtp: [(97, "apt=96")].into(),
                ..SectionLines::default()
            };
            read_codecs(Kind::Video, formats, &lines)[0].rtx
        };
        assert_eq!(rtx_among(&["96", "97"]), Some(97));
        assert_eq!(rtx_among(&["96"]), None, "described, but not offered");
    }
}
