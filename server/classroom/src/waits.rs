//! How long a class waits for people, each with its reason.

/// Without a teacher for this long the class is unattended. A reload or a change of network takes less.
pub const TEACHER_GRACE_MS: u64 = 20_000;
/// A class nobody watches over ends after this long: the lesson is over, and nobody said so.
pub const UNATTENDED_MS_MAX: u64 = 60 * 60_000;
/// A seat is kept this long for somebody whose connection is lost: a restart of a box or a computer.
pub const SEAT_KEPT_MS: u64 = 10 * 60_000;
/// A place in the line is kept this long without a connection: a reload. Longer, and the teacher would let in ghosts.
pub const KNOCK_KEPT_MS: u64 = 30_000;
/// Who was refused may knock again after this long: a teacher can breathe between two knocks.
pub const REFUSED_MS: u64 = 10_000;
/// A client is asked for a fresh token this long before the old one expires.
pub const REFRESH_BEFORE_MS: u64 = 60_000;
/// When another device takes a waiting person's place, a teacher's click that comes sooner was meant for the first.
pub const SWAP_SEEN_MS: u64 = 1_500;
/// Reactions: one a second, three at once.
pub const REACTION_EVERY_MS: u64 = 1_000;
pub const REACTIONS_AT_ONCE: u64 = 3;
/// Chat: two messages a second, five at once. Nobody types faster; a script would push the lesson's talk away.
pub const CHAT_EVERY_MS: u64 = 500;
pub const CHAT_AT_ONCE: u64 = 5;
/// Of one person's attempts at what only teachers may do, this many are written down in a lesson: the first tell all.
pub const OVERREACHES_RECORDED_MAX: u32 = 20;
/// Whoever is asked whether they are still there has this long to say so: the time to come back from the door.
pub const STILL_THERE_MS: u64 = 2 * 60_000;
/// Before a lesson ends by the operator's rule, everybody hears of it once more: time to say goodbye.
pub const END_ANNOUNCED_BEFORE_MS: u64 = 10 * 60_000;
/// How often students of a large class hear how many are there: a whole lecture hall arrives within minutes.
pub const CROWD_TOLD_EVERY_MS: u64 = 2_000;
