//! Calls as their people would tell them: joined, seen, heard, silenced, attacked.

mod layers;
mod links;
mod trunks;
mod ways;
mod world;

use preau_sfu::{Audience, Dropped, Event, Layered, Mid, Permit, Role, Source, Way};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::time::Duration;
use world::{Seen, World};

fn is_continuous(seen: &[Seen]) -> bool {
    seen.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1))
}

#[test]
fn a_picture_reaches_who_looks_and_nobody_else() {
    let mut class = World::new();
    let (ada, noe, zoe) = (class.teacher(1), class.student(2), class.student(3));
    class.allow_all(ada);
    class.look(noe, &[ada]);
    for i in 0..30 {
        class.picture(ada, i == 0, 4);
    }
    let seen = class.seen(noe);
    assert_eq!(seen.len(), 120);
    assert!(is_continuous(seen));
    assert!(seen.iter().all(|packet| packet.ssrc == class.browsers[&noe].slot_ssrc("4")));
    assert!(class.seen(zoe).is_empty() && class.seen(ada).is_empty());
}

#[test]
fn gcm_is_chosen_if_there_is_a_choice_and_the_fallback_works() {
    let mut class = World::new();
    let ada = class.teacher(1);
    let noe = class.join(2, Role::Student, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80);
    assert!(class.browsers[&ada].is_gcm && !class.browsers[&noe].is_gcm);
    class.allow_all(ada);
    class.allow_all(noe);
    class.look(noe, &[ada]);
    class.look(ada, &[noe]);
    for i in 0..10 {
        class.picture(ada, i == 0, 2);
        class.picture(noe, i == 0, 2);
    }
    assert_eq!((class.seen(noe).len(), class.seen(ada).len()), (20, 20));
}

#[test]
fn what_is_not_permitted_goes_nowhere_at_once() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.look(noe, &[ada]);
    class.picture(ada, true, 3);
    assert!(class.seen(noe).is_empty(), "nothing is permitted at first");
    class.allow_all(ada);
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 3);
    class.relay.allow(ada, Permit::nothing(), class.now);
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 3);
    assert!(class.dropped(Dropped::NotPermitted) >= 6);
}

#[test]
fn in_an_unattended_class_students_reach_teachers_only() {
    let mut class = World::new();
    let (ada, noe, zoe) = (class.teacher(1), class.student(2), class.student(3));
    class.relay.allow(noe, Permit { audience: Audience::Teachers, ..Permit::everything() }, class.now);
    class.look(ada, &[noe]);
    class.look(zoe, &[noe]);
    class.picture(noe, true, 3);
    assert_eq!((class.seen(ada).len(), class.seen(zoe).len()), (3, 0));
    class.relay.set_role(ada, Role::Student, class.now);
    class.picture(noe, true, 3);
    assert_eq!(class.seen(ada).len(), 3);
}

#[test]
fn two_people_in_turn_are_one_stream_to_the_slot() {
    let mut class = World::new();
    let (ada, noe, zoe) = (class.teacher(1), class.student(2), class.student(3));
    class.allow_all(ada);
    class.allow_all(noe);
    for turn in 0..6 {
        class.look(zoe, &[if turn % 2 == 0 { ada } else { noe }]);
        for i in 0..5 {
            class.picture(ada, i == 1, 3);
            class.picture(noe, i == 1, 3);
        }
    }
    let seen = class.seen(zoe);
    assert!(seen.len() >= 6 * 9 && is_continuous(seen));
    let steps = seen.windows(2).map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp));
    assert!(steps.clone().all(|step| step < 90_000), "time runs on: {:?}", steps.max());
    assert!(seen.iter().any(|p| p.payload.last() == Some(&1)) && seen.iter().any(|p| p.payload.last() == Some(&2)));
}

