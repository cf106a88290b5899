//! Somebody knocks: they are turned away, take over their own seat, walk in by a rule, or wait.

use preau_protocol::{Close, DoorEvent, Event, Gone, PersonId, Phase, Policy, Role, SessionId, UnixMs};

use crate::{
    Classroom, Departure, DeviceId, Fact, Identity, Output, Way,
    agenda::Alarm,
    chair::Occupant,
    link::Link,
    lobby::{Arrival, Waiter},
    visit::Spot,
};

impl Classroom {
    /// Why somebody who comes now would not even get into the lobby.
    pub fn turns_away(
        &self,
        identity: &Identity,
        device: DeviceId,
        until: Option<UnixMs>,
        now: UnixMs,
    ) -> Option<Close> {
        let person = identity.person;
        if until.is_some_and(|until| until <= now) {
            return Some(Close::NotAuthenticated);
        }
        if self.lesson.barred.contains_key(&person) {
            return Some(Close::Removed);
        }
        if self.lesson.refused.get(&(person, device)).is_some_and(|until| *until > now) {
            return Some(Close::Refused);
        }
        // One who waits already takes no further place; a seat on another device has no place in the line yet.
        let has_place = self.lobby.get(person).is_some()
            || self.lesson.seats.get(&person).is_some_and(|seat| seat.device == device);
        let lobby_full = self.lobby.strangers() >= self.limits.strangers_max;
        (is_stranger(identity) && !has_place && lobby_full).then_some(Close::Full)
    }

    pub(crate) fn arrive(&mut self, session: SessionId, identity: Identity, device: DeviceId, until: Option<UnixMs>) {
        if self.visits.contains_key(&session) {
            // Heard twice; a session arrives once.
            return;
        }
        if let Some(why) = self.turns_away(&identity, device, until, self.now) {
            return self.put(Output::Close { session, why });
        }
        let (person, role) = (identity.person, identity.role);
        if self.people.role(person).is_some_and(|known| known != role) {
            self.give_up_former_role(person);
        }
        self.meet(identity);
        match self.lesson.seats.get(&person) {
            Some(seat) if seat.device == device => self.take_over_seat(session, person, until),
            Some(_) | None => self.knock(session, person, device, until),
        }
    }

    /// Takes notice of who somebody is. If they were known otherwise, those who see them hear of it.
    pub(crate) fn meet(&mut self, identity: Identity) {
        let person = identity.person;
        let counts_as_stranger = is_stranger(&identity);
        if self.people.meet(identity, &self.setup, |other| self.lesson.seats.contains_key(&other)) {
            self.lobby.set_stranger(person, counts_as_stranger);
            self.tell_changed(person);
            self.tell_knock(person);
        }
    }

    /// Lets in whoever a rule lets in now, first come first.
    pub(crate) fn let_in_by_rule(&mut self) {
        let line: Vec<PersonId> = self.lobby.in_order().map(|(person, _)| person).collect();
        for person in line {
            self.let_in_by_rule_one(person);
        }
    }

    /// Lets one in whom a rule lets in. Whose connection is lost waits until it is back: a rule seats no ghosts. Nor
    /// does a teacher's second device take the seat over as soon as the first is away, while the class is attended.
    pub(crate) fn let_in_by_rule_one(&mut self, person: PersonId) {
        let Some(waiter) = self.lobby.get(person).filter(|waiter| waiter.link == Link::Here) else { return };
        let keeps_seat = self.chairs.contains_key(&person) && self.lesson.phase == Phase::Open;
        if let Some(way) = self.way_in_by_rule(person, waiter.device).filter(|_| !keeps_seat) {
            self.seat_from_lobby(person, way);
        }
    }

    /// Seats somebody who waits.
    pub(crate) fn seat_from_lobby(&mut self, person: PersonId, way: Way) {
        let Some(Waiter { session, device, link, .. }) = self.take_out_of_line(person) else { return };
        if let Some(visit) = self.visits.get_mut(&session) {
            visit.spot = Spot::Seated;
        }
        self.give_seat(person, session, device, link, way);
    }

    /// Ends somebody's waiting; teachers see them go from the list.
    pub(crate) fn take_out_of_line(&mut self, person: PersonId) -> Option<Waiter> {
        let waiter = self.lobby.leave(person)?;
        self.agenda.cancel(Alarm::Place(person));
        self.tell_teachers(Event::Door(DoorEvent::Answered { person }));
        Some(waiter)
    }

    /// The credential names another role than before: nothing of the old one is carried over.
    fn give_up_former_role(&mut self, person: PersonId) {
        if self.lesson.seats.contains_key(&person) {
            let fact = Fact::Left { person, why: Departure::Left };
            self.vacate(person, fact, Gone::Left, Close::Replaced);
        }
        self.withdraw(person, None, Close::Replaced);
    }

