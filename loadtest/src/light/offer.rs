//! What a light peer offers: one small description, and the socket that it names.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use preau_protocol::limits::AUDIO_SLOTS_MAX;
use preau_protocol::{MediaAsk, ReceiveMids, SendMids};

use super::answer::{Answer, AnswerError};
use super::dtls::own_fingerprint;
use super::ice::Credentials;
use super::peer::{LightPeer, Manners};

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;
pub const LEVEL_ID: u8 = 1;
pub const TRANSPORT_CC_ID: u8 = 3;
pub const MID_ID: u8 = 4;
pub const RID_ID: u8 = 5;
pub const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// Layers of a camera by the names that the pages give them, largest first.
pub const RIDS: [u8; 3] = *b"hml";
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// What a peer offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A seat in a class: four senders and the fixed slots, as the pages have them.
    Seat { video_slots: usize, simulcast: bool },
    /// One camera, sent.
    Camera,
    /// One camera, received.
    Viewer,
}

/// One media section of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub mid: String,
    pub is_video: bool,
    /// Of what is sent here; nothing in a section that receives. Further layers have the numbers that follow.
    pub ssrc: Option<u32>,
    /// In three sizes.
    pub has_layers: bool,
}

/// Somebody with a socket and an offer, waiting for the answer.
pub struct Recruit {
    socket: UdpSocket,
    port: u16,
    credentials: Credentials,
    sections: Vec<Section>,
    manners: Manners,
    part: Part,
}

impl Recruit {
    pub fn new(part: Part, manners: Manners) -> io::Result<Recruit> {
        let socket = UdpSocket::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0))?;
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        let text = |len: usize| (0..len).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let credentials = Credentials { local_ufrag: text(8), local_password: text(24), ..Credentials::default() };
        Ok(Recruit { socket, port, credentials, sections: sections(part), manners, part })
    }

    /// The offer (RFC 8829 §5.2).
    pub fn sdp(&self) -> String {
        let mids: Vec<&str> = self.sections.iter().map(|section| section.mid.as_str()).collect();
        let mut sdp = format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=extmap-allow-mixed\r\n\
             a=msid-semantic: WMS\r\n",
            mids.join(" ")
        );
        for section in &self.sections {
            self.write(&mut sdp, section);
        }
        sdp
    }

    /// The offer of a [`Part::Seat`], as a class takes it.
    pub fn ask(&self) -> MediaAsk {
        let mut mids = self.sections.iter().map(|section| section.mid.clone());
        let mut next = || mids.next().unwrap_or_default();
        let send = SendMids { microphone: next(), camera: next(), screen: next(), screen_audio: next() };
        let audio = (0..AUDIO_SLOTS_MAX).map(|_| next()).collect();
        let (screen_audio, screen) = (next(), next());
        let receive = ReceiveMids { audio, screen, screen_audio, video: mids.collect() };
        MediaAsk::Offer { sdp: self.sdp(), send, receive }
    }

    /// With the answer a recruit is a peer, and its socket the fleet's.
    pub fn answered(self, sdp: &str) -> Result<(LightPeer, UdpSocket), AnswerError> {
        let answer = Answer::read(sdp)?;
        let credentials = Credentials {
            remote_ufrag: answer.ufrag.clone(),
            remote_password: answer.password.clone(),
            ..self.credentials
        };
        Ok((LightPeer::new(credentials, self.sections, &answer, self.manners), self.socket))
    }

    fn write(&self, sdp: &mut String, section: &Section) {
        let (kind, types) = if section.is_video { ("video", "96 97") } else { ("audio", "111") };
        let direction = if section.ssrc.is_some() { "sendonly" } else { "recvonly" };
        let (ufrag, password) = (&self.credentials.local_ufrag, &self.credentials.local_password);
        // Writing to a String does not fail.
        let _ = write!(
            sdp,
            "m={kind} 9 UDP/TLS/RTP/SAVPF {types}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n\
             a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n\
             a=mid:{}\r\na=extmap:{MID_ID} {MID}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na={direction}\r\n",
            own_fingerprint(),
            section.mid,
            port = self.port,
        );
        let tells_arrivals = section.ssrc.is_some() || self.manners.feedback;
        if tells_arrivals {
            let _ = write!(sdp, "a=extmap:{TRANSPORT_CC_ID} {TRANSPORT_CC}\r\n");
        }
        let transport_cc = |payload_type: u8| {
            if tells_arrivals { format!("a=rtcp-fb:{payload_type} transport-cc\r\n") } else { String::new() }
        };
        if section.is_video {
            let _ = write!(
                sdp,
                "a=rtpmap:{VP8} VP8/90000\r\n{}a=rtcp-fb:{VP8} ccm fir\r\na=rtcp-fb:{VP8} nack\r\n\
                 a=rtcp-fb:{VP8} nack pli\r\na=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\n",
                transport_cc(VP8)
            );
        } else {
            let _ = write!(
                sdp,
                "a=extmap:{LEVEL_ID} {LEVEL}\r\na=rtpmap:{OPUS} opus/48000/2\r\n{}\
                 a=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n",
                transport_cc(OPUS)
            );
        }
        if section.has_layers {
            let names = RIDS.map(char::from);
            let _ = write!(sdp, "a=extmap:{RID_ID} {RID}\r\na=msid:light light-{}\r\n", section.mid);
            for name in names {
                let _ = write!(sdp, "a=rid:{name} send\r\n");
            }
            let _ = write!(sdp, "a=simulcast:send {};{};{}\r\n", names[0], names[1], names[2]);
        } else if let Some(ssrc) = section.ssrc {
            let mid = &section.mid;
            let _ = write!(sdp, "a=msid:light light-{mid}\r\na=ssrc:{ssrc} cname:light\r\n");
        }
    }

    pub fn part(&self) -> Part {
        self.part
    }
}

