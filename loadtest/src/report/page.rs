//! The report as one page that is whole in itself: no script, no font, nothing that is fetched.

use std::fmt::Write as _;

use preau_protocol::Role;

use super::chart::{Line, bar, lines};
use super::funnel::Stage;
use super::{Better, Ended, Report, Spread};
use crate::gauge::Second;

const STYLE: &str = include_str!("page.css");
const ARCH: &str = "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" aria-hidden=\"true\">\
                    <path d=\"M3 9 12 3l9 6M5 9v12M12 9v12M19 9v12M5 14a3.5 3.5 0 0 1 7 0M12 14a3.5 3.5 0 0 1 7 0\"/></svg>";
const TICK: &str = "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"m8 12 3 3 5-6\"/></svg>";
const CROSS: &str = "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"m9 9 6 6m0-6-6 6\"/></svg>";
const DASH: &str = "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M8 12h8\"/></svg>";

pub fn write(report: &Report) -> String {
    let name = escape(&report.scenario.name);
    let body = [
        head(report),
        verdict(report),
        warnings(report),
        tiles(report),
        funnel(report),
        fairness(report),
        media(report),
        intruders(report),
        machine(report),
        failures(report),
        appendix(report),
    ];
    shell(&format!("Rehearsal: {name}"), "rehearsal", &body.concat())
}

/// A page around a report: `kind` stands beside the name.
pub fn shell(title: &str, kind: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><header class=\"top\">{ARCH}<b>Préau</b>\
         <span>{kind}</span></header>{body}</main></body></html>\n"
    )
}

fn head(report: &Report) -> String {
    format!(
        "<h1>{}</h1>\
         <p>{}</p><p class=\"second\">{} people in {} {} for {:.0} s, against {} alone · {} · seed {}</p>",
        escape(&capital(&report.scenario.name)),
        escape(&report.scenario.about),
        thousands(report.people as f64),
        thousands(report.scenario.classes.count.get() as f64),
        if report.scenario.classes.count.get() == 1 { "class" } else { "classes" },
        report.ran_s,
        escape(&report.server),
        day(report.began_at),
        report.seed,
    )
}

fn verdict(report: &Report) -> String {
    let (class, icon, title, text) = match &report.verdict {
        None => (
            "",
            DASH,
            "No budget".to_owned(),
            "This run was held against nothing: the figures stand for themselves.".to_owned(),
        ),
        Some(verdict) if verdict.passed => {
            ("pass", TICK, "Within budget".into(), format!("All {} bounds were kept.", verdict.bounds.len()))
        }
        Some(verdict) => {
            let missed = verdict.bounds.iter().filter(|bound| !bound.kept).count();
            let ran = if report.is_whole() { "" } else { " The run did not go to its end." };
            (
                "fail",
                CROSS,
                "Budget missed".into(),
                format!("{missed} of {} bounds were not kept.{ran}", verdict.bounds.len()),
            )
        }
    };
    let mut html = format!("<section class=\"verdict {class}\">{icon}<strong>{title}</strong><p>{text}</p></section>");
    if let Some(verdict) = &report.verdict {
        html += "<div class=\"wide\"><table><tr><th>Figure<th>Measured<th>Bound<th class=\"text\">Kept</tr>";
        for bound in &verdict.bounds {
            let limit = bound.at_most.map(|most| format!("≤ {}", number(most)));
            let limit = limit.or(bound.at_least.map(|least| format!("≥ {}", number(least)))).unwrap_or_default();
            let value = bound.value.map_or("not measured".into(), number);
            let (class, word) = match (bound.kept, bound.limited) {
                (true, _) => ("good", "yes"),
                (false, false) => ("bad", "no"),
                (false, true) => ("bad", "no, but the tester was the limit"),
            };
            let _ = write!(
                html,
                "<tr><td>{}<td>{value}<td>{limit}<td class=\"text {class}\">{word}</tr>",
                plain(&bound.name)
            );
        }
        html += "</table></div>";
    }
    html
}

