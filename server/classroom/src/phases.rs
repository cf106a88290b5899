//! The life of a lesson: open while a teacher is inside, unattended without one, ended.

use preau_protocol::{ClassEvent, Close, Event, Gone, PersonId, Phase, SessionEvent, SessionId, UnixMs};

use crate::{
    Classroom, Fact, Output,
    agenda::{Agenda, Alarm},
    lobby::Lobby,
    waits::{END_ANNOUNCED_BEFORE_MS, TEACHER_GRACE_MS, UNATTENDED_MS_MAX},
};

impl Classroom {
    /// A teacher is inside.
    pub(crate) fn attend(&mut self, by: PersonId) {
        self.agenda.cancel(Alarm::Grace);
        self.agenda.cancel(Alarm::Abandoned);
        match self.lesson.phase {
            Phase::Open => return,
            Phase::Scheduled | Phase::Ended => {
                self.record(Fact::Opened { by });
                self.wind_up_end();
            }
            Phase::Unattended => self.record(Fact::Attended { by }),
        }
        // A teacher whose line had broken may have opened the door meanwhile: nothing came of it until now.
        self.door_moved = true;
        self.tell_phase();
    }

    /// A teacher may have gone: if none is inside, the grace begins.
    pub(crate) fn mind_attendance(&mut self) {
        let attended = self.teachers.iter().any(|teacher| self.chairs[teacher].is_here());
        if self.lesson.phase == Phase::Open && !attended && !self.agenda.has(Alarm::Grace) {
            self.agenda.set(Alarm::Grace, self.now.plus_ms(TEACHER_GRACE_MS));
        }
    }

    /// The grace is over.
    pub(crate) fn become_unattended(&mut self) {
        self.record(Fact::Unattended {});
        self.agenda.set(Alarm::Abandoned, self.now.plus_ms(UNATTENDED_MS_MAX));
        self.tell_phase();
        // A teacher may stand before the door with another device than the one that was lost.
        self.door_moved = true;
    }

    /// The lesson is over for everyone, in class and at the door.
    pub(crate) fn end(&mut self, by: Option<PersonId>) {
        let seated: Vec<SessionId> = self.chairs.values().filter_map(|chair| chair.session()).collect();
        for session in seated {
            self.put(Output::Unseat { session });
        }
        self.record(Fact::Ended { by });
        let everyone: Vec<SessionId> = self.visits.keys().copied().collect();
        if !everyone.is_empty() {
            let event = Event::Session(SessionEvent::Gone { why: Gone::Ended });
            self.put(Output::Send { to: everyone.clone(), event });
        }
        for session in everyone {
            self.close(session, Close::Done);
        }
        self.chairs.clear();
        self.teachers.clear();
        self.listed.clear();
        self.crowd_told = None;
        self.lobby = Lobby::default();
        self.agenda = Agenda::default();
        for person in self.people.ids() {
            self.let_go(person);
        }
    }

    /// When the lesson ends by the operator's rule.
    pub(crate) fn ends_at(&self) -> Option<UnixMs> {
        Some(self.lesson.opened_at?.plus_ms(self.limits.lesson_ms_max?))
    }

    /// The end comes by itself, and is announced before.
    pub(crate) fn wind_up_end(&mut self) {
        let Some(at) = self.ends_at() else { return };
        self.agenda.set(Alarm::Over, at);
        let announced = UnixMs(at.0.saturating_sub(END_ANNOUNCED_BEFORE_MS));
        if announced > self.now {
            self.agenda.set(Alarm::NearlyOver, announced);
        }
    }

    pub(crate) fn announce_end(&mut self) {
        if let Some(at) = self.ends_at() {
            self.tell_class(ClassEvent::EndsAt { at });
        }
    }

    fn tell_phase(&mut self) {
        let phase = self.lesson.phase;
        self.tell_class(ClassEvent::Phase { phase });
        let seated: Vec<PersonId> = self.chairs.keys().copied().collect();
        for person in seated {
            self.permit(person);
        }
        // Those who wait, wait for something else now; and `opened` may have changed with the phase.
        self.lobby.move_all();
        self.tell_door();
    }
}
