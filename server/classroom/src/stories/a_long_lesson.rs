//! A lesson that may last so long and no longer.

use preau_protocol::{Ask, Close, Gone, Phase, SessionAsk};

use crate::{
    Limits,
    world::{Seen::*, World},
};

fn of_an_hour() -> World {
    let limits = Limits { lesson_ms_max: Some(3_600_000), ..Limits::default() };
    let mut class = World::seeded(7).limited(limits).teacher("Ada").student("Noé");
    class.admit("Noé");
    class
}

#[test]
fn everybody_knows_when_it_ends_and_is_told_again() {
    let mut class = of_an_hour();
    let end = class.now.plus_ms(3_600_000);
    assert_eq!(class.snapshot_for("Ada").ends_at, Some(end));
    assert_eq!(class.snapshot_for("Noé").ends_at, Some(end));
    class.after_s(2_999);
    assert_eq!(class.seen_by("Noé"), []);
    class.after_s(1);
    assert_eq!((class.seen_by("Ada"), class.seen_by("Noé")), (vec![Other], vec![Other]));
    class.after_s(599);
    assert_eq!(class.class.phase(), Phase::Open);
    class.after_s(1);
    assert_eq!(class.class.phase(), Phase::Ended);
    assert_eq!(class.seen_by("Noé"), [Gone(Gone::Ended), Closed(Close::Done)]);
    assert_eq!(class.seen_by("Ada"), [Gone(Gone::Ended), Closed(Close::Done)]);
}

#[test]
fn a_crash_makes_it_no_longer() {
    let mut class = of_an_hour();
    let end = class.snapshot_for("Ada").ends_at;
    class.after_s(1_800);
    class.crash();
    class.comes("Ada");
    assert_eq!(class.snapshot_for("Ada").ends_at, end);
    class.after_s(1_800);
    assert_eq!(class.class.phase(), Phase::Ended);
}

#[test]
fn the_next_lesson_has_its_own_hour() {
    let mut class = of_an_hour();
    class.after_s(3_600);
    class.comes("Ada");
    assert_eq!(class.snapshot_for("Ada").ends_at, Some(class.now.plus_ms(3_600_000)));
    class.ask("Ada", Ask::Session(SessionAsk::Leave {})).unwrap();
    class.after_s(3_599);
    assert_eq!(class.class.phase(), Phase::Unattended, "to whom it ends does not matter");
    class.after_s(1);
    assert_eq!(class.class.phase(), Phase::Ended);
}

#[test]
fn without_a_rule_nothing_ends() {
    let mut class = World::seeded(7).teacher("Ada");
    assert_eq!(class.snapshot_for("Ada").ends_at, None);
    class.after_s(24 * 3_600);
    assert_eq!(class.class.phase(), Phase::Open);
}
