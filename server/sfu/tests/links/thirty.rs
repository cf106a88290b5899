//! A class of thirty, each by a way of their own, as homes have them on a bad morning.

use super::story::Story;
use super::way::{Chance, WIDE, Way};
use preau_sfu::PeerId;

/// What a morning is like at one home; `home` of thirty.
fn morning(home: usize, chance: &mut Chance) -> Way {
    let mut between = |from: u64, to: u64| from + (chance.draw() * (to - from) as f64) as u64;
    let way = Way { delay_ms: between(10, 60), ..WIDE };
    match home % 5 {
        // A good line…
        0 | 1 => Way { lost_percent: between(0, 2), jitter_ms: between(0, 20), ..way },
        // …a Wi-Fi two rooms away…
        2 => Way { lost_percent: between(4, 11), burst: 2, jitter_ms: between(20, 120), ..way },
        // …a telephone far from its mast…
        3 => Way { jitter_ms: between(100, 200), bps: between(1_000_000, 4_000_000), lost_percent: 2, ..way },
        // …and a line shared with a film.
        _ => {
            let bps = between(260_000, 900_000);
            Way { bps, queue_bytes: (bps / 8 * between(200, 500) / 1_000) as usize, ..way }
        }
    }
}

#[test]
fn thirty_on_a_bad_morning_all_hear_and_nearly_all_see() {
    for seed in 1..=2 {
        let mut chance = Chance(seed);
        let mut class = Story::new();
        let ways: Vec<Way> = (0..30).map(|home| morning(home, &mut chance)).collect();
        let students: Vec<PeerId> = ways.iter().zip(2..).map(|(way, number)| class.student(number, *way)).collect();
        // A pupil on a good line answers questions, and everybody looks.
        class.films(students[0]);
        for id in students.iter().filter(|id| **id != students[0]) {
            class.look(*id, &[(class.teacher, 720), (students[0], 180)]);
        }
        class.pass(10);
        class.pass(20);
        let mut seeing = 0;
        for (id, way) in students.iter().zip(&ways) {
            let (frames_per_s, still) = class.seen(*id);
            let heard = class.receivers[id].voices as f64 / 1_000.0;
            let about = format!(
                "seed {seed} {id:?} {frames_per_s:.1}/s {still:.2} heard {heard:.3} {:?} {:?} {way:?} {:?}",
                class.layer(*id),
                class.receivers[id].layers(),
                class.link(*id)
            );
            println!("{about}");
            assert!(heard > 0.97 - way.lost_percent as f64 / 100.0, "{about}");
            seeing += usize::from(frames_per_s > 12.0 && still < 0.2);
        }
        assert!(seeing >= 27, "seed {seed}: {seeing} of 30 see");
    }
}