#[test]
fn who_is_removed_is_silent_both_ways() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    class.allow_all(noe);
    class.look(noe, &[ada]);
    class.look(ada, &[noe]);
    class.picture(ada, true, 3);
    class.picture(noe, true, 3);
    let before = (class.seen(ada).len(), class.browsers[&noe].datagrams);
    class.relay.remove(noe, class.now);
    class.picture(ada, false, 3);
    class.picture(noe, false, 3);
    class.check(noe, true);
    class.pass(Duration::from_secs(5));
    assert_eq!((class.seen(ada).len(), class.browsers[&noe].datagrams), before);
    assert!(class.dropped(Dropped::UnknownAddress) >= 3 && class.dropped(Dropped::UnknownUfrag) == 1);
}

/// A generic NACK (RFC 4585 §6.2.1) for one packet.
fn nack(reporter: u8, lost: &Seen) -> [u8; 16] {
    let ssrc = lost.ssrc.to_be_bytes();
    let [high, low] = lost.sequence.to_be_bytes();
    [0x81, 205, 0, 3, 0, 0, 0, reporter, ssrc[0], ssrc[1], ssrc[2], ssrc[3], high, low, 0, 0]
}

#[test]
fn a_lost_packet_is_sent_again_as_rtx() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    class.look(noe, &[ada]);
    class.picture(ada, true, 10);
    let lost = class.seen(noe)[4].clone();
    let browser = class.browsers.get_mut(&noe).unwrap();
    let (from, sealed) = (browser.way, browser.seal_report(&nack(9, &lost)));
    class.send_raw(from, sealed);
    let again = class.seen(noe).last().unwrap();
    assert_eq!((again.payload_type, &again.payload[..2]), (97, &lost.sequence.to_be_bytes()[..]));
    assert_eq!(&again.payload[2..], lost.payload);
    assert_eq!(class.relay.stats().packets_retransmitted, 1);
}

/// RFC 3711 §3.2.3: whoever reports counts for itself, and a browser has several who do.
#[test]
fn every_source_of_reports_is_heard() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    class.look(noe, &[ada]);
    class.picture(ada, true, 10);
    let lost = class.seen(noe)[4].clone();
    for reporter in [9, 8, 7] {
        let browser = class.browsers.get_mut(&noe).unwrap();
        let (from, sealed) = (browser.way, browser.seal_report(&nack(reporter, &lost)));
        class.send_raw(from, sealed.clone());
        class.send_raw(from, sealed);
    }
    assert_eq!((class.relay.stats().packets_retransmitted, class.dropped(Dropped::Replayed)), (3, 3));
}

#[test]
fn a_new_viewer_costs_one_keyframe_request_a_second() {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.allow_all(ada);
    class.picture(ada, true, 3);
    class.pass(Duration::from_secs(1));
    for number in 2..12 {
        let viewer = class.student(number);
        class.look(viewer, &[ada]);
    }
    assert_eq!(class.relay.stats().keyframes_requested, 1, "the first goes at once, the others wait");
    let requests = |class: &World| class.browsers[&ada].reports.iter().filter(|r| r[1] == 206).count();
    assert_eq!(requests(&class), 1);
}

#[test]
fn the_loudest_are_heard_and_nobody_hears_himself() {
    let mut class = World::new();
    let people: Vec<_> = (1..=5).map(|number| class.student(number)).collect();
    for person in &people {
        class.allow_all(*person);
    }
    for _ in 0..100 {
        for person in &people {
            class.sound(*person, if *person == people[4] { 20 } else { 90 });
        }
    }
    for person in &people {
        let slots = class.events.iter().rev().find_map(|event| match event {
            Event::Slots { peer, slots } if peer == person => Some(slots),
            _ => None,
        });
        let heard: Vec<_> = slots.unwrap().iter().filter(|s| s.source == Source::Microphone).map(|s| s.from).collect();
        assert!(!heard.contains(&Some(*person)));
        assert!(heard.iter().all(Option::is_some));
        assert!(*person == people[4] || heard.contains(&Some(people[4])), "{heard:?}");
    }
    assert!(class.events.contains(&Event::Speaking { room: world::CLASS, peers: vec![people[4]] }));
}

