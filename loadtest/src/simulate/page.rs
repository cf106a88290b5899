//! The outcome as one page that is whole in itself: how many servers, what wait, for whom.

use std::fmt::Write as _;

use super::country::{BELLS, MINUTE_MS};
use super::figures::{Group, Waits};
use super::outcome::{Fleet, Outcome, told};
use crate::report::{Line, axis_lines, shell, thousands};

/// How fleets are told apart, by colour and by dash; more than these are told apart by their tables.
const LOOKS: [&str; 4] = ["c3", "c4", "c2", "c1"];
/// Where the curve of waits is read: seconds, and what the axis says there.
const STOPS: [(u32, &str); 12] = [
    (0, "at once"),
    (5, ""),
    (15, "15 s"),
    (30, ""),
    (60, "1 min"),
    (120, "2"),
    (300, "5"),
    (600, "10"),
    (900, "15"),
    (1_200, "20"),
    (1_800, "30"),
    (3_600, "1 h"),
];

pub fn write(outcome: &Outcome) -> String {
    let body = [
        head(outcome),
        answer(outcome),
        waits(outcome),
        lines(outcome),
        fairness(outcome),
        attacks(outcome),
        model(outcome),
    ];
    shell("Simulated morning", "simulation", &body.concat())
}

fn head(outcome: &Outcome) -> String {
    format!(
        "<h1>A morning like 6 April 2021</h1><p>{} people in {} classes, bells at 8, 9 and 10, attacks around each of them, and a server \
         that dies at 8:20: through the gate's own code, in virtual time.</p><p class=\"second\">Seed {}. Each server bears {} Mbit/s, {} \
         people and {} new sockets a second.</p>",
        thousands(f64::from(outcome.people)),
        thousands(f64::from(outcome.classes)),
        outcome.seed,
        thousands(f64::from(outcome.machine.egress_kbps) / 1_000.0),
        thousands(f64::from(outcome.machine.people)),
        outcome.accepts_per_s,
    )
}

fn answer(outcome: &Outcome) -> String {
    let (class, title, text) = match outcome.enough {
        Some(servers) => (
            "pass",
            format!("{servers} servers are enough"),
            "With so many, 95 of 100 students are in class less than a minute after they came.",
        ),
        None => ("fail", "None of these is enough".into(), "More than 5 of 100 students wait longer than a minute."),
    };
    let mut html = format!("<section class=\"verdict {class}\"><strong>{title}</strong><p>{text}</p></section>");
    html += "<div class=\"wide\"><table><tr><th>Servers<th>Students, p50<th>p95<th>p99<th>never in<th>Teachers, p95<th>Whole in 5 min, 8 h<th>9 h<th>10 h\
             <th>Waiting at 8:05<th>9:05<th>10:05</tr>";
    for fleet in &outcome.fleets {
        let students = &fleet.waits[Group::Students as usize];
        let at = |at: &str| fleet.waiting.iter().find(|moment| moment.at == at).map_or(0, |moment| moment.people);
        let class = if fleet.is_enough() { "good" } else { "bad" };
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td class=\"{class}\">{}<td>{}<td>{}<td>{}",
            fleet.servers,
            told(students.p50_s),
            told(students.p95_s),
            told(students.p99_s),
            thousands(f64::from(students.never)),
            told(fleet.waits[Group::Teachers as usize].p95_s),
        );
        html += &fleet.whole.map(|share| format!("<td>{:.1} %", share * 100.0)).concat();
        html += &["8:05", "9:05", "10:05"].map(|hour| format!("<td>{}", thousands(f64::from(at(hour))))).concat();
        html += "</tr>";
    }
    html + "</table></div>"
}

fn waits(outcome: &Outcome) -> String {
    let mut html = "<h2>What wait, for whom</h2><p>How many of a hundred were in after at most so long. What is missing at the right never \
                    came in: their lesson was over first.</p><div class=\"charts\">"
        .to_owned();
    let ticks: Vec<(f64, String)> = STOPS.iter().enumerate().map(|(n, (_, name))| (n as f64, (*name).into())).collect();
    for (group, title) in [
        (Group::Students, "Students"),
        (Group::Teachers, "Teachers"),
        (Group::OutOfHour, "Outside their hour"),
        (Group::Observers, "Observers and parents"),
    ] {
        let curve = |(fleet, look): (&Fleet, &'static str)| {
            let waits: &Waits = &fleet.distributions[group as usize];
            let share = |(n, (seconds, _)): (usize, &(u32, &str))| {
                (n as f64, Some(waits.share_within(*seconds as usize) * 100.0))
            };
            Line { name: name(fleet), class: look, points: STOPS.iter().enumerate().map(share).collect() }
        };
        let curves: Vec<Line> = shown(outcome).map(curve).collect();
        html += &axis_lines(title, "% in after", &curves, &ticks);
    }
    html += "</div><div class=\"wide\"><table><tr><th>Servers<th class=\"text\">Who<th>People<th>p50<th>p95<th>p99<th>max<th>never in</tr>";
    for fleet in &outcome.fleets {
        for wait in &fleet.waits {
            let _ = write!(
                html,
                "<tr><td>{}<td class=\"text\">{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
                fleet.servers,
                wait.who,
                thousands(f64::from(wait.people)),
                told(wait.p50_s),
                told(wait.p95_s),
                told(wait.p99_s),
                told(wait.max_s),
                thousands(f64::from(wait.never)),
            );
        }
    }
    html + "</table></div>"
}

