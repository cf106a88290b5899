//! Whose hour it is: from a role and a timetable to a priority.

use preau_protocol::{Priority, Role, UnixMs};

use crate::ticket::seconds;

const MINUTE_MS: u64 = 60_000;
/// A teacher prepares, and stays a while.
const TEACHERS_BEFORE_MS: u64 = 30 * MINUTE_MS;
const TEACHERS_AFTER_MS: u64 = 2 * 60 * MINUTE_MS;
/// All who come in the quarter of an hour before the start share one bucket: there is nothing to gain by being first in it.
const BUCKET_MS: u64 = 15 * MINUTE_MS;
/// A class that has not opened after an hour is not about to start.
const STUDENTS_AFTER_MS: u64 = 60 * MINUTE_MS;

/// The priority of somebody before a class that starts at `starts_at`, and that a teacher is in or not.
pub(crate) fn priority(role: Role, starts_at: UnixMs, is_open: bool, now: UnixMs) -> Priority {
    let within = |before: u64, after: u64| {
        now.0.saturating_add(before) >= starts_at.0 && now.0 <= starts_at.0.saturating_add(after)
    };
    match role {
        Role::Teacher if is_open || within(TEACHERS_BEFORE_MS, TEACHERS_AFTER_MS) => Priority::Teachers,
        Role::Student if is_open || within(BUCKET_MS, STUDENTS_AFTER_MS) => Priority::Students,
        Role::Teacher | Role::Student => Priority::OutOfHour,
        Role::Observer => Priority::Observers,
    }
}

/// Since when somebody who comes now stands in their line.
pub(crate) fn since(starts_at: UnixMs, now: UnixMs) -> u32 {
    let bucket = starts_at.0.saturating_sub(BUCKET_MS);
    let in_bucket = (bucket..=starts_at.0).contains(&now.0);
    seconds(if in_bucket { UnixMs(bucket) } else { now })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: UnixMs = UnixMs(1_617_688_800_000);

    fn at(minutes: i64) -> UnixMs {
        UnixMs(EIGHT.0.saturating_add_signed(minutes * 60_000))
    }

    #[test]
    fn a_priority_follows_from_role_and_hour() {
        let of = |role, minutes| priority(role, EIGHT, false, at(minutes));
        assert_eq!(of(Role::Teacher, -31), Priority::OutOfHour);
        assert_eq!(of(Role::Teacher, -30), Priority::Teachers);
        assert_eq!(of(Role::Teacher, 121), Priority::OutOfHour);
        assert_eq!(of(Role::Student, -16), Priority::OutOfHour);
        assert_eq!(of(Role::Student, -15), Priority::Students);
        assert_eq!(of(Role::Student, 61), Priority::OutOfHour);
        assert_eq!(of(Role::Observer, 0), Priority::Observers);
        assert_eq!(priority(Role::Student, EIGHT, true, at(300)), Priority::Students, "the class is open");
    }

    #[test]
    fn the_quarter_of_an_hour_before_is_one_moment() {
        assert_eq!(since(EIGHT, at(-15)), since(EIGHT, at(0)));
        assert_ne!(since(EIGHT, at(-16)), since(EIGHT, at(-15)));
        assert!(since(EIGHT, at(1)) > since(EIGHT, at(0)));
    }
}
