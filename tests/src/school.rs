//! The driver of the stories: a school with a server of its own, classes, and people who come to them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Server;
use preau_loadtest::{Closing, Conversation, ConversationError, Device, Participant};
use preau_protocol::{
    Ask, ClassDraft, ClassEvent, ClassId, DisplayName, Door, DoorAsk, DoorEvent, Event, Gone, Invitation, Knock,
    LobbyEvent, PersonId, Policy, Role, RosterEntry, SessionEvent, Snapshot, UnixMs, WaitingFor,
};

/// What should happen at once may take this long on a busy machine.
pub const SOON: Duration = Duration::from_secs(10);
/// Media has to connect first, which takes the `webrtc` crate a second or two.
pub const MEDIA: Duration = Duration::from_secs(20);
/// Silence is believed after this long without a packet: voices come every 20 ms, pictures every 67.
pub const QUIET: Duration = Duration::from_millis(500);
/// Within this time whoever is removed is out (PRODUCT.md).
pub const OUT: Duration = Duration::from_secs(1);

/// A server, and its first teacher.
pub struct School {
    pub server: Server,
    pub teacher: Device,
}

/// A class, and the links to it.
pub struct Class {
    pub id: ClassId,
    pub teacher: Device,
    invitations: BTreeMap<String, Invitation>,
    origin: String,
}

impl School {
    pub async fn start() -> School {
        School::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> School {
        School::over(Server::start_with(flags).await.expect("the server starts")).await
    }

    /// The first school of a server that was started in some other way.
    pub async fn over(server: Server) -> School {
        let mut teacher = Device::new(&server.origin);
        let welcome = server.welcome.clone().expect("a first start prints a link");
        teacher.claim(&welcome).await.expect("the first teacher's link is good");
        School { server, teacher }
    }

    /// A class with these students on its roster; the teacher is asked about everyone.
    pub async fn class(&self, students: &[&str]) -> Class {
        self.class_with(Policy::Ask, students).await
    }

    pub async fn class_with(&self, policy: Policy, students: &[&str]) -> Class {
        self.class_of(&draft(policy), students).await
    }

    pub async fn class_of(&self, draft: &ClassDraft, students: &[&str]) -> Class {
        let card = self.teacher.create_class(draft).await.expect("a teacher makes a class");
        let mut class = Class {
            id: card.class,
            teacher: self.teacher.clone(),
            invitations: BTreeMap::new(),
            origin: self.server.origin.clone(),
        };
        class.enrol(students, Role::Student).await;
        class
    }

    /// A browser that was never here.
    pub fn stranger(&self) -> Device {
        Device::new(&self.server.origin)
    }
}

pub fn draft(policy: Policy) -> ClassDraft {
    ClassDraft { title: "Maths 5e B".into(), starts_at: UnixMs(1_617_688_800_000), policy, familiar: true }
}

impl Class {
    /// Puts people on the roster, and keeps their links.
    pub async fn enrol(&mut self, names: &[&str], role: Role) {
        let entry = |name: &&str| RosterEntry { name: name_of(name), role, group: None };
        let people = names.iter().map(entry).collect();
        let all = self.teacher.add_roster(self.id, people).await.expect("a teacher adds people");
        self.invitations = all.into_iter().map(|one| (one.name.to_string(), one)).collect();
    }

    pub fn invitation(&self, name: &str) -> &Invitation {
        self.invitations.get(name).unwrap_or_else(|| panic!("{name} is not on the roster"))
    }

    pub fn link(&self, name: &str) -> &str {
        self.invitation(name).link.as_deref().expect("an invitation that is not revoked has a link")
    }

    /// The class's teacher walks in, and is seated.
    pub async fn enter(&self) -> (Participant, Snapshot) {
        let mut teacher = Participant::enter(self.teacher.clone(), self.id).await.expect("a teacher may knock");
        let snapshot = teacher.seated(SOON).await.expect("a teacher walks in");
        (teacher, snapshot)
    }

