//! Every attack of the door against the real server, alone and again while a class runs; `make attack`.
//!
//! A witness on the wire reads every datagram: what leaves the relay must go to somebody who is seated at that instant.
//! Names, tokens, secrets and addresses are planted all along, and looked for in logs, metrics, public documents and
//! journals at the end. Run in `tests/browser/netns.sh`; `--quick` is for CI, `--only WORD` for one row.

mod canaries;
mod class;
mod cpu;
mod crowd;
mod evil;
mod ground;
mod http;
mod lesson;
mod list;
mod media;
mod relayed;
mod sockets;
mod stranger;
mod table;
mod tokens;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use preau_tests::figures;
use preau_tests::forwarding::quantile;
use preau_tests::seats::Fate;
use preau_tests::steal::Steal;
use preau_tests::witness::{Witness, now};
use serde_json::{Value, json};

use crate::canaries::journal;
use crate::ground::{Ground, OPERATOR};
use crate::lesson::{Kept, Lesson};
use crate::list::ATTACKS;
use crate::table::{Attack, Tries};

/// An attack that takes longer hangs.
const ATTACK_WITHIN: Duration = Duration::from_secs(120);

type Figures = BTreeMap<&'static str, Value>;

/// What was found by those who looked beside the attacks.
#[derive(Default)]
struct Findings {
    intruders: usize,
    wrong: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = words.iter().any(|word| word == "--quick");
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1));
    let attacks: Vec<&Attack> =
        ATTACKS.iter().filter(|attack| only.is_none_or(|word| attack.name.contains(word.as_str()))).collect();
    let (mut figures, mut findings) = (Figures::new(), Findings::default());

    let mut alone: Vec<Option<Tries>> = attacks.iter().map(|_| None).collect();
    if !is_quick {
        // Everything that the server could say of anybody it says here.
        let ground = Ground::start(is_quick, "trace").await;
        let pid = ground.school.server.pid().expect("a server runs");
        let (cost, wrong) = refusals(&ground, pid).await;
        figures.insert("refusal_cpu_us", json!(cost));
        findings.wrong.extend(wrong);
        alone = run(&ground, &attacks, None).await.into_iter().map(|(tries, _)| Some(tries)).collect();
        look_around(ground, &mut figures, &mut findings).await;
    }

    let ground = Ground::start(is_quick, "debug").await;
    let pid = ground.school.server.pid().expect("a server runs");
    if is_quick {
        let (cost, wrong) = refusals(&ground, pid).await;
        figures.insert("refusal_cpu_us", json!(cost));
        findings.wrong.extend(wrong);
    }
    let is_apart = cpu::keep_apart(pid);
    let mut lesson = Lesson::begin(&ground).await;
    let steal = Steal::watch();
    // Some 200 packets a second: a p99 that rests on twenty of them, at length on a hundred.
    let rest = Duration::from_secs(if is_quick { 5 } else { 25 });
    let before = lesson.quiet(rest, &steal).await;
    let mut in_class = run(&ground, &attacks, Some(&mut lesson)).await;
    let after = lesson.quiet(rest, &steal).await;
    let quiet: Vec<Range<Duration>> = [before, after]
        .into_iter()
        .filter_map(|window| window.map_err(|error| findings.wrong.push(error)).ok())
        .collect();
    media_figures(&ground, &lesson, &quiet, &steal, &mut in_class, &mut figures);
    figures.insert("attack_cores_apart", json!(is_apart));
    lesson.end(&ground).await;
    look_around(ground, &mut figures, &mut findings).await;

    let rows: Vec<_> = attacks
        .into_iter()
        .zip(alone)
        .zip(in_class)
        .map(|((attack, alone), (tries, _))| (attack, alone, Some(tries)))
        .collect();
    table::print(&rows);
    conclude(&rows, figures, &findings)
}

