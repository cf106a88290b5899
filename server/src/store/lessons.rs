//! What was read of lessons a moment ago: a class that comes all at once asks the database once a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use preau_protocol::ClassId;

use super::devices::Lesson;

/// What was read may be as old as this. Only places in the line depend on it: whether the class is there is asked again
/// when its shard loads it.
const FRESH: Duration = Duration::from_secs(1);
/// More classes than come to one server within a second.
const LESSONS_MAX: usize = 4_096;

#[derive(Default)]
pub(super) struct Lessons(Mutex<HashMap<ClassId, (Instant, Lesson)>>);

impl Lessons {
    /// Keeps what was read now. A lesson that nobody was at yet is not kept: somebody may have a seat in the next moment.
    pub fn keep(&self, class: ClassId, lesson: Lesson, now: Instant) {
        let mut known = self.known();
        if known.len() >= LESSONS_MAX {
            known.retain(|_, (at, _)| is_fresh(*at, now));
        }
        if lesson.was_held && known.len() < LESSONS_MAX {
            known.insert(class, (now, lesson));
        }
    }

    pub fn get(&self, class: ClassId, now: Instant) -> Option<Lesson> {
        self.known().get(&class).filter(|(at, _)| is_fresh(*at, now)).map(|(_, lesson)| *lesson)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ClassId, (Instant, Lesson)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < FRESH
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::UnixMs;
    use uuid::Uuid;

    const HELD: Lesson = Lesson { starts_at: UnixMs(8), roster: 25, was_held: true };

    fn class(number: u128) -> ClassId {
        ClassId(Uuid::from_u128(number))
    }

    #[test]
    fn a_lesson_is_known_for_a_second_once_it_was_held() {
        let (lessons, now) = (Lessons::default(), Instant::now());
        lessons.keep(class(1), HELD, now);
        lessons.keep(class(2), Lesson { was_held: false, ..HELD }, now);
        assert_eq!(lessons.get(class(1), now), Some(HELD));
        assert_eq!(lessons.get(class(2), now), None);
        assert_eq!(lessons.get(class(1), now + FRESH), None);
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let (lessons, now) = (Lessons::default(), Instant::now());
        (0..=LESSONS_MAX as u128).for_each(|number| lessons.keep(class(number), HELD, now));
        assert_eq!(lessons.known().len(), LESSONS_MAX);
        lessons.keep(class(1 << 64), HELD, now + FRESH);
        assert_eq!(lessons.known().len(), 1, "those that are old make room");
    }
}