fn lines(outcome: &Outcome) -> String {
    let ticks: Vec<(f64, String)> = (0..=6)
        .map(|half| (f64::from(half * 30), format!("{}:{:02}", 7 + (half + 1) / 2, (half + 1) % 2 * 30)))
        .collect();
    let chart = |title: &str, of: &dyn Fn(&Fleet) -> Vec<u32>| {
        let curve = |(fleet, look): (&Fleet, &'static str)| {
            let points =
                of(fleet).into_iter().enumerate().map(|(minute, people)| (minute as f64, Some(f64::from(people))));
            Line { name: name(fleet), class: look, points: points.collect() }
        };
        axis_lines(title, "people", &shown(outcome).map(curve).collect::<Vec<_>>(), &ticks)
    };
    let sum = |fleet: &Fleet| {
        (0..fleet.inside.len()).map(|minute| fleet.lines.iter().map(|line| line[minute]).sum()).collect()
    };
    "<h2>The line, minute by minute</h2><div class=\"charts\">".to_owned()
        + &chart("Waiting", &sum)
        + &chart("In class or lobby", &|fleet| fleet.inside.clone())
        + &chart("Teachers waiting", &|fleet| fleet.lines[0].clone())
        + &chart("Students waiting", &|fleet| fleet.lines[1].clone())
        + "</div>"
}

fn fairness(outcome: &Outcome) -> String {
    let mut html = "<h2>Fairness and truth</h2><p>Passed: called before somebody of an earlier bucket of the same line; must be 0. Later than \
                    told: their turn came after the range that they were told first.</p><div class=\"wide\"><table><tr><th>Servers<th>Passed\
                    <th>Told a range<th>later than told<th>at worst by<th>sooner<th>Knocked for nothing<th>Gave up<th>Sockets refused\
                    <th>Fullest server<th>Reduced, server-min<th>Back after the crash, p95</tr>"
        .to_owned();
    for fleet in &outcome.fleets {
        let (ranges, reduced) = (&fleet.announced, fleet.reduced.iter().map(|one| one.server_s).sum::<u32>());
        let share = |part: u32| format!("{:.1} %", 100.0 * f64::from(part) / f64::from(ranges.told.max(1)));
        let _ = write!(
            html,
            "<tr><td>{}<td class=\"{}\">{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
            fleet.servers,
            if fleet.inversions == 0 { "good" } else { "bad" },
            fleet.inversions,
            thousands(f64::from(ranges.told)),
            share(ranges.later_than_told),
            told(Some(ranges.worst_beyond_s)),
            share(ranges.sooner_than_told),
            thousands(f64::from(fleet.knocked_for_nothing)),
            thousands(f64::from(fleet.gave_up)),
            thousands(fleet.sockets_refused as f64),
            thousands(f64::from(fleet.fullest_server)),
            reduced / 60,
            told(fleet.reseated_s_p95),
        );
    }
    html + "</table></div>"
}

fn attacks(outcome: &Outcome) -> String {
    let mut html = "<h2>Attacks</h2><p>Around each bell a tenth of the servers are flooded with sockets, half as many again as they take; \
                    verified people show forged tickets, other people's, their own used ones, or come as somebody else.</p><div class=\"wide\">\
                    <table><tr><th>Servers<th>Intruders let in<th>Sockets of nobody<th>taken<th>Forged tickets<th>Stolen<th>Replayed\
                    <th>Cloned identities<th>Bad tickets noticed</tr>"
        .to_owned();
    for fleet in &outcome.fleets {
        let attacks = &fleet.attacks;
        let class = if attacks.intruders == 0 { "good" } else { "bad" };
        let _ = write!(html, "<tr><td>{}<td class=\"{class}\">{}", fleet.servers, attacks.intruders);
        let numbers = [
            attacks.flood_sockets,
            attacks.flood_sockets_taken,
            attacks.forged_tickets.into(),
            attacks.stolen_tickets.into(),
            attacks.replayed_tickets.into(),
            attacks.cloned_identities.into(),
            attacks.bad_tickets_noticed.into(),
        ];
        html += &numbers.map(|number| format!("<td>{}", thousands(number as f64))).concat();
        html += "</tr>";
    }
    html + "</table></div>"
}

fn model(outcome: &Outcome) -> String {
    let bells = BELLS.map(|bell| (bell / MINUTE_MS).to_string()).join(", ");
    format!(
        "<h2>The model</h2><details><summary>What was assumed</summary><p>The two totals are the ministry's for ten o'clock that day. Of \
         the {} rooms half open at eight, a quarter at nine, a quarter at ten (minutes {bells}); three of ten stay together all \
         morning, the others have lessons of 55 minutes, each a class of its own. Rooms are log-normal in size around {:.1} people. \
         85 of 100 on a roster come: most within two minutes of the bell, 15 of 100 up to a quarter of an hour before, 15 of 100 late. \
         Teachers come six minutes before. 3 of 100 more come outside their hour. Connections break once an hour; whoever waits reloads \
         every four minutes, gives up after 25 on average, and comes again in eight of ten cases.</p><p>A person costs 60 packets and \
         500 kbit a second, 0.09 ‰ of four cores, 0.12 MB: from the measured figures in the README. A class belongs to the server that \
         its id names.</p></details>",
        thousands(f64::from(outcome.classes)),
        f64::from(outcome.people) / f64::from(outcome.classes),
    )
}

/// The fleets with their looks, from the smallest; charts with more than four lines are not read.
fn shown(outcome: &Outcome) -> impl Iterator<Item = (&Fleet, &'static str)> {
    let (all, most) = (outcome.fleets.len(), LOOKS.len());
    let chosen = (0..all.min(most)).map(move |n| if all > most { n * (all - 1) / (most - 1) } else { n });
    chosen.map(|at| &outcome.fleets[at]).zip(LOOKS)
}

fn name(fleet: &Fleet) -> String {
    format!("{} servers", fleet.servers)
}
