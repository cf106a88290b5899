//! Datagrams at the relay: floods, forgeries, replays, and packets of people who hold good keys.

use std::time::Duration;

use preau_loadtest::{Participant, Peer, Source};
use preau_protocol::{Ask, ClassAsk, Close, MediaAsk, Outcome, Refusal, Sending};
use preau_tests::school::{MEDIA, QUIET, SOON, code_of};
use preau_tests::stun::forged_binding;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::AsyncWriteExt;

use crate::evil::Evil;
use crate::ground::Ground;
use crate::stranger::{hears, listen};
use crate::table::Tries;

/// Datagrams between two looks at the clock: a flood that leaves the rest of this process its turn.
const WAVE: usize = 64;

/// STUN binding requests whose integrity is none (RFC 8489 §5): silence.
pub async fn stun_flood(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, []) = ground.in_session([]).await;
    ground.connect(&mut ada, 1).await;
    let (own, _) = ada.peer().expect("media").ice_credentials().await.expect("credentials");
    let server = ada.peer().expect("media").remote_ufrag().await.expect("the answer has a ufrag");
    let socket = ground.stranger().udp().await;
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut waves = tokio::time::interval(Duration::from_millis(4));
    for n in 0..ground.many(20_000, 4_000) {
        if n % WAVE == 0 {
            waves.tick().await;
        }
        let username = match n % 4 {
            0 => format!("{server}:{own}"),
            1 => format!("{n}:{own}"),
            2 => "x".repeat(512),
            _ => String::new(),
        };
        let _ = socket.send_to(&forged_binding(&username, &mut random), ground.media).await;
        tries.count += 1;
    }
    let heard = hears(&socket).await;
    tries.saw("answers to them", "silence", heard.is_none());
    let still = ada.conversation.done(Ask::Class(ClassAsk::MuteAll {})).await;
    tries.held("the class goes on", still.is_ok());
    ground.end(&mut ada).await;
}

/// RTP, RTCP, DTLS, channel data, ZRTP, QUIC and nothing (RFC 7983 §7) of every length.
pub async fn forged(ground: &Ground, tries: &mut Tries) {
    let socket = ground.stranger().udp().await;
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut waves = tokio::time::interval(Duration::from_millis(4));
    let mut sent = 0;
    for length in (0..=1_500_usize).step_by(ground.many(1, 3)) {
        for first in [[0x90, 96], [0x80, 200], [22, 254], [64, 0], [16, 0], [0xc0, 0], [255, 255]] {
            if sent % WAVE == 0 {
                waves.tick().await;
            }
            let mut datagram = vec![0_u8; length];
            random.fill(&mut datagram[..]);
            datagram.iter_mut().zip(first).for_each(|(byte, value)| *byte = value);
            let _ = socket.send_to(&datagram, ground.media).await;
            sent += 1;
        }
    }
    tries.count += sent;
    let heard = hears(&socket).await;
    tries.saw("answers to them", "silence", heard.is_none());
}

/// Everything that seated people sent, sent again: from elsewhere, where it is nobody's, and from a good address.
pub async fn replayed(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, [mut noe, mut eve]) = ground.in_session(["Noé", "Ève"]).await;
    let at = ground.connect(&mut ada, 1).await;
    ground.connect(&mut noe, 1).await;
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let slot = noe.peer().expect("media").receive.video[0].clone();
    noe.peer().expect("media").more(&slot, 30, MEDIA).await.expect("seen");
    let before = noe.peer().expect("media").receipt(&slot).gaps;
    let recorded = ground.witness.recorded(at);
    let elsewhere = ground.stranger().udp().await;
    let evil = Evil::connect(ground, &mut eve).await;
    for datagram in &recorded {
        let _ = elsewhere.send_to(datagram, ground.media).await;
        evil.send(datagram).await;
        tries.count += 2;
    }
    let heard = hears(&elsewhere).await;
    tries.saw(format!("{} from elsewhere", recorded.len()), "silence", heard.is_none() && recorded.len() > 20);
    let receipt = noe.peer().expect("media").more(&slot, 30, MEDIA).await;
    let is_whole = receipt.is_ok_and(|receipt| receipt.gaps == before && receipt.ssrcs.len() == 1);
    tries.held("the picture goes on without a gap", is_whole);
    ground.end(&mut ada).await;
}

