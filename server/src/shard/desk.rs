//! One session's correspondence: numbered events, remembered for as long as somebody may come back for them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use preau_classroom::{DeviceId, MediaPermit};
use preau_protocol::{Look, PersonId, Pictures, Quality, Reduced, Role, Source};

use super::{Frame, LineId};

/// Events a broken connection may miss and still get one by one; then it gets everything anew.
const REMEMBERED_EVENTS_MAX: usize = 128;

pub struct Desk {
    pub person: PersonId,
    pub role: Role,
    pub device: DeviceId,
    /// The socket at the other end; none while it is lost.
    pub line: Option<LineId>,
    /// What the relay may forward of this session; none before it is seated.
    pub permit: Option<MediaPermit>,
    /// Whom this session looks at, as it last said.
    pub looks: Vec<Look>,
    /// Which pictures this session wants at all.
    pub pictures: Pictures,
    pub last_offer: Option<Instant>,
    /// When its browser last told what it felt.
    pub last_felt: Option<Instant>,
    /// How its connection is, and how large anybody looks at what it sends, as it was last told.
    pub link: Option<(Quality, Reduced)>,
    pub wanted: BTreeMap<Source, u16>,
    /// The last event about its slots: a new connection needs it again.
    pub slots: Option<preau_protocol::MediaEvent>,
    seq: u32,
    /// The last events, up to number `seq`, without their numbers: all who were told share them.
    remembered: VecDeque<Arc<str>>,
}

impl Desk {
    pub fn new(person: PersonId, role: Role, device: DeviceId, line: LineId) -> Desk {
        Desk {
            person,
            role,
            device,
            line: Some(line),
            permit: None,
            looks: Vec::new(),
            pictures: Pictures::All,
            last_offer: None,
            last_felt: None,
            link: None,
            wanted: BTreeMap::new(),
            slots: None,
            seq: 0,
            remembered: VecDeque::new(),
        }
    }

    /// Numbers an event, given as JSON, and remembers it. Returns its frame.
    pub fn number(&mut self, event: &Arc<str>) -> Frame {
        self.seq += 1;
        if self.remembered.len() == REMEMBERED_EVENTS_MAX {
            self.remembered.pop_front();
        }
        self.remembered.push_back(event.clone());
        Frame::Event { seq: self.seq, event: event.clone() }
    }

    /// What came before a snapshot is of no more use, and the snapshot itself is made anew when asked for.
    pub fn forget(&mut self) {
        self.remembered.clear();
    }

    /// The frames after `last_seq`, or `None` when some of them are no longer remembered.
    pub fn since(&self, last_seq: u32) -> Option<Vec<Frame>> {
        let missed = self.seq.checked_sub(last_seq)? as usize;
        let skip = self.remembered.len().checked_sub(missed)?;
        let numbered = self.remembered.iter().skip(skip).zip(last_seq + 1..);
        Some(numbered.map(|(event, seq)| Frame::Event { seq, event: event.clone() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn desk() -> Desk {
        Desk::new(PersonId(Uuid::nil()), Role::Student, DeviceId(Uuid::nil()), LineId(1))
    }

    #[test]
    fn missed_events_come_in_order_and_only_they() {
        let mut desk = desk();
        let frames: Vec<_> = (0..5).map(|n| desk.number(&n.to_string().into())).collect();
        assert_eq!(frames[2].clone().into_text(), r#"{"event":{"seq":3,"on":2}}"#);
        assert_eq!(desk.since(3), Some(frames[3..].to_vec()));
        assert_eq!(desk.since(5), Some(vec![]));
    }

    #[test]
    fn what_was_forgotten_or_never_said_wants_a_snapshot() {
        let mut desk = desk();
        for n in 0..=REMEMBERED_EVENTS_MAX {
            desk.number(&n.to_string().into());
        }
        assert_eq!(desk.since(0), None);
        assert_eq!(desk.since(1).map(|frames| frames.len()), Some(REMEMBERED_EVENTS_MAX));
        assert_eq!(desk.since(u32::MAX), None);
        desk.forget();
        assert_eq!(desk.since(1), None);
    }
}
