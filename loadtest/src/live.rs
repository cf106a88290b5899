//! What a run shows while it goes on: one block that is written over on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::gauge::Second;
use crate::ledger::Ledger;
use crate::scenario::Scenario;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR: usize = 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Quiet,
    Lines,
    Block,
}

pub struct Live {
    manner: Manner,
    lines_before: usize,
    told: Option<Instant>,
}

impl Live {
    /// `quiet`: nothing at all, as with `--json`.
    pub fn new(quiet: bool) -> Live {
        let manner = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Manner::Quiet,
            (false, true) => Manner::Block,
            (false, false) => Manner::Lines,
        };
        Live { manner, lines_before: 0, told: None }
    }

    /// A sentence that stays.
    pub fn say(&mut self, text: &str) {
        if self.manner != Manner::Quiet {
            eprintln!("{text}");
            self.lines_before = 0;
        }
    }

    pub fn show(&mut self, second: &Second, ledger: &Ledger, scenario: &Scenario) {
        match self.manner {
            Manner::Quiet => {}
            Manner::Lines => {
                if self.told.is_none_or(|told| told.elapsed() >= LINE_EVERY) {
                    self.told = Some(Instant::now());
                    eprintln!("{}", line(second, ledger));
                }
            }
            Manner::Block => {
                let text = block(second, ledger, scenario);
                let mut terminal = std::io::stderr().lock();
                // Up over what was written before, and over each of its lines. A terminal that is gone needs nothing.
                let up = if self.lines_before > 0 { format!("\x1b[{}A", self.lines_before) } else { String::new() };
                let _ =
                    write!(terminal, "{up}{}", text.lines().map(|one| format!("\x1b[2K{one}\n")).collect::<String>());
                self.lines_before = text.lines().count();
            }
        }
    }
}

fn line(second: &Second, ledger: &Ledger) -> String {
    let mut text = format!(
        "{:>5.0} s · came {}/{} · queued {} · waiting {} · seated {}",
        second.at_s,
        second.came,
        ledger.agenda.people.len(),
        second.queued,
        second.waiting,
        second.seated,
    );
    if second.packets_per_s > 0.0 {
        text += &format!(" · {:.0} packets/s", second.packets_per_s);
    }
    text += &format!(" · failures {} · server {} · own {:.2} cores", second.failures, server(second), second.own_cores);
    text
}

fn block(second: &Second, ledger: &Ledger, scenario: &Scenario) -> String {
    let lasts = scenario.lasts().as_secs_f64().max(1.0);
    let done = ((second.at_s / lasts).clamp(0.0, 1.0) * BAR as f64) as usize;
    let bar = format!("{}{}", "█".repeat(done), "░".repeat(BAR - done));
    let counts = ledger.counts;
    let attempts: u64 = ledger.fared.values().map(|fared| fared.attempts).sum();
    let transit = second.transit_ms_p99.map_or("–".into(), |ms| format!("{ms:.1} ms"));
    format!(
        "{bar} {:.0} of {lasts:.0} s   {}\n\
         arrivals   {} of {} came, {} connected, {} dials/s\n\
         funnel     {} queued → {} waiting → {} seated\n\
         media      {} peers, {:.0} packets/s, {:.1} ‰ lost, transit p99 {transit}\n\
         trouble    {} times 503, {} unanswered, {} lost, {} failures, {attempts} intruders\n\
         load       server {}, own {:.2} cores and {:.0} MB",
        second.at_s,
        scenario.name,
        second.came,
        ledger.agenda.people.len(),
        counts.connected,
        second.dials_per_s,
        second.queued,
        second.waiting,
        second.seated,
        second.connected,
        second.packets_per_s,
        second.lost_per_mille,
        counts.intended_503,
        counts.unanswered,
        counts.lost,
        counts.failures,
        server(second),
        second.own_cores,
        second.own_mb,
    )
}

fn server(second: &Second) -> String {
    match (second.server_cores, second.server_mb) {
        (Some(cores), Some(mb)) => format!("{cores:.2} cores and {mb:.0} MB"),
        _ => "not watched".into(),
    }
}
