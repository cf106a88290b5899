//! Who plays in stories of a class: a teacher, a pupil on the roster, a stranger, an observer.

use preau_classroom::{Identity, Setup};
use preau_protocol::{ClassId, DisplayName, Invited, PersonId, Policy, Proof, Role, UnixMs};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const CLASS: ClassId = ClassId(Uuid::from_u128(0xc1a55));
pub const ADA: PersonId = PersonId(Uuid::from_u128(0xada));
pub const NOE: PersonId = PersonId(Uuid::from_u128(0x0e0));
pub const ZOE: PersonId = PersonId(Uuid::from_u128(0x20e));
pub const OLE: PersonId = PersonId(Uuid::from_u128(0x01e));
pub const CAST: [PersonId; 4] = [ADA, NOE, ZOE, OLE];

pub fn identity(person: PersonId) -> Identity {
    let (name, role) = match person {
        ADA => ("Ada Martin", Role::Teacher),
        NOE => ("Noé Durand", Role::Student),
        ZOE => ("Zoé Petit", Role::Student),
        _ => ("Ole", Role::Observer),
    };
    Identity { person, name: named(name), role, group: None, on_roster: person == NOE, proof: Proof::Invitation {} }
}

pub fn people() -> BTreeMap<PersonId, Identity> {
    CAST.map(|person| (person, identity(person))).into()
}

pub fn setup(policy: Policy) -> Setup {
    let class = Invited {
        class: CLASS,
        title: "Maths".into(),
        teacher: named("Ada Martin"),
        starts_at: UnixMs(0),
        familiar: false,
    };
    Setup { class, policy, roster: [(NOE, identity(NOE).name)].into() }
}

fn named(name: &str) -> DisplayName {
    DisplayName::parse(name).expect("a name")
}
