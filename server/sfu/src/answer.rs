//! The relay's half of the session: one SDP answer to one offer (RFC 8829 §5.3).

use crate::codec::Codec;
use crate::ice::Credentials;
use crate::names::{Mid, Source};
use crate::session::{Extension, Kind, Section, Session};
use std::fmt::Write as _;
use std::net::SocketAddr;

/// A camera is turned on long after the connection was made, when Chromium no longer probes: it would begin at
/// 300 kbit/s and grow by a twelfth a second. Others pass over what they do not know (RFC 8866 §6.15).
const START_BITRATE: &str = "x-google-start-bitrate=800";

/// What the relay does with one section of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The browser sends.
    Sent,
    /// A receive slot, with the SSRCs of media and of retransmissions.
    Slot { source: Source, ssrc: u32, rtx_ssrc: u32 },
    /// Offered, but given no part: rejected.
    Unused,
}

/// What all answers of a relay have in common.
pub struct Host<'a> {
    pub fingerprint: &'a str,
    pub addresses: &'a [SocketAddr],
    /// There is TCP at the same addresses.
    pub has_tcp: bool,
}

/// Writes the answer. `uses` says for each section of `session`, in order, what it is for.
pub fn write(session: &Session, uses: &[Use], local: &Credentials, version: u64, host: &Host<'_>) -> String {
    let mut sdp = String::with_capacity(1024 * (1 + uses.len()));
    let bundled: Vec<&str> = session
        .sections
        .iter()
        .zip(uses)
        .filter(|(_, section_use)| **section_use != Use::Unused)
        .map(|(section, _)| section.mid.as_str())
        .collect();
    line(&mut sdp, format_args!("v=0"));
    line(&mut sdp, format_args!("o=- 1 {version} IN IP4 127.0.0.1"));
    line(&mut sdp, format_args!("s=-"));
    line(&mut sdp, format_args!("t=0 0"));
    line(&mut sdp, format_args!("a=group:BUNDLE {}", bundled.join(" ")));
    line(&mut sdp, format_args!("a=extmap-allow-mixed"));
    line(&mut sdp, format_args!("a=msid-semantic: WMS *"));
    line(&mut sdp, format_args!("a=ice-lite"));
    line(&mut sdp, format_args!("a=ice-ufrag:{}", local.ufrag));
    line(&mut sdp, format_args!("a=ice-pwd:{}", local.password));
    line(&mut sdp, format_args!("a=fingerprint:sha-256 {}", host.fingerprint));
    let mut needs_candidates = true;
    for (section, section_use) in session.sections.iter().zip(uses) {
        match section_use {
            Use::Unused => write_rejected(&mut sdp, section),
            Use::Sent | Use::Slot { .. } => {
                write_section(&mut sdp, section, *section_use);
                if std::mem::take(&mut needs_candidates) {
                    write_candidates(&mut sdp, host);
                }
            }
        }
    }
    sdp
}

fn line(sdp: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = sdp.write_fmt(text);
    sdp.push_str("\r\n");
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "audio",
        Kind::Video => "video",
    }
}

fn write_rejected(sdp: &mut String, section: &Section) {
    let payload_type = section.codecs.first().map_or(0, |codec| codec.payload_type);
    line(sdp, format_args!("m={} 0 UDP/TLS/RTP/SAVPF {payload_type}", name(section.kind)));
    line(sdp, format_args!("c=IN IP4 0.0.0.0"));
    line(sdp, format_args!("a=mid:{}", section.mid));
    line(sdp, format_args!("a=inactive"));
}

fn write_section(sdp: &mut String, section: &Section, section_use: Use) {
    let mut types = String::new();
    for codec in &section.codecs {
        let _ = write!(types, " {}", codec.payload_type);
        if let Some(rtx) = codec.rtx {
            let _ = write!(types, " {rtx}");
        }
    }
    line(sdp, format_args!("m={} 9 UDP/TLS/RTP/SAVPF{types}", name(section.kind)));
    line(sdp, format_args!("c=IN IP4 0.0.0.0"));
    line(sdp, format_args!("a=mid:{}", section.mid));
    line(sdp, format_args!("a=rtcp-mux"));
    line(sdp, format_args!("a=rtcp-rsize"));
    // In every section: some stacks look for it nowhere else (RFC 8842 §5.1).
    line(sdp, format_args!("a=setup:passive"));
    match section_use {
        Use::Sent => write_sent(sdp, section),
        Use::Slot { source, ssrc, rtx_ssrc } => write_slot(sdp, section, source, ssrc, rtx_ssrc),
        Use::Unused => {}
    }
    for codec in &section.codecs {
        let payload_type = codec.payload_type;
        line(sdp, format_args!("a=rtpmap:{payload_type} {}", codec.codec.rtpmap()));
        if let Some(fmtp) = fmtp(codec.codec, codec.fmtp.as_deref()) {
            line(sdp, format_args!("a=fmtp:{payload_type} {fmtp}"));
        }
        let feedback: &[&str] = match (codec.codec, section.kind) {
            // Feedback is on the stream; the browser looks for it at the codec that is repeated.
            (Codec::Red, _) => &[],
            (_, Kind::Audio) => &["transport-cc"],
            (_, Kind::Video) => &["transport-cc", "ccm fir", "nack", "nack pli"],
        };
        for kind in feedback {
            line(sdp, format_args!("a=rtcp-fb:{payload_type} {kind}"));
        }
        if let Some(rtx) = codec.rtx {
            line(sdp, format_args!("a=rtpmap:{rtx} rtx/{}", codec.codec.clock_hz()));
            line(sdp, format_args!("a=fmtp:{rtx} apt={payload_type}"));
        }
    }
}

