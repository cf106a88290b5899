//! The server is short of something: every class hears of it, and seats that nobody uses are asked for.

use super::*;

#[test]
fn classes_hear_what_the_server_is_short_of_and_so_does_one_that_comes_later() {
    let (mut world, ada, noe) = in_session();
    world.give(Input::Reduce(Reduction::LatecomersOut));
    assert!(!world.text(noe).contains("reduced\""), "newcomers are not their concern");
    world.give(Input::Reduce(Reduction::AudioOnly));
    for line in [ada, noe] {
        assert!(world.text(line).contains(r#"{"reduced":{"reduction":"audio_only"}}"#), "{}", world.text(line));
    }
    world.give(Input::Unsaved { class: CLASS });
    let again = world.arrive(ADA, None);
    world.write();
    assert!(world.text(again).contains(r#""reduction":"audio_only""#), "{}", world.text(again));
    world.give(Input::Reduce(Reduction::Nothing));
    assert!(world.text(again).contains(r#"{"reduced":{"reduction":"nothing"}}"#));
}

#[test]
fn an_unused_seat_is_asked_for_while_others_wait() {
    let mut world = World::new();
    world.shard = world.shard.limited(Limits { idle_ms: Some(60_000), ..Limits::default() });
    world.give(Input::SeatsWanted(true));
    let ada = world.arrive(ADA, None);
    let noe = world.arrive(NOE, None);
    world.ask(ada, &admit(NOE));
    world.write();
    world.pass(Duration::from_secs(60));
    assert!(world.text(noe).contains(r#"{"still_there":{"within_ms":120000}}"#), "{}", world.text(noe));
    world.ask(noe, r#"{"session":{"here":{}}}"#);
    world.pass(Duration::from_secs(59));
    assert!(!world.closed.contains_key(&noe));
    world.pass(Duration::from_secs(1));
    world.pass(Duration::from_secs(120));
    assert!(!world.closed.contains_key(&noe), "that the seat is free is said once it is written");
    world.write();
    assert_eq!(world.closed.get(&noe), Some(&Close::Done));
    assert!(world.text(noe).contains(r#"{"gone":{"why":"idle"}}"#));
    let again = world.arrive(NOE, None);
    world.write();
    assert!(world.text(again).contains("snapshot"), "and nobody was asked about him");
}