fn warnings(report: &Report) -> String {
    let mut html = String::new();
    match report.ended {
        Ended::Completed => {}
        Ended::Stopped => {
            html += "<p class=\"note\">The run was stopped by hand. What follows is what happened until then.</p>"
        }
        Ended::ServerGone { at_s } => {
            let _ = write!(
                html,
                "<p class=\"note\">The server answered nobody after {at_s:.0} s. What follows is what happened until then.</p>"
            );
        }
    }
    if !report.honesty.limits.is_empty() {
        html += "<div class=\"note\"><strong>The tester itself was the limit.</strong> Times marked with ° are at most its own, not the server's:<ul>";
        html += &items(report.honesty.limits.iter());
        html += "</ul></div>";
    }
    html
}

fn tiles(report: &Report) -> String {
    let of = |step: Stage| report.funnel.iter().find(|one| one.role == Role::Student && one.step == step);
    let mut tiles = Vec::new();
    if let Some(step) = of(Stage::Waiting) {
        tiles.push((
            format!("{} of {}", step.reached, step.came),
            "students reached the lobby",
            all(step.reached, step.came),
        ));
        tiles.push((time(step.since_arrival_ms.p95), "to the lobby, 95 of 100", None));
    }
    if let Some(step) = of(Stage::Admitted) {
        tiles.push((format!("{} of {}", step.reached, step.came), "were seated", None));
    }
    if let Some(media) = &report.media {
        tiles.push((
            format!("{} ‰", number(media.lost_per_mille.all)),
            "of packets lost",
            Some(media.lost_per_mille.all < 1.0),
        ));
        tiles.push((time(media.transit.p99), "in transit, 99 of 100", None));
    }
    if let Some(intruders) = &report.intruders {
        tiles.push((
            format!("{} of {}", intruders.seated, thousands(intruders.attempts as f64)),
            "intruders got in",
            Some(intruders.seated == 0),
        ));
    }
    tiles.push((
        number(report.figures.get("leaked_bytes").map_or(0.0, |figure| figure.value)),
        "bytes leaked",
        Some(report.figures.get("leaked_bytes").is_none_or(|figure| figure.value == 0.0)),
    ));
    let tile = |(value, label, good): &(String, &str, Option<bool>)| {
        let class = match good {
            Some(true) => "good",
            Some(false) => "bad",
            None => "",
        };
        format!("<div class=\"tile {class}\"><b>{value}</b><small>{label}</small></div>")
    };
    format!("<div class=\"tiles\">{}</div>", tiles.iter().map(tile).collect::<String>())
}

fn all(part: usize, whole: usize) -> Option<bool> {
    Some(part == whole)
}

fn funnel(report: &Report) -> String {
    let mut html = "<h2>The way in</h2><p>How far everybody came. Times are from the step before, and from the moment for which the arrival was planned.</p>".to_owned();
    for (role, title) in [(Role::Student, "Students"), (Role::Teacher, "Teachers")] {
        let steps = report.funnel.iter().filter(|step| step.role == role);
        if steps.clone().all(|step| step.came == 0) {
            continue;
        }
        let _ = write!(
            html,
            "<div class=\"wide\"><table><tr><th>{title}<th class=\"text\">reached<th>p50<th>p95<th>p99<th>max<th>since arrival, p50<th>p95<th>max</tr>"
        );
        for step in steps {
            let limited = if report.honesty.limits.is_empty() { "" } else { "°" };
            if step.reached == 0 && matches!(step.step, Stage::Queued | Stage::Ticket) && report.fairness.queued == 0 {
                continue;
            }
            if step.reached == 0 {
                let _ = write!(
                    html,
                    "<tr class=\"none\"><td>{}<td class=\"text\" colspan=\"8\">nobody</tr>",
                    words(step.step)
                );
                continue;
            }
            let (before, arrival) = (&step.since_before_ms, &step.since_arrival_ms);
            let share = step.reached as f64 / step.came.max(1) as f64;
            let _ = write!(
                html,
                "<tr><td>{}<td class=\"text\">{}{} of {}<td>{}{limited}<td>{}{limited}<td>{}{limited}<td>{}{limited}<td>{}<td>{}<td>{}</tr>",
                words(step.step),
                bar(share, if role == Role::Student { "fill1" } else { "fill2" }),
                step.reached,
                step.came,
                time(before.p50),
                time(before.p95),
                time(before.p99),
                time(before.max),
                time(arrival.p50),
                time(arrival.p95),
                time(arrival.max),
            );
        }
        html += "</table></div>";
    }
    let mark = attack(report);
    let people = lines(
        "People",
        "at the same time",
        &[
            line(report, "came", "c4", |second| Some(f64::from(second.came))),
            line(report, "in the line", "c3", |second| Some(f64::from(second.queued))),
            line(report, "in a lobby", "c1", |second| Some(f64::from(second.waiting))),
            line(report, "seated", "c2", |second| Some(f64::from(second.seated))),
        ],
        mark,
    );
    let rates = lines(
        "At the door",
        "per second",
        &[
            line(report, "connections tried", "c4", |second| Some(second.dials_per_s)),
            line(report, "welcomed", "c1", |second| Some(second.welcomes_per_s)),
            line(report, "refused for now", "c3", |second| Some(second.refused_per_s)),
        ],
        mark,
    );
    html + "<div class=\"charts\">" + &people + &rates + "</div>"
}

