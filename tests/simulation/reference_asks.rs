//! How the reference answers requests.

use std::collections::BTreeSet;

use preau_protocol::{
    Ask, ChatAsk, ClassAsk, Close, DoorAsk, PersonId, Phase, Policy, Refusal, Role, Sending, SessionAsk, SessionId,
};

use crate::{
    cast::member,
    reference::{Answer, REFUSED_MS, Reference, SWAP_MS},
};

type Reply = Result<(), Refusal>;

impl Reference {
    pub fn asked(&mut self, session: SessionId, ask: &Ask) {
        let waiting = self.line.iter().find(|waiter| waiter.session == session).map(|waiter| waiter.person);
        if let Some(person) = waiting {
            if *ask == Ask::Session(SessionAsk::Here {}) {
                self.coming.reply = Some(Answer::Done);
            } else if *ask == Ask::Session(SessionAsk::Leave {}) {
                self.leave_line(person, Close::Done);
                self.coming.reply = Some(Answer::Done);
            } else {
                self.leave_line(person, Close::NotAllowed);
            }
            return;
        }
        let Some(by) = self.seat_of_session(session).map(|seat| seat.person) else { return };
        let now = self.now;
        self.change(by, |seat| (seat.acted_at, seat.asked_until) = (now, None));
        let reply = match member(by).role {
            Role::Teacher => self.asked_by_seated(by, ask),
            Role::Student | Role::Observer if is_for_teachers(ask) => Err(Refusal::TeachersOnly),
            Role::Observer if matches!(ask, Ask::Class(ClassAsk::Hand { .. } | ClassAsk::React { .. })) => {
                Err(Refusal::NoRight)
            }
            Role::Student | Role::Observer => self.asked_by_seated(by, ask),
        };
        let has_pace = matches!(ask, Ask::Chat(ChatAsk::Say { .. }) | Ask::Class(ClassAsk::React { .. }));
        self.coming.reply = Some(match reply {
            Ok(()) if has_pace => Answer::DoneUnlessTooSoon,
            Ok(()) => Answer::Done,
            Err(why) => Answer::Refused(why),
        });
    }

    /// What was said is in the chat, once it is known that it was not too soon.
    pub fn was_said(&mut self, text: &str) {
        self.said += 1;
        self.chat.push((self.said, text.trim().to_owned()));
    }

    fn asked_by_seated(&mut self, by: PersonId, ask: &Ask) -> Reply {
        match ask {
            Ask::Session(SessionAsk::Leave {}) => self.stand_up(by, Close::Done),
            Ask::Session(SessionAsk::Here {}) => {}
            Ask::Session(SessionAsk::Refresh { .. }) | Ask::Media(_) => return Err(Refusal::Malformed),
            Ask::Door(ask) => return self.asked_at_door(ask),
            Ask::Class(ask) => return self.asked_in_class(by, ask),
            Ask::Chat(ChatAsk::Say { text }) => {
                if member(by).role == Role::Student && self.phase != Phase::Open {
                    return Err(Refusal::Unattended);
                }
                if !self.rights_of(by).chat {
                    return Err(Refusal::NoRight);
                }
                if text.trim().is_empty() {
                    return Err(Refusal::Malformed);
                }
            }
            Ask::Chat(ChatAsk::Erase { message }) => {
                let at = self.chat.iter().position(|(id, _)| *id == message.0).ok_or(Refusal::NoSuchMessage)?;
                self.chat.remove(at);
            }
        }
        Ok(())
    }

    fn asked_at_door(&mut self, ask: &DoorAsk) -> Reply {
        match ask {
            DoorAsk::Admit { people } => return self.admit(people),
            DoorAsk::Refuse { people } => {
                for person in self.waiting(people)? {
                    let waiter = self.line.iter().find(|waiter| waiter.person == person);
                    let device = waiter.expect("they wait").device;
                    self.refused.push((person, device, self.now + REFUSED_MS));
                    self.returning.remove(&person);
                    self.leave_line(person, Close::Refused);
                }
            }
            DoorAsk::Block { person } => return self.expel(*person, true),
            DoorAsk::Forgive { person } => {
                self.barred.remove(person).ok_or(Refusal::NoSuchPerson)?;
            }
            DoorAsk::Open {} => self.opened |= self.policy() == Policy::Roster,
            DoorAsk::Policy { policy } => {
                let opens = *policy == Policy::Roster;
                if self.policy() != *policy || (opens && !self.opened) {
                    self.chosen = Some(*policy);
                }
                self.opened = opens;
            }
            DoorAsk::Note { text } => self.note = text.trim().to_owned(),
        }
        Ok(())
    }

