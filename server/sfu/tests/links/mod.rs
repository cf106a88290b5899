//! Ways that are narrow, lossy or shared: what the relay makes of them, in virtual time.

mod receiver;
mod screen;
mod short;
mod story;
mod thirty;
mod way;

use preau_sfu::{PeerId, Pictures, Quality, Reduced, SlotStats, Source};
use std::time::Duration;
use story::Story;
use way::{WIDE, Way};

#[test]
fn a_wide_way_shows_the_full_picture_within_two_seconds() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.pass(2);
    class.pass(3);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    assert!(class.told(noe).iter().all(|(_, reduced)| *reduced <= Reduced::Smaller));
    assert_eq!((class.link(noe).quality, class.link(noe).reduced), (Quality::Good, Reduced::Nothing));
    class.pass(20);
    assert_eq!(class.receivers[&noe].shown.keys().copied().collect::<Vec<u8>>(), [2], "and stays");
}

#[test]
fn a_narrow_way_shows_a_small_picture_and_no_queue_grows() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 300_000, ..WIDE });
    class.pass(5);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("l"), "{:?}", class.link(noe));
    let receiver = &class.receivers[&noe];
    assert!(receiver.voices > 20 * 45, "{} of 1,000 sounds", receiver.voices);
    assert!(receiver.queued_max < Duration::from_millis(600), "{:?}", receiver.queued_max);
    assert!(class.told(noe).contains(&(Quality::Fair, Reduced::Smaller)));
}

#[test]
fn a_way_for_hardly_more_than_a_voice_carries_the_voice() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 90_000, queue_bytes: 20_000, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), None, "{:?} {:?}", class.link(noe), class.receivers[&noe].shown);
    assert!(class.receivers[&noe].voices > 20 * 45, "{} of 1,000 sounds", class.receivers[&noe].voices);
    assert!(class.told(noe).contains(&(Quality::Poor, Reduced::AudioOnly)));
}

#[test]
fn a_way_that_narrows_and_widens_takes_the_picture_down_and_up_and_nobody_elses() {
    let mut class = Story::new();
    let (noe, zoe) = (class.student(2, WIDE), class.student(3, WIDE));
    class.pass(5);
    assert_eq!((class.layer(noe), class.layer(zoe)), (Some("h"), Some("h")));
    class.way(noe, Way { bps: 700_000, ..WIDE });
    class.pass(3);
    class.pass(5);
    assert!(matches!(class.layer(noe), Some("m" | "l")), "{:?} {:?}", class.layer(noe), class.link(noe));
    class.pass(15);
    assert_eq!(class.layer(noe), Some("m"), "{:?}", class.link(noe));
    assert_eq!(class.receivers[&zoe].shown.keys().copied().collect::<Vec<u8>>(), [2]);
    class.way(noe, WIDE);
    class.pass(30);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
}

#[test]
fn a_machine_whose_timers_come_late_keeps_no_picture_small() {
    let mut class = Story::new();
    class.world.late = Duration::from_millis(9);
    let noe = class.student(2, WIDE);
    class.pass(5);
    class.pass(3);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    class.way(noe, Way { bps: 300_000, ..WIDE });
    class.pass(20);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("l"), "{:?}", class.link(noe));
    class.way(noe, WIDE);
    class.pass(25);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
}

#[test]
fn a_way_that_narrows_at_once_costs_little_sound() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 3_000_000, queue_bytes: 60_000, ..WIDE });
    class.pass(10);
    class.pass(1);
    assert_eq!(class.layer(noe), Some("h"));
    class.way(noe, Way { bps: 500_000, queue_bytes: 25_000, ..WIDE });
    class.pass(4);
    let voices = class.receivers[&noe].voices;
    assert!(voices > 4 * 50 - 25, "{voices} of 200 sounds");
    class.pass(10);
    let (frames_per_s, still) = class.seen(noe);
    assert!(frames_per_s > 25.0 && still < 0.05, "{frames_per_s} {still} {:?}", class.link(noe));
}

