//! What goes down a line: text that is written out only where it leaves.

use std::sync::Arc;

/// One frame of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Whole(Box<str>),
    /// An event as JSON, which all who are told of it share, and its number on this line.
    Event {
        seq: u32,
        event: Arc<str>,
    },
}

impl Frame {
    /// As it goes over the wire.
    pub fn into_text(self) -> String {
        match self {
            Frame::Whole(text) => text.into(),
            Frame::Event { seq, event } => format!(r#"{{"event":{{"seq":{seq},"on":{event}}}}}"#),
        }
    }
}
