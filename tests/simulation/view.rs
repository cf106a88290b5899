//! What a client knows: a snapshot and the events since, put together as the real client does it.

use preau_protocol::{
    ChatEvent, ClassEvent, DoorEvent, Event, LobbyEvent, Person, PersonId, Role, SessionEvent, Snapshot,
    limits::CHAT_BACKLOG_MAX,
};

#[derive(Clone, Debug, Default)]
pub struct View {
    pub standing: Option<LobbyEvent>,
    pub note: String,
    pub class: Option<Snapshot>,
    pub gone: bool,
}

impl View {
    pub fn hear(&mut self, event: &Event) {
        assert!(!self.gone, "nothing follows a farewell: {event:?}");
        match event {
            Event::Session(SessionEvent::Gone { .. }) => self.gone = true,
            Event::Session(SessionEvent::RefreshDue { .. } | SessionEvent::StillThere { .. }) => {}
            Event::Lobby(LobbyEvent::Note { text }) => self.note.clone_from(text),
            Event::Lobby(standing @ LobbyEvent::Standing { .. }) => self.standing = Some(standing.clone()),
            Event::Class(event) => self.hear_class(event),
            Event::Door(event) => self.hear_door(event),
            Event::Chat(event) => self.hear_chat(event),
            Event::Media(_) => panic!("a class says nothing of media"),
        }
    }

    pub fn knows(&self, person: PersonId) -> bool {
        self.class.as_ref().is_some_and(|class| class.people.iter().any(|known| known.person == person))
    }

    fn class(&mut self) -> &mut Snapshot {
        self.class.as_mut().expect("the first word of a class is a snapshot")
    }

    fn hear_class(&mut self, event: &ClassEvent) {
        match event {
            ClassEvent::Snapshot { snapshot } => self.class = Some(snapshot.clone()),
            ClassEvent::Joined { person } => {
                assert!(!self.knows(person.person), "joined twice: {person:?}");
                self.class().people.push(person.clone());
            }
            ClassEvent::Changed { person } => *self.person(person.person) = person.clone(),
            ClassEvent::Left { person, .. } => {
                assert!(self.knows(*person), "left without having been there");
                self.class().people.retain(|known| known.person != *person);
            }
            ClassEvent::Phase { phase } => self.class().phase = *phase,
            ClassEvent::Rights { rights } => {
                self.class().rights = *rights;
                let students = self.class().people.iter_mut().filter(|person| person.role == Role::Student);
                students.for_each(|student| student.rights = *rights);
            }
            ClassEvent::Spotlight { person } => self.class().spotlight = *person,
            ClassEvent::Reacted { person, .. } => assert!(self.knows(*person)),
            ClassEvent::Crowd { .. } => panic!("so few are all listed"),
            ClassEvent::Silenced { .. } => {}
            ClassEvent::Reduced { reduction } => self.class().reduction = *reduction,
            ClassEvent::EndsAt { at } => {
                assert_eq!(self.class().ends_at, Some(*at), "the end was known from the start")
            }
        }
    }

    fn person(&mut self, person: PersonId) -> &mut Person {
        let mut people = self.class().people.iter_mut();
        people.find(|known| known.person == person).expect("somebody unknown has changed")
    }

    fn hear_door(&mut self, event: &DoorEvent) {
        let door = self.class().door.as_mut().expect("only teachers hear of the door");
        match event {
            DoorEvent::Knock { knock } => match door.waiting.iter_mut().find(|known| known.person == knock.person) {
                Some(known) => *known = knock.clone(),
                None => door.waiting.push(knock.clone()),
            },
            DoorEvent::Answered { person } => door.waiting.retain(|knock| knock.person != *person),
            DoorEvent::Changed { policy, opened, note } => {
                (door.policy, door.opened) = (*policy, *opened);
                door.note.clone_from(note);
            }
            DoorEvent::Barred { barred } => {
                door.barred.retain(|known| known.person != barred.person);
                door.barred.push(barred.clone());
                door.barred.sort_by_key(|barred| barred.person);
            }
            DoorEvent::Forgiven { person } => door.barred.retain(|known| known.person != *person),
        }
    }

    fn hear_chat(&mut self, event: &ChatEvent) {
        let chat = &mut self.class().chat;
        match event {
            ChatEvent::Said { message } => {
                chat.push(message.clone());
                if chat.len() > CHAT_BACKLOG_MAX {
                    chat.remove(0);
                }
            }
            ChatEvent::Erased { message } => chat.retain(|known| known.id != *message),
        }
    }
}
