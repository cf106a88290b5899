//! What went wrong once, or would have: mornings found by running the whole country through the gate, and by looking for trouble.

use preau_protocol::{Amounts, Priority, Reduction, Role};

use super::world::{Answer, EIGHT, PLENTY, World, asker, gate};
use crate::{Asker, Input};

/// A full server: `in_use` in, of whom four fifths of the limit.
fn full(people: u32) -> World {
    let mut world = World::for_people(people);
    world.now = EIGHT.plus_ms(60_000);
    (0..people * 4 / 5).for_each(|n| assert_eq!(world.student(n, 9), Answer::In(Priority::Students)));
    world
}

#[test]
fn whoever_used_a_ticket_may_stand_in_a_line_again_later() {
    let mut world = full(10);
    let first = world.student(20, 2).ticket();
    world.leaves(0, 9, Role::Student);
    assert_eq!(world.with_ticket(20, 2, &first), Answer::In(Priority::Students));
    world.leaves(20, 2, Role::Student);
    assert_eq!(world.student(30, 3), Answer::In(Priority::Students));
    world.pass_s(600);
    let second = world.with_ticket(20, 2, &first).ticket();
    world.leaves(30, 3, Role::Student);
    assert_eq!(world.with_ticket(20, 2, &second), Answer::In(Priority::Students), "a new ticket is a new one");
}

#[test]
fn a_ticket_that_was_not_needed_is_void_all_the_same() {
    let mut world = full(30);
    let early = world.student(70, 2).ticket();
    (0..24).for_each(|n| world.leaves(n, 9, Role::Student));
    world.pass_s(120);
    assert_eq!(world.teacher(92, 2), Answer::In(Priority::Teachers));
    assert_eq!(world.student(70, 2), Answer::In(Priority::Seated), "their teacher is inside");
    world.leaves(70, 2, Role::Student);
    world.leaves(92, 2, Role::Teacher);
    world.pass_s(200);
    (100..124).for_each(|n| drop(world.student(n, 8)));
    let before = world.student(124, 8).ticket();
    let again = world.with_ticket(70, 2, &early).ticket();
    assert_eq!(again.place.since, before.place.since, "a place of before does not come back");
}

#[test]
fn whoever_was_called_comes_in_without_the_ticket_too() {
    let mut world = full(10);
    let ticket = world.student(20, 2).ticket();
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(&ticket));
    assert_eq!(world.student(20, 2), Answer::In(Priority::Students), "another browser, the same person");
}

#[test]
fn those_who_missed_their_turn_do_not_all_come_in_on_top() {
    let mut world = full(10);
    let tickets: Vec<_> = (20..60).map(|n| world.student(n, 2).ticket()).collect();
    // Everybody is called in turn, and nobody comes.
    world.leaves(0, 9, Role::Student);
    world.pass_s(60 * 45);
    assert!(tickets.iter().all(|ticket| world.is_called(ticket)));
    let came_in =
        (20..60).zip(&tickets).filter(|(n, ticket)| matches!(world.with_ticket(*n, 2, ticket), Answer::In(_)));
    assert_eq!(came_in.count(), 1, "there is room for one");
}

#[test]
fn a_class_that_never_fits_holds_up_the_others_for_a_minute() {
    for roster in [200, u32::MAX] {
        let mut world = full(100);
        let huge = world.ask(Asker { roster, ..asker(500, 5, Role::Teacher) }).ticket();
        let next = world.teacher(600, 6).ticket();
        let student = world.student(700, 7).ticket();
        (0..12).for_each(|n| world.leaves(n, 9, Role::Student));
        world.pass_s(59);
        assert!(!world.is_called(&huge) && !world.is_called(&student), "the lecture is waited for");
        world.pass_s(2);
        assert!(world.is_called(&huge), "and comes in with what there is");
        assert_eq!(world.with_ticket_of(500, 5, Role::Teacher, &huge), Answer::In(Priority::Teachers));
        assert_eq!(world.gate.reserved(), 11);
        (0..11).for_each(|n| assert_eq!(world.student(510 + n, 5), Answer::In(Priority::Seated)));
        assert_eq!(world.student(530, 5).ticket().priority, Priority::Students, "the rest stands in line");
        (12..24).for_each(|n| world.leaves(n, 9, Role::Student));
        let others = [&next, &student].map(|ticket| world.is_called(ticket));
        assert!(others.contains(&true), "the line goes on");
    }
}

#[test]
fn a_teacher_who_reloads_keeps_no_more_than_before() {
    let mut world = World::for_people(100);
    world.teacher(1, 1);
    for _ in 0..5 {
        assert_eq!(world.gate.reserved(), 11);
        world.drops(1, 1, Role::Teacher);
        world.pass_s(100);
        assert_eq!(world.teacher(1, 1), Answer::In(Priority::Seated));
    }
    world.pass_s(110);
    assert_eq!(world.gate.reserved(), 0, "ten minutes are over");
}