fn fairness(report: &Report) -> String {
    let fairness = &report.fairness;
    let mut html = "<h2>Fairness</h2>".to_owned();
    if fairness.queued == 0 {
        html += "<p>Nobody had to stand in the line.</p>";
    } else {
        let _ = write!(
            html,
            "<p>{} people stood in the line. {} were overtaken by somebody who came in a later second. {} waited longer than the range they were told first; \
             the worst wait was {} times the end of its range.</p>",
            thousands(fairness.queued as f64),
            if fairness.overtaken == 0 { "None".into() } else { thousands(fairness.overtaken as f64) },
            if fairness.beyond_range == 0 { "None".into() } else { thousands(fairness.beyond_range as f64) },
            number(fairness.worst_of_range),
        );
    }
    html += "<div class=\"wide\"><table><tr><th>To the lobby<th>people<th>p50<th>p95<th>p99<th>max</tr>";
    let rows = [
        ("Teachers", &fairness.teachers_ms),
        ("Students", &fairness.students_ms),
        ("From the line to the door", &fairness.line_ms),
    ];
    rows.iter().filter(|(_, spread)| spread.n > 0).for_each(|(name, spread)| html += &spread_row(name, spread));
    html + "</table></div>"
}

fn media(report: &Report) -> String {
    let Some(media) = &report.media else { return String::new() };
    let mut html = "<h2>Sound and pictures</h2>".to_owned();
    let loss = media.lost_per_mille;
    let _ = write!(
        html,
        "<p>{} receivers got {} of {} packets. Lost: {} ‰ of all, {} ‰ for the worst of them. Pictures stood still {} times. {} packets were asked for again.</p>",
        thousands(media.receivers as f64),
        thousands(media.got as f64),
        thousands(media.expected as f64),
        number(loss.all),
        number(loss.max),
        thousands(media.freezes as f64),
        thousands(media.repairs as f64),
    );
    html += "<div class=\"wide\"><table><tr><th>Over receivers<th>streams<th>p50<th>p95<th>p99<th>max</tr>";
    html += &spread_row("Jitter of sound", &media.audio_jitter_ms);
    if media.video_jitter_ms.n > 0 {
        html += &spread_row("Jitter of pictures", &media.video_jitter_ms);
        html += &spread_row("Pictures stood still", &media.frozen_ms);
    }
    let transit = media.transit;
    let _ = write!(
        html,
        "<tr><td>From person to person<td>{}<td>{}<td>{}<td>{}<td>{}</tr></table></div>",
        thousands(transit.n as f64),
        time(transit.p50),
        time(transit.p95),
        time(transit.p99),
        time(transit.max),
    );
    let checked = &media.checked;
    if checked.peers > 0 {
        let _ = write!(
            html,
            "<p>{} full peers on another stack looked at {} packets: ",
            checked.peers,
            thousands(checked.packets as f64)
        );
        if checked.faults.is_empty() {
            html += "everything as it should be.</p>";
        } else {
            html += "</p><ul>";
            html += &items(checked.faults.iter().take(20));
            html += "</ul>";
        }
    }
    let mark = attack(report);
    html += "<div class=\"charts\">";
    html += &lines(
        "Packets received",
        "per second",
        &[line(report, "packets", "c1", |second| Some(second.packets_per_s))],
        mark,
    );
    let transit = [
        line(report, "p99", "c3", |second| second.transit_ms_p99),
        line(report, "p50", "c1", |second| second.transit_ms_p50),
    ];
    html + &lines("From person to person", "ms", &transit, mark)
        + &lines("Lost", "of a thousand", &[line(report, "lost", "c3", |second| Some(second.lost_per_mille))], mark)
        + "</div>"
}

