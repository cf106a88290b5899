//! Stories of browsers that come through an allocation, and of those who would misuse one.

use super::see_each_other;
use super::turn_client::{TurnClient, candidate};
use crate::world::{Tunnel, World};
use preau_sfu::{ConnectionId, ConnectionNews, Dropped, PeerId, Role, SeatId, TurnConfig, TurnKey, Way, Ways};
use rtc_stun::attributes::ATTR_XORMAPPED_ADDRESS;
use rtc_stun::error_code::*;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use std::time::Duration;

const NOE: SeatId = SeatId(3);
const LEA: SeatId = SeatId(4);
const CHANNEL: u16 = 0x4001;

fn school() -> World {
    let plain = World::new();
    let turn = TurnConfig { key: TurnKey::new(&[8; 32], plain.now), shard: 1, urls: Vec::new() };
    World::with(Ways { has_tcp: true, turn: Some(turn), probe_password: None }, plain.now)
}

fn udp(address: &str) -> Way {
    Way::Udp(address.parse().unwrap())
}

/// A student with an offer and credentials, before anything else.
fn offered(class: &mut World, number: u64, seat: SeatId, way: Way) -> (PeerId, TurnClient) {
    let credentials = class.relay.grant(seat, class.now).unwrap();
    let who = class.offer(number, Role::Student, way);
    class.relay.sit(seat, who);
    (who, TurnClient::new(who, &credentials))
}

/// A student behind a filter, allocated and with a channel.
fn allocated(class: &mut World, way: Way) -> (PeerId, TurnClient) {
    let (noe, mut turn) = offered(class, 3, NOE, way);
    turn.allocate(class).unwrap();
    turn.bind(class, CHANNEL, candidate()).unwrap();
    class.browsers.get_mut(&noe).unwrap().tunnel = Some(Tunnel::Channel(CHANNEL));
    (noe, turn)
}

fn watches(class: &mut World, ada: PeerId, noe: PeerId) {
    class.connect(noe);
    class.allow_all(ada);
    class.allow_all(noe);
    see_each_other(class, ada, noe);
}

#[test]
fn a_class_is_seen_through_an_allocation_over_udp() {
    let mut class = school();
    let ada = class.teacher(1);
    let (noe, _) = allocated(&mut class, udp("203.0.113.9:5000"));
    watches(&mut class, ada, noe);
}

#[test]
fn a_class_is_seen_through_an_allocation_over_a_connection_without_channels() {
    let mut class = school();
    let ada = class.teacher(1);
    class.relay.open(ConnectionId(7), "203.0.113.9:5000".parse().unwrap(), class.now);
    let (noe, mut turn) = offered(&mut class, 3, NOE, Way::Connection(ConnectionId(7)));
    turn.allocate(&mut class).unwrap();
    turn.permit(&mut class, "192.0.2.1:0").unwrap();
    class.browsers.get_mut(&noe).unwrap().tunnel = Some(Tunnel::Indication(candidate()));
    watches(&mut class, ada, noe);
    assert_eq!(class.news(), [ConnectionNews::Proved(ConnectionId(7))]);
}

#[test]
fn a_check_is_told_its_relayed_address_which_leads_nowhere() {
    let mut class = school();
    let (noe, mut turn) = offered(&mut class, 3, NOE, udp("203.0.113.9:5000"));
    let relayed = turn.allocate(&mut class).unwrap();
    turn.bind(&mut class, CHANNEL, candidate()).unwrap();
    class.browsers.get_mut(&noe).unwrap().tunnel = Some(Tunnel::Channel(CHANNEL));
    class.check(noe, true);
    assert_eq!(class.browsers[&noe].seen_as, Some(relayed));
    let SocketAddr::V4(relayed) = relayed else { panic!("{relayed}") };
    assert!(relayed.ip().octets()[0] >= 240);
    // A datagram that claims to come from there is a stranger's.
    let forged = vec![0x80; 100];
    class.send_raw(Way::Udp(relayed.into()), forged);
    assert_eq!(class.dropped(Dropped::UnknownAddress), 1);
}

#[test]
fn no_other_address_can_be_reached() {
    let mut class = school();
    let (noe, mut turn) = allocated(&mut class, udp("203.0.113.9:5000"));
    let others =
        ["198.51.100.1:5000", "127.0.0.1:5000", "10.0.0.1:80", "169.254.169.254:80", "[::1]:5000", "240.0.0.1:3478"];
    for other in others {
        assert_eq!(turn.permit(&mut class, other).err(), Some(CODE_FORBIDDEN.0), "{other}");
        assert_eq!(turn.bind(&mut class, 0x4002, other.parse().unwrap()).err(), Some(CODE_FORBIDDEN.0), "{other}");
        let before = class.dropped(Dropped::BadTurn);
        let way = class.browsers[&noe].way;
        class.send_raw(way, Tunnel::Indication(other.parse().unwrap()).wrap(&[0x80; 40]));
        assert_eq!(class.dropped(Dropped::BadTurn), before + 1, "{other}");
    }
    // Not even another port of our own address.
    assert_eq!(turn.bind(&mut class, 0x4002, "192.0.2.1:22".parse().unwrap()).err(), Some(CODE_FORBIDDEN.0));
}

