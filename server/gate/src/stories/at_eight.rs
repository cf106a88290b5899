//! Who comes in, and who goes first.

use preau_protocol::{Priority, Role, UnixMs};

use super::world::{Answer, EIGHT, World, asker, gate};
use crate::{Asker, Input};

#[test]
fn while_there_is_room_nobody_sees_a_gate() {
    let mut world = World::for_people(100);
    assert_eq!(world.teacher(1, 1), Answer::In(Priority::Teachers));
    assert_eq!(world.student(2, 1), Answer::In(Priority::Seated));
    assert_eq!(world.student(3, 2), Answer::In(Priority::Students), "their teacher is not there yet");
    assert!(world.gate.document(world.now).lines.is_empty());
    assert_eq!(world.gate.poll_timeout(), Some(world.now.plus_ms(600_000)), "only to give places back");
}

#[test]
fn a_teacher_keeps_places_for_the_whole_roster() {
    // 24 places: two classes of 1 + 11, and not a half more.
    let mut world = World::for_people(30);
    assert_eq!(world.teacher(1, 1), Answer::In(Priority::Teachers));
    assert_eq!(world.teacher(2, 2), Answer::In(Priority::Teachers));
    let third = world.teacher(3, 3).ticket();
    assert_eq!(third.priority, Priority::Teachers);
    let stranger = world.student(400, 4).ticket();
    assert_eq!((stranger.priority, stranger.before), (Priority::Students, 0));
    for pupil in 0..10 {
        assert_eq!(world.student(100 + pupil, 1), Answer::In(Priority::Seated));
        assert_eq!(world.student(200 + pupil, 2), Answer::In(Priority::Seated));
    }
    assert!(!world.is_called(&third));
}

#[test]
fn pupils_who_stood_in_the_line_come_in_as_soon_as_their_teacher_has() {
    let mut world = World::for_people(30);
    assert_eq!(world.teacher(1, 1), Answer::In(Priority::Teachers));
    (0..12).for_each(|n| drop(world.student(700 + n, 7)));
    let (pupil, other) = (world.student(200, 2).ticket(), world.student(300, 3).ticket());
    let teacher = world.teacher(2, 2).ticket();
    (0..12).for_each(|n| world.leaves(700 + n, 7, Role::Student));
    assert!(world.is_called(&teacher) && !world.is_called(&pupil) && !world.has_opened(&pupil));
    assert_eq!(world.with_ticket_of(2, 2, Role::Teacher, &teacher), Answer::In(Priority::Teachers));
    assert!(world.has_opened(&pupil) && !world.has_opened(&other), "places are kept for class 2");
    assert_eq!(world.with_ticket(200, 2, &pupil), Answer::In(Priority::Seated));
    world.pass_s(61);
    assert!(world.gate.document(world.now).opened.is_empty());
}

#[test]
fn places_that_nobody_took_go_to_the_line() {
    let mut world = World::for_people(30);
    world.teacher(1, 1);
    world.teacher(2, 2);
    let third = world.teacher(3, 3).ticket();
    world.pass_s(599);
    assert!(!world.is_called(&third));
    world.pass_s(2);
    assert!(world.is_called(&third), "ten minutes are over");
    let ticket = Some(third.ticket);
    assert_eq!(world.ask(Asker { ticket, roster: 10, ..asker(3, 3, Role::Teacher) }), Answer::In(Priority::Teachers));
    assert_eq!(world.student(100, 1), Answer::In(Priority::Seated), "late, and never refused");
}

#[test]
fn teachers_go_before_students_and_students_before_who_is_outside_their_hour() {
    let mut world = World::for_people(10);
    (0..8).for_each(|n| drop(world.student(n, 9)));
    let tomorrow = Asker { starts_at: EIGHT.plus_ms(86_400_000), ..asker(50, 5, Role::Student) };
    let tomorrow = world.ask(tomorrow).ticket();
    let student = world.student(60, 6).ticket();
    world.roster = 0;
    let teacher = world.teacher(70, 7).ticket();
    let order = [tomorrow.priority, student.priority, teacher.priority];
    assert_eq!(order, [Priority::OutOfHour, Priority::Students, Priority::Teachers]);
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(&teacher) && !world.is_called(&student));
    world.leaves(1, 9, Role::Student);
    assert!(world.is_called(&student) && !world.is_called(&tomorrow));
    world.leaves(2, 9, Role::Student);
    assert!(world.is_called(&tomorrow));
}