fn intruders(report: &Report) -> String {
    let Some(intruders) = &report.intruders else { return String::new() };
    let mut html = "<h2>Intruders</h2>".to_owned();
    let _ = write!(
        html,
        "<p>{} attempts; <strong>{} got in</strong>, and <strong>{} bytes</strong> of a class reached people who were not seated.",
        thousands(intruders.attempts as f64),
        intruders.seated,
        thousands(intruders.leaked_bytes as f64),
    );
    if let Some(cpu) = intruders.refused_cpu_us {
        let _ = write!(html, " Each cost the server {} µs of CPU.", number(cpu));
    }
    if let (Some(rest), Some(attack)) = (intruders.transit_ms_p99_rest, intruders.transit_ms_p99_attack) {
        let _ = write!(html, " Meanwhile media took {} (p99), where it took {} at rest.", time(attack), time(rest));
    }
    let flood = &intruders.flood;
    if flood.sockets + flood.datagrams > 0 {
        let _ = write!(
            html,
            " Floods: {} sockets, {} datagrams of {} bytes, to which {} bytes were answered.",
            thousands(flood.sockets as f64),
            thousands(flood.datagrams as f64),
            thousands(flood.datagram_bytes as f64),
            thousands(flood.answered_bytes as f64),
        );
    }
    html += "</p><div class=\"wide\"><table><tr><th>Came with<th>attempts<th class=\"text\">and ended</tr>";
    for (kind, fared) in &intruders.kinds {
        let ends: Vec<String> =
            fared.ends.iter().map(|(end, count)| format!("{end}: {}", thousands(*count as f64))).collect();
        let kind = serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(plain)).unwrap_or_default();
        let _ = write!(
            html,
            "<tr><td>{kind}<td>{}<td class=\"text\">{}</tr>",
            thousands(fared.attempts as f64),
            ends.join(" · ")
        );
    }
    html + "</table></div>"
}

fn machine(report: &Report) -> String {
    let mark = attack(report);
    let has_server = report.seconds.iter().any(|second| second.server_cores.is_some());
    let mut html = "<h2>Server and tester</h2>".to_owned();
    if !has_server {
        html += "<p>The server's process was not watched (<code>--pid</code>).</p>";
    }
    let cpu = [
        line(report, "server", "c1", |second| second.server_cores),
        line(report, "tester", "c2", |second| Some(second.own_cores)),
    ];
    let memory = [
        line(report, "server", "c1", |second| second.server_mb),
        line(report, "tester", "c2", |second| Some(second.own_mb)),
    ];
    let shown = |lines: [Line; 2]| {
        lines.into_iter().filter(|line| line.points.iter().any(|(_, value)| value.is_some())).collect::<Vec<_>>()
    };
    html += "<div class=\"charts\">";
    html += &lines("CPU", "cores", &shown(cpu), mark);
    html += &lines("Memory", "MB", &shown(memory), mark);
    let honesty = &report.honesty;
    let _ = write!(
        html,
        "</div><p>The tester used at most {} of {} cores, its media thread was busy {:.0} % of the time, and arrivals were {} late (p99).</p>",
        number(honesty.own_cores_max),
        honesty.machine_cores,
        honesty.fleet_busy * 100.0,
        time(honesty.arrivals_late_ms.p99),
    );
    html
}