#[test]
fn nothing_is_relayed_twice() {
    let mut class = school();
    let (noe, _) = allocated(&mut class, udp("203.0.113.9:5000"));
    let before = class.dropped(Dropped::BadTurn);
    let tunnel = Tunnel::Channel(CHANNEL);
    class.send(noe, tunnel.wrap(&[0x80; 40]));
    class.send(noe, Tunnel::Indication(candidate()).wrap(&[0x80; 40]));
    assert_eq!(class.dropped(Dropped::BadTurn), before + 2);
}

#[test]
fn forged_and_foreign_credentials_are_refused() {
    let mut class = school();
    let (noe, good) = offered(&mut class, 3, NOE, udp("203.0.113.9:5000"));
    let credentials = class.relay.grant(NOE, class.now).unwrap();
    let refused = |class: &mut World, change: &dyn Fn(&mut TurnClient)| {
        let mut turn = TurnClient::new(noe, &credentials);
        change(&mut turn);
        turn.allocate(class).err()
    };
    assert_eq!(refused(&mut class, &|turn| turn.password.push('x')), Some(CODE_UNAUTHORIZED.0));
    assert_eq!(refused(&mut class, &|turn| turn.username.push('1')), Some(CODE_UNAUTHORIZED.0));
    assert_eq!(refused(&mut class, &|turn| turn.username = "admin".to_owned()), Some(CODE_UNAUTHORIZED.0));
    // A later end, a free seat, another shard: each needs another password.
    let swap = |at: usize, to: &str| {
        let mut parts: Vec<&str> = good.username.split('.').collect();
        parts[at] = to;
        parts.join(".")
    };
    for username in [swap(0, "2"), swap(1, "99999"), swap(2, "9")] {
        assert_eq!(refused(&mut class, &|turn| turn.username.clone_from(&username)), Some(CODE_UNAUTHORIZED.0));
    }
}

#[test]
fn credentials_end_for_newcomers_and_go_on_for_whoever_is_there() {
    let mut class = school();
    let (_, mut turn) = allocated(&mut class, udp("203.0.113.9:5000"));
    for _ in 0..5 {
        class.pass(Duration::from_secs(540));
        match turn.refresh(&mut class, 600) {
            Ok(_) => {}
            // A nonce ages as well; the next one is in the same answer.
            Err(code) => {
                assert_eq!(code, CODE_STALE_NONCE.0);
                turn.greet(&mut class);
                turn.refresh(&mut class, 600).unwrap();
            }
        }
    }
    class.browsers.get_mut(&turn.who).unwrap().way = udp("203.0.113.9:5001");
    assert_eq!(turn.allocate(&mut class).err(), Some(CODE_UNAUTHORIZED.0));
}

#[test]
fn an_allocation_that_is_not_renewed_ends() {
    let mut class = school();
    let ada = class.teacher(1);
    let (noe, mut turn) = allocated(&mut class, udp("203.0.113.9:5000"));
    watches(&mut class, ada, noe);
    class.pass(Duration::from_secs(601));
    assert_eq!(turn.refresh(&mut class, 600).err(), Some(CODE_ALLOC_MISMATCH.0));
    let before = class.browsers[&noe].datagrams;
    class.check(noe, true);
    assert_eq!(class.browsers[&noe].datagrams, before);
}

#[test]
fn somebody_elses_credentials_carry_nobody_elses_media() {
    let mut class = school();
    let (lea, _) = offered(&mut class, 4, LEA, udp("203.0.113.8:5000"));
    let (noe, mut turn) = offered(&mut class, 3, NOE, udp("203.0.113.9:5000"));
    // Noé gives Léa his credentials; she allocates with them, and checks for her own media.
    turn.who = lea;
    turn.allocate(&mut class).unwrap();
    turn.bind(&mut class, CHANNEL, candidate()).unwrap();
    class.browsers.get_mut(&lea).unwrap().tunnel = Some(Tunnel::Channel(CHANNEL));
    class.check(lea, true);
    assert_eq!(class.browsers[&lea].datagrams, 0);
    // Nor may she touch what he allocates.
    turn.who = noe;
    turn.allocate(&mut class).unwrap();
    let credentials = class.relay.grant(LEA, class.now).unwrap();
    let mut hers = TurnClient::new(noe, &credentials);
    hers.nonce.clone_from(&turn.nonce);
    assert_eq!(hers.refresh(&mut class, 0).err(), Some(CODE_WRONG_CREDENTIALS.0));
}

