//! A class on two relays: each person is on one of them, and everybody sees and hears everybody.

use super::nack;
use super::world::{Browser, CLASS, Seen, World};
use preau_sfu::{
    Dropped, Event, Look, PeerId, Permit, Ration, RelayId, Role, Source, StandIn, TRUNK_PACKETS_MAX, Ways,
};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Two relays, and what their callers do for them: everybody's permits are told to both, loads are carried at once.
struct Pair {
    relays: [World; 2],
    people: BTreeMap<PeerId, (usize, Role, Permit)>,
    /// Loads are not carried while this is false.
    is_open: bool,
}

impl Pair {
    fn new() -> Pair {
        let now = Instant::now();
        let relays = [0, 1].map(|id| World::numbered(RelayId(id), Ways::default(), now));
        Pair { relays, people: BTreeMap::new(), is_open: true }
    }

    fn join(&mut self, number: u64, at: usize, role: Role) -> PeerId {
        self.seat(Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm), at, role)
    }

    fn seat(&mut self, browser: Browser, at: usize, role: Role) -> PeerId {
        let id = self.relays[at].seat(browser, role);
        self.people.insert(id, (at, role, Permit::nothing()));
        self.allow(id, Permit::everything());
        id
    }

    /// The teacher here and a student there.
    fn class() -> (Pair, PeerId, PeerId) {
        let mut class = Pair::new();
        let (ada, noe) = (class.join(1, 0, Role::Teacher), class.join(2, 1, Role::Student));
        (class, ada, noe)
    }

    fn allow(&mut self, id: PeerId, permit: Permit) {
        for world in &mut self.relays {
            world.relay.allow(id, permit.clone(), world.now);
        }
        if let Some((_, _, known)) = self.people.get_mut(&id) {
            *known = permit;
        }
        self.carry();
    }

    fn remove(&mut self, id: PeerId) {
        for world in &mut self.relays {
            world.relay.remove(id, world.now);
        }
        self.carry();
    }

    fn look(&mut self, who: PeerId, at: PeerId, height_px: u16) {
        let world = &mut self.relays[self.people[&who].0];
        world.relay.view(who, &[Look { peer: at, height_px }], world.now);
        self.carry();
    }

    fn world(&mut self, id: PeerId) -> &mut World {
        &mut self.relays[self.people[&id].0]
    }

    fn picture(&mut self, id: PeerId, is_key: bool, packets: usize) {
        self.world(id).picture(id, is_key, packets);
        self.keep_time();
    }

    fn sound(&mut self, id: PeerId, level: u8) {
        self.world(id).sound(id, level);
        self.keep_time();
    }

    fn pass(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 20 {
            self.relays[0].pass(Duration::from_millis(20));
            self.keep_time();
        }
    }

    /// One clock for both.
    fn keep_time(&mut self) {
        let now = self.relays[0].now.max(self.relays[1].now);
        for world in &mut self.relays {
            world.pass(now - world.now);
        }
        self.carry();
    }

    /// Everything that one relay has for the other, until both are quiet.
    fn carry(&mut self) {
        loop {
            self.relays.iter_mut().for_each(World::pump);
            self.introduce();
            let mut is_quiet = true;
            for from in [0, 1].into_iter().filter(|_| self.is_open) {
                while let Some((to, load)) = self.relays[from].relay.poll_load() {
                    assert_eq!(to, RelayId(1 - from as u16));
                    let world = &mut self.relays[1 - from];
                    world.relay.unload(RelayId(from as u16), load, world.now);
                    is_quiet = false;
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Whoever sends for the first time gets a stand-in on the other relay.
    fn introduce(&mut self) {
        for at in 0..2 {
            let published = self.relays[at].events.iter().filter_map(|event| match event {
                Event::Publishes { peer } => Some(*peer),
                _ => None,
            });
            for peer in published.collect::<Vec<_>>() {
                let Some((_, role, permit)) = self.people.get(&peer).cloned() else { continue };
                let who = StandIn { peer, room: CLASS, role, at: RelayId(at as u16) };
                let other = &mut self.relays[1 - at];
                other.relay.stand_in(who, permit, other.now);
            }
            self.relays[at].events.retain(|event| !matches!(event, Event::Publishes { .. }));
        }
    }

    fn seen(&self, id: PeerId) -> &[Seen] {
        self.relays[self.people[&id].0].seen(id)
    }

    fn asked_for_keyframes(&self, id: PeerId) -> usize {
        let world = &self.relays[self.people[&id].0];
        world.browsers[&id].reports.iter().filter(|report| report[1] == 206).count()
    }
}

#[test]
fn a_class_on_two_relays_is_seen_both_ways_and_nothing_is_carried_that_nobody_looks_at() {
    let (mut class, ada, noe) = Pair::class();
    for i in 0..10 {
        class.picture(ada, i == 0, 2);
        class.picture(noe, i == 0, 2);
    }
    assert_eq!(class.relays.each_ref().map(|world| world.relay.stats().packets_carried), [0, 0]);
    class.look(noe, ada, 360);
    class.look(ada, noe, 360);
    for i in 0..10 {
        class.picture(ada, i == 0, 2);
        class.picture(noe, i == 0, 2);
    }
    assert_eq!((class.seen(ada).len(), class.seen(noe).len()), (20, 20));
    assert!(super::is_continuous(class.seen(noe)));
    assert!(class.seen(noe).iter().all(|packet| packet.payload.last() == Some(&1)));
    let slot = class.relays[1].browsers[&noe].slot_ssrc("4");
    assert!(class.seen(noe).iter().all(|packet| packet.ssrc == slot));
}

#[test]
fn a_ration_is_kept_on_both_relays_and_what_nobody_is_shown_is_not_carried() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 2);
    class.picture(noe, true, 2);
    class.look(noe, ada, 360);
    class.look(ada, noe, 360);
    class.picture(ada, true, 2);
    class.picture(noe, true, 2);
    let ration = |class: &mut Pair, ration: Ration| {
        for world in &mut class.relays {
            world.relay.ration(ration, world.now);
        }
        class.carry();
    };
    ration(&mut class, Ration::TeachersCameras);
    let carried = class.relays[1].relay.stats().packets_carried;
    class.picture(ada, false, 2);
    class.picture(noe, false, 2);
    assert_eq!((class.seen(ada).len(), class.seen(noe).len()), (2, 4));
    assert_eq!(class.relays[1].relay.stats().packets_carried, carried, "a student's picture stays where it is");
    ration(&mut class, Ration::Everything);
    class.picture(noe, true, 2);
    assert_eq!(class.seen(ada).len(), 4);
}

#[test]
fn whoever_looks_from_the_other_relay_asks_for_a_keyframe_and_for_a_size() {
    let (mut class, ada, noe) = Pair::class();
    for i in 0..120 {
        class.picture(ada, i == 0, 1);
    }
    let wanted = |class: &Pair| {
        let told = class.relays[0].events.iter().filter_map(|event| match event {
            Event::Wanted { peer, source: Source::Camera, height_px } if *peer == ada => Some(*height_px),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!((wanted(&class), class.asked_for_keyframes(ada)), (vec![0], 0));
    class.look(noe, ada, 360);
    assert_eq!((wanted(&class), class.asked_for_keyframes(ada)), (vec![0, 360], 1));
    class.picture(ada, true, 1);
    let slot = class.relays[1].browsers[&noe].slot_ssrc("4").to_be_bytes();
    class.pass(Duration::from_secs(1));
    let lost = [0x81, 206, 0, 2, 0, 0, 0, 9, slot[0], slot[1], slot[2], slot[3]];
    let browser = class.relays[1].browsers.get_mut(&noe).unwrap();
    let (way, sealed) = (browser.way, browser.seal_report(&lost));
    class.relays[1].send_raw(way, sealed);
    class.carry();
    assert_eq!(class.asked_for_keyframes(ada), 2);
    class.remove(noe);
    class.pass(Duration::from_secs(4));
    assert_eq!(wanted(&class), [0, 360, 0], "nobody looks any more");
}

#[test]
fn what_is_lost_on_the_other_relays_way_is_repaired_there() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 1);
    class.look(noe, ada, 360);
    class.picture(ada, true, 10);
    let carried = class.relays[0].relay.stats().packets_carried;
    let lost = class.seen(noe)[4].clone();
    let browser = class.relays[1].browsers.get_mut(&noe).unwrap();
    let (way, sealed) = (browser.way, browser.seal_report(&nack(9, &lost)));
    class.relays[1].send_raw(way, sealed);
    class.carry();
    let again = class.seen(noe).last().unwrap();
    assert_eq!((again.payload_type, &again.payload[2..]), (97, &lost.payload[..]));
    assert_eq!(class.relays[0].relay.stats().packets_carried, carried);
}

#[test]
fn the_loudest_of_both_relays_are_heard_on_both() {
    let mut class = Pair::new();
    let people: Vec<PeerId> = (1..=8).map(|n| class.join(n, n as usize % 2, Role::Student)).collect();
    for _ in 0..60 {
        for person in &people {
            let level = if [people[0], people[1]].contains(person) { 20 } else { 90 };
            class.sound(*person, level);
        }
    }
    for listener in &people {
        let world = &class.relays[class.people[listener].0];
        let slots = world.events.iter().rev().find_map(|event| match event {
            Event::Slots { peer, slots } if peer == listener => Some(slots),
            _ => None,
        });
        let heard: Vec<_> = slots.unwrap().iter().filter(|s| s.source == Source::Microphone).map(|s| s.from).collect();
        for speaker in &people[..2] {
            assert!(listener == speaker || heard.contains(&Some(*speaker)), "{listener:?} hears {heard:?}");
        }
        assert!(world.seen(*listener).len() > 50);
    }
    for world in &class.relays {
        let told = world.events.iter().rev().find_map(|event| match event {
            Event::Speaking { peers, .. } => Some(peers.clone()),
            _ => None,
        });
        assert_eq!(told.unwrap().len(), 2, "each relay knows who speaks");
    }
}

#[test]
fn after_a_removal_not_one_packet_of_theirs_leaves_either_relay() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 1);
    class.look(noe, ada, 360);
    class.picture(ada, true, 3);
    class.is_open = false;
    class.picture(ada, false, 3);
    let before = class.seen(noe).len();
    assert_eq!(before, 3, "three more are on their way");
    // The relay of whoever looks hears of it first: what is on its way arrives after that, and so does late news.
    let there = &mut class.relays[1];
    there.relay.remove(ada, there.now);
    class.is_open = true;
    class.picture(ada, true, 3);
    assert_eq!(class.relays[1].dropped(Dropped::NotWanted), 6, "they arrived, and went no further");
    let carried = class.relays[0].relay.stats().packets_carried;
    class.picture(ada, true, 3);
    assert_eq!(class.relays[0].relay.stats().packets_carried, carried, "nobody there shows it any more");
    class.remove(ada);
    class.picture(ada, true, 3);
    class.pass(Duration::from_secs(2));
    assert_eq!(class.relays[1].seen(noe).len(), before);
}

