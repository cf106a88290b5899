//! The chat of one lesson: its last messages, and the number of the next one.

use std::{collections::VecDeque, ops::Range};

use preau_protocol::{ChatId, ChatMessage, limits::CHAT_BACKLOG_MAX};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chat {
    next: ChatId,
    /// Messages of this lesson that have left the backlog: they may still stand on somebody's screen.
    old: Range<u32>,
    backlog: VecDeque<ChatMessage>,
}

impl Default for Chat {
    fn default() -> Chat {
        Chat { next: ChatId(1), old: 1..1, backlog: VecDeque::new() }
    }
}

impl Chat {
    pub fn next_id(&self) -> ChatId {
        self.next
    }

    pub fn backlog(&self) -> impl Iterator<Item = &ChatMessage> {
        self.backlog.iter()
    }

    pub fn push(&mut self, message: ChatMessage) {
        self.skip(message.id);
        self.backlog.push_back(message);
        if self.backlog.len() > CHAT_BACKLOG_MAX {
            let oldest = self.backlog.pop_front();
            self.old.end = oldest.map_or(self.old.end, |oldest| oldest.id.0 + 1);
        }
    }

    /// Numbers are never used twice, not even that of a message whose author has since been erased from the records.
    pub fn skip(&mut self, id: ChatId) {
        self.next = ChatId(id.0.saturating_add(1));
    }

    /// Whether there is something to erase.
    pub fn has(&self, id: ChatId) -> bool {
        self.old.contains(&id.0) || self.backlog.iter().any(|message| message.id == id)
    }

    pub fn erase(&mut self, id: ChatId) {
        self.backlog.retain(|message| message.id != id);
    }

    /// A new lesson starts with an empty page.
    pub fn clear(&mut self) {
        self.backlog.clear();
        self.old = self.next.0..self.next.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::{DisplayName, PersonId, Role, UnixMs};

    fn say(chat: &mut Chat) -> ChatId {
        let id = chat.next_id();
        let name = DisplayName::parse("Noé").unwrap();
        let person = PersonId(uuid::Uuid::nil());
        chat.push(ChatMessage { id, person, name, role: Role::Student, text: "!".into(), at: UnixMs(0) });
        id
    }

    #[test]
    fn the_last_messages_are_kept() {
        let mut chat = Chat::default();
        for _ in 0..CHAT_BACKLOG_MAX + 5 {
            say(&mut chat);
        }
        assert_eq!(chat.backlog().count(), CHAT_BACKLOG_MAX);
        assert_eq!(chat.backlog().next().unwrap().id, ChatId(6));
        assert!(chat.has(ChatId(3)), "still on somebody's screen");
        assert!(!chat.has(chat.next_id()) && !chat.has(ChatId(0)));
    }

    #[test]
    fn what_is_erased_is_gone_and_its_number_not_used_again() {
        let mut chat = Chat::default();
        let (first, second) = (say(&mut chat), say(&mut chat));
        chat.erase(second);
        assert!(chat.has(first) && !chat.has(second));
        assert_eq!(say(&mut chat), ChatId(3));
        chat.erase(first);
        assert!(!chat.has(first) && chat.has(ChatId(3)));
        chat.clear();
        assert_eq!(say(&mut chat), ChatId(4));
        assert!(!chat.has(ChatId(3)), "it was said in another lesson");
    }
}