#[test]
fn whoever_is_removed_loses_the_relayed_address_at_once() {
    let mut class = school();
    let ada = class.teacher(1);
    class.relay.open(ConnectionId(7), "203.0.113.9:5000".parse().unwrap(), class.now);
    let (noe, mut turn) = allocated(&mut class, Way::Connection(ConnectionId(7)));
    watches(&mut class, ada, noe);
    class.news();
    class.relay.revoke(NOE);
    class.relay.remove(noe, class.now);
    assert_eq!(class.news(), [ConnectionNews::Over(ConnectionId(7))]);
    let before = class.browsers[&noe].datagrams;
    class.picture(ada, true, 3);
    class.check(noe, true);
    assert_eq!(class.browsers[&noe].datagrams, before);
    // From another address, with credentials that have minutes left.
    class.browsers.get_mut(&noe).unwrap().way = udp("203.0.113.10:5000");
    assert_eq!(turn.allocate(&mut class).err(), Some(CODE_UNAUTHORIZED.0));
}

#[test]
fn a_connection_that_closes_takes_its_allocation_with_it() {
    let mut class = school();
    let ada = class.teacher(1);
    class.relay.open(ConnectionId(7), "203.0.113.9:5000".parse().unwrap(), class.now);
    let (noe, _) = allocated(&mut class, Way::Connection(ConnectionId(7)));
    watches(&mut class, ada, noe);
    class.relay.close(ConnectionId(7));
    // The same way back in: a new number, a new allocation.
    class.relay.open(ConnectionId(8), "203.0.113.9:5001".parse().unwrap(), class.now);
    let browser = class.browsers.get_mut(&noe).unwrap();
    (browser.way, browser.tunnel) = (Way::Connection(ConnectionId(8)), None);
    let credentials = class.relay.grant(NOE, class.now).unwrap();
    let mut turn = TurnClient::new(noe, &credentials);
    turn.allocate(&mut class).unwrap();
    turn.bind(&mut class, CHANNEL, candidate()).unwrap();
    class.browsers.get_mut(&noe).unwrap().tunnel = Some(Tunnel::Channel(CHANNEL));
    class.check(noe, true);
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 6);
}

#[test]
fn channels_are_bound_before_they_carry() {
    let mut class = school();
    let (noe, mut turn) = offered(&mut class, 3, NOE, udp("203.0.113.9:5000"));
    turn.allocate(&mut class).unwrap();
    for number in [0x4000, CHANNEL, 0x4fff] {
        class.browsers.get_mut(&noe).unwrap().tunnel = Some(Tunnel::Channel(number));
        class.check(noe, true);
    }
    assert_eq!(class.browsers[&noe].datagrams, 0);
    assert_eq!(class.dropped(Dropped::BadTurn), 3);
    assert_eq!(turn.bind(&mut class, 0x3fff, candidate()).err(), Some(CODE_BAD_REQUEST.0));
    assert_eq!(turn.bind(&mut class, 0x5000, candidate()).err(), Some(CODE_BAD_REQUEST.0));
}

#[test]
fn a_stranger_is_answered_little_and_not_without_end() {
    let mut class = school();
    let (_, mut turn) = offered(&mut class, 3, NOE, udp("203.0.113.9:5000"));
    let challenge = turn.greet(&mut class);
    // The shortest request that is answered has 28 bytes.
    assert!(challenge.raw.len() <= 28 * 5 / 2, "{} bytes", challenge.raw.len());
    let mut mapped = XorMappedAddress::default();
    assert!(mapped.get_from_as(&challenge, ATTR_XORMAPPED_ADDRESS).is_err());
    let out = class.relay.stats().datagrams_out;
    let mut flood = challenge.raw.clone();
    flood[..4].copy_from_slice(&[0, 3, 0, 0]);
    flood.truncate(20);
    class.send_raw(udp("203.0.113.10:9"), flood.clone());
    assert_eq!(class.relay.stats().datagrams_out, out, "nothing for a question of 20 bytes");
    flood[3] = 8;
    flood.extend_from_slice(&[0, 0x19, 0, 4, 17, 0, 0, 0]);
    for n in 0..20_000_u32 {
        let from = SocketAddr::from((n.to_be_bytes(), 9));
        class.relay.receive(Way::Udp(from), None, &mut flood.clone(), class.now);
    }
    class.pump();
    let answered = class.relay.stats().datagrams_out - out;
    assert!((1_000..=2_000).contains(&answered), "{answered}");
}

#[test]
fn turn_of_every_length_and_shape_is_survived() {
    let mut class = school();
    let ada = class.teacher(1);
    let (noe, _) = allocated(&mut class, udp("203.0.113.9:5000"));
    watches(&mut class, ada, noe);
    let way = class.browsers[&noe].way;
    for head in [[0, 3], [0, 4], [0, 8], [0, 9], [0, 0x16], [0x40, 1], [0x4f, 0xff], [1, 3], [3, 0xff]] {
        for len in 0..300_usize {
            let mut bytes = vec![0; len];
            bytes.iter_mut().zip(head).for_each(|(byte, first)| *byte = first);
            if len >= 20 {
                bytes[2..8].copy_from_slice(&[0, (len - 20) as u8, 0x21, 0x12, 0xa4, 0x42]);
            }
            class.send_raw(way, bytes);
        }
    }
    class.picture(ada, false, 3);
    assert_eq!(class.seen(noe).len(), 6);
}
