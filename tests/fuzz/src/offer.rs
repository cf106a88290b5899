//! Any text as an offer: what is answered is answered well, and the same offer again is answered again.

use crate::relay::{START, relay};
use preau_sfu::{Attribute, Description, Mid, Offer, PeerId, ReceiveMids, Role, RoomId, Source};
use rtc_sdp::SessionDescription;
use std::collections::BTreeMap;
use std::io::Cursor;

/// What one section of an answer takes at most, besides what it repeats of the offer.
const SECTION_LEN_MAX: usize = 4 * 1024;

pub fn run(data: &[u8]) {
    let offer = assign(String::from_utf8_lossy(data).into_owned());
    compare(&offer.sdp);
    let mut relay = relay();
    let mut answer = |offer: &Offer| relay.answer(PeerId(1), RoomId(1), Role::Student, offer, *START);
    let Ok(first) = answer(&offer) else { return };
    check(&offer.sdp, &first);
    let second = answer(&offer).expect("what was answered once is answered again");
    check(&offer.sdp, &second);
    assert!(relay.poll_transmit().is_none(), "an offer proves no address");
    relay.remove(PeerId(1), *START);
    while relay.poll_event().is_some() {}
}

/// Says of each section what a page would say of it: the first of a kind is the first that it needs.
fn assign(sdp: String) -> Offer {
    let (mut send, mut receive) = (BTreeMap::new(), ReceiveMids::default());
    for section in sdp.split("\nm=").skip(1) {
        let has = |wanted: &str| section.lines().any(|line| line == wanted);
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:")).and_then(Mid::parse);
        let Some(mid) = mid else { continue };
        let sources = if section.starts_with("audio") {
            [Source::Microphone, Source::ScreenAudio]
        } else {
            [Source::Camera, Source::Screen]
        };
        if !has("a=recvonly") {
            if let Some(free) = sources.into_iter().find(|source| !send.contains_key(source)) {
                send.insert(free, mid);
            }
        } else if section.starts_with("audio") && receive.audio.len() < 3 {
            receive.audio.push(mid);
        } else if section.starts_with("audio") {
            receive.screen_audio.get_or_insert(mid);
        } else if receive.screen.is_none() {
            receive.screen = Some(mid);
        } else {
            receive.video.push(mid);
        }
    }
    Offer { sdp, send, receive }
}

/// What another reader of SDP finds in a text, we find in it, too.
fn compare(sdp: &str) {
    let Some(theirs) = parse(sdp) else { return };
    let ours = Description::read(sdp).expect("what others read");
    let attribute = |theirs: &rtc_sdp::description::common::Attribute, ours: &Attribute<'_>| {
        (theirs.key.as_str(), theirs.value.as_deref()) == (ours.key, ours.value)
    };
    let all = |theirs: &[_], ours: &[_]| {
        assert_eq!(theirs.len(), ours.len());
        assert!(theirs.iter().zip(ours).all(|(theirs, ours)| attribute(theirs, ours)));
    };
    all(&theirs.attributes, &ours.attributes);
    assert_eq!(theirs.media_descriptions.len(), ours.media.len());
    for (theirs, ours) in theirs.media_descriptions.iter().zip(&ours.media) {
        assert_eq!(
            (theirs.media_name.media.as_str(), theirs.media_name.formats.as_slice()),
            (ours.kind, ours.formats.iter().map(|format| (*format).to_owned()).collect::<Vec<_>>().as_slice())
        );
        all(&theirs.attributes, &ours.attributes);
    }
}

fn parse(sdp: &str) -> Option<SessionDescription> {
    SessionDescription::unmarshal(&mut Cursor::new(sdp.as_bytes())).ok()
}

/// An answer is SDP, has the offer's sections in their order, and nothing in it that was not offered.
fn check(offer: &str, answer: &str) {
    let offered = Description::read(offer).expect("what was answered is SDP");
    let answered = parse(answer).unwrap_or_else(|| panic!("an answer that is not SDP:\n{answer}"));
    let well_formed = |line: &str| matches!(line.as_bytes(), [b'a'..=b'z', b'=', ..]) && !line.contains(['\r', '\n']);
    assert!(answer.strip_suffix("\r\n").is_some_and(|lines| lines.split("\r\n").all(well_formed)), "{answer:?}");
    assert_eq!(answered.media_descriptions.len(), offered.media.len());
    assert!(answer.len() <= offer.len() + SECTION_LEN_MAX * (1 + answered.media_descriptions.len()));
    for (theirs, ours) in offered.media.iter().zip(&answered.media_descriptions) {
        let mid =
            theirs.attributes.iter().find(|attribute| attribute.key == "mid").and_then(|attribute| attribute.value);
        assert_eq!(ours.media_name.media, theirs.kind);
        assert_eq!(ours.attribute("mid").flatten(), mid);
        for format in &ours.media_name.formats {
            // A section that is refused names a format, as it must name one.
            let is_offered = theirs.formats.contains(&format.as_str());
            assert!(is_offered || ours.media_name.port.value == 0, "{format} was not offered");
        }
    }
}

/// What browsers really offer, as the repository keeps it, with all of its sections and with a few.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let whole = include_str!("../../../server/sfu/tests/offers/chromium-simulcast.sdp");
    let two: String = whole
        .split_inclusive('\n')
        .scan(0, |sections, line| {
            *sections += usize::from(line.starts_with("m="));
            (*sections <= 2).then_some(line)
        })
        .collect();
    let two = two.replace("BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12", "BUNDLE 0 1");
    let red = two
        .replace("SAVPF 111", "SAVPF 63 111")
        .replace("a=rtpmap:111", "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111");
    vec![("chromium", whole.into()), ("two-sections", two.into()), ("red", red.into())]
}
