//! Mornings at the gate, told in virtual time.

mod at_eight;
mod at_the_limit;
mod hard_luck;
mod seeded;
mod world;