    /// By what rule somebody may walk in now, if by any.
    fn way_in_by_rule(&self, person: PersonId, device: DeviceId) -> Option<Way> {
        let identity = self.people.get(person)?;
        let seated_elsewhere = self.chairs.get(&person);
        if seated_elsewhere.is_none() && self.is_full_for(identity.role) {
            return None;
        }
        if self.lesson.phase == Phase::Open && self.lesson.may_return(person, device, identity.role) {
            return Some(Way::Returned {});
        }
        match identity.role {
            Role::Teacher => {
                let is_here = seated_elsewhere.is_some_and(|chair| chair.is_here());
                (!is_here).then_some(Way::Teacher {})
            }
            Role::Student => {
                let open_to_roster =
                    self.lesson.phase == Phase::Open && self.policy() == Policy::Roster && self.lesson.opened;
                let is_expected = identity.on_roster
                    && !self.people.looks_like_another(person)
                    && !self.lesson.is_other_device(person, device);
                (open_to_roster && is_expected).then_some(Way::Roster {})
            }
            // The class does not expect them: a teacher is asked.
            Role::Observer => None,
        }
    }

    fn knock(&mut self, session: SessionId, person: PersonId, device: DeviceId, until: Option<UnixMs>) {
        let before = self.lobby.get(person).cloned();
        self.bind(person, device);
        if let Some(way) = self.way_in_by_rule(person, device) {
            self.withdraw_for_newer(person);
            self.enter(session, person, Spot::Seated, until);
            return self.give_seat(person, session, device, Link::Here, way);
        }
        match before {
            Some(waiter) if waiter.device == device => self.take_over_place(session, person, until),
            before => {
                self.withdraw_for_newer(person);
                self.join_line(session, person, device, until, before.map(|_| self.now));
            }
        }
    }

    /// Whoever is expected belongs to the first device with which they knock in a lesson.
    pub(crate) fn bind(&mut self, person: PersonId, device: DeviceId) {
        let expected = self.people.get(person).is_some_and(|who| who.on_roster && who.role == Role::Student);
        if expected && !self.lesson.bound.contains_key(&person) {
            self.record(Fact::Bound { person, device });
        }
    }

    fn join_line(
        &mut self,
        session: SessionId,
        person: PersonId,
        device: DeviceId,
        until: Option<UnixMs>,
        swapped_at: Option<UnixMs>,
    ) {
        let stranger = self.people.get(person).is_some_and(is_stranger);
        self.lobby.join(person, Arrival { session, device, since: self.now, stranger, swapped_at });
        self.enter(session, person, Spot::Waiting, until);
        self.tell_note_if_any(session);
        self.tell_knock(person);
    }

    /// The same device knocks again (a reload): it keeps its place.
    fn take_over_place(&mut self, session: SessionId, person: PersonId, until: Option<UnixMs>) {
        let Some(waiter) = self.lobby.get_mut(person) else { return };
        let old = std::mem::replace(&mut waiter.session, session);
        waiter.link = Link::Here;
        waiter.told = None;
        self.agenda.cancel(Alarm::Place(person));
        self.close(old, Close::Replaced);
        self.enter(session, person, Spot::Waiting, until);
        self.tell_standing(person);
        self.tell_note_if_any(session);
        self.tell_knock(person);
    }

    fn withdraw_for_newer(&mut self, person: PersonId) {
        if let Some(waiter) = self.take_out_of_line(person) {
            self.close(waiter.session, Close::Replaced);
        }
    }

    /// The same device comes back to its seat with a new session.
    fn take_over_seat(&mut self, session: SessionId, person: PersonId, until: Option<UnixMs>) {
        self.enter(session, person, Spot::Seated, until);
        if self.teachers.contains(&person) {
            self.attend(person);
        }
        self.sit_down(person, session, Link::Here);
    }

    /// Gives somebody a seat, or moves theirs to another device.
    fn give_seat(&mut self, person: PersonId, session: SessionId, device: DeviceId, link: Link, way: Way) {
        let is_teacher = self.people.role(person) == Some(Role::Teacher);
        if is_teacher && link == Link::Here {
            self.attend(person);
        }
        self.record(Fact::Seated { person, device, way });
        if is_teacher {
            self.teachers.insert(person);
        }
        self.sit_down(person, session, link);
    }

    /// A session takes the chair of a person who has a seat; another one that sat there is over.
    fn sit_down(&mut self, person: PersonId, session: SessionId, link: Link) {
        let is_new = !self.chairs.contains_key(&person);
        let now = self.now;
        let chair = self.chairs.entry(person).or_insert_with(|| crate::chair::Chair::new(Occupant::Nobody, now));
        let old = chair.session();
        chair.take(session, link, now);
        if let Some(old) = old {
            self.put(Output::Unseat { session: old });
            self.close(old, Close::Replaced);
        }
        match link {
            Link::Here => self.agenda.cancel(Alarm::Seat(person)),
            Link::Away => self.keep_seat(person),
        }
        self.mind_idle_of(person);
        self.mind_attendance();
        self.permit(person);
        if is_new {
            self.list(person);
        }
        self.tell_snapshot(person);
        if is_new {
            self.tell_joined(person);
        } else {
            self.tell_changed_to_others(person);
        }
    }
}

/// Whom the class does not expect.
fn is_stranger(identity: &Identity) -> bool {
    identity.role != Role::Teacher && !identity.on_roster
}