fn fmtp(codec: Codec, offered: Option<&str>) -> Option<String> {
    match codec {
        // Loss is repaired in the stream, and silence costs little.
        Codec::Opus => Some("minptime=10;useinbandfec=1;usedtx=1".to_owned()),
        Codec::Vp8 => Some(START_BITRATE.to_owned()),
        Codec::Vp9 => Some(format!("{};{START_BITRATE}", offered.unwrap_or("profile-id=0"))),
        Codec::Red | Codec::H264 | Codec::Av1 => offered.map(str::to_owned),
    }
}

fn write_sent(sdp: &mut String, section: &Section) {
    let direction = if section.direction.sends() { "recvonly" } else { "inactive" };
    line(sdp, format_args!("a={direction}"));
    // Browsers would send it with any codec.
    let has_av1 = section.codecs.first().is_some_and(|preferred| preferred.codec == Codec::Av1);
    let is_read = |extension: Extension| has_av1 || extension != Extension::Dependency;
    for (extension, id) in section.extensions.iter().filter(|(extension, _)| is_read(**extension)) {
        line(sdp, format_args!("a=extmap:{id} {}", extension.uri()));
    }
    if !section.rids.is_empty() {
        for rid in &section.rids {
            line(sdp, format_args!("a=rid:{rid} recv"));
        }
        line(sdp, format_args!("a=simulcast:recv {}", section.rids.join(";")));
    }
}

fn write_slot(sdp: &mut String, section: &Section, source: Source, ssrc: u32, rtx_ssrc: u32) {
    let direction = if section.direction.receives() { "sendonly" } else { "inactive" };
    line(sdp, format_args!("a={direction}"));
    // Of extensions, what the relay sends carries its transport-wide number, and AV1's layers: its SSRCs are announced.
    for extension in [Extension::Mid, Extension::TransportCc, Extension::Dependency] {
        if let Some(id) = section.extensions.get(&extension) {
            line(sdp, format_args!("a=extmap:{id} {}", extension.uri()));
        }
    }
    let (mid, cname) = (&section.mid, cname(&section.mid, source));
    line(sdp, format_args!("a=msid:{cname} slot-{mid}"));
    let has_rtx = section.codecs.iter().any(|codec| codec.rtx.is_some());
    if has_rtx {
        line(sdp, format_args!("a=ssrc-group:FID {ssrc} {rtx_ssrc}"));
    }
    line(sdp, format_args!("a=ssrc:{ssrc} cname:{cname}"));
    if has_rtx {
        line(sdp, format_args!("a=ssrc:{rtx_ssrc} cname:{cname}"));
    }
}

/// The canonical name of a slot's streams (RFC 8834 §4.9), and the media stream they are in. A screen and its sound are
/// always one person's, and are played in time with each other; a voice and a camera are whoever's is there just now.
pub fn cname(mid: &Mid, source: Source) -> String {
    match source {
        Source::Screen | Source::ScreenAudio => "screen".to_owned(),
        Source::Microphone | Source::Camera => format!("slot-{mid}"),
    }
}

/// A browser opens a connection to each at once: one of each family, and of a second network.
const TCP_CANDIDATES_MAX: usize = 4;

/// RFC 8839 §5.1; the priority is that of a host candidate (RFC 8445 §5.1.2).
fn write_candidates(sdp: &mut String, host: &Host<'_>) {
    for (i, address) in host.addresses.iter().enumerate() {
        let preference = 65_535_u32.saturating_sub(u32::try_from(i).unwrap_or(u32::MAX));
        let priority = (126 << 24) | (preference << 8) | 255;
        let (ip, port, foundation) = (address.ip(), address.port(), i + 1);
        line(sdp, format_args!("a=candidate:{foundation} 1 udp {priority} {ip} {port} typ host"));
    }
    let tcp = host.addresses.iter().take(if host.has_tcp { TCP_CANDIDATES_MAX } else { 0 });
    for (i, address) in tcp.enumerate() {
        // RFC 6544 §4.2: below any UDP, and passive before active.
        let preference = (4_u32 << 13) | 8_191_u32.saturating_sub(i as u32);
        let priority = (90 << 24) | (preference << 8) | 255;
        let (ip, port, foundation) = (address.ip(), address.port(), host.addresses.len() + i + 1);
        line(sdp, format_args!("a=candidate:{foundation} 1 tcp {priority} {ip} {port} typ host tcptype passive"));
    }
    line(sdp, format_args!("a=end-of-candidates"));
}
