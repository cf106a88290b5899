//! What was tried and what came of it, as one table, and its figures.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::ground::Ground;

/// One row of DOOR's table, or one of ours.
pub struct Attack {
    pub name: &'static str,
    pub expected: &'static str,
    /// Waits for many seconds and does little meanwhile: goes on beside the others.
    pub is_patient: bool,
    pub act: for<'a> fn(&'a Ground, &'a mut Tries) -> LocalBoxFuture<'a, ()>,
}

/// What came of one attack, try by try.
#[derive(Default)]
pub struct Tries {
    pub count: usize,
    seen: BTreeMap<String, usize>,
    pub wrong: Vec<String>,
    /// How long the class's packets were kept meanwhile, if a class ran.
    pub p99: Option<Duration>,
}

impl Tries {
    /// One variant was tried, and this was seen; `is_right`: it is what the rule says.
    pub fn saw(&mut self, what: impl Display, seen: impl Display, is_right: bool) {
        self.count += 1;
        *self.seen.entry(seen.to_string()).or_default() += 1;
        if !is_right {
            self.wrong.push(format!("{what}: {seen}"));
        }
    }

    /// One variant, of which only whether the rule held can be told.
    pub fn held(&mut self, what: impl Display, is_right: bool) {
        self.saw(what, if is_right { "held" } else { "broken" }, is_right);
    }

    pub fn as_expected(&self) -> usize {
        self.count - self.wrong.len()
    }

    /// The three commonest, with how often they were seen.
    fn summary(&self) -> String {
        let mut seen: Vec<_> = self.seen.iter().collect();
        seen.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let words: Vec<String> = seen.iter().take(3).map(|(word, count)| format!("{word} ×{count}")).collect();
        let more = if seen.len() > 3 { " …" } else { "" };
        format!("{}{more}", words.join(", "))
    }
}

/// Alone and in class; an attack that was not tried in one of them has none there.
pub fn print(rows: &[(&Attack, Option<Tries>, Option<Tries>)]) {
    let cut = |text: &str, width: usize| {
        let kept: String = text.chars().take(width).collect();
        format!("{kept}{}", " ".repeat(width - kept.chars().count()))
    };
    println!(
        "\n  {} {} {} {} tries  p99",
        cut("attack", 44),
        cut("expected", 30),
        cut("seen alone", 34),
        cut("seen in class", 34)
    );
    for (attack, alone, in_class) in rows {
        let both = [alone.as_ref(), in_class.as_ref()];
        let is_right = both.iter().flatten().all(|tries| tries.wrong.is_empty() && tries.count > 0);
        let [seen_alone, seen_in_class] = both.map(|tries| tries.map_or("–".to_owned(), Tries::summary));
        let tries: usize = both.iter().flatten().map(|tries| tries.count).sum();
        let p99 = in_class.as_ref().and_then(|tries| tries.p99);
        println!(
            "{} {} {} {} {} {tries:>5}  {}",
            if is_right { " " } else { "✗" },
            cut(attack.name, 44),
            cut(attack.expected, 30),
            cut(&seen_alone, 34),
            cut(&seen_in_class, 34),
            p99.map_or("–".to_owned(), |p99| format!("{} µs", p99.as_micros())),
        );
    }
    for (attack, alone, in_class) in rows {
        for (tries, place) in [(alone, "alone"), (in_class, "in class")] {
            for wrong in tries.iter().flat_map(|tries| tries.wrong.iter().take(8)) {
                println!("✗ {} ({place}): {wrong}", attack.name);
            }
        }
    }
}
