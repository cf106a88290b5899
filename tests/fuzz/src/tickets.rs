//! Tickets of the line, personal links and cookies: nothing is believed that the key did not make, and for nobody else.

use crate::script::Script;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau::auth::{DeviceSecret, InvitationLink};
use preau::store::Generation;
use preau_gate::{Ticket, TicketKey};
use preau_protocol::{PersonId, Place, Priority, UnixMs};
use uuid::Uuid;

const KEY: [u8; 32] = [7; 32];
/// Nothing is ever made with this one: what a fuzzer learns of a comparison does not open it.
const UNUSED_KEY: [u8; 32] = [9; 32];
const PEOPLE: [PersonId; 2] = [PersonId(Uuid::from_u128(0x0e0)), PersonId(Uuid::from_u128(0x20e))];
const EIGHT: UnixMs = UnixMs(1_617_688_800_000);
/// A ticket is good for a day's morning.
const LIFE_MS: u64 = 12 * 60 * 60 * 1_000;

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    match script.byte() % 4 {
        0 => ticket(&mut script),
        1 => link(&mut script),
        2 => cookie(script.0),
        _ => nonsense(script.0),
    }
}

/// One of ours, perhaps changed, shown by its owner or somebody else, now or later.
fn ticket(script: &mut Script<'_>) {
    let key = TicketKey::new(&KEY);
    let owner = script.pick(&PEOPLE);
    let priority = script.pick(&Priority::ALL);
    let word = |script: &mut Script<'_>| u32::from(script.short()) << 16 | u32::from(script.short());
    let place = Place { since: word(script), draw: word(script) };
    let sealed = key.seal(owner, priority, place, EIGHT);
    let (shower, now) = (script.pick(&PEOPLE), EIGHT.plus_ms(u64::from(script.short()) * 1_000));
    let shown = script.changed(&sealed);
    let is_good = shown == sealed && shower == owner && now.0 / 1_000 <= (EIGHT.0 + LIFE_MS) / 1_000;
    let expires = u32::try_from((EIGHT.0 + LIFE_MS) / 1_000).expect("before 2106");
    let expected = is_good.then_some(Ticket { priority, place, expires });
    assert_eq!(key.open(&shown, shower, now), expected, "{shown} for {shower}");
    assert_eq!(TicketKey::new(&[8; 32]).open(&shown, shower, now), None, "by another server's key");
}

/// A personal invitation, perhaps changed.
fn link(script: &mut Script<'_>) {
    let person = script.pick(&PEOPLE);
    let link = InvitationLink { person, generation: Generation(u32::from(script.short())) };
    let sealed = link.seal(&KEY);
    let shown = script.changed(&sealed);
    assert_eq!(InvitationLink::open(&shown, &KEY), (shown == sealed).then_some(link), "{shown}");
    assert_eq!(InvitationLink::open(&shown, &[8; 32]), None, "by another server's key");
}

/// A cookie's value is one secret written in one way.
fn cookie(value: &[u8]) {
    let value = String::from_utf8_lossy(value);
    let Some(secret) = DeviceSecret::parse(&value) else { return };
    let line = secret.set_cookie();
    let written = line.split(['=', ';']).nth(1);
    assert_eq!(written, Some(&*value), "two values are one secret");
}

/// What was never made by the key opens nothing.
fn nonsense(text: &[u8]) {
    for text in [String::from_utf8_lossy(text).into_owned(), URL_SAFE_NO_PAD.encode(text)] {
        for person in PEOPLE {
            assert_eq!(TicketKey::new(&UNUSED_KEY).open(&text, person, EIGHT), None);
        }
        assert_eq!(InvitationLink::open(&text, &UNUSED_KEY), None);
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("ticket", vec![0, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0, 9, 0]),
        ("ticket-of-another", vec![0, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4, 1, 0, 9, 0]),
        ("ticket-late", vec![0, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0xff, 0xff, 0]),
        ("ticket-bit", vec![0, 1, 4, 0, 1, 0, 2, 0, 3, 0, 4, 1, 0, 9, 1, 0, 5, 1]),
        ("link", vec![1, 0, 0, 3, 0]),
        ("link-byte", vec![1, 0, 0, 3, 5, 0, 47, b'B']),
        ("link-longer", vec![1, 0, 0, 3, 4, 0, 0, 1, b'=']),
        ("link-wider", vec![1, 0, 0, 3, 2, 0, 0, 1, 0]),
        ("cookie", [&[2][..], URL_SAFE_NO_PAD.encode([9; 32]).as_bytes()].concat()),
        ("nonsense", [&[3][..], &[1; 36]].concat()),
    ]
}
