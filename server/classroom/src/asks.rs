//! A request: judged by the rights table, done, answered once.

use preau_protocol::{Ask, ChatAsk, ClassAsk, Close, DoorAsk, Outcome, PersonId, Refusal, SessionAsk, SessionId};

use crate::{
    Classroom, Fact, Output,
    rights_table::{Asker, Verdict, verdict, word},
    visit::Spot,
    waits::OVERREACHES_RECORDED_MAX,
};

impl Classroom {
    pub(crate) fn asked(&mut self, session: SessionId, id: u32, ask: Ask) {
        // A session that is over, or was never here, has no way to be answered.
        let Some(visit) = self.visits.get(&session) else { return };
        let person = visit.person;
        let Some(role) = self.people.role(person) else { return };
        let asker = match visit.spot {
            Spot::Waiting => Asker::Waiting,
            Spot::Seated => Asker::Seated(role, self.lesson.rights_of(person, role)),
        };
        if let Some(chair) = self.chairs.get_mut(&person).filter(|_| visit.spot == Spot::Seated) {
            chair.act(self.now);
            self.mind_idle_of(person);
        }
        let outcome = match verdict(&ask, asker, self.lesson.phase) {
            Verdict::Do => self.do_ask(session, person, ask),
            Verdict::Refuse(why) => Err(why),
            Verdict::Overreach => {
                self.record_overreach(person, &ask);
                Err(Refusal::TeachersOnly)
            }
            Verdict::ThrowOut => return self.withdraw(person, None, Close::NotAllowed),
        };
        let outcome = outcome.map_or_else(Outcome::refused, |()| Outcome::Done {});
        self.put(Output::Reply { to: session, id, outcome });
    }

    /// The table has been asked: whoever comes here may.
    fn do_ask(&mut self, session: SessionId, by: PersonId, ask: Ask) -> Result<(), Refusal> {
        match ask {
            Ask::Session(SessionAsk::Leave {}) => self.leave(session, by),
            // Having asked says it already.
            Ask::Session(SessionAsk::Here {}) => Ok(()),
            Ask::Session(SessionAsk::Refresh { .. }) | Ask::Media(_) => Err(Refusal::Malformed),
            Ask::Door(DoorAsk::Admit { people }) => self.admit(by, &people),
            Ask::Door(DoorAsk::Refuse { people }) => self.refuse(by, &people),
            Ask::Door(DoorAsk::Block { person }) => self.expel(by, person, true),
            Ask::Door(DoorAsk::Forgive { person }) => self.forgive(by, person),
            Ask::Door(DoorAsk::Open {}) => self.open_door(by),
            Ask::Door(DoorAsk::Policy { policy }) => self.choose_policy(by, policy),
            Ask::Door(DoorAsk::Note { text }) => self.write_note(by, &text),
            Ask::Class(ClassAsk::Hand { up }) => self.hand(by, up),
            Ask::Class(ClassAsk::React { reaction }) => self.react(by, reaction),
            Ask::Class(ClassAsk::Sending { sending }) => self.send_from_now_on(by, sending),
            Ask::Class(ClassAsk::LowerHand { person }) => self.lower_hand(by, person),
            Ask::Class(ClassAsk::Mute { people }) => self.mute(&people),
            Ask::Class(ClassAsk::MuteAll {}) => self.mute_all(),
            Ask::Class(ClassAsk::Rights { rights }) => self.set_rights(by, rights),
            Ask::Class(ClassAsk::RightsOf { person, rights }) => self.set_own_rights(by, person, rights),
            Ask::Class(ClassAsk::Spotlight { person }) => self.put_in_spotlight(by, person),
            Ask::Class(ClassAsk::Remove { person, block }) => self.expel(by, person, block),
            Ask::Class(ClassAsk::End {}) => {
                self.end(Some(by));
                Ok(())
            }
            Ask::Chat(ChatAsk::Say { text }) => self.say(by, &text),
            Ask::Chat(ChatAsk::Erase { message }) => self.erase(by, message),
        }
    }

    fn record_overreach(&mut self, person: PersonId, ask: &Ask) {
        if self.lesson.overreached.get(&person).copied().unwrap_or(0) < OVERREACHES_RECORDED_MAX {
            self.record(Fact::Overreached { person, ask: word(ask).into() });
        }
    }
}