#[test]
fn a_revoked_permit_silences_on_the_other_relay_what_is_on_its_way() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 1);
    class.look(noe, ada, 360);
    class.picture(ada, true, 3);
    class.is_open = false;
    class.picture(ada, false, 3);
    class.relays[1].relay.allow(ada, Permit::nothing(), class.relays[0].now);
    class.is_open = true;
    class.keep_time();
    assert_eq!(class.seen(noe).len(), 3);
    assert_eq!(class.relays[1].dropped(Dropped::NotPermitted), 3);
    class.allow(ada, Permit::nothing());
    class.allow(ada, Permit::everything());
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 6);
}

#[test]
fn a_full_trunk_loses_pictures_but_no_news_and_goes_on_when_it_is_free_again() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 1);
    class.look(noe, ada, 360);
    class.is_open = false;
    for i in 0..TRUNK_PACKETS_MAX / 4 + 10 {
        class.picture(ada, i == 0, 4);
    }
    assert_eq!(class.relays[0].relay.stats().packets_carried as usize, TRUNK_PACKETS_MAX);
    assert_eq!(class.relays[0].dropped(Dropped::TrunkFull), 40);
    class.is_open = true;
    class.keep_time();
    let before = class.seen(noe).len();
    class.picture(ada, true, 4);
    assert_eq!(class.seen(noe).len(), before + 4);
}

