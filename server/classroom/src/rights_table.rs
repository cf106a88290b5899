//! The one table that decides who may ask for what.

use preau_protocol::{Ask, ChatAsk, ClassAsk, DoorAsk, Phase, Refusal, Rights, Role, Sending, SessionAsk};

/// What an ask demands of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    /// Nothing: whoever has a session may.
    Session,
    /// A seat.
    Seat,
    /// A seat, and the right to send these.
    Send(Sending),
    /// A seat, the right to chat, and a teacher inside.
    Chat,
    /// A teacher's seat.
    Teacher,
    /// It is not this crate's business, and never comes here in order.
    Edges,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Waiting,
    Seated(Role, Rights),
}

/// What to do with an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Do,
    Refuse(Refusal),
    /// A student tried what is a teacher's: refused, and written down.
    Overreach,
    /// Somebody who waits tried what is for those inside: no honest client does, so it is sent away (DOOR.md).
    ThrowOut,
}

pub(crate) fn verdict(ask: &Ask, asker: Asker, phase: Phase) -> Verdict {
    match (demand(ask), asker) {
        (Demand::Session, _) => Verdict::Do,
        (_, Asker::Waiting) => Verdict::ThrowOut,
        (Demand::Edges, Asker::Seated(..)) => Verdict::Refuse(Refusal::Malformed),
        // An observer sees and hears.
        (Demand::Seat, Asker::Seated(Role::Observer, _)) => Verdict::Refuse(Refusal::NoRight),
        (Demand::Seat, Asker::Seated(..)) => Verdict::Do,
        (Demand::Teacher, Asker::Seated(Role::Teacher, _)) => Verdict::Do,
        (Demand::Teacher, Asker::Seated(Role::Student | Role::Observer, _)) => Verdict::Overreach,
        (Demand::Send(sending), Asker::Seated(_, rights)) if exceeds(sending, rights) => {
            Verdict::Refuse(Refusal::NoRight)
        }
        (Demand::Send(_), Asker::Seated(..)) => Verdict::Do,
        (Demand::Chat, Asker::Seated(Role::Student, _)) if phase != Phase::Open => Verdict::Refuse(Refusal::Unattended),
        (Demand::Chat, Asker::Seated(_, rights)) if !rights.chat => Verdict::Refuse(Refusal::NoRight),
        (Demand::Chat, Asker::Seated(..)) => Verdict::Do,
    }
}

fn demand(ask: &Ask) -> Demand {
    match ask {
        Ask::Session(SessionAsk::Leave {} | SessionAsk::Here {}) => Demand::Session,
        Ask::Session(SessionAsk::Refresh { .. }) | Ask::Media(_) => Demand::Edges,
        Ask::Door(
            DoorAsk::Admit { .. }
            | DoorAsk::Refuse { .. }
            | DoorAsk::Block { .. }
            | DoorAsk::Forgive { .. }
            | DoorAsk::Open {}
            | DoorAsk::Policy { .. }
            | DoorAsk::Note { .. },
        ) => Demand::Teacher,
        Ask::Class(ClassAsk::Hand { .. } | ClassAsk::React { .. }) => Demand::Seat,
        Ask::Class(ClassAsk::Sending { sending }) => Demand::Send(*sending),
        Ask::Class(
            ClassAsk::LowerHand { .. }
            | ClassAsk::Mute { .. }
            | ClassAsk::MuteAll {}
            | ClassAsk::Rights { .. }
            | ClassAsk::RightsOf { .. }
            | ClassAsk::Spotlight { .. }
            | ClassAsk::Remove { .. }
            | ClassAsk::End {},
        ) => Demand::Teacher,
        Ask::Chat(ChatAsk::Say { .. }) => Demand::Chat,
        Ask::Chat(ChatAsk::Erase { .. }) => Demand::Teacher,
    }
}

fn exceeds(sending: Sending, rights: Rights) -> bool {
    (sending.microphone && !rights.speak) || (sending.camera && !rights.camera) || (sending.screen && !rights.screen)
}