    /// Somebody opens their link in a browser of their own, and knocks.
    pub async fn knock(&self, name: &str) -> Participant {
        let student = Participant::knock(&self.origin, self.link(name)).await;
        student.unwrap_or_else(|error| panic!("{name} knocks: {error}"))
    }

    /// The browser that somebody has opened their link in.
    pub async fn device(&self, name: &str) -> Device {
        let mut device = Device::new(&self.origin);
        device.claim(self.link(name)).await.expect("an invitation is good");
        device
    }

    /// A teacher inside and these students seated.
    pub async fn in_session<const N: usize>(&self, names: [&str; N]) -> (Participant, [Participant; N]) {
        let (mut teacher, _) = self.enter().await;
        let mut students = Vec::new();
        for name in names {
            let mut student = self.knock(name).await;
            heard_knock(&mut teacher, student.person()).await;
            teacher.admit(&[student.person()]).await.expect("a teacher admits");
            student.seated(SOON).await.expect("whoever is admitted is seated");
            students.push(student);
        }
        let students = students.try_into().unwrap_or_else(|_| unreachable!("one student for each name"));
        (teacher, students)
    }
}

pub fn name_of(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("a story's names are names")
}

/// Waits until a teacher hears this person's knock.
pub async fn heard_knock(teacher: &mut Participant, who: PersonId) -> Knock {
    let knock = |event: &Event| match event {
        Event::Door(DoorEvent::Knock { knock }) if knock.person == who => Some(knock.clone()),
        _ => None,
    };
    teacher.conversation.wait_for(SOON, knock).await.expect("a teacher hears a knock")
}

/// Waits until somebody in the lobby is told that they wait for this.
pub async fn stands(waiting: &mut Participant, wanted: WaitingFor) -> u32 {
    let standing = |event: &Event| match event {
        Event::Lobby(LobbyEvent::Standing { position, waiting_for, .. }) if *waiting_for == wanted => Some(*position),
        _ => None,
    };
    waiting.conversation.wait_for(SOON, standing).await.expect("whoever waits is told so")
}

/// Waits for an event of the class.
pub async fn class_event<T>(who: &mut Participant, mut pick: impl FnMut(&ClassEvent) -> Option<T>) -> T {
    let found = who.conversation.wait_for(SOON, |event| match event {
        Event::Class(event) => pick(event),
        _ => None,
    });
    found.await.expect("an event of the class arrives")
}

/// Waits until the conversation ends, and returns its close code.
pub async fn code_of(who: &mut Participant) -> u16 {
    who.conversation.closed(SOON).await.expect("the server closes the conversation").code
}

/// Waits until somebody is told why they are out.
pub async fn told_gone(who: &mut Participant) -> Gone {
    let gone = |event: &Event| match event {
        Event::Session(SessionEvent::Gone { why }) => Some(*why),
        _ => None,
    };
    who.conversation.wait_for(SOON, gone).await.expect("whoever is sent away is told so")
}

/// Knocks, and waits to be turned away: at the hello or at once after it.
pub async fn turned_away(device: &Device, class: ClassId) -> Closing {
    match Conversation::open(device, class).await {
        Err(ConversationError::Closed(closing)) => closing,
        Err(other) => panic!("turned away in another way: {other}"),
        Ok(mut open) => open.closed(SOON).await.expect("the server closes the conversation"),
    }
}

pub async fn set_policy(teacher: &mut Participant, policy: Policy) {
    teacher.conversation.done(Ask::Door(DoorAsk::Policy { policy })).await.expect("a teacher chooses a policy");
}

/// The door as a teacher sees it on entering.
pub fn door(snapshot: &Snapshot) -> &Door {
    snapshot.door.as_ref().expect("teachers see the door")
}

/// Whether nothing that these people have heard since is about a class: only their own session and lobby.
pub fn learnt_nothing(who: &mut Participant) -> bool {
    let events = who.conversation.take_events();
    events.iter().all(|event| match event {
        Event::Session(_) | Event::Lobby(_) => true,
        Event::Door(_) | Event::Class(_) | Event::Chat(_) | Event::Media(_) => false,
    })
}
