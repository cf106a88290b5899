//! Stories of browsers that come over a connection: a network that lets no UDP through.

use super::see_each_other;
use crate::world::World;
use preau_sfu::{ConnectionId, ConnectionNews, Role, Way};
use std::net::SocketAddr;
use std::time::Duration;

const TCP: ConnectionId = ConnectionId(7);

fn behind_a_filter() -> SocketAddr {
    "203.0.113.9:443".parse().unwrap()
}

/// A class whose second student, 3, has only a connection.
fn filtered() -> (World, preau_sfu::PeerId, preau_sfu::PeerId) {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.relay.open(TCP, behind_a_filter(), class.now);
    let noe = class.join_by(3, Role::Student, Way::Connection(TCP));
    class.allow_all(ada);
    class.allow_all(noe);
    (class, ada, noe)
}

#[test]
fn a_class_is_seen_and_heard_over_a_connection() {
    let (mut class, ada, noe) = filtered();
    assert_eq!(class.news(), [ConnectionNews::Proved(TCP)]);
    see_each_other(&mut class, ada, noe);
}

#[test]
fn a_check_is_told_the_address_behind_the_connection() {
    let (mut class, _, noe) = filtered();
    class.check(noe, false);
    assert_eq!(class.browsers[&noe].seen_as, Some(behind_a_filter()));
}

#[test]
fn whoever_proves_nothing_is_cut_after_five_seconds() {
    let mut class = World::new();
    class.relay.open(TCP, behind_a_filter(), class.now);
    class.send_raw(Way::Connection(TCP), vec![0; 20]);
    class.send_raw(Way::Connection(TCP), vec![0x80; 200]);
    class.pass(Duration::from_secs(4));
    assert_eq!(class.news(), []);
    class.pass(Duration::from_secs(2));
    assert_eq!(class.news(), [ConnectionNews::Over(TCP)]);
}

#[test]
fn whoever_is_removed_loses_the_connection_at_once() {
    let (mut class, ada, noe) = filtered();
    class.look(noe, &[ada]);
    class.news();
    class.relay.remove(noe, class.now);
    assert_eq!(class.news(), [ConnectionNews::Over(TCP)]);
    let before = class.browsers[&noe].datagrams;
    class.picture(ada, true, 3);
    class.check(noe, true);
    assert_eq!(class.browsers[&noe].datagrams, before);
}

#[test]
fn a_call_goes_on_by_udp_when_its_connection_ends() {
    let (mut class, ada, noe) = filtered();
    class.look(noe, &[ada]);
    class.relay.close(TCP);
    class.browsers.get_mut(&noe).unwrap().way = Way::Udp("203.0.113.9:5000".parse().unwrap());
    class.check(noe, true);
    class.picture(ada, true, 3);
    assert_eq!(class.seen(noe).len(), 3);
}

#[test]
fn a_connection_that_was_never_opened_reaches_nobody() {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.browsers.get_mut(&ada).unwrap().way = Way::Connection(TCP);
    let before = class.browsers[&ada].datagrams;
    class.check(ada, true);
    assert_eq!(class.browsers[&ada].datagrams, before);
}