#[test]
fn nobody_starves() {
    let mut world = World::for_people(10);
    world.now = EIGHT;
    (0..8).for_each(|n| drop(world.student(n, 9)));
    let tomorrow = Asker { starts_at: EIGHT.plus_ms(86_400_000), ..asker(50, 5, Role::Student) };
    let tomorrow = world.ask(tomorrow).ticket();
    // One leaves and twenty come, minute after minute: the students' line never ends.
    let mut minutes = 0;
    while !world.is_called(&tomorrow) {
        minutes += 1;
        assert!(minutes < 60, "still waiting");
        (0..20).for_each(|n| drop(world.student(1_000 + 20 * minutes + n, 8)));
        world.leaves(minutes % 8, 9, Role::Student);
        world.pass_s(61);
        world.act(Input::Timeout);
    }
    assert!(minutes >= 3, "and yet after eight of them: {minutes}");
}

#[test]
fn being_fast_in_the_quarter_of_an_hour_before_gains_nothing() {
    let mut world = World::for_people(1);
    world.now = UnixMs(EIGHT.0 - 15 * 60_000);
    let early: Vec<u32> = (0..200).map(|n| world.student(n, n).ticket().place.draw).collect();
    world.now = UnixMs(EIGHT.0 - 1_000);
    let late: Vec<_> = (200..400).map(|n| world.student(n, n).ticket()).collect();
    let mean = |draws: &mut dyn Iterator<Item = u32>| draws.map(f64::from).sum::<f64>() / 200.0 / f64::from(u32::MAX);
    let means = (mean(&mut early.into_iter()), mean(&mut late.iter().map(|queued| queued.place.draw)));
    assert!((means.0 - means.1).abs() < 0.1, "{means:?}");
    world.now = EIGHT.plus_ms(1_000);
    let after = world.student(400, 400).ticket();
    assert!(late.iter().all(|queued| queued.place < after.place), "whoever comes after eight stands behind");
}

#[test]
fn asking_again_returns_the_same_place() {
    let mut world = World::for_people(1);
    world.now = EIGHT.plus_ms(60_000);
    let first = world.student(5, 5).ticket();
    world.pass_s(60);
    assert_eq!(world.student(5, 5).ticket().place, first.place, "without the ticket");
    assert_eq!(world.with_ticket(5, 5, &first).ticket().place, first.place, "with it");
    assert_eq!(world.gate.waiting(), 1);
}

#[test]
fn after_a_restart_the_tickets_know_the_order() {
    let mut world = World::for_people(1);
    world.now = EIGHT.plus_ms(60_000);
    let tickets: Vec<_> = (0..50)
        .map(|n| {
            world.pass_s(1);
            world.student(n, n).ticket()
        })
        .collect();
    world.gate = gate(world.gate.limits());
    world.pass_s(30);
    let newcomer = world.student(99, 99).ticket();
    for (n, ticket) in tickets.iter().enumerate().rev() {
        assert_eq!(world.with_ticket(n as u32, n as u32, ticket).ticket().place, ticket.place);
    }
    assert!(tickets.iter().all(|ticket| ticket.place < newcomer.place));
    world.act(Input::SetLimits(preau_protocol::Amounts { people: 50, ..world.gate.limits() }));
    world.pass_s(27);
    assert!(world.is_called(&tickets[39]) && !world.is_called(&tickets[40]), "the first forty, in their order");
}

#[test]
fn after_a_restart_nobody_is_called_before_all_could_come_back() {
    let mut world = World::for_people(1);
    world.now = EIGHT.plus_ms(60_000);
    let first = world.student(1, 1).ticket();
    world.pass_s(10);
    let second = world.student(2, 2).ticket();
    world.gate = gate(world.gate.limits());
    world.act(Input::SetLimits(preau_protocol::Amounts { people: 3, ..world.gate.limits() }));
    world.student(8, 8);
    world.with_ticket(2, 2, &second);
    world.pass_s(20);
    assert!(!world.is_called(&second));
    world.with_ticket(1, 1, &first);
    world.pass_s(7);
    assert!(world.is_called(&first) && !world.is_called(&second));
}