#[test]
fn a_change_of_network_keeps_the_call() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    class.look(noe, &[ada]);
    class.picture(ada, true, 3);
    class.browsers.get_mut(&noe).unwrap().way = way("203.0.113.9:77");
    class.check(noe, true);
    class.picture(ada, false, 3);
    assert_eq!(class.seen(noe).len(), 6);
}

#[test]
fn consent_ends_after_thirty_seconds_of_silence_and_a_check_revives_it() {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.pass(Duration::from_secs(31));
    let is_gone = |event: &Event| matches!(event, Event::Disconnected { peer, .. } if *peer == ada);
    assert_eq!(class.events.iter().filter(|event| is_gone(event)).count(), 1);
    class.check(ada, true);
    assert_eq!(class.events.last(), Some(&Event::Connected { peer: ada }));
}

#[test]
fn a_handshake_is_kept_until_the_first_packet_under_its_keys() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    let is_over = |class: &World, who| {
        class.events.iter().any(|event| matches!(event, Event::Disconnected { peer, .. } if *peer == who))
    };
    class.hang_up(noe);
    assert!(is_over(&class, noe), "nothing was sent yet: a goodbye is heard");
    class.allow_all(ada);
    class.picture(ada, true, 3);
    class.hang_up(ada);
    assert!(!is_over(&class, ada), "now it is nobody's: consent ends what is over");
    assert_eq!(class.dropped(Dropped::BadDtls), 1);
    class.pass(Duration::from_secs(31));
    assert!(is_over(&class, ada));
}

#[test]
fn forgeries_of_every_length_are_dropped_and_the_call_lives() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    class.look(noe, &[ada]);
    class.picture(ada, true, 3);
    let from = class.browsers[&ada].way;
    let answers = class.browsers[&ada].stun_answers;
    for len in 0..=1500 {
        for head in [[0x80, 96], [0x90, 111], [0xbf, 96], [0x80, 200], [0x81, 205], [0, 1], [22, 254], [64, 0]] {
            let mut bytes = vec![0x5a; len];
            bytes.iter_mut().zip(head).for_each(|(byte, first)| *byte = first);
            class.send_raw(from, bytes);
        }
        class.pass(Duration::from_millis(8));
    }
    assert_eq!(class.browsers[&ada].stun_answers, answers);
    // Twelve seconds without a picture: it begins again with a keyframe.
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 6);
    assert!(is_continuous(class.seen(noe)));
}

#[test]
fn a_check_with_a_wrong_password_is_met_with_silence() {
    let mut class = World::new();
    let ada = class.teacher(1);
    let answers = class.browsers[&ada].stun_answers;
    let bytes = class.browsers[&ada].binding_request(true, Some("wrong"));
    class.send_raw(class.browsers[&ada].way, bytes.clone());
    class.send_raw(way("203.0.113.66:6"), bytes);
    assert_eq!(class.browsers[&ada].stun_answers, answers);
    assert_eq!(class.dropped(Dropped::BadIntegrity), 2);
}

#[test]
fn an_offer_may_restart_ice_but_not_change_its_certificate() {
    let mut class = World::new();
    let ada = class.teacher(1);
    let mut offer = class.browsers[&ada].offer.clone();
    let before = class.browsers[&ada].answer.clone();
    offer.sdp = offer.sdp.replace("a=ice-ufrag:user1", "a=ice-ufrag:other");
    let after = class.relay.answer(ada, world::CLASS, Role::Teacher, &offer, class.now).unwrap();
    let line = |sdp: &str, prefix: &str| sdp.lines().find(|line| line.starts_with(prefix)).unwrap().to_owned();
    assert_ne!(line(&before, "a=ice-ufrag"), line(&after, "a=ice-ufrag"));
    assert_eq!(line(&before, "a=ssrc-group"), line(&after, "a=ssrc-group"));
    let at = offer.sdp.find("sha-256 ").unwrap() + 8;
    let other = if &offer.sdp[at..at + 2] == "00" { "11" } else { "00" };
    offer.sdp.replace_range(at..at + 2, other);
    let refused = class.relay.answer(ada, world::CLASS, Role::Teacher, &offer, class.now).unwrap_err();
    assert_eq!(refused.code(), "offer_fingerprint_changed");
}