/// A camera in three layers, as `links` has one.
fn simulcast(number: u64) -> Browser {
    let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let lines = "a=mid:1\r\na=rid:l send\r\na=rid:h send\r\na=simulcast:send l;h\r\n\
         a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
    browser.offer.sdp = browser.offer.sdp.replace("a=mid:1\r\n", lines);
    browser
}

/// One keyframe of each layer, 180 and 720 pixels high.
fn both_layers(class: &mut Pair, id: PeerId, number: u16) {
    for (layer, (rid, height)) in [(b'l', 180_u16), (b'h', 720)].into_iter().enumerate() {
        let [low, high] = height.to_le_bytes();
        let mut payload = vec![0x90, 0x80, 0x80, number as u8, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, low, high];
        payload.resize(200, rid);
        let extensions = [0xbe, 0xde, 0, 1, 0x30, rid, 0x40, b'1'];
        let world = class.world(id);
        let browser = world.browsers.get_mut(&id).unwrap();
        let ssrc = 5_000 + layer as u32;
        let sealed = browser.seal_as(number, true, u32::from(number) * 3_000, ssrc, &extensions, &payload);
        let way = browser.way;
        world.send_raw(way, sealed);
    }
    class.pass(Duration::from_millis(40));
}

#[test]
fn layers_change_on_the_other_relay_and_only_the_shown_one_is_carried() {
    let mut class = Pair::new();
    let ada = class.seat(simulcast(1), 0, Role::Teacher);
    let noe = class.join(2, 1, Role::Student);
    let mut number = 100;
    let mut shown = |class: &mut Pair| {
        let before = (class.seen(noe).len(), class.relays[0].relay.stats().packets_carried);
        for _ in 0..5 {
            number += 1;
            both_layers(class, ada, number);
        }
        let layers: Vec<u8> = class.seen(noe)[before.0..].iter().map(|seen| seen.payload[199]).collect();
        (layers, class.relays[0].relay.stats().packets_carried - before.1)
    };
    shown(&mut class);
    class.look(noe, ada, 100);
    assert_eq!(shown(&mut class), (vec![b'l'; 5], 5));
    class.look(noe, ada, 700);
    let (layers, carried) = shown(&mut class);
    assert_eq!(layers.last(), Some(&b'h'));
    assert!(carried <= 7, "the smaller one is carried until the larger one has come: {carried}");
    assert_eq!(shown(&mut class), (vec![b'h'; 5], 5));
    class.look(noe, ada, 100);
    shown(&mut class);
    assert_eq!(shown(&mut class), (vec![b'l'; 5], 5));
}

#[test]
fn a_room_that_is_over_here_is_no_longer_told_of_there() {
    let (mut class, ada, noe) = Pair::class();
    class.picture(ada, true, 1);
    class.look(noe, ada, 360);
    class.picture(ada, true, 3);
    let now = class.relays[1].now;
    class.relays[1].relay.close_room(CLASS, now);
    class.carry();
    let before = (class.seen(noe).len(), class.relays[0].relay.stats().packets_carried);
    class.picture(ada, true, 3);
    assert_eq!((class.seen(noe).len(), class.relays[0].relay.stats().packets_carried), before);
}
