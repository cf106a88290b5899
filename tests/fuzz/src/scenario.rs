//! Any text as a scenario: what is taken is within its bounds and written out the same, or the fault names a line.

use preau_loadtest::scenario::{READY, Scenario, ScenarioError};
use std::time::Duration;

const FILE: &str = "x.toml";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = 1 + text.matches('\n').count();
    match Scenario::parse(FILE, &text) {
        Ok(scenario) => check(&scenario),
        Err(ScenarioError::Wrong { file, line, what }) => {
            assert!(file == FILE && (1..=lines).contains(&line), "line {line} of {lines}");
            assert!(!what.is_empty() && !what.contains('\n'), "{what:?}");
        }
        Err(other) => panic!("a text has no other fault than a wrong line: {other}"),
    }
}

fn check(scenario: &Scenario) {
    let written = toml::to_string(scenario).expect("a scenario is TOML");
    assert_eq!(Scenario::parse(FILE, &written).as_ref(), Ok(scenario), "written out as another one:\n{written}");
    assert!(scenario.people() <= 10_000 * 2_001, "{} people", scenario.people());
    assert!(scenario.intruders.attempts() <= 7_000_000);
    assert!(scenario.lasts() <= 2 * DAY);
    assert!(scenario.network.loss_per_mille.get() <= 500);
    for share in
        [scenario.devices.teacher_screens, scenario.devices.student_microphones, scenario.devices.student_cameras]
    {
        assert!((0.0..=1.0).contains(&share.get()));
    }
    for rate in [scenario.acts.chats_per_h, scenario.acts.hands_per_h, scenario.acts.reloads_per_h] {
        assert!((0.0..=1.0).contains(&rate.per_s()));
    }
    // Nobody comes before somebody of whom fewer come earlier, and all come within a day of the bell.
    let times: Vec<f64> = (0..=64).map(|n| scenario.arrivals.lateness.at(f64::from(n) / 64.0)).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1] + 1e-6), "{times:?}");
    assert!(times.iter().all(|at| at.abs() <= DAY.as_secs_f64()), "{times:?}");
}

/// Those that come along.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    READY.iter().map(|ready| (ready.name, ready.text.into())).collect()
}
