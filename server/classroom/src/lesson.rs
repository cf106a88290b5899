//! All that a class has decided and must not forget: what its journal, read from the start, amounts to.
//!
//! [`Lesson::apply`] is the only way to change it, for a decision taken now as for one read back after a crash.

use std::collections::BTreeMap;

use preau_protocol::{ChatMessage, OwnRights, PersonId, Phase, Policy, Rights, Role, UnixMs};

use crate::{DeviceId, Entry, Fact, Identity, chat::Chat, people::People, waits::REFUSED_MS};

/// Opaque; two that are equal have decided the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    pub(crate) phase: Phase,
    /// When it began.
    pub(crate) opened_at: Option<UnixMs>,
    /// A policy chosen in this lesson; otherwise that of the set-up holds.
    pub(crate) policy: Option<Policy>,
    /// A teacher opened the door for the roster.
    pub(crate) opened: bool,
    pub(crate) note: String,
    pub(crate) rights: Rights,
    pub(crate) own_rights: BTreeMap<PersonId, OwnRights>,
    pub(crate) seats: BTreeMap<PersonId, Seat>,
    pub(crate) bound: BTreeMap<PersonId, DeviceId>,
    /// Whose seat was given back while they did nothing: on that device, as that, they come back without being asked about.
    pub(crate) returning: BTreeMap<PersonId, (DeviceId, Role)>,
    pub(crate) barred: BTreeMap<PersonId, Bar>,
    /// Who was refused lately, and until when that holds.
    pub(crate) refused: BTreeMap<(PersonId, DeviceId), UnixMs>,
    pub(crate) spotlight: Option<PersonId>,
    pub(crate) chat: Chat,
    /// How often a student tried what only teachers may.
    pub(crate) overreached: BTreeMap<PersonId, u32>,
    seats_given: u32,
}

/// A place in the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub device: DeviceId,
    /// Seats are counted through: lower came first.
    pub number: u32,
    /// When the hand went up.
    pub hand: Option<UnixMs>,
}

/// How somebody is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// Until this lesson ends.
    Removed,
    /// For good.
    Blocked,
}

/// Who people are: the journal names them by their ids only.
pub(crate) trait Names {
    fn identity(&self, person: PersonId) -> Option<&Identity>;
}

impl Names for People {
    fn identity(&self, person: PersonId) -> Option<&Identity> {
        self.get(person)
    }
}

impl Names for BTreeMap<PersonId, Identity> {
    fn identity(&self, person: PersonId) -> Option<&Identity> {
        self.get(&person)
    }
}

impl Default for Lesson {
    fn default() -> Lesson {
        Lesson {
            phase: Phase::Scheduled,
            opened_at: None,
            policy: None,
            opened: false,
            note: String::new(),
            rights: Rights::STUDENTS,
            own_rights: BTreeMap::new(),
            seats: BTreeMap::new(),
            bound: BTreeMap::new(),
            returning: BTreeMap::new(),
            barred: BTreeMap::new(),
            refused: BTreeMap::new(),
            spotlight: None,
            chat: Chat::default(),
            overreached: BTreeMap::new(),
            seats_given: 0,
        }
    }
}

