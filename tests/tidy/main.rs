//! The rules of the house that a test can hold: floors, clocks, sizes, words, links.

mod core;
mod evidence;
mod floors;
mod links;
mod sources;
mod supply;
mod words;
