//! What the relay's own code costs for a packet that it forwards, without sockets: 1 → 200 in bursts of four, as a
//! browser paces them. Between two bursts everything else of a server wants the caches too.

#[path = "../tests/world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the stories need more of it")]
mod world;

use std::hint::black_box;
use std::time::{Duration, Instant};

use world::World;

const RECEIVERS: u64 = 200;
const BURST: usize = 4;
const BURSTS: usize = 300;
const ROUNDS: usize = 9;
/// More than a core's own caches hold.
const ELSEWHERE_BYTES: usize = 2 << 20;

fn main() {
    let mut class = World::new();
    let ada = class.teacher(1);
    class.allow_all(ada);
    let seats: Vec<_> = (0..RECEIVERS).map(|number| class.student(number + 2)).collect();
    class.picture(ada, true, BURST);
    for seat in seats {
        class.look(seat, &[ada]);
    }
    class.picture(ada, true, BURST);
    let mut elsewhere = vec![1_u8; ELSEWHERE_BYTES];
    for (name, is_cold) in [("warm", false), ("cold", true)] {
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(&mut class, ada, is_cold, &mut elsewhere)).collect();
        rounds.sort_by(f64::total_cmp);
        println!("way_out_{name}_ns: median {:.0}, least {:.0}", rounds[ROUNDS / 2], rounds[0]);
    }
}

/// Nanoseconds for each packet that left.
fn round(class: &mut World, ada: preau_sfu::PeerId, is_cold: bool, elsewhere: &mut [u8]) -> f64 {
    for id in class.browsers.keys().copied().collect::<Vec<_>>() {
        class.check(id, true);
    }
    let (mut spent, mut packets) = (Duration::ZERO, 0);
    for _ in 0..BURSTS {
        let browser = class.browsers.get_mut(&ada).unwrap();
        let way = browser.way;
        let mut burst: Vec<Vec<u8>> =
            (0..BURST).map(|at| browser.video_packet(false, at == 0, at + 1 == BURST)).collect();
        if is_cold {
            elsewhere.iter_mut().step_by(64).for_each(|byte| *byte = byte.wrapping_add(1));
        }
        let begun = Instant::now();
        for bytes in &mut burst {
            class.relay.receive(way, None, bytes, class.now);
        }
        class.now += Duration::from_millis(13);
        class.relay.handle_timeout(class.now);
        while let Some(run) = class.relay.poll_transmit() {
            packets += run.contents.len().div_ceil(run.segment_size.unwrap_or(run.contents.len()));
            black_box(run.contents);
        }
        spent += begun.elapsed();
        class.pump();
    }
    assert!(packets >= BURSTS * BURST * RECEIVERS as usize, "all of it left");
    spent.as_secs_f64() * 1e9 / packets as f64
}