impl Lesson {
    /// Makes `entry` part of the story. `people` knows whoever it names, or once did.
    pub(crate) fn apply(&mut self, entry: &Entry, people: &impl Names) {
        match &entry.fact {
            Fact::Opened { .. } => {
                self.phase = Phase::Open;
                self.opened_at = Some(entry.at);
            }
            Fact::Attended { .. } => self.phase = Phase::Open,
            Fact::Unattended {} => {
                self.phase = Phase::Unattended;
                self.opened = false;
            }
            Fact::Ended { .. } => self.end(),

            Fact::Bound { person, device } => {
                self.bound.insert(*person, *device);
            }
            Fact::Seated { person, device, .. } => self.seat(*person, *device),
            Fact::Left { person, .. } => self.vacate(*person),
            Fact::Idle { person, role } => {
                if let Some(seat) = self.seats.get(person) {
                    self.returning.insert(*person, (seat.device, *role));
                }
                self.vacate(*person);
            }
            Fact::Refused { person, device, .. } => {
                self.refused.retain(|_, until| *until > entry.at);
                self.refused.insert((*person, *device), entry.at.plus_ms(REFUSED_MS));
                self.returning.remove(person);
            }
            Fact::Removed { person, .. } => self.bar(*person, Bar::Removed),
            Fact::Blocked { person, .. } => self.bar(*person, Bar::Blocked),
            Fact::Forgiven { person, .. } => {
                self.barred.remove(person);
            }
            Fact::Revoked { person } => {
                self.vacate(*person);
                self.bound.remove(person);
                self.returning.remove(person);
            }

            Fact::Policy { policy, by } => {
                self.policy = Some(*policy);
                // Only a teacher inside, who sees who comes, opens the door by choosing `roster`.
                self.opened = by.is_some() && *policy == Policy::Roster;
            }
            Fact::DoorOpened { .. } => self.opened = true,
            Fact::Note { text, .. } => self.note.clone_from(text),

            Fact::Rights { rights, .. } => self.rights = *rights,
            Fact::OwnRights { person, rights, .. } => {
                self.own_rights.insert(*person, *rights);
                if *rights == OwnRights::default() {
                    self.own_rights.remove(person);
                }
            }
            Fact::Spotlight { person, .. } => self.spotlight = *person,
            Fact::HandUp { person } => self.hand(*person, Some(entry.at)),
            Fact::HandDown { person, .. } => self.hand(*person, None),

            Fact::Said { message, by, text } => match people.identity(*by) {
                Some(who) => {
                    let (name, role) = (who.name.clone(), who.role);
                    let text = text.clone();
                    self.chat.push(ChatMessage { id: *message, person: *by, name, role, text, at: entry.at });
                }
                None => self.chat.skip(*message),
            },
            Fact::Erased { message, .. } => self.chat.erase(*message),

            Fact::Overreached { person, .. } => *self.overreached.entry(*person).or_default() += 1,
        }
    }

    /// What somebody may send.
    pub(crate) fn rights_of(&self, person: PersonId, role: Role) -> Rights {
        match role {
            Role::Teacher => Rights::ALL,
            Role::Student => self.own_rights.get(&person).copied().unwrap_or_default().over(self.rights),
            Role::Observer => Rights::NONE,
        }
    }

    /// Whether this is another device than that with which the person came to this lesson.
    pub(crate) fn is_other_device(&self, person: PersonId, device: DeviceId) -> bool {
        self.bound.get(&person).is_some_and(|bound| *bound != device)
    }

    /// Whether somebody was in class before, as the same and on the same device, and only gave an unused seat back.
    pub(crate) fn may_return(&self, person: PersonId, device: DeviceId, role: Role) -> bool {
        self.returning.get(&person) == Some(&(device, role))
    }

    fn seat(&mut self, person: PersonId, device: DeviceId) {
        self.bound.insert(person, device);
        self.returning.remove(&person);
        match self.seats.get_mut(&person) {
            Some(seat) => seat.device = device,
            None => {
                self.seats_given += 1;
                self.seats.insert(person, Seat { device, number: self.seats_given, hand: None });
            }
        }
    }

    fn vacate(&mut self, person: PersonId) {
        self.seats.remove(&person);
        self.spotlight.take_if(|shown| *shown == person);
    }

    fn bar(&mut self, person: PersonId, bar: Bar) {
        self.vacate(person);
        self.returning.remove(&person);
        self.barred.insert(person, bar);
    }

    fn hand(&mut self, person: PersonId, up: Option<UnixMs>) {
        if let Some(seat) = self.seats.get_mut(&person) {
            seat.hand = up;
        }
    }

    /// What belongs to one lesson is over with it: only blocks, and what students may do, go on.
    fn end(&mut self) {
        let ended = std::mem::take(self);
        self.phase = Phase::Ended;
        self.rights = ended.rights;
        self.barred = ended.barred;
        self.barred.retain(|_, bar| *bar == Bar::Blocked);
        self.chat = ended.chat;
        self.chat.clear();
        self.seats_given = ended.seats_given;
    }
}