fn failures(report: &Report) -> String {
    if report.failures_in_all == 0 {
        return String::new();
    }
    let mut html = format!(
        "<h2>What went wrong</h2><p>{} times in all. Each kind once:</p><ul>",
        thousands(report.failures_in_all as f64)
    );
    html += &items(report.failures.iter());
    html + "</ul>"
}

fn appendix(report: &Report) -> String {
    let mut html = "<h2>All figures</h2><details><summary>Each with the range that chance alone explains</summary><div class=\"wide\"><table><tr><th>Figure<th>value<th>from<th>to<th class=\"text\">better</tr>".to_owned();
    for (name, figure) in &report.figures {
        let better = match figure.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
            Better::Neither => "–",
        };
        let limited = if figure.limited { "°" } else { "" };
        let _ = write!(
            html,
            "<tr><td>{name}<td>{}{limited}<td>{}<td>{}<td class=\"text\">{better}</tr>",
            number(figure.value),
            number(figure.low),
            number(figure.high)
        );
    }
    html += "</table></div></details><details><summary>The scenario</summary><pre>";
    html += &escape(&toml::to_string_pretty(&report.scenario).unwrap_or_default());
    html + "</pre></details>"
}

fn line(report: &Report, name: &'static str, class: &'static str, pick: fn(&Second) -> Option<f64>) -> Line {
    Line { name: name.into(), class, points: report.seconds.iter().map(|second| (second.at_s, pick(second))).collect() }
}

fn attack(report: &Report) -> Option<(f64, f64, &'static str)> {
    let intruders = &report.scenario.intruders;
    let (from, lasts) = (intruders.from_s.get().as_secs_f64(), intruders.for_s.get().as_secs_f64());
    report.intruders.as_ref().map(|_| (from, from + lasts, "intruders"))
}

fn spread_row(name: &str, spread: &Spread) -> String {
    format!(
        "<tr><td>{name}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
        thousands(spread.n as f64),
        time(spread.p50),
        time(spread.p95),
        time(spread.p99),
        time(spread.max)
    )
}

fn words(step: Stage) -> &'static str {
    match step {
        Stage::Connected => "Connected",
        Stage::Queued => "Given a place in the line",
        Stage::Ticket => "Came with their ticket",
        Stage::Waiting => "In the lobby",
        Stage::Admitted => "Seated",
        Stage::FirstAudio => "First sound",
        Stage::FirstVideo => "First picture",
    }
}

/// Milliseconds, as people say them.
fn time(ms: f64) -> String {
    match ms {
        ms if ms >= 60_000.0 => format!("{:.1} min", ms / 60_000.0),
        ms if ms >= 1_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.1} ms"),
    }
}

fn number(number: f64) -> String {
    if number.abs() >= 1_000.0 { thousands(number) } else { format!("{}", (number * 1_000.0).round() / 1_000.0) }
}

/// With narrow spaces between groups of three.
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0.0 { format!("−{text}") } else { text }
}

/// `student_waiting_ms_p95` for people.
fn plain(name: &str) -> String {
    name.replace("_ms_", ", ms, ").replace('_', " ")
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A day and a time in UTC, by the civil calendar (Howard Hinnant's algorithm, days from 1970).
fn day(unix_ms: u64) -> String {
    let (days, second) = ((unix_ms / 86_400_000) as i64, unix_ms / 1_000 % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * from_march + 2) / 5 + 1, if from_march < 10 { from_march + 3 } else { from_march - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", second / 3_600, second / 60 % 60)
}

fn items<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    texts.map(|text| format!("<li>{}</li>", escape(text))).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([time(0.4), time(42.0), time(1_500.0), time(90_000.0)], ["0.4 ms", "42 ms", "1.5 s", "1.5 min"]);
        assert_eq!([thousands(999.0), thousands(1_234_567.0)], ["999", "1\u{202f}234\u{202f}567"]);
        assert_eq!([day(0), day(1_617_688_800_000)], ["1970-01-01 00:00 UTC", "2021-04-06 06:00 UTC"]);
    }

    #[test]
    fn what_a_server_says_is_text() {
        assert_eq!(escape("<script>&\"</script>"), "&lt;script&gt;&amp;&quot;&lt;/script&gt;");
    }
}
