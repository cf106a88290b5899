//! The report in a dozen lines, for whoever stands before the terminal.

use preau_protocol::Role;

use super::{Ended, Report};

impl Report {
    pub fn summary(&self) -> String {
        let mut text = match self.ended {
            Ended::Completed => String::new(),
            Ended::Stopped => "Stopped by hand; this is what happened until then.\n".into(),
            Ended::ServerGone { at_s } => format!("The server answered nobody after {at_s:.0} s.\n"),
        };
        for step in self.funnel.iter().filter(|step| step.reached > 0) {
            let role = if step.role == Role::Teacher { "teachers" } else { "students" };
            let times = &step.since_before_ms;
            text += &format!(
                "{role} {:11} {:>6} of {:<6} p50 {:>8.1} ms  p95 {:>8.1} ms  max {:>8.1} ms\n",
                step.step.word(),
                step.reached,
                step.came,
                times.p50,
                times.p95,
                times.max
            );
        }
        if let Some(media) = &self.media {
            text += &format!(
                "media: {} of {} packets, transit p50 {:.1} ms and p99 {:.1} ms, {} freezes, {} checked peers with {} faults\n",
                media.got,
                media.expected,
                media.transit.p50,
                media.transit.p99,
                media.freezes,
                media.checked.peers,
                media.checked.faults.len()
            );
        }
        if let Some(intruders) = &self.intruders {
            let (seated, attempts, leaked) = (intruders.seated, intruders.attempts, intruders.leaked_bytes);
            text += &format!("intruders: {seated} of {attempts} got in, {leaked} bytes leaked\n");
        }
        text +=
            &self.honesty.limits.iter().map(|limit| format!("the tester was the limit: {limit}\n")).collect::<String>();
        text += &self.failures.iter().take(10).map(|failure| format!("went wrong: {failure}\n")).collect::<String>();
        if let Some(verdict) = &self.verdict {
            for bound in verdict.bounds.iter().filter(|bound| !bound.kept) {
                let value = bound.value.map_or("not measured".into(), |value| value.to_string());
                let limit = bound.at_most.map(|most| format!("at most {most}"));
                let limit = limit.or(bound.at_least.map(|least| format!("at least {least}"))).unwrap_or_default();
                text += &format!("missed: {} is {value}, and should be {limit}\n", bound.name);
            }
            text += if verdict.passed { "within budget\n" } else { "budget missed\n" };
        }
        text
    }
}