#[test]
fn a_tenth_lost_in_the_air_takes_no_picture_away() {
    let mut class = Story::new();
    let noe = class.student(2, Way { lost_percent: 10, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    let link = class.link(noe);
    assert!((6..=14).contains(&link.loss_down) && link.quality == Quality::Fair, "{link:?}");
}

#[test]
fn jitter_takes_no_picture_away() {
    let mut class = Story::new();
    let noe = class.student(2, Way { jitter_ms: 150, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    assert_eq!(class.link(noe).reduced, Reduced::Nothing);
}

#[test]
fn pictures_nobody_looks_at_are_not_sent_and_those_chosen_away_not_received() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.pass(5);
    class.world.relay.set_pictures(noe, Pictures::Few, class.world.now);
    class.pass(5);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("l"));
    assert_eq!(class.is_sent(), [true, false, false]);
    class.world.relay.set_pictures(noe, Pictures::None, class.world.now);
    class.pass(5);
    class.pass(5);
    assert_eq!((class.layer(noe), class.is_sent()), (None, &[false; 3][..]));
    assert!(class.receivers[&noe].voices > 5 * 45);
    class.world.relay.set_pictures(noe, Pictures::All, class.world.now);
    class.pass(3);
    class.pass(5);
    assert_eq!((class.layer(noe), class.is_sent()), (Some("h"), &[true; 3][..]));
    let of_camera = |slot: &SlotStats| slot.source == Source::Camera && slot.from == Some(class.teacher);
    let slot = class.world.relay.slots(noe).into_iter().find(of_camera).unwrap();
    assert_eq!(slot.height_px, Some(720));
    assert!((900..1_500).contains(&slot.kbps), "{slot:?}");
}

#[test]
fn who_never_reports_is_not_kept_small() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.receivers.get_mut(&noe).unwrap().is_reporting = false;
    class.pass(4);
    class.pass(4);
    assert_eq!(class.layer(noe), Some("h"));
}

#[test]
fn waves_of_200_ms_take_no_picture_away() {
    let mut class = Story::new();
    let noe = class.student(2, Way { jitter_ms: 200, delay_ms: 30, ..WIDE });
    class.pass(10);
    class.pass(20);
    let (frames_per_s, still) = class.seen(noe);
    assert!(frames_per_s > 25.0 && still < 0.05, "{frames_per_s} {still} {:?}", class.link(noe));
    assert!(matches!(class.layer(noe), Some("m" | "h")), "{:?} {:?}", class.layer(noe), class.link(noe));
}

#[test]
fn waves_do_not_take_the_last_picture_either() {
    for number in 2..6 {
        let mut class = Story::with(&[("l", 180, 100_000)]);
        let noe = class.student(number, Way { jitter_ms: 200, delay_ms: 30, ..WIDE });
        class.pass(5);
        class.pass(60);
        let (frames_per_s, still) = class.seen(noe);
        assert!(frames_per_s > 25.0 && still < 0.1, "{number}: {frames_per_s} {still} {:?}", class.link(noe));
    }
}

#[test]
fn where_a_tenth_is_lost_in_bursts_the_picture_moves_and_does_not_flap() {
    let mut class = Story::new();
    let noe = class.student(2, Way { lost_percent: 10, burst: 2, ..WIDE });
    class.pass(10);
    class.pass(30);
    let (frames_per_s, still) = class.seen(noe);
    let layers = class.receivers[&noe].layers();
    assert!(frames_per_s > 28.0 && still < 0.01, "{frames_per_s} {still} {layers:?}");
    assert!(layers.len() <= 3, "{layers:?}");
}

#[test]
fn where_a_fifth_is_lost_a_smaller_picture_moves() {
    let mut class = Story::new();
    let noe = class.student(2, Way { lost_percent: 20, ..WIDE });
    class.pass(10);
    class.pass(30);
    let (frames_per_s, still) = class.seen(noe);
    assert!(frames_per_s > 25.0 && still < 0.15, "{frames_per_s} {still} {:?} {:?}", class.layer(noe), class.link(noe));
    assert_eq!((class.layer(noe), class.receivers[&noe].layers().len()), (Some("m"), 1), "{:?}", class.link(noe));
}

#[test]
fn a_large_picture_of_one_layer_is_seen_within_two_seconds() {
    let mut class = Story::with(&[("h", 720, 2_600_000)]);
    let noe = class.student(2, WIDE);
    class.pass(2);
    class.pass(1);
    let (frames_per_s, still) = class.seen(noe);
    assert!(frames_per_s > 25.0 && still < 0.1, "{frames_per_s} {still} {:?}", class.link(noe));
}

#[test]
fn a_layer_that_its_sender_starves_is_shown_once_it_is_fed() {
    let mut class = Story::with(&[("l", 180, 120_000), ("m", 360, 400_000), ("h", 720, 100_000)]);
    let noe = class.student(2, WIDE);
    class.pass(4);
    class.pass(4);
    assert_eq!(class.layer(noe), Some("m"), "{:?}", class.link(noe));
    class.feed(2, 1_200_000);
    class.pass(4);
    class.pass(4);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
}

#[test]
fn a_coarse_clock_is_not_starved() {
    for (bps, layer) in [(20_000_000, "h"), (700_000, "m")] {
        let mut class = Story::new();
        let noe = class.student(2, Way { bps, ..WIDE });
        class.receivers.get_mut(&noe).unwrap().tick_us = 1_000;
        class.pass(20);
        class.pass(20);
        assert_eq!(class.layer(noe), Some(layer), "{:?}", class.link(noe));
    }
}

#[test]
fn a_way_that_was_cut_gets_its_picture_back_also_where_nobody_speaks() {
    let mut class = Story::new();
    class.is_heard = false;
    let noe = class.student(2, WIDE);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("h"));
    class.way(noe, Way { lost_percent: 100, ..WIDE });
    class.pass(8);
    assert_eq!(class.told(noe).last(), Some(&(Quality::Poor, Reduced::AudioOnly)), "{:?}", class.link(noe));
    class.way(noe, WIDE);
    class.pass(10);
    assert!(class.layer(noe).is_some(), "{:?}", class.link(noe));
    class.pass(30);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    // And where the last that was heard of it was that a queue grows.
    class.way(noe, Way { bps: 300_000, ..WIDE });
    class.pass(1);
    class.way(noe, Way { lost_percent: 100, ..WIDE });
    class.pass(8);
    assert_eq!(class.link(noe).reduced, Reduced::AudioOnly);
    class.way(noe, WIDE);
    class.pass(30);
    assert!(class.layer(noe).is_some(), "{:?}", class.link(noe));
}

