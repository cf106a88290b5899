//! What a class has to remember to do, and when.

use std::collections::{BTreeMap, BTreeSet};

use preau_protocol::{PersonId, SessionId, UnixMs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// No teacher came back in time: the class becomes unattended.
    Grace,
    /// It was unattended for too long: it ends.
    Abandoned,
    /// The lesson is nearly as long as it may be.
    NearlyOver,
    /// It is as long as it may be.
    Over,
    /// Somebody did not come back to their seat.
    Seat(PersonId),
    /// Somebody did not come back to their place in the line.
    Place(PersonId),
    /// Students of a large class hear how many are there.
    Crowd,
    /// Somebody may have done nothing for long.
    Idle,
    /// A session's token expires soon, or now.
    Pass(SessionId),
}

/// At most one time for each alarm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    times: BTreeMap<Alarm, UnixMs>,
    queue: BTreeSet<(UnixMs, Alarm)>,
}

impl Agenda {
    pub fn set(&mut self, alarm: Alarm, at: UnixMs) {
        self.cancel(alarm);
        self.times.insert(alarm, at);
        self.queue.insert((at, alarm));
    }

    /// Then, or when it was to ring already, whichever comes first.
    pub fn set_no_later(&mut self, alarm: Alarm, at: UnixMs) {
        if self.times.get(&alarm).is_none_or(|set| *set > at) {
            self.set(alarm, at);
        }
    }

    pub fn cancel(&mut self, alarm: Alarm) {
        if let Some(at) = self.times.remove(&alarm) {
            self.queue.remove(&(at, alarm));
        }
    }

    pub fn has(&self, alarm: Alarm) -> bool {
        self.times.contains_key(&alarm)
    }

    pub fn next_at(&self) -> Option<UnixMs> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes the first alarm that is due, with the time for which it was set.
    pub fn pop(&mut self, now: UnixMs) -> Option<(UnixMs, Alarm)> {
        let (at, alarm) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.cancel(alarm);
        Some((at, alarm))
    }
}
