//! Attacks on the media port: floods, forgeries and offers that are no offers. Calls go on.

use std::net::SocketAddr;

use preau_loadtest::{Participant, Peer, Source};
use preau_protocol::{Ask, Close, MediaAsk, Outcome, Refusal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::net::UdpSocket;

use preau_tests::school::{MEDIA, QUIET, School, code_of};
use preau_tests::stun::forged_binding;

/// A class in which Noé sees Ada, and the address of the media port they use.
async fn a_call() -> (School, Participant, Participant, SocketAddr, String) {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(1).await.expect("connected");
    ada.turn_on(&[Source::Camera]).await.expect("on");
    noe.connect_media(1).await.expect("connected");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let peer = noe.peer().expect("media");
    let slot = peer.receive.video[0].clone();
    peer.more(&slot, 5, MEDIA).await.expect("seen");
    let port = peer.remote_candidate().await.expect("the answer has a candidate");
    (school, ada, noe, port, slot)
}

/// The call goes on without a gap that the attack made, and the attacker heard nothing.
async fn undisturbed(noe: &Participant, slot: &str, attacker: &UdpSocket) {
    let receipt = noe.peer().expect("media").more(slot, 20, MEDIA).await.expect("the picture goes on");
    assert_eq!(receipt.gaps, 0, "{receipt:?}");
    let mut answer = [0; 1_500];
    let heard = tokio::time::timeout(QUIET, attacker.recv_from(&mut answer)).await;
    assert!(heard.is_err(), "the server answered an attacker");
}

#[tokio::test]
async fn a_stun_flood_with_bad_integrity_is_met_with_silence() {
    let (_school, _ada, noe, port, slot) = a_call().await;
    let attacker = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (own, _) = noe.peer().expect("media").ice_credentials().await.expect("credentials");
    let server = noe.peer().expect("media").remote_ufrag().await.expect("the answer has a ufrag");
    for n in 0..2_000 {
        let username = if n % 2 == 0 { format!("{server}:{own}") } else { format!("{n}:{own}") };
        attacker.send_to(&forged_binding(&username, &mut random), port).await.expect("sent");
    }
    undisturbed(&noe, &slot, &attacker).await;
}

#[tokio::test]
async fn forged_rtp_rtcp_and_dtls_of_every_length_are_dropped() {
    let (_school, _ada, noe, port, slot) = a_call().await;
    let attacker = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let mut random = ChaCha8Rng::seed_from_u64(8);
    // First bytes of RTP, RTCP, DTLS, TURN channel data, ZRTP, QUIC, and of nothing (RFC 7983 §7).
    for length in 0..=1_500_usize {
        for first in [[0x90, 96], [0x80, 200], [22, 254], [64, 0], [16, 0], [0xc0, 0], [255, 255]] {
            let mut datagram = vec![0_u8; length];
            random.fill(&mut datagram[..]);
            for (byte, value) in datagram.iter_mut().zip(first) {
                *byte = value;
            }
            attacker.send_to(&datagram, port).await.expect("sent");
        }
    }
    undisturbed(&noe, &slot, &attacker).await;
}

#[tokio::test]
async fn offers_beyond_the_limits_are_refused() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (_ada, [mut noe]) = class.in_session(["Noé"]).await;
    let (_peer, offer) = Peer::offer([127, 0, 0, 1].into(), 1).await.expect("an offer");
    let MediaAsk::Offer { sdp, send, receive } = offer else { unreachable!("an offer is an offer") };
    let section = sdp.find("m=").map(|at| &sdp[at..]).expect("sections");
    let many = format!("{sdp}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=inactive\r\n".repeat(41));
    let long = format!("{sdp}{}", "a=x-padding\r\n".repeat(2_600));
    let data = format!("{sdp}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:99\r\n");
    let candidates = format!("{sdp}{}", "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n".repeat(21));
    let headless = section.to_owned();
    for (what, sdp) in [
        ("41 sections", many),
        ("32 KiB", long),
        ("data channel", data),
        ("21 candidates", candidates),
        ("no session", headless),
    ] {
        let ask = MediaAsk::Offer { sdp, send: send.clone(), receive: receive.clone() };
        match noe.conversation.ask(Ask::Media(ask)).await.expect("answered") {
            // One after the other they are also too soon: that must not hide what is wrong with them.
            Outcome::Refused { code: Refusal::BadOffer | Refusal::Limit | Refusal::TooSoon, .. } => {}
            other => panic!("{what}: {other:?}"),
        }
    }
    let again = MediaAsk::Offer { sdp: sdp.clone(), send: send.clone(), receive: receive.clone() };
    match noe.conversation.ask(Ask::Media(again)).await.expect("answered") {
        Outcome::Refused { code: Refusal::TooSoon, .. } => {}
        other => panic!("a loop of offers is slowed down: {other:?}"),
    }
    let huge = "a=x\r\n".repeat(200_000);
    let ask = MediaAsk::Offer { sdp: format!("{sdp}{huge}"), send, receive };
    noe.conversation.send(Ask::Media(ask)).await.ok();
    let code = code_of(&mut noe).await;
    assert!(code == 1009 || code == Close::Malformed.code(), "a megabyte is no message: {code}");
}
