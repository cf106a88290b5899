//! A small morning, rehearsed: the load tester against the real server, with one intruder of each kind.

use std::collections::BTreeMap;
use std::time::Duration;

use preau_loadtest::Intruder;
use preau_loadtest::rehearsal::{self, Order, RehearsalError};
use preau_loadtest::report::{Budget, Comparison, Ended, Report, Second};
use preau_loadtest::scenario::Scenario;
use preau_tests::Server;
use tokio::sync::watch;

use preau_tests::portal::Portal;

const MORNING: &str = r#"
name = "small"
about = "Two classes of three, and everybody who has no business there."
[classes]
count = 2
students = 3
admit_every_s = 0.3
[arrivals]
bell_s = 1
teachers_before_s = 1
lateness = [[-1, 0.0], [0, 1.0]]
[lesson]
lasts_s = 12
[media]
kind = "video"
full_sample = 1
[acts]
chats_per_h = 600
hands_per_h = 600
reloads_per_h = 200
[intruders]
from_s = 6
for_s = 0.5
no_token = 1
expired = 1
forged = 1
other_class = 1
replayed_ticket = 1
cloned_identity = 1
silent = 1
websocket_flood_per_s = 10
udp_flood_per_s = 100
"#;

const BUDGET: &str = "[at_most]\nintruders_seated = 0\nleaked_bytes = 0\nunopened = 0\nchecked_faults = 0\nunanswered = 0\n\
                      other_refusals = 0\n[at_least]\nstudent_admitted_share = 1\nteacher_admitted_share = 1\n\
                      student_first_audio_share = 1\nstudent_first_video_share = 1\nreceived_share = 0.999\n";

fn order(scenario: &str, link: &str, portal: Option<preau_loadtest::portal::Portal>) -> Order {
    let scenario = Scenario::parse("small.toml", scenario).unwrap_or_else(|error| panic!("{error}"));
    let patience = rehearsal::PATIENCE;
    Order { scenario, links: vec![link.into()], pid: None, portal, seed: 7, quiet: true, patience, progress: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_morning_is_rehearsed() {
    let portal = Portal::new();
    let server = Server::start_with(&portal.flags()).await.expect("the server starts");
    let link = server.welcome.clone().expect("a first start prints a link");
    let order = Order { pid: server.pid(), ..order(MORNING, &link, Some(portal.for_the_load_tester())) };
    let mut report = rehearsal::run(order).await.expect("it ran");
    report.verdict = Some(Budget::parse("budget.toml", BUDGET).expect("a budget").judge(&report));
    assert!(report.verdict.as_ref().is_some_and(|verdict| verdict.passed), "{}", report.summary());

    let intruders = report.intruders.as_ref().expect("they tried");
    let ends: BTreeMap<Intruder, Vec<&str>> =
        intruders.kinds.iter().map(|(kind, fared)| (*kind, fared.ends.keys().map(String::as_str).collect())).collect();
    let expected = [
        (Intruder::NoToken, "closed 4401"),
        (Intruder::Expired, "closed 4401"),
        (Intruder::Forged, "closed 4401"),
        (Intruder::OtherClass, "closed 4403"),
        (Intruder::ReplayedTicket, "closed 4403"),
        (Intruder::ClonedIdentity, "waited"),
        (Intruder::Silent, "closed 4408"),
    ];
    assert_eq!(ends, expected.map(|(kind, end)| (kind, vec![end])).into());

    let text = serde_json::to_string(&report).expect("JSON");
    let again: Report = serde_json::from_str(&text).expect("a report is read as it was written");
    assert!(!Comparison::of(&report, &again).is_worse());
    let page = report.page();
    assert!(page.contains("Within budget") && !page.contains("<script") && !page.contains("src="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_leaves_a_partial_report() {
    let mut server = Server::start().await.expect("the server starts");
    let link = server.welcome.clone().expect("a first start prints a link");
    let scenario = MORNING.split("[intruders]").next().expect("a part").replace("lasts_s = 12", "lasts_s = 60");
    let (progress, mut seconds) = watch::channel(Second::default());
    let patience = Duration::from_secs(2);
    let run =
        tokio::spawn(rehearsal::run(Order { patience, progress: Some(progress), ..order(&scenario, &link, None) }));
    seconds.wait_for(|second| second.seated == 8).await.expect("everybody is in");
    server.crash().await.expect("killed");
    let report = run.await.expect("no panic").expect("a report");
    assert!(matches!(report.ended, Ended::ServerGone { .. }), "{:?}", report.ended);
    assert!(report.funnel.iter().any(|step| step.reached == 6), "{}", report.summary());
}

#[tokio::test]
async fn nobody_there_is_said() {
    let error = rehearsal::run(order(MORNING, "http://127.0.0.1:9/#welcome=x", None)).await.expect_err("no server");
    assert!(matches!(error, RehearsalError::Stage(_)), "{error}");
    assert!(error.to_string().contains("http://127.0.0.1:9 does not answer"), "{error}");
}

#[tokio::test]
async fn more_classes_than_an_account_has_room_for_are_not_begun() {
    let server = Server::start().await.expect("the server starts");
    let link = server.welcome.clone().expect("a first start prints a link");
    let many = MORNING.split("[intruders]").next().expect("a part").replace("count = 2", "count = 501");
    let error = rehearsal::run(order(&many, &link, None)).await.expect_err("no room").to_string();
    assert!(error.contains("501 classes") && error.contains("room for 500") && error.contains("--link"), "{error}");
    let error = rehearsal::run(order(&many, &link, None)).await.expect_err("it opens once").to_string();
    assert!(error.contains("not taken") && error.contains("preau teacher-link"), "{error}");
}