#[test]
fn a_way_that_was_cut_gets_its_picture_back_also_where_it_cannot_be_probed() {
    let mut class = Story::new();
    class.are_repaired = false;
    let noe = class.student(2, WIDE);
    class.pass(5);
    assert!(class.layer(noe).is_some());
    class.way(noe, Way { lost_percent: 100, ..WIDE });
    class.pass(8);
    assert_eq!(class.link(noe).reduced, Reduced::AudioOnly);
    class.way(noe, WIDE);
    class.pass(20);
    assert!(class.layer(noe).is_some(), "{:?}", class.link(noe));
}

#[test]
fn a_weak_way_keeps_its_small_picture() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 300_000, delay_ms: 25, queue_bytes: 15_000, ..WIDE });
    class.pass(5);
    class.pass(60);
    let (frames_per_s, still) = class.seen(noe);
    assert!(frames_per_s > 25.0 && still < 0.05, "{frames_per_s} {still} {:?}", class.link(noe));
    let receiver = &class.receivers[&noe];
    assert!(receiver.voices > 60 * 48, "{} of 3,000 sounds", receiver.voices);
}

#[test]
fn six_hundred_begin_at_once_and_each_is_probed() {
    let mut class = Story::with(&[("h", 720, 2_600_000)]);
    let students: Vec<PeerId> = (2..=601).map(|number| class.student(number, WIDE)).collect();
    class.pass(1);
    let blind = students.iter().filter(|id| class.receivers[*id].shown.is_empty()).count();
    assert_eq!(blind, 0, "each learns what the way bears, though all probe at the same instant");
    let probing = class.world.relay.stats().packets_probing;
    assert!(probing >= 30 * students.len() as u64, "{probing} packets: padding for one takes no room of another");
}