/// One after the other, and the patient ones beside them. Each with the times between which it went on.
async fn run(ground: &Ground, attacks: &[&Attack], mut lesson: Option<&mut Lesson>) -> Vec<(Tries, Range<Duration>)> {
    let patient = join_all(
        attacks
            .iter()
            .enumerate()
            .filter(|(_, attack)| attack.is_patient)
            .map(async |(at, attack)| (at, one(ground, attack).await)),
    );
    let others = async {
        let mut done = Vec::new();
        for (at, attack) in attacks.iter().enumerate().filter(|(_, attack)| !attack.is_patient) {
            let mut outcome = one(ground, attack).await;
            if let Some(lesson) = lesson.as_deref_mut()
                && let Err(why) = lesson.goes_on().await
            {
                eprintln!("          the class: {why}");
                outcome.0.held(why, false);
            }
            done.push((at, outcome));
        }
        done
    };
    let (patient, others) = tokio::join!(patient, others);
    let mut all: Vec<_> = patient.into_iter().chain(others).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

async fn one(ground: &Ground, attack: &Attack) -> (Tries, Range<Duration>) {
    let (began, since) = (now(), Instant::now());
    let mut tries = Tries::default();
    let outcome =
        tokio::time::timeout(ATTACK_WITHIN, AssertUnwindSafe((attack.act)(ground, &mut tries)).catch_unwind()).await;
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            tries.held(format!("went otherwise: {}", text.unwrap_or_default()), false);
        }
        Err(_) => tries.held(format!("not over within {ATTACK_WITHIN:?}"), false),
    }
    eprintln!(
        "{:>6.1} s  {} ({} tries, {} wrong)",
        since.elapsed().as_secs_f64(),
        attack.name,
        tries.count,
        tries.wrong.len()
    );
    (tries, began..now())
}

/// What a refused hello costs the server: CPU time of all its threads, in µs.
async fn refusals(ground: &Ground, pid: u32) -> (f64, Option<String>) {
    /// A network has a budget for a hundred of them.
    const EACH: usize = 90;
    /// Half of what two cores accept: who is turned away at the gate has proved nothing, and costs less.
    const ONE_EVERY: Duration = Duration::from_millis(2);
    let (class, _) = ground.class([]).await;
    let (_, token) = ground.student(class.id, "refused");
    let forged = format!("{token}AA");
    let networks = ground.many(8, 2);
    let before = cpu::used(pid);
    let mut right = 0;
    let mut turns = tokio::time::interval(ONE_EVERY);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for _ in 0..networks {
        let stranger = ground.stranger();
        for _ in 0..EACH {
            turns.tick().await;
            right += usize::from(stranger.hello_with(class.id, &forged).await.0 == 4401);
        }
    }
    let each = (cpu::used(pid) - before).as_secs_f64() * 1e6 / (networks * EACH) as f64;
    let wrong = (right != networks * EACH).then(|| format!("{right} of {} forged hellos met 4401", networks * EACH));
    ((each * 10.0).round() / 10.0, wrong)
}

fn media_figures(
    ground: &Ground,
    lesson: &Lesson,
    quiet: &[Range<Duration>],
    steal: &Steal,
    in_class: &mut [(Tries, Range<Duration>)],
    figures: &mut Figures,
) {
    let seen = ground.witness.seen();
    for (tries, window) in in_class.iter_mut() {
        let kept = lesson.kept(&seen, steal, std::slice::from_ref(window)).delays;
        tries.p99 = (kept.len() >= 100).then(|| quantile(&kept, 0.99));
    }
    let windows = in_class.iter().map(|(_, window)| window);
    let attacked = windows.clone().map(|window| window.start).min().zip(windows.map(|window| window.end).max());
    let attacked: Vec<Range<Duration>> = attacked.map(|(start, end)| start..end).into_iter().collect();
    let (quiet, attacked) = (lesson.kept(&seen, steal, quiet), lesson.kept(&seen, steal, &attacked));
    let us = |kept: &Kept, share| quantile(&kept.delays, share).as_secs_f64() * 1e6;
    let (calm, rough) = (us(&quiet, 0.99), us(&attacked, 0.99));
    figures.insert("attack_media_p99_ratio", json!((rough / calm * 1_000.0).round() / 1_000.0));
    figures.insert("attack_media_quiet_p99_us", json!(calm.round()));
    figures.insert("attack_media_p99_us", json!(rough.round()));
    figures.insert("attack_media_quiet_p50_us", json!(us(&quiet, 0.5).round()));
    figures.insert("attack_media_p50_us", json!(us(&attacked, 0.5).round()));
    figures.insert("attack_media_samples", json!([quiet.delays.len(), attacked.delays.len()]));
    figures.insert("attack_media_left_out", json!([quiet.left_out, attacked.left_out]));
    figures.insert("attack_media_gaps", json!(lesson.gaps()));
}

