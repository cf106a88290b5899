//! The server that the fleet is made of, and what a person costs it.

use preau_protocol::{Amounts, Reduction};

/// Four cores, 8 GB, and 2.5 Gbit/s that may be filled.
pub const LIMITS: Amounts = Amounts {
    connections: 20_000,
    people: 10_000,
    packets_per_s: 600_000,
    egress_kbps: 2_500_000,
    memory_mb: 8_000,
    cpu_permille: 1_000,
};
/// Sockets taken per second. A join costs 1.2 ms of one core (README, `join_cpu_ms`): a seventh of this machine.
pub const ACCEPTS_PER_S: u32 = 500;

/// A person who sees one picture and hears who speaks: 60 packets a second, half a megabit.
const PACKETS_PER_S: f64 = 60.0;
const EGRESS_KBPS: f64 = 500.0;
/// 60 packets at 4.8 µs (`forward_us_video_30` on a calm day), and a quarter more for sessions and what is sent up: of four cores.
const CPU_PERMILLE: f64 = 0.09;
/// 85 kB where the allocator is told nothing (README, `seat_kb`), and what a class takes for all.
const MEMORY_MB: f64 = 0.12;
/// The process with nobody in it.
const IDLE_MB: f64 = 150.0;
const IDLE_PERMILLE: f64 = 5.0;

/// What a server measures with `people` inside, whose classes together want as much as `weight` ordinary people.
pub fn used(people: u32, weight: f64, reduction: Reduction) -> Amounts {
    let media = weight.max(0.0) * left_of_media(reduction);
    Amounts {
        connections: people,
        people,
        packets_per_s: (media * PACKETS_PER_S) as u32,
        egress_kbps: (media * EGRESS_KBPS) as u32,
        memory_mb: (IDLE_MB + f64::from(people) * MEMORY_MB) as u32,
        cpu_permille: (IDLE_PERMILLE + media * CPU_PERMILLE) as u32,
    }
}

/// What a reduction leaves of pictures and sound.
fn left_of_media(reduction: Reduction) -> f64 {
    match reduction {
        Reduction::Nothing | Reduction::LatecomersOut => 1.0,
        Reduction::StudentCamerasOff => 0.75,
        Reduction::SmallPictures => 0.4,
        Reduction::AudioOnly => 0.1,
        Reduction::TextOnly | Reduction::Full => 0.01,
    }
}