fn sections(part: Part) -> Vec<Section> {
    let kinds: Vec<(bool, bool)> = match part {
        Part::Camera => vec![(true, true)],
        Part::Viewer => vec![(true, false)],
        Part::Seat { video_slots, .. } => {
            // Microphone, camera, screen, its sound; voices and sound; screen and cameras.
            let sent = [(false, true), (true, true), (true, true), (false, true)];
            let heard = std::iter::repeat_n((false, false), AUDIO_SLOTS_MAX + 1);
            let seen = std::iter::repeat_n((true, false), 1 + video_slots);
            sent.into_iter().chain(heard).chain(seen).collect()
        }
    };
    let section = |(n, (is_video, sends)): (usize, (bool, bool))| Section {
        mid: n.to_string(),
        is_video,
        // Never zero, which some stacks take for none.
        ssrc: sends.then(|| rand::random::<u32>() | 1),
        has_layers: n == 1 && matches!(part, Part::Seat { simulcast: true, .. }),
    };
    kinds.into_iter().enumerate().map(section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_names_its_sections() {
        let recruit =
            Recruit::new(Part::Seat { video_slots: 2, simulcast: true }, Manners::default()).expect("a socket");
        let MediaAsk::Offer { sdp, send, receive } = recruit.ask() else { panic!("an offer") };
        assert_eq!((send.microphone.as_str(), send.screen_audio.as_str()), ("0", "3"));
        assert_eq!((receive.audio, receive.screen_audio.as_str()), (["4", "5", "6"].map(str::to_owned).into(), "7"));
        assert_eq!((receive.screen.as_str(), receive.video.len()), ("8", 2));
        assert_eq!(sdp.matches("m=").count(), 11);
        assert_eq!(sdp.matches("a=sendonly").count(), 4);
        assert_eq!(sdp.matches("a=simulcast:send h;m;l").count(), 1);
    }
}