/// An ask's word in the journal.
pub(crate) fn word(ask: &Ask) -> &'static str {
    match ask {
        Ask::Session(SessionAsk::Leave {}) => "session.leave",
        Ask::Session(SessionAsk::Refresh { .. }) => "session.refresh",
        Ask::Session(SessionAsk::Here {}) => "session.here",
        Ask::Media(_) => "media",
        Ask::Door(DoorAsk::Admit { .. }) => "door.admit",
        Ask::Door(DoorAsk::Refuse { .. }) => "door.refuse",
        Ask::Door(DoorAsk::Block { .. }) => "door.block",
        Ask::Door(DoorAsk::Forgive { .. }) => "door.forgive",
        Ask::Door(DoorAsk::Open {}) => "door.open",
        Ask::Door(DoorAsk::Policy { .. }) => "door.policy",
        Ask::Door(DoorAsk::Note { .. }) => "door.note",
        Ask::Class(ClassAsk::Hand { .. }) => "class.hand",
        Ask::Class(ClassAsk::React { .. }) => "class.react",
        Ask::Class(ClassAsk::Sending { .. }) => "class.sending",
        Ask::Class(ClassAsk::LowerHand { .. }) => "class.lower_hand",
        Ask::Class(ClassAsk::Mute { .. }) => "class.mute",
        Ask::Class(ClassAsk::MuteAll {}) => "class.mute_all",
        Ask::Class(ClassAsk::Rights { .. }) => "class.rights",
        Ask::Class(ClassAsk::RightsOf { .. }) => "class.rights_of",
        Ask::Class(ClassAsk::Spotlight { .. }) => "class.spotlight",
        Ask::Class(ClassAsk::Remove { .. }) => "class.remove",
        Ask::Class(ClassAsk::End {}) => "class.end",
        Ask::Chat(ChatAsk::Say { .. }) => "chat.say",
        Ask::Chat(ChatAsk::Erase { .. }) => "chat.erase",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::Reaction;

    const STUDENT: Asker = Asker::Seated(Role::Student, Rights::STUDENTS);
    const TEACHER: Asker = Asker::Seated(Role::Teacher, Rights::ALL);
    const OBSERVER: Asker = Asker::Seated(Role::Observer, Rights::NONE);

    fn of(ask: Ask) -> [Verdict; 3] {
        [Asker::Waiting, STUDENT, TEACHER].map(|asker| verdict(&ask, asker, Phase::Open))
    }

    #[test]
    fn who_may_what() {
        use Verdict::*;
        let sending = |screen| Sending { microphone: true, camera: false, screen };
        assert_eq!(of(Ask::Session(SessionAsk::Leave {})), [Do, Do, Do]);
        assert_eq!(of(Ask::Class(ClassAsk::Hand { up: true })), [ThrowOut, Do, Do]);
        assert_eq!(of(Ask::Class(ClassAsk::Sending { sending: sending(false) })), [ThrowOut, Do, Do]);
        assert_eq!(
            of(Ask::Class(ClassAsk::Sending { sending: sending(true) })),
            [ThrowOut, Refuse(Refusal::NoRight), Do]
        );
        assert_eq!(of(Ask::Class(ClassAsk::End {})), [ThrowOut, Overreach, Do]);
        assert_eq!(of(Ask::Door(DoorAsk::Open {})), [ThrowOut, Overreach, Do]);
        assert_eq!(of(Ask::Chat(ChatAsk::Say { text: "!".into() })), [ThrowOut, Do, Do]);
    }

    #[test]
    fn an_observer_may_leave_and_nothing_else() {
        let by = |ask: Ask| verdict(&ask, OBSERVER, Phase::Open);
        assert_eq!(by(Ask::Session(SessionAsk::Leave {})), Verdict::Do);
        assert_eq!(by(Ask::Session(SessionAsk::Here {})), Verdict::Do);
        assert_eq!(
            by(Ask::Class(ClassAsk::Sending { sending: Sending::default() })),
            Verdict::Do,
            "nothing is nothing"
        );
        let microphone = Sending { microphone: true, ..Sending::default() };
        for ask in [
            Ask::Class(ClassAsk::Hand { up: true }),
            Ask::Class(ClassAsk::React { reaction: Reaction::Yes }),
            Ask::Class(ClassAsk::Sending { sending: microphone }),
            Ask::Chat(ChatAsk::Say { text: "!".into() }),
        ] {
            assert_eq!(by(ask), Verdict::Refuse(Refusal::NoRight));
        }
        assert_eq!(by(Ask::Door(DoorAsk::Open {})), Verdict::Overreach);
    }

    #[test]
    fn students_do_not_chat_alone() {
        let say = Ask::Chat(ChatAsk::Say { text: "!".into() });
        assert_eq!(verdict(&say, STUDENT, Phase::Unattended), Verdict::Refuse(Refusal::Unattended));
        assert_eq!(verdict(&say, TEACHER, Phase::Unattended), Verdict::Do);
        let quiet = Asker::Seated(Role::Student, Rights { chat: false, ..Rights::STUDENTS });
        assert_eq!(verdict(&say, quiet, Phase::Open), Verdict::Refuse(Refusal::NoRight));
    }
}
