//! What only teachers ask.

use preau_protocol::{Ask, ClassAsk, DoorAsk, OwnRights, PersonId, Policy, Rights};

/// Every act of the door and the class that is a teacher's, as `own` would say it of themselves, a teacher, another student
/// and somebody who waits.
pub fn acts(own: PersonId, teacher: PersonId, other: PersonId, waiting: PersonId) -> [Ask; 16] {
    [
        Ask::Door(DoorAsk::Admit { people: vec![waiting] }),
        Ask::Door(DoorAsk::Refuse { people: vec![waiting] }),
        Ask::Door(DoorAsk::Block { person: waiting }),
        Ask::Door(DoorAsk::Forgive { person: waiting }),
        Ask::Door(DoorAsk::Open {}),
        Ask::Door(DoorAsk::Policy { policy: Policy::Roster }),
        Ask::Door(DoorAsk::Note { text: "hi".into() }),
        Ask::Class(ClassAsk::Remove { person: teacher, block: true }),
        Ask::Class(ClassAsk::Remove { person: other, block: false }),
        Ask::Class(ClassAsk::Mute { people: vec![other] }),
        Ask::Class(ClassAsk::MuteAll {}),
        Ask::Class(ClassAsk::Rights { rights: Rights::ALL }),
        Ask::Class(ClassAsk::RightsOf { person: own, rights: OwnRights::default() }),
        Ask::Class(ClassAsk::Spotlight { person: Some(other) }),
        Ask::Class(ClassAsk::LowerHand { person: other }),
        Ask::Class(ClassAsk::End {}),
    ]
}
