//! What a run is held against: bounds on its figures, from a TOML file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Report;
use super::figures::is_name;

/// Bounds by the names of figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    #[serde(default)]
    pub at_most: BTreeMap<Name, f64>,
    #[serde(default)]
    pub at_least: BTreeMap<Name, f64>,
}

/// A name that a figure can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    #[error("no figure is called {0}")]
    NoFigure(String),
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
    #[error("{file}:{line}: {what}")]
    Wrong { file: String, line: usize, what: String },
}

impl TryFrom<String> for Name {
    type Error = BudgetError;
    fn try_from(name: String) -> Result<Name, BudgetError> {
        if is_name(&name) { Ok(Name(name)) } else { Err(BudgetError::NoFigure(name)) }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

/// Every bound, and whether it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub passed: bool,
    pub bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub name: String,
    /// Nothing: the run has no such figure, which keeps no bound.
    pub value: Option<f64>,
    pub at_most: Option<f64>,
    pub at_least: Option<f64>,
    pub kept: bool,
    /// The tester was the limit: the server is not known to be so bad.
    pub limited: bool,
}

impl Budget {
    pub fn load(file: &str) -> Result<Budget, BudgetError> {
        let text = std::fs::read_to_string(file).map_err(|error| BudgetError::Unreadable(file.into(), error))?;
        Budget::parse(file, &text)
    }

    pub fn parse(file: &str, text: &str) -> Result<Budget, BudgetError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = 1 + error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            BudgetError::Wrong { file: file.into(), line, what: error.message().replace('\n', ", ") }
        })
    }

    /// Holds a run against this.
    pub fn judge(&self, report: &Report) -> Verdict {
        let bound = |name: &Name, at_most: Option<f64>, at_least: Option<f64>| {
            let figure = report.figures.get(&name.0);
            let value = figure.map(|figure| figure.value);
            let kept = value.is_some_and(|value| {
                at_most.is_none_or(|most| value <= most) && at_least.is_none_or(|least| value >= least)
            });
            let limited = figure.is_some_and(|figure| figure.limited);
            Bound { name: name.0.clone(), value, at_most, at_least, kept, limited }
        };
        let most = self.at_most.iter().map(|(name, most)| bound(name, Some(*most), None));
        let least = self.at_least.iter().map(|(name, least)| bound(name, None, Some(*least)));
        let bounds: Vec<Bound> = most.chain(least).collect();
        Verdict { passed: report.is_whole() && bounds.iter().all(|bound| bound.kept), bounds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_names_figures_that_exist() {
        let good = "[at_most]\nleaked_bytes = 0\nstudent_waiting_ms_p95 = 250\n[at_least]\nreceived_share = 0.999\n";
        assert_eq!(Budget::parse("b.toml", good).expect("good").at_most.len(), 2);
        let wrong = |text: &str| Budget::parse("b.toml", text).expect_err("wrong").to_string();
        assert!(wrong("[at_most]\nleaked = 0\n").starts_with("b.toml:2: no figure is called leaked"));
        assert!(wrong("[at_mots]\n").starts_with("b.toml:1: unknown field `at_mots`"));
        assert!(wrong("[at_most]\nleaked_bytes = \"none\"\n").starts_with("b.toml:2: "));
    }

    #[test]
    fn the_budgets_that_come_along_are_ones() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets");
        let files: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().collect();
        assert!(!files.is_empty());
        for file in files {
            let path = file.path();
            Budget::load(path.to_str().expect("a path in UTF-8")).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
