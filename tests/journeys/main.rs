//! Journeys: the real server as a process, real sockets, and real media on a WebRTC stack that is not its own.

mod coming_back;
mod crash;
mod datagrams;
mod door;
mod frames;
mod gate;
mod hello;
mod media;
mod people_waiting;
mod rehearsal;
mod removal;
mod short;
mod slow;
mod spread;
mod students;
mod tokens;
mod unattended;
mod ways;
