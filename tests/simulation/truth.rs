//! After every step: is the class as the rules have it, and does everybody know it so?

use std::collections::BTreeMap;

use preau_classroom::{Input, Output};
use preau_protocol::{ClassEvent, Event, LobbyEvent, Phase, Policy, Role, SessionId, Snapshot, UnixMs, WaitingFor};

use crate::{
    cast::{CAST, member, person},
    crowd::Socket,
    morning::Morning,
    reference::RefWaiter,
};

impl Morning {
    /// Promises 1, 2 and 5: exactly those sit there whom the rules put there, and the relay forwards what they may send.
    pub fn compare(&self) {
        let (class, reference) = (&self.shard.class, &self.reference);
        assert_eq!(class.phase(), reference.phase);
        assert_eq!(self.shard.relay, reference.permits(), "what the relay forwards");
        for (who, known) in CAST.iter().enumerate() {
            let seat = reference.seat_of(person(who)).and_then(|seat| seat.session);
            assert_eq!(class.session_of(person(who)), seat, "the seat of {}", known.name);
        }
        for session in reference.sessions() {
            let seated = class.seat(session).map(|seat| (seat.person, seat.role, seat.away));
            let seat = reference.seat_of_session(session);
            assert_eq!(seated, seat.map(|seat| (seat.person, member(seat.person).role, !seat.is_here())));
        }
        for session in self.departed.iter().rev().take(20) {
            assert!(class.seat(*session).is_none(), "a session that is over holds a seat");
        }
    }

    /// What clients have put together from events is what they would be told now; and that is the truth.
    pub fn compare_views(&mut self, clients_max: usize) {
        let behind = self.shard.class.poll_timeout().is_some_and(|at| at.0 <= self.now);
        if behind || !self.shard.holds_nothing() {
            return;
        }
        let spare = self.crowd.clients.len().saturating_sub(clients_max);
        let from = self.chaos.index(spare + 1);
        for (session, client) in self.crowd.clients.iter().skip(from).take(clients_max) {
            let is_heard = matches!(client.socket, Socket::Up);
            if let Some(seat) = self.reference.seat_of_session(*session).filter(|seat| seat.is_here()) {
                let snapshot = self.told_to(*session).0.expect("seated");
                self.compare_with_truth(&snapshot, member(seat.person).role);
                let seen: Vec<_> = snapshot.people.iter().map(|person| person.person).collect();
                assert!(self.watch.permitted_people().iter().all(|person| seen.contains(person)), "unseen media");
                if is_heard {
                    assert_eq!(client.view.class.as_ref(), Some(&snapshot), "what {} knows", CAST[client.who].name);
                }
            }
            let here = |waiter: &&RefWaiter| waiter.session == *session && waiter.lost_until.is_none();
            if let Some(waiter) = self.reference.line.iter().find(here) {
                let (class, standing, note) = self.told_to(*session);
                assert_eq!(class, None, "{} waits", CAST[client.who].name);
                self.compare_standing_with_truth(&standing, waiter);
                assert_eq!(note, self.reference.note);
                if is_heard {
                    assert_eq!(client.view.standing, standing, "where {} stands", CAST[client.who].name);
                    assert_eq!(client.view.note, note);
                }
            }
        }
    }

    /// Promise 8: whoever waits is told where they stand, and why.
    fn compare_standing_with_truth(&self, standing: &Option<LobbyEvent>, waiter: &RefWaiter) {
        let reference = &self.reference;
        let place = reference.line.iter().position(|other| other.session == waiter.session);
        let is_teacher = member(waiter.person).role == Role::Teacher;
        let has_room = reference.room_for(usize::from(is_teacher), usize::from(!is_teacher));
        let waiting_for = match reference.phase {
            Phase::Scheduled | Phase::Ended => WaitingFor::Opening,
            Phase::Unattended => WaitingFor::TeacherAway,
            Phase::Open if reference.seat_of(waiter.person).is_some() => WaitingFor::Answer,
            Phase::Open if !has_room && reference.returning.get(&waiter.person) == Some(&waiter.device) => {
                WaitingFor::Seat
            }
            Phase::Open if !is_teacher && reference.policy() == Policy::Shut => WaitingFor::Shut,
            Phase::Open if !has_room => WaitingFor::Seat,
            Phase::Open => WaitingFor::Answer,
        };
        let truth = LobbyEvent::Standing {
            position: place.expect("waits") as u32 + 1,
            waiting_for,
            other_device: reference.is_other_device(waiter.person, waiter.device),
        };
        assert_eq!(standing.as_ref(), Some(&truth), "where {} stands", member(waiter.person).name);
    }

    /// Everything, as a copy of the class would send it again to this session.
    fn told_to(&self, session: SessionId) -> (Option<Snapshot>, Option<LobbyEvent>, String) {
        let mut double = self.shard.class.clone();
        double.handle(Input::Snapshot { session }, UnixMs(self.now));
        let (mut class, mut standing, mut note) = (None, None, String::new());
        for output in std::iter::from_fn(|| double.poll_output()) {
            let Output::Send { to, event } = output else { continue };
            if to != [session] {
                continue;
            }
            match event {
                Event::Class(event) => {
                    if let ClassEvent::Snapshot { snapshot } = *event {
                        class = Some(snapshot);
                    }
                }
                Event::Lobby(LobbyEvent::Note { text }) => note = text,
                Event::Lobby(event) => standing = Some(event),
                Event::Session(_) | Event::Door(_) | Event::Chat(_) | Event::Media(_) => {}
            }
        }
        (class, standing, note)
    }

    fn compare_with_truth(&self, snapshot: &Snapshot, viewer: Role) {
        let reference = &self.reference;
        let seen: Vec<_> = snapshot
            .people
            .iter()
            .map(|known| (known.person, known.away, known.sending, known.hand.is_some(), known.rights))
            .collect();
        let truth: Vec<_> = reference
            .seats
            .iter()
            .map(|seat| (seat.person, !seat.is_here(), seat.sending, seat.hand, reference.rights_of(seat.person)))
            .collect();
        assert_eq!(seen, truth, "who is there, in which order, doing what");
        assert_eq!(snapshot.phase, reference.phase);
        assert_eq!(snapshot.reduction, reference.reduction);
        assert_eq!(snapshot.ends_at.map(|at| at.0), reference.ends_at());
        assert_eq!((snapshot.rights, snapshot.spotlight), (reference.rights, reference.spotlight));
        let chat: Vec<_> = snapshot.chat.iter().map(|message| (message.id.0, message.text.clone())).collect();
        assert_eq!(chat, reference.chat);
        if viewer == Role::Teacher {
            let door = snapshot.door.as_ref().expect("a teacher sees the door");
            assert_eq!((door.policy, door.opened, &door.note), (reference.policy(), reference.opened, &reference.note));
            assert_eq!(door.expected as usize, reference.setup.roster.len());
            let waiting: Vec<_> = door.waiting.iter().map(|knock| (knock.person, knock.other_device)).collect();
            let line: Vec<_> = reference
                .line
                .iter()
                .map(|waiter| (waiter.person, reference.is_other_device(waiter.person, waiter.device)))
                .collect();
            assert_eq!(waiting, line, "who waits, in which order");
            let barred: BTreeMap<_, _> = door.barred.iter().map(|barred| (barred.person, barred.blocked)).collect();
            assert_eq!(barred, reference.barred);
        }
    }
}