#[test]
fn a_place_whose_owner_lost_the_connection_is_kept_for_them() {
    let mut world = full(10);
    let waiting = world.student(20, 2).ticket();
    (0..4).for_each(|n| world.drops(n, 9, Role::Student));
    assert!(!world.is_called(&waiting), "a region went dark for a moment");
    world.pass_s(60);
    (0..3).for_each(|n| assert_eq!(world.student(n, 9), Answer::In(Priority::Seated)));
    assert!(!world.is_called(&waiting));
    world.pass_s(61);
    assert!(world.is_called(&waiting), "one did not come back");
}

#[test]
fn nobody_who_lost_the_connection_is_counted_twice() {
    let mut world = World::for_people(100);
    world.teacher(1, 1);
    (0..10).for_each(|n| assert_eq!(world.student(100 + n, 1), Answer::In(Priority::Seated)));
    (0..10).for_each(|n| world.drops(100 + n, 1, Role::Student));
    assert_eq!(world.gate.reserved(), 11, "their class keeps their places still");
    // 80 are let in: a class of sixty, a tenth more and its teacher find room beside these twelve.
    let roster = 60;
    assert_eq!(world.ask(Asker { roster, ..asker(2, 2, Role::Teacher) }), Answer::In(Priority::Teachers));
    assert_eq!(world.gate.reserved(), 77);
    (0..10).for_each(|n| assert_eq!(world.student(100 + n, 1), Answer::In(Priority::Seated)));
}

#[test]
fn one_person_with_many_sockets_is_one_person() {
    let mut world = World::for_people(100);
    world.teacher(1, 1);
    (0..50).for_each(|_| assert_eq!(world.student(5, 1), Answer::In(Priority::Seated)));
    assert_eq!((world.gate.people(), world.gate.reserved()), (2, 10));
    (0..50).for_each(|_| world.leaves(5, 1, Role::Student));
    assert_eq!((world.gate.people(), world.gate.reserved()), (1, 11));
    world.leaves(5, 1, Role::Student);
    assert_eq!(world.gate.people(), 1, "who is not inside cannot leave");
}

#[test]
fn what_a_reduction_frees_is_not_for_newcomers() {
    let mut world = World::for_people(1_000);
    world.act(Input::SetLimits(Amounts { cpu_permille: 1_000, ..PLENTY }));
    let measured = |world: &mut World, cpu_permille: u32| {
        for _ in 0..8 {
            world.act(Input::Measured(Amounts { cpu_permille, ..Amounts::default() }));
            world.pass_s(1);
        }
    };
    world.teacher(1, 1);
    measured(&mut world, 880);
    assert_eq!(world.gate.reduction(), Reduction::StudentCamerasOff);
    measured(&mut world, 500);
    let newcomer = world.student(50, 5).ticket();
    assert_eq!(world.student(51, 1), Answer::In(Priority::Seated), "a seated teacher's pupils come in");
    (0..5).for_each(|_| measured(&mut world, 500));
    assert_eq!(world.gate.reduction(), Reduction::Nothing);
    assert!(world.is_called(&newcomer), "pictures first, then newcomers");
}

#[test]
fn nobody_loses_a_better_line_by_waiting_in_it() {
    let mut world = full(10);
    let ticket = world.student(20, 2).ticket();
    world.pass_s(2 * 3_600);
    assert_eq!(
        world.with_ticket(20, 2, &ticket).ticket().priority,
        Priority::Students,
        "their hour went by in the line"
    );
    assert_eq!(world.student(21, 2).ticket().priority, Priority::OutOfHour);
}

#[test]
fn after_a_crash_nobody_passes_the_line_that_stood() {
    let mut world = full(10);
    let ticket = world.student(20, 2).ticket();
    world.gate = gate(world.gate.limits());
    world.act(Input::LineStood);
    let newcomer = world.student(30, 3).ticket();
    world.pass_s(20);
    let ticket = world.with_ticket(20, 2, &ticket).ticket();
    assert!(ticket.place < newcomer.place && !world.is_called(&ticket));
    assert_eq!(world.ask(Asker { has_seat: true, ..asker(0, 9, Role::Student) }), Answer::In(Priority::Seated));
    world.pass_s(8);
    assert!(world.is_called(&ticket) && world.is_called(&newcomer));
}

#[test]
fn a_clock_that_is_put_back_stops_no_line() {
    let mut world = full(1_000);
    let tickets: Vec<_> = (2_000..2_400).map(|n| world.student(n, n).ticket()).collect();
    world.now = preau_protocol::UnixMs(world.now.0 - 3_600_000);
    world.act(Input::SetLimits(PLENTY));
    world.pass_s(6);
    assert!(tickets.iter().all(|ticket| world.is_called(ticket)), "a hundred a second");
}
