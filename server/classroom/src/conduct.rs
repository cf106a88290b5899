//! What seated people do: hands, reactions, what they send and say.

use preau_protocol::{
    ChatEvent, ChatId, ClassEvent, Event, PersonId, Reaction, Refusal, Sending, limits::CHAT_CHARS_MAX,
};

use crate::{Classroom, Fact, words::cleaned};

impl Classroom {
    pub(crate) fn hand(&mut self, person: PersonId, up: bool) -> Result<(), Refusal> {
        match (self.has_hand_up(person), up) {
            (true, true) | (false, false) => return Ok(()),
            (false, true) => self.record(Fact::HandUp { person }),
            (true, false) => self.record(Fact::HandDown { person, by: person }),
        }
        self.tell_changed(person);
        Ok(())
    }

    pub(crate) fn lower_hand(&mut self, by: PersonId, person: PersonId) -> Result<(), Refusal> {
        if !self.chairs.contains_key(&person) {
            return Err(Refusal::NoSuchPerson);
        }
        if self.has_hand_up(person) {
            self.record(Fact::HandDown { person, by });
            self.tell_changed(person);
        }
        Ok(())
    }

    pub(crate) fn react(&mut self, person: PersonId, reaction: Reaction) -> Result<(), Refusal> {
        let now = self.now;
        let in_time = self.chairs.get_mut(&person).is_some_and(|chair| chair.reacting.step(now));
        if !in_time {
            return Err(Refusal::TooSoon);
        }
        let event = ClassEvent::Reacted { person, reaction };
        match self.listed.contains(&person) {
            true => self.tell_class(event),
            // Students would not know whose it is.
            false => self.tell_teachers(Event::Class(Box::new(event))),
        }
        Ok(())
    }

    /// The rights table has seen that all of this is allowed.
    pub(crate) fn send_from_now_on(&mut self, person: PersonId, sending: Sending) -> Result<(), Refusal> {
        if let Some(chair) = self.chairs.get_mut(&person)
            && chair.sending != sending
        {
            chair.sending = sending;
            self.permit(person);
            self.tell_changed(person);
        }
        Ok(())
    }

    pub(crate) fn say(&mut self, by: PersonId, text: &str) -> Result<(), Refusal> {
        let text = cleaned(text, CHAT_CHARS_MAX)?;
        if text.is_empty() {
            return Err(Refusal::Malformed);
        }
        let now = self.now;
        if !self.chairs.get_mut(&by).is_some_and(|chair| chair.chatting.step(now)) {
            return Err(Refusal::TooSoon);
        }
        self.record(Fact::Said { message: self.lesson.chat.next_id(), by, text });
        if let Some(message) = self.lesson.chat.backlog().last().cloned() {
            self.tell_everyone(Event::Chat(ChatEvent::Said { message }));
        }
        Ok(())
    }

    pub(crate) fn erase(&mut self, by: PersonId, message: ChatId) -> Result<(), Refusal> {
        if !self.lesson.chat.has(message) {
            return Err(Refusal::NoSuchMessage);
        }
        self.record(Fact::Erased { message, by });
        self.tell_everyone(Event::Chat(ChatEvent::Erased { message }));
        Ok(())
    }

    fn has_hand_up(&self, person: PersonId) -> bool {
        self.lesson.seats.get(&person).is_some_and(|seat| seat.hand.is_some())
    }
}