/// Packets under good keys that are not what was negotiated, or of which there is no right.
pub async fn tampered(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, [mut noe, mut eve]) = ground.in_session(["Noé", "Ève"]).await;
    let at = ground.connect(&mut ada, 1).await;
    ground.connect(&mut noe, 1).await;
    ada.turn_on(&[Source::Microphone]).await.expect("on");
    let voices = noe.peer().expect("media").receive.clone();
    noe.peer().expect("media").more(&voices.audio[0], 10, MEDIA).await.expect("heard");
    let mut evil = Evil::connect(ground, &mut eve).await;
    let (microphone, screen) = (evil.mids.microphone.clone(), evil.mids.screen.clone());
    let own = evil.peer.ssrc(&microphone).expect("a microphone is sent");
    let adas = ssrc_of(&ground.witness.recorded(at)).unwrap_or(1);
    let mut number = 0_u16;
    for _ in 0..50 {
        number = number.wrapping_add(1);
        // A microphone that is off; somebody else's stream; a stream nobody named; a screen without the right.
        evil.rtp(111, number, own, Some(&microphone), b"a voice that is off").await;
        evil.rtp(111, number, adas, None, b"under Ada's number").await;
        evil.rtp(111, number, adas, Some(&microphone), b"under Ada's number").await;
        evil.rtp(111, number, 0x0bad_0000 + u32::from(number), Some("99"), b"a section that is none").await;
        evil.rtp(96, number, own ^ 1, Some(&screen), &[0x10; 100]).await;
        evil.rtp(127, number, own, Some(&microphone), b"a kind that is none").await;
        evil.rtp(111, number, own, Some(&screen), b"sound as a screen").await;
        evil.live(Duration::from_millis(4)).await;
        tries.count += 7;
    }
    let peer = noe.peer().expect("media");
    let others = [&voices.audio[1], &voices.audio[2], &voices.screen, &voices.screen_audio, &voices.video[0]];
    let nothing = others.iter().all(|mid| peer.receipt(mid).packets == 0);
    tries.saw("what was not permitted", "dropped", nothing);
    let receipt = peer.more(&voices.audio[0], 20, MEDIA).await;
    let is_one = receipt.is_ok_and(|receipt| receipt.ssrcs.len() == 1 && receipt.gaps == 0);
    tries.held("Ada's voice goes on as one stream", is_one);

    // With the right to speak: dozens of streams in one section make no more than one voice.
    let sending = Sending { microphone: true, ..Sending::default() };
    eve.conversation.done(Ask::Class(ClassAsk::Sending { sending })).await.expect("students may speak");
    for number in 0..200_u16 {
        evil.rtp(111, number, 0x0ddb_0000 + u32::from(number % 50), Some(&microphone), b"one of fifty").await;
        evil.live(Duration::from_millis(2)).await;
        tries.count += 1;
    }
    let slots_used =
        voices.audio.iter().filter(|mid| noe.peer().is_ok_and(|peer| peer.receipt(mid).packets > 0)).count();
    tries.saw("fifty streams of one person", "one voice at most", slots_used <= 2);
    feedback(&mut evil, tries).await;
    let receipt = noe.peer().expect("media").more(&voices.audio[0], 20, MEDIA).await;
    tries.held("Ada's voice goes on after all that", receipt.is_ok_and(|receipt| receipt.ssrcs.len() == 1));
    let still = eve.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await;
    tries.held("bad packets end no call", still.is_ok());
    ground.end(&mut ada).await;
}

