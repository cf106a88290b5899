//! What anybody might do next: mostly sensible, sometimes wrong, now and then hostile.

use preau_protocol::{
    Ask, ChatAsk, ChatId, ClassAsk, DoorAsk, MediaAsk, OwnRights, PersonId, Policy, Reaction, Rights, Role, Sending,
    SessionAsk,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    cast::{CAST, person},
    view::View,
};

/// All chance of one morning.
pub struct Chaos(ChaCha8Rng);

impl Chaos {
    pub fn seeded(seed: u64) -> Chaos {
        Chaos(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0.random_range(0..n)
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    pub fn coin(&mut self) -> bool {
        self.once_in(2)
    }

    /// How long until something happens again. A morning is made of moments, pauses and gaps.
    pub fn gap_ms(&mut self) -> u64 {
        match self.below(100) {
            0..80 => self.below(900),
            80..92 => self.below(6_000),
            92..96 => 9_000 + self.below(25_000),
            96..98 => 30_000 + self.below(60_000),
            98 => 590_000 + self.below(60_000),
            _ => 3_500_000 + self.below(300_000),
        }
    }

    pub fn policy(&mut self) -> Policy {
        [Policy::Ask, Policy::Roster, Policy::Roster, Policy::Shut][self.index(4)]
    }

    fn somebody(&mut self) -> PersonId {
        person(self.index(CAST.len()))
    }

    /// Somebody this browser has seen, if it has seen anybody; or anybody at all.
    fn somebody_seen(&mut self, view: &View) -> PersonId {
        match &view.class {
            Some(class) if !class.people.is_empty() && !self.once_in(8) => {
                class.people[self.index(class.people.len())].person
            }
            _ => self.somebody(),
        }
    }

    fn some_who_wait(&mut self, view: &View) -> Vec<PersonId> {
        let door = view.class.as_ref().and_then(|class| class.door.as_ref());
        let mut people: Vec<PersonId> = door.iter().flat_map(|door| &door.waiting).map(|knock| knock.person).collect();
        if self.once_in(3) {
            people.retain(|_| self.coin());
        }
        if people.is_empty() || self.once_in(10) {
            people.push(self.somebody());
        }
        people
    }

    /// What somebody at this browser asks for.
    pub fn ask(&mut self, role: Role, view: &View) -> Ask {
        match role {
            Role::Teacher if !self.once_in(5) => self.ask_of_teacher(view),
            Role::Student | Role::Observer if self.once_in(8) => self.ask_of_teacher(view),
            Role::Teacher | Role::Student | Role::Observer => self.ask_of_anybody(view),
        }
    }

    fn ask_of_anybody(&mut self, view: &View) -> Ask {
        match self.below(13) {
            12 => Ask::Session(SessionAsk::Here {}),
            0 => Ask::Session(SessionAsk::Leave {}),
            1 => Ask::Session(SessionAsk::Refresh { token: "x".into() }),
            2 => Ask::Media(MediaAsk::View { looks: vec![] }),
            3 => Ask::Class(ClassAsk::React { reaction: Reaction::Clap }),
            4..6 => Ask::Class(ClassAsk::Hand { up: self.coin() }),
            6..9 => Ask::Class(ClassAsk::Sending { sending: self.sending() }),
            _ => {
                let text = if self.once_in(6) { " ".into() } else { format!("{} says", view.note.len()) };
                Ask::Chat(ChatAsk::Say { text })
            }
        }
    }

    fn ask_of_teacher(&mut self, view: &View) -> Ask {
        match self.below(28) {
            0..8 => Ask::Door(DoorAsk::Admit { people: self.some_who_wait(view) }),
            8 => Ask::Door(DoorAsk::Refuse { people: self.some_who_wait(view) }),
            9 => Ask::Door(DoorAsk::Block { person: self.some_who_wait(view)[0] }),
            10..12 => Ask::Door(DoorAsk::Forgive { person: self.barred(view) }),
            12..14 => Ask::Door(DoorAsk::Open {}),
            14..16 => Ask::Door(DoorAsk::Policy { policy: self.policy() }),
            16 => Ask::Door(DoorAsk::Note { text: ["", " Soon", "In five minutes"][self.index(3)].into() }),
            17 => Ask::Class(ClassAsk::LowerHand { person: self.somebody_seen(view) }),
            18 => Ask::Class(ClassAsk::Mute { people: vec![self.somebody_seen(view), self.somebody()] }),
            19 => Ask::Class(ClassAsk::MuteAll {}),
            20 => Ask::Class(ClassAsk::Rights { rights: self.rights() }),
            21..23 => Ask::Class(ClassAsk::RightsOf { person: self.somebody_seen(view), rights: self.own_rights() }),
            23 => {
                let person = (!self.once_in(3)).then(|| self.somebody_seen(view));
                Ask::Class(ClassAsk::Spotlight { person })
            }
            24..26 => Ask::Class(ClassAsk::Remove { person: self.somebody_seen(view), block: self.once_in(3) }),
            26 if self.once_in(4) => Ask::Class(ClassAsk::End {}),
            _ => {
                let message = ChatId(self.below(8) as u32);
                Ask::Chat(ChatAsk::Erase { message })
            }
        }
    }

    fn barred(&mut self, view: &View) -> PersonId {
        let door = view.class.as_ref().and_then(|class| class.door.as_ref());
        match door {
            Some(door) if !door.barred.is_empty() => door.barred[self.index(door.barred.len())].person,
            Some(_) | None => self.somebody(),
        }
    }

    fn sending(&mut self) -> Sending {
        Sending { microphone: self.coin(), camera: self.coin(), screen: self.once_in(4) }
    }

    fn rights(&mut self) -> Rights {
        Rights { speak: self.coin(), camera: self.coin(), screen: self.coin(), chat: !self.once_in(4) }
    }

    fn own_rights(&mut self) -> OwnRights {
        let mut own = |n| (self.once_in(n)).then(|| self.coin());
        OwnRights { speak: own(2), camera: own(2), screen: own(2), chat: own(3) }
    }
}
