//! What tickets are good for, what operators decide, and what happens when the server itself is short.

use preau_protocol::{Amounts, Priority, Reduction, Role, Turned};

use super::world::{Answer, EIGHT, World, asker};
use crate::{Asker, Input, Output, Rules};

/// A full server: eight in, of ten.
fn full() -> World {
    let mut world = World::for_people(10);
    world.now = EIGHT.plus_ms(60_000);
    (0..8).for_each(|n| assert_eq!(world.student(n, 9), Answer::In(Priority::Students)));
    world
}

#[test]
fn a_ticket_lets_its_owner_in_at_their_turn_and_once() {
    let mut world = full();
    let ticket = world.student(20, 2).ticket();
    assert_eq!(world.with_ticket(20, 2, &ticket).ticket().place, ticket.place, "not yet");
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(&ticket));
    assert_eq!(world.with_ticket(20, 2, &ticket), Answer::In(Priority::Students));
    world.leaves(20, 2, Role::Student);
    world.pass_s(30);
    assert_eq!(world.student(20, 2), Answer::In(Priority::Seated), "a reload is the same visit");
    world.leaves(20, 2, Role::Student);
    world.pass_s(121);
    let other = world.student(21, 2);
    assert_eq!(other, Answer::In(Priority::Students), "the place went on");
    let again = world.with_ticket(20, 2, &ticket).ticket();
    assert!(again.place > ticket.place, "used is used: at the end of the line");
}

#[test]
fn a_ticket_cannot_be_handed_on() {
    let mut world = full();
    let ticket = world.student(20, 2).ticket();
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(&ticket));
    let thief = Asker { ticket: Some(ticket.ticket.clone()), ..asker(21, 2, Role::Student) };
    let queued = world.ask(thief).ticket();
    assert!(queued.place > ticket.place);
    assert!(
        world.said.iter().any(|said| matches!(
            said,
            Output::Verdict { verdict: crate::Verdict::Turned { bad_ticket: true, .. }, .. }
        ))
    );
    assert_eq!(world.with_ticket(20, 2, &ticket), Answer::In(Priority::Students), "its owner has lost nothing");
}

#[test]
fn whoever_does_not_come_loses_the_place_and_not_their_turn() {
    let mut world = full();
    let (asleep, next) = (world.student(20, 2).ticket(), world.student(21, 2).ticket());
    let (first, second) = if asleep.place < next.place { (20, 21) } else { (21, 20) };
    let tickets = |who: u32| if who == 20 { &asleep } else { &next };
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(tickets(first)) && !world.is_called(tickets(second)));
    world.pass_s(62);
    assert!(world.is_called(tickets(second)), "the place went on");
    let awake = world.with_ticket(first, 2, tickets(first)).ticket();
    assert_eq!(awake.before, 0, "awake again, and in front");
    assert!(!world.is_called(&awake), "and told the truth: not yet");
    assert_eq!(
        world.with_ticket(second, 2, tickets(second)),
        Answer::In(Priority::Students),
        "no promise is broken for it"
    );
    world.leaves(1, 9, Role::Student);
    assert_eq!(world.student(first, 2), Answer::In(Priority::Students), "called again, and in without the ticket");
}

#[test]
fn whoever_has_a_seat_comes_back_whatever_the_load() {
    let mut world = full();
    (30..40).for_each(|n| drop(world.student(n, 3).ticket()));
    let seated = Asker { has_seat: true, ..asker(20, 2, Role::Student) };
    assert_eq!(world.ask(seated.clone()), Answer::In(Priority::Seated));
    world.act(Input::Drain(true));
    assert_eq!(world.ask(Asker { person: super::world::person(22), ..seated }), Answer::In(Priority::Seated));
    assert!(matches!(world.student(50, 5), Answer::Out(Turned::Unavailable { .. })));
}

#[test]
fn whoever_is_not_on_the_roster_takes_no_pupils_place() {
    // Sixteen of twenty are let in: a teacher, and places for ten pupils and a visitor.
    let mut world = World::for_people(20);
    world.roster = 10;
    assert_eq!(world.teacher(0, 1), Answer::In(Priority::Teachers));
    let stranger = |n| Asker { on_roster: false, ..asker(n, 1, Role::Student) };
    let inside = (100..150).filter(|n| matches!(world.ask(stranger(*n)), Answer::In(_))).count();
    assert_eq!(inside, 5, "the visitor's place, and four that are nobody's");
    (1..=10).for_each(|n| assert!(matches!(world.student(n, 1), Answer::In(_)), "pupil {n} finds a place"));
}

#[test]
fn a_priority_that_is_closed_says_until_when_and_keeps_its_line() {
    let mut world = full();
    let tomorrow = |n| Asker { starts_at: EIGHT.plus_ms(86_400_000), ..asker(n, 5, Role::Student) };
    let waiting = world.ask(tomorrow(50)).ticket();
    let until = Some(EIGHT.plus_ms(7 * 3_600_000));
    world.act(Input::SetRules(Rules { closed: [(Priority::OutOfHour, until)].into() }));
    assert_eq!(world.ask(tomorrow(51)), Answer::Out(Turned::Closed { until }));
    world.leaves(0, 9, Role::Student);
    assert!(!world.is_called(&waiting));
    let line = world.gate.document(world.now).lines.remove(0);
    assert_eq!((line.priority, line.closed, line.closed_until), (Priority::OutOfHour, true, until));
    world.act(Input::SetRules(Rules::default()));
    assert!(world.is_called(&waiting), "and goes on where it was");
}

#[test]
fn what_is_freed_goes_to_the_line_at_once_and_seats_are_asked_for_while_it_stands() {
    let mut world = full();
    let ticket = world.student(20, 2).ticket();
    assert_eq!(world.said.last(), Some(&Output::SeatsWanted(true)));
    world.leaves(0, 9, Role::Student);
    assert!(world.is_called(&ticket), "within the same call");
    assert_eq!(world.said.last(), Some(&Output::SeatsWanted(false)));
}

#[test]
fn more_room_is_given_out_without_a_stampede() {
    let mut world = full();
    let tickets: Vec<_> = (100..600).map(|n| world.student(n, n).ticket()).collect();
    world.act(Input::SetLimits(Amounts { people: 10_000, ..world.gate.limits() }));
    let called = |world: &mut World| tickets.iter().filter(|ticket| world.is_called(ticket)).count();
    assert!(called(&mut world) <= 100);
    world.pass_s(2);
    let after = called(&mut world);
    assert!((200..=300).contains(&after), "{after}");
    world.pass_s(4);
    assert_eq!(called(&mut world), 500);
}

#[test]
fn a_server_that_is_short_keeps_latecomers_out_and_then_makes_less() {
    let mut world = World::for_people(1_000);
    world.act(Input::SetLimits(Amounts { cpu_permille: 1_000, ..world.gate.limits() }));
    for _ in 0..10 {
        world.act(Input::Measured(Amounts { cpu_permille: 880, ..Amounts::default() }));
        world.pass_s(1);
    }
    let reduced: Vec<_> = world.said.iter().filter(|said| matches!(said, Output::Reduce(_))).collect();
    assert_eq!(reduced, [&Output::Reduce(Reduction::LatecomersOut), &Output::Reduce(Reduction::StudentCamerasOff)]);
    let waiting = world.student(1, 1).ticket();
    assert_eq!(waiting.before, 0);
    assert_eq!(world.gate.scarce(), preau_protocol::Scarce::Cpu);
}