#[test]
fn monstrous_offers_are_refused_by_name() {
    let mut class = World::new();
    let ada = class.teacher(1);
    let good = class.browsers[&ada].offer.clone();
    let mut refuse = |change: &dyn Fn(&str) -> String| {
        let mut offer = good.clone();
        offer.sdp = change(&good.sdp);
        class.relay.answer(preau_sfu::PeerId(99), world::CLASS, Role::Student, &offer, class.now).unwrap_err().code()
    };
    assert_eq!(refuse(&|sdp| sdp.repeat(500)), "offer_too_large");
    assert_eq!(refuse(&|sdp| sdp.to_owned() + &"m=audio 9 X 0\r\n".repeat(50)), "offer_too_many_sections");
    assert_eq!(refuse(&|_| "m=audio 9 X 0\r\n".repeat(10_000)), "offer_too_large");
    assert_eq!(refuse(&|sdp| sdp.to_owned() + &"a=candidate:1\r\n".repeat(21)), "offer_too_many_candidates");
    assert_eq!(
        refuse(&|sdp| sdp.to_owned() + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
        "offer_data_channel"
    );
    assert_eq!(refuse(&|sdp| sdp.replace("sha-256", "sha-512")), "offer_no_fingerprint");
    assert_eq!(refuse(&|sdp| sdp.replace("a=rtcp-mux\r\n", "")), "offer_no_rtcp_mux");
    assert_eq!(refuse(&|sdp| sdp.replace("BUNDLE 0 ", "BUNDLE ")), "offer_not_bundled");
    assert_eq!(refuse(&|sdp| sdp.replace("actpass", "passive")), "offer_bad_setup");
    assert_eq!(refuse(&|_| "noise".to_owned()), "offer_not_sdp");
}

#[test]
fn a_real_chromium_offer_is_answered_with_three_layers() {
    let mut class = World::new();
    let sdp = include_str!("offers/chromium-simulcast.sdp").to_owned();
    let mid = |mid: &str| Mid::parse(mid).unwrap();
    let offer = preau_sfu::Offer {
        sdp,
        send: [(Source::Microphone, mid("0")), (Source::Camera, mid("1")), (Source::Screen, mid("2"))].into(),
        receive: preau_sfu::ReceiveMids { audio: vec![mid("4")], video: vec![mid("9")], ..Default::default() },
    };
    let answer = class.relay.answer(preau_sfu::PeerId(7), world::CLASS, Role::Teacher, &offer, class.now).unwrap();
    assert!(answer.contains("a=simulcast:recv l;m;h"));
    assert!(answer.contains("a=ice-lite") && answer.contains("a=setup:passive"));
    assert!(answer.contains("typ host") && answer.contains("a=end-of-candidates"));
    let rejected = answer.matches(" 0 UDP/TLS/RTP/SAVPF").count();
    assert_eq!(rejected, offer.sdp.matches("m=").count() - 5, "sections without a part are rejected");
}

#[test]
fn a_screen_is_asked_for_in_layers_where_that_is_offered_and_a_camera_is_not() {
    let mut browser = world::Browser::new(7, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let more = "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:45 AV1/90000\r\na=extmap:12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\na=rtpmap:96 VP8/90000";
    browser.offer.sdp =
        browser.offer.sdp.replace("SAVPF 96 97", "SAVPF 96 97 98 45").replace("a=rtpmap:96 VP8/90000", more);
    let mut answered = |mut class: World, source: Source| {
        let camera = browser.offer.send.remove(&Source::Camera).or(browser.offer.send.remove(&Source::Screen)).unwrap();
        browser.offer.send.insert(source, camera);
        let answer = class.relay.answer(browser.id, world::CLASS, Role::Teacher, &browser.offer, class.now).unwrap();
        let section = answer.split("m=video 9 UDP/TLS/RTP/SAVPF ").nth(1).unwrap();
        (section[..2].to_owned(), section.contains("dependency-descriptor"))
    };
    let cases = [
        (World::layering(Layered::Av1), Source::Camera, ("96", false)),
        (World::layering(Layered::Av1), Source::Screen, ("45", true)),
        (World::layering(Layered::Vp9), Source::Screen, ("98", false)),
        (World::new(), Source::Screen, ("96", false)),
    ];
    for (class, source, (first, is_described)) in cases {
        assert_eq!(answered(class, source), (first.to_owned(), is_described));
    }
}

#[test]
fn redundant_sound_is_answered_before_plain_and_only_if_it_repeats_what_is_offered() {
    let mut class = World::new();
    let ada = class.teacher(1);
    let good = class.browsers[&ada].offer.clone();
    let mut answered = |peer: u64, fmtp: &str| {
        let red = format!("a=rtpmap:63 red/48000/2\r\na=fmtp:63 {fmtp}\r\na=rtpmap:111 opus");
        let mut offer = good.clone();
        offer.sdp = good.sdp.replace("SAVPF 111\r\n", "SAVPF 111 63\r\n").replace("a=rtpmap:111 opus", &red);
        class.relay.answer(preau_sfu::PeerId(peer), world::CLASS, Role::Student, &offer, class.now).unwrap()
    };
    let answer = answered(98, "111/111");
    let (sent, slots) = (answer.matches("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n").count(), 2);
    assert_eq!((sent, answer.matches("a=fmtp:63 111/111\r\n").count()), (1 + slots, 1 + slots), "{answer}");
    for other in ["111/96", "96", "", "111/x"] {
        assert!(!answered(99, other).contains("red/"), "{other}");
    }
}

fn way(address: &str) -> Way {
    Way::Udp(address.parse().unwrap())
}

#[test]
fn a_large_class_waits_a_little_and_what_leaves_leaves_together() {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.allow_all(ada);
    let students: Vec<_> = (2..=80).map(|number| class.student(number)).collect();
    for student in &students {
        class.look(*student, &[ada]);
    }
    class.picture(ada, true, 1);
    class.pass(Duration::from_millis(20));
    let before = class.runs;
    class.picture(ada, false, 3);
    assert_eq!(class.runs, before, "it waits for more");
    class.pass(Duration::from_millis(5));
    assert_eq!(class.runs - before, students.len(), "one run of three packets for each");
    assert!(students.iter().all(|student| class.seen(*student).len() == 4));
}

#[test]
fn whoever_nobody_looks_at_is_told_so_and_told_again_when_somebody_does() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    for i in 0..120 {
        class.picture(ada, i == 0, 1);
    }
    let told = |class: &World| {
        let wanted = class.events.iter().filter_map(|event| match event {
            Event::Wanted { peer, source: Source::Camera, height_px } if *peer == ada => Some(*height_px),
            _ => None,
        });
        wanted.collect::<Vec<_>>()
    };
    assert_eq!(told(&class), [0]);
    class.look(noe, &[ada]);
    assert_eq!(told(&class), [0, 360]);
}

#[test]
fn a_page_that_was_not_ready_for_the_first_picture_soon_gets_another() {
    let mut class = World::new();
    let (ada, noe) = (class.teacher(1), class.student(2));
    class.allow_all(ada);
    for i in 0..60 {
        class.picture(ada, i == 0, 1);
    }
    class.look(noe, &[ada]);
    class.picture(ada, true, 1);
    class.pass(Duration::from_millis(260));
    let before = class.relay.stats().keyframes_requested;
    class.look(noe, &[ada]);
    assert_eq!(class.relay.stats().keyframes_requested, before + 1);
    class.picture(ada, true, 1);
    class.pass(Duration::from_secs(2));
    class.look(noe, &[ada]);
    assert_eq!(class.relay.stats().keyframes_requested, before + 1, "later a page needs none");
}