/// Reports, requests and goodbyes about streams that are others', under good keys.
async fn feedback(evil: &mut Evil, tries: &mut Tries) {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for kind in [200_u8, 201, 202, 203, 204, 205, 206, 207, 192, 223] {
        for count in [0_u8, 1, 4, 15, 31] {
            for words in [0_u16, 1, 2, 7, 40, u16::MAX] {
                let mut packet = vec![0x80 | count, kind];
                packet.extend(words.to_be_bytes());
                let body = usize::from(words.min(40)) * 4;
                packet.extend((0..body).map(|_| random.random::<u8>()));
                if let Some(sealed) = evil.peer.seal_rtcp(&packet) {
                    evil.send(&sealed).await;
                    tries.count += 1;
                }
            }
        }
        evil.live(Duration::from_millis(2)).await;
    }
}

/// Under which number somebody's RTP goes.
fn ssrc_of(recorded: &[Vec<u8>]) -> Option<u32> {
    recorded.iter().find_map(|datagram| match datagram.as_slice() {
        [128..=191, 0..=191 | 224..=255, _, _, _, _, _, _, a, b, c, d, ..] => {
            Some(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => None,
    })
}

/// Offers that are none, too large, or too many.
pub async fn offers(ground: &Ground, tries: &mut Tries) {
    let (_class, _ada, [mut noe]) = ground.in_session(["Noé"]).await;
    let (_peer, offer) = Peer::offer([127, 0, 0, 1].into(), 1).await.expect("an offer");
    let MediaAsk::Offer { sdp, send, receive } = offer else { unreachable!("an offer is an offer") };
    let section = sdp.find("m=").map(|at| &sdp[at..]).expect("sections");
    let ask = |sdp: &str| Ask::Media(MediaAsk::Offer { sdp: sdp.into(), send: send.clone(), receive: receive.clone() });
    for (what, bad) in [
        ("41 sections", format!("{sdp}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=inactive\r\n".repeat(41))),
        ("past 32 KiB", format!("{sdp}{}", "a=x-padding\r\n".repeat(2_600))),
        ("a data channel", format!("{sdp}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:99\r\n")),
        ("21 candidates", format!("{sdp}{}", "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n".repeat(21))),
        ("no session", section.to_owned()),
        ("without encryption", sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")),
        (
            "without a fingerprint",
            sdp.lines().filter(|line| !line.starts_with("a=fingerprint")).map(|line| format!("{line}\r\n")).collect(),
        ),
        (
            "with SDES keys",
            sdp.replace("a=rtcp-mux", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\na=rtcp-mux")
                .replace("a=fingerprint", "a=x"),
        ),
        ("a thousand sections", format!("{sdp}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(1_000))),
        ("nothing", String::new()),
    ] {
        let outcome = noe.conversation.ask(ask(&bad)).await.expect("answered");
        let seen = match &outcome {
            Outcome::Refused { code, .. } => format!("{code:?}"),
            other => format!("{other:?}").chars().take(20).collect(),
        };
        // One after the other they are also too soon.
        let is_refused =
            matches!(outcome, Outcome::Refused { code: Refusal::BadOffer | Refusal::Limit | Refusal::TooSoon, .. });
        tries.saw(what, seen, is_refused);
    }
    // A loop of restarts: refused but one in two seconds, until it is too fast to be anybody's.
    let mut refused = 0;
    for _ in 0..20 {
        let outcome = noe.conversation.ask(ask(&sdp)).await.expect("answered");
        refused += usize::from(matches!(outcome, Outcome::Refused { code: Refusal::TooSoon, .. }));
        tries.count += 1;
    }
    tries.saw(format!("{refused} of twenty offers in a row"), "TooSoon", refused >= 18);
    for sections in [10_000, 30_000] {
        let huge = format!("{sdp}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(sections));
        let (_class, _ada, [mut eve]) = ground.in_session(["Ève"]).await;
        eve.conversation.send(ask(&huge)).await.ok();
        let code = code_of(&mut eve).await;
        tries.saw(format!("{} bytes of it", huge.len()), code, code == 1009 || code == Close::Malformed.code());
    }
}

/// ICE restarts of a call that runs, again and again: it lives, and its address is its own.
pub async fn restarts(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, [mut noe]) = ground.in_session(["Noé"]).await;
    ground.connect(&mut ada, 1).await;
    ground.connect(&mut noe, 1).await;
    ada.turn_on(&[Source::Microphone]).await.expect("on");
    let voice = noe.peer().expect("media").receive.audio[0].clone();
    noe.peer().expect("media").more(&voice, 10, MEDIA).await.expect("heard");
    let mut too_soon = 0;
    for _ in 0..20 {
        let offer = restart_of(&noe).await;
        let outcome = noe.conversation.ask(Ask::Media(offer)).await;
        too_soon += usize::from(matches!(outcome, Ok(Outcome::Refused { code: Refusal::TooSoon, .. })));
        tries.count += 1;
    }
    tries.saw(format!("{too_soon} of twenty"), "TooSoon", too_soon >= 17);
    let still = noe.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await;
    tries.held("the conversation goes on", still.is_ok());
    ground.end(&mut ada).await;
}

async fn restart_of(who: &Participant) -> MediaAsk {
    who.peer().expect("media").restart().await.expect("a new offer")
}

/// Streams at the media's TCP port that are no frames, frames too long, or silence.
pub async fn framing(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let noise: Vec<u8> = (0..4_096).map(|_| random.random()).collect();
    for (what, bytes) in [
        ("a web request", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()),
        ("TLS", vec![22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
        ("a frame of 65,535", [&[0xff, 0xff][..], &noise].concat()),
        ("frames of nothing", vec![0; 2_000]),
        ("noise", noise.clone()),
        (
            "a thousand checks of nobody's",
            [[0, 20].to_vec(), [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42].to_vec(), vec![7; 12]].concat().repeat(1_000),
        ),
        ("media before a check", [&[0, 100][..], &[0x80; 100]].concat().repeat(20)),
    ] {
        let mut stream = stranger.dial_to(ground.media).await.expect("the media's port listens");
        let _ = stream.write_all(&bytes).await;
        let said = listen(&mut stream).await;
        tries.saw(what, if said.is_closed { "shown out" } else { "stays" }, said.is_closed && said.text.is_empty());
    }
    let mut crowd = Vec::new();
    for _ in 0..ground.many(400, 100) {
        crowd.extend(stranger.dial_to(ground.media).await);
        tries.count += 1;
    }
    let mut closed = 0;
    for stream in &mut crowd {
        let said = tokio::time::timeout(SOON, listen(stream)).await;
        closed += usize::from(said.is_ok_and(|said| said.is_closed));
    }
    tries.saw(format!("{closed} of {} that say nothing", crowd.len()), "shown out", closed == crowd.len());
}

/// Whoever is muted, or has lost the right to a camera, and sends on.
pub async fn without_rights(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, [mut noe]) = ground.in_session(["Noé"]).await;
    ground.connect(&mut ada, 1).await;
    ground.connect(&mut noe, 1).await;
    noe.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    ada.look_at(&[noe.person()]).await.expect("looks");
    let seen = ada.peer().expect("media").receive.clone();
    ada.peer().expect("media").more(&seen.audio[0], 10, MEDIA).await.expect("heard");
    ada.peer().expect("media").more(&seen.video[0], 5, MEDIA).await.expect("seen");
    ada.conversation.done(Ask::Class(ClassAsk::Mute { people: vec![noe.person()] })).await.expect("muted");
    let mute = ada.peer().expect("media").silent(&seen.audio[0], QUIET, SOON).await;
    tries.held("muted, and sends on", mute.is_ok());
    let rights = preau_protocol::Rights { camera: false, ..preau_protocol::Rights::STUDENTS };
    ada.conversation.done(Ask::Class(ClassAsk::Rights { rights })).await.expect("no cameras");
    let dark = ada.peer().expect("media").silent(&seen.video[0], QUIET, SOON).await;
    tries.held("no cameras, and sends on", dark.is_ok());
    noe.force_on(Source::Screen, 10).expect("a tampered client");
    let screen = ada.peer().expect("media").silent(&seen.screen, QUIET, SOON).await;
    tries.held(
        "a screen without the right",
        screen.is_ok() && ada.peer().is_ok_and(|peer| peer.receipt(&seen.screen).packets == 0),
    );
    ground.end(&mut ada).await;
}
