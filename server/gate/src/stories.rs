//! Mornings at the gate, told in virtual time.

mod at_eight;
mod at_the_limit;
mod seeded;
mod world;
