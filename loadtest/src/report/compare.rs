//! Two runs beside each other: what changed, and what chance alone could have made.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Better, Figure, Report};

/// A change smaller than this is none, however sure it is.
const SMALL: f64 = 0.02;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What is not alike of the two runs, so that their figures may differ for other reasons.
    pub unlike: Vec<String>,
    pub figures: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub name: String,
    pub before: Option<Figure>,
    pub after: Option<Figure>,
    pub shift: Shift,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    Worse,
    Better,
    /// It is another, and that is neither good nor bad.
    Other,
    /// One of the runs does not have it.
    Missing,
    /// Less than the unrest inside the runs.
    Noise,
    Same,
}

impl Comparison {
    pub fn of(before: &Report, after: &Report) -> Comparison {
        let mut unlike = Vec::new();
        if before.scenario != after.scenario {
            unlike.push("the scenarios differ".into());
        }
        if before.seed != after.seed {
            unlike.push(format!("the seeds differ: {} and {}", before.seed, after.seed));
        }
        for (report, which) in [(before, "first"), (after, "second")] {
            if !report.is_whole() {
                unlike.push(format!("the {which} run did not go to its end"));
            }
            unlike.extend(report.honesty.limits.iter().map(|limit| format!("in the {which} run {limit}")));
        }
        let names: BTreeSet<&String> = before.figures.keys().chain(after.figures.keys()).collect();
        let mut figures: Vec<Change> = names
            .into_iter()
            .map(|name| {
                let (before, after) = (before.figures.get(name).copied(), after.figures.get(name).copied());
                let shift = before.zip(after).map_or(Shift::Missing, |(before, after)| shift(&before, &after));
                Change { name: name.clone(), before, after, shift }
            })
            .collect();
        figures.sort_by(|one, other| one.shift.cmp(&other.shift).then_with(|| one.name.cmp(&other.name)));
        Comparison { unlike, figures }
    }

    /// Something became worse, beyond noise.
    pub fn is_worse(&self) -> bool {
        self.figures.iter().any(|change| change.shift == Shift::Worse)
    }

    /// A table to read. What did not change is a number at its end.
    pub fn table(&self) -> String {
        let mut text: String = self.unlike.iter().map(|one| format!("! {one}\n")).collect();
        let shown: Vec<&Change> =
            self.figures.iter().filter(|change| !matches!(change.shift, Shift::Same | Shift::Noise)).collect();
        let wide = shown.iter().map(|change| change.name.len()).max().unwrap_or(0).max(6);
        if !shown.is_empty() {
            text += &format!("{:8} {:wide$} {:>12} {:>12} {:>9}\n", "", "figure", "before", "after", "change");
        }
        for change in &shown {
            let number = |figure: Option<Figure>| figure.map_or("–".into(), |figure| short(figure.value));
            let (before, after) = (change.before.map(|one| one.value), change.after.map(|one| one.value));
            let percent = before.zip(after).filter(|(before, _)| *before != 0.0);
            let percent =
                percent.map_or("".into(), |(before, after)| format!("{:+.1} %", 100.0 * (after / before - 1.0)));
            let (before, after) = (number(change.before), number(change.after));
            text += &format!("{:8} {:wide$} {before:>12} {after:>12} {percent:>9}\n", word(change.shift), change.name);
        }
        let of = |shift| self.figures.iter().filter(|change| change.shift == shift).count();
        text + &format!("{} within noise, {} the same\n", of(Shift::Noise), of(Shift::Same))
    }
}

fn shift(before: &Figure, after: &Figure) -> Shift {
    if before.value == after.value {
        return Shift::Same;
    }
    let apart = after.low > before.high || after.high < before.low;
    let large = (after.value - before.value).abs() > SMALL * before.value.abs().max(after.value.abs());
    if !apart || !large {
        return Shift::Noise;
    }
    match (before.better, after.value < before.value) {
        (Better::Neither, _) => Shift::Other,
        (Better::Lower, true) | (Better::Higher, false) => Shift::Better,
        (Better::Lower, false) | (Better::Higher, true) => Shift::Worse,
    }
}

fn word(shift: Shift) -> &'static str {
    match shift {
        Shift::Worse => "worse",
        Shift::Better => "better",
        Shift::Other => "other",
        Shift::Missing => "missing",
        Shift::Noise => "noise",
        Shift::Same => "same",
    }
}

fn short(number: f64) -> String {
    if number.abs() >= 1_000.0 || number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, noise: f64, better: Better) -> Figure {
        Figure { value, low: value - noise, high: value + noise, better, limited: false }
    }

    #[test]
    fn what_chance_can_make_is_noise() {
        let of = |before: (f64, f64), after: (f64, f64), better| {
            shift(&figure(before.0, before.1, better), &figure(after.0, after.1, better))
        };
        assert_eq!(of((100.0, 30.0), (140.0, 20.0), Better::Lower), Shift::Noise);
        assert_eq!(of((100.0, 10.0), (140.0, 20.0), Better::Lower), Shift::Worse);
        assert_eq!(of((100.0, 10.0), (60.0, 20.0), Better::Lower), Shift::Better);
        assert_eq!(of((100.0, 10.0), (60.0, 20.0), Better::Higher), Shift::Worse);
        assert_eq!(of((100.0, 0.0), (101.0, 0.0), Better::Lower), Shift::Noise, "sure, and too small to matter");
        assert_eq!(of((0.0, 0.0), (1.0, 0.0), Better::Lower), Shift::Worse, "a leak is no noise");
        assert_eq!(of((5.0, 0.0), (5.0, 0.0), Better::Lower), Shift::Same);
        assert_eq!(of((5.0, 0.0), (9.0, 0.0), Better::Neither), Shift::Other);
    }

    #[test]
    fn a_table_begins_with_what_is_worse() {
        let change = |name: &str, shift| Change {
            name: name.into(),
            before: Some(figure(10.0, 0.0, Better::Lower)),
            after: Some(figure(15.0, 0.0, Better::Lower)),
            shift,
        };
        let figures = vec![change("a", Shift::Worse), change("b", Shift::Noise)];
        let comparison = Comparison { unlike: vec!["the seeds differ: 1 and 2".into()], figures };
        let table = comparison.table();
        assert!(table.starts_with("! the seeds differ: 1 and 2\n"), "{table}");
        assert!(table.contains("worse    a                10           15   +50.0 %"), "{table}");
        assert!(table.ends_with("1 within noise, 0 the same\n"), "{table}");
        assert!(comparison.is_worse());
    }
}