/// Where every datagram went, and whether anything planted was told. The server stops.
async fn look_around(ground: Ground, figures: &mut Figures, findings: &mut Findings) {
    let missed = Witness::missed().unwrap_or(u64::MAX);
    let seen = ground.witness.seen();
    let mut explained: BTreeMap<String, usize> = BTreeMap::new();
    for one in seen.iter().filter(|one| one.from == ground.media) {
        match ground.seats().judge(one.to, one.at, one.head[0], one.len) {
            Fate::Seated | Fate::Challenge => {}
            Fate::Intruder(who) => {
                findings.intruders += 1;
                *explained.entry(format!("media to {who} at {}", one.to)).or_default() += 1;
            }
            Fate::Unexplained => *explained.entry(format!("{} bytes to {}", one.len, one.to)).or_default() += 1,
        }
    }
    findings.wrong.extend(explained.into_iter().map(|(what, count)| format!("the witness saw {count} times {what}")));
    let total = figures.entry("attack_datagrams_witnessed").or_insert(json!(0));
    *total = json!(total.as_u64().unwrap_or(0) + seen.len() as u64);
    if missed > 0 {
        findings.wrong.push(format!("the witness missed {missed} datagrams"));
    }
    let planted = figures.entry("attack_canaries").or_insert(json!(0));
    *planted = json!(planted.as_u64().unwrap_or(0) + ground.canaries.len() as u64);
    let mut texts = Vec::new();
    let stranger = ground.stranger();
    for path in ["/status.json", "/line.json", "/status"] {
        texts.push((path, stranger.get(path).await.text));
    }
    let headers = format!("authorization: Bearer {OPERATOR}\r\n");
    texts.push(("/api/ops/attacks.csv", stranger.request("GET", "/api/ops/attacks.csv", &headers, b"").await.text));
    let metrics = ground.school.server.metrics.expect("metrics were asked for");
    let answer = reqwest::get(format!("http://{metrics}/metrics")).await.expect("metrics are served");
    texts.push(("/metrics", answer.text().await.expect("a text")));
    let Ground { mut school, canaries, .. } = ground;
    if !school.server.is_up() {
        findings.wrong.push("the server is gone".into());
    }
    if let Err(error) = school.server.stop().await {
        findings.wrong.push(format!("the server does not stop: {error}"));
    }
    texts.push(("the log", school.server.log()));
    texts.push(("the output", school.server.said().await));
    texts.push(("the journal", journal(school.server.data()).expect("a journal")));
    for (place, text) in &texts {
        if text.is_empty() && *place != "the output" {
            findings.wrong.push(format!("{place} says nothing at all"));
        }
        findings.wrong.extend(canaries.sung(text).into_iter().map(|word| format!("{place} tells of {word}")));
        if text.contains("panicked") {
            findings.wrong.push(format!("{place} tells of a panic"));
        }
    }
}

fn conclude(rows: &[(&Attack, Option<Tries>, Option<Tries>)], mut figures: Figures, findings: &Findings) -> ExitCode {
    let all = || rows.iter().flat_map(|(_, alone, in_class)| [alone, in_class]).flatten();
    let (tried, right): (usize, usize) = (all().map(|tries| tries.count).sum(), all().map(Tries::as_expected).sum());
    figures.insert("attacks_tried", json!(tried));
    figures.insert("attacks_as_expected", json!(right));
    figures.insert("intruders_seated", json!(findings.intruders));
    for wrong in &findings.wrong {
        println!("✗ {wrong}");
    }
    println!();
    figures::keep(figures);
    let is_wrong = |tries: &Tries| !tries.wrong.is_empty() || tries.count == 0;
    let wrong =
        rows.iter().filter(|(_, alone, in_class)| [alone, in_class].into_iter().flatten().any(is_wrong)).count();
    println!("{} attacks, {wrong} not as expected", rows.len());
    let as_it_should = wrong == 0 && findings.intruders == 0 && findings.wrong.is_empty();
    if as_it_should { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
