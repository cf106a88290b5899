//! Stories of the whole process: `preau` as operators start it, and its HTTP surface as anybody may find it.

mod attacks;
mod life;
mod networks;
mod pages;
mod records;
mod teaching;
mod tokens;
mod ways;
mod world;