    fn admit(&mut self, people: &[PersonId]) -> Reply {
        if self.phase != Phase::Open {
            return Err(Refusal::DoorShut);
        }
        let mut named = self.waiting(people)?;
        let now = self.now;
        named.retain(|person| {
            let waiter = self.line.iter().find(|waiter| waiter.person == *person);
            waiter.and_then(|waiter| waiter.swapped_at).is_none_or(|at| at + SWAP_MS <= now)
        });
        if named.is_empty() {
            return Err(Refusal::TooSoon);
        }
        let newcomers = named.iter().filter(|person| self.seat_of(**person).is_none());
        let (teachers, students): (Vec<&PersonId>, Vec<&PersonId>) =
            newcomers.partition(|person| member(**person).role == Role::Teacher);
        if !self.room_for(teachers.len(), students.len()) {
            return Err(Refusal::ClassFull);
        }
        for person in named {
            let at = self.line.iter().position(|waiter| waiter.person == person);
            let waiter = self.line.remove(at.expect("they wait"));
            self.sit(waiter);
        }
        Ok(())
    }

    /// Those named who wait, in the order of the line.
    fn waiting(&self, people: &[PersonId]) -> Result<Vec<PersonId>, Refusal> {
        let named: BTreeSet<&PersonId> = people.iter().collect();
        let waiting: Vec<PersonId> =
            self.line.iter().map(|waiter| waiter.person).filter(|person| named.contains(person)).collect();
        (!waiting.is_empty()).then_some(waiting).ok_or(Refusal::NoSuchPerson)
    }

    fn expel(&mut self, person: PersonId, block: bool) -> Reply {
        let here = self.seat_of(person).is_some() || self.line.iter().any(|waiter| waiter.person == person);
        let barred = self.barred.get(&person).copied();
        if here && member(person).role == Role::Teacher {
            return Err(Refusal::IsTeacher);
        }
        if !here && barred.is_none() {
            return Err(Refusal::NoSuchPerson);
        }
        // Somebody who waits on another device is no less out.
        self.barred.insert(person, block || barred == Some(true));
        self.returning.remove(&person);
        self.stand_up(person, Close::Removed);
        self.leave_line(person, Close::Removed);
        Ok(())
    }

    fn asked_in_class(&mut self, by: PersonId, ask: &ClassAsk) -> Reply {
        let seated = |reference: &Reference, person: &PersonId| match reference.seat_of(*person) {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuchPerson),
        };
        match ask {
            ClassAsk::Hand { up } => self.change(by, |seat| seat.hand = *up),
            ClassAsk::React { .. } => {}
            ClassAsk::Sending { sending } => {
                let rights = self.rights_of(by);
                let Sending { microphone, camera, screen } = *sending;
                if (microphone && !rights.speak) || (camera && !rights.camera) || (screen && !rights.screen) {
                    return Err(Refusal::NoRight);
                }
                self.change(by, |seat| seat.sending = *sending);
            }
            ClassAsk::LowerHand { person } => {
                seated(self, person)?;
                self.change(*person, |seat| seat.hand = false);
            }
            ClassAsk::Mute { people } => {
                if !people.iter().any(|person| self.seat_of(*person).is_some()) {
                    return Err(Refusal::NoSuchPerson);
                }
                for person in people {
                    self.change(*person, |seat| seat.sending.microphone = false);
                }
            }
            ClassAsk::MuteAll {} => {
                let students = self.seats.iter_mut().filter(|seat| member(seat.person).role == Role::Student);
                students.for_each(|seat| seat.sending.microphone = false);
            }
            ClassAsk::Rights { rights } => self.rights = *rights,
            ClassAsk::RightsOf { person, rights } => {
                seated(self, person)?;
                if member(*person).role == Role::Teacher {
                    return Err(Refusal::IsTeacher);
                }
                if member(*person).role == Role::Observer {
                    return Err(Refusal::NoRight);
                }
                self.own_rights.insert(*person, *rights);
            }
            ClassAsk::Spotlight { person } => {
                person.iter().try_for_each(|person| seated(self, person))?;
                self.spotlight = *person;
            }
            ClassAsk::Remove { person, block } => return self.expel(*person, *block),
            ClassAsk::End {} => self.end(),
        }
        self.silence();
        Ok(())
    }

    fn change(&mut self, person: PersonId, how: impl Fn(&mut crate::reference::RefSeat)) {
        self.seats.iter_mut().filter(|seat| seat.person == person).for_each(how);
    }

    /// Nobody sends what they have no right to, nor will when they get it back.
    fn silence(&mut self) {
        for at in 0..self.seats.len() {
            let rights = self.rights_of(self.seats[at].person);
            let sending = &mut self.seats[at].sending;
            sending.microphone &= rights.speak;
            sending.camera &= rights.camera;
            sending.screen &= rights.screen;
        }
    }
}

pub fn is_for_teachers(ask: &Ask) -> bool {
    match ask {
        Ask::Session(_) | Ask::Media(_) | Ask::Chat(ChatAsk::Say { .. }) => false,
        Ask::Class(ClassAsk::Hand { .. } | ClassAsk::React { .. } | ClassAsk::Sending { .. }) => false,
        Ask::Door(_) | Ask::Class(_) | Ask::Chat(ChatAsk::Erase { .. }) => true,
    }
}
