//! What a rehearsal plays: one model for every scenario, read from TOML to the letter.

mod numbers;
mod ready;

use std::path::Path;

use preau_protocol::Policy;
use serde::{Deserialize, Serialize};

pub use numbers::{Count, Curve, PerHour, PerMille, Seconds, Share, WrongNumber};
pub use ready::{READY, Ready};

/// A whole scenario. Times count from the beginning of the run unless they say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One word: it names the run in reports.
    pub name: String,
    /// What it rehearses, in a sentence.
    pub about: String,
    pub classes: Classes,
    pub arrivals: Arrivals,
    pub lesson: Lesson,
    #[serde(default)]
    pub devices: Devices,
    #[serde(default)]
    pub acts: Acts,
    #[serde(default)]
    pub media: Media,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub intruders: Intruders,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    pub count: Count<10_000>,
    /// On the roster of each.
    pub students: Count<2_000>,
    /// The door: with `ask` the teacher lets in who waits, with `roster` whoever is expected walks in.
    #[serde(default)]
    pub policy: Policy,
    /// How often a teacher looks at the door, and lets in with one click who is expected.
    #[serde(default = "two_seconds")]
    pub admit_every_s: Seconds,
    /// Addresses people come from, on a server of this machine: one of 127.20.x.1 for each.
    #[serde(default = "one")]
    pub networks: Count<250>,
    /// Whether teachers come at all: without, everybody waits.
    #[serde(default = "yes")]
    pub teachers: bool,
}

/// Arrivals are drawn beforehand, and happen at their time whatever the server does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// When the lesson begins.
    pub bell_s: Seconds,
    /// Teachers come evenly within so many seconds before the bell.
    #[serde(default = "ten_seconds")]
    pub teachers_before_s: Seconds,
    /// Students: `[seconds from the bell, share of them who are there by then]`, in order.
    pub lateness: Curve,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// From the bell to the end of the run.
    pub lasts_s: Seconds,
}

/// Who turns what on, once seated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Devices {
    pub teacher_microphone: bool,
    pub teacher_camera: bool,
    /// Of the classes, those whose teacher shares a screen.
    pub teacher_screens: Share,
    pub student_microphones: Share,
    pub student_cameras: Share,
    /// In each class so many of the students with a microphone speak all the time; the others are silent under DTX.
    pub students_speaking: Count<3>,
}

/// What each student does, on average, while the lesson lasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Acts {
    pub chats_per_h: PerHour,
    pub hands_per_h: PerHour,
    pub reloads_per_h: PerHour,
    /// How long students stay once they are seated; 0: to the end.
    pub stays_s: Seconds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nobody makes an offer: the door alone is rehearsed.
    #[default]
    None,
    Audio,
    Video,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    pub kind: Kind,
    /// So many students, the first of each class in turn, are full peers on a stack of its own, which check everything.
    pub full_sample: Count<200>,
    /// Cameras that each student looks at: the teacher's first.
    pub looks: Count<24>,
    /// Cameras in three sizes, as browsers send them; else in one.
    pub simulcast: bool,
    /// Receiver reports and transport-wide feedback, as browsers give them.
    pub feedback: bool,
}

/// What is wrong with everybody's way to the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Of a thousand packets that arrive so many are lost, and asked for again.
    pub loss_per_mille: PerMille,
    /// How often each student's connection breaks; it comes back as a page does.
    pub cuts_per_h: PerHour,
}

/// Those who try to get in, evenly from `from_s` on, for `for_s`. Counts are attempts in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intruders {
    pub from_s: Seconds,
    pub for_s: Seconds,
    /// Say hello as nobody.
    pub no_token: Count<1_000_000>,
    /// Have a token from yesterday; needs the portal's key.
    pub expired: Count<1_000_000>,
    /// Have a token that somebody else signed.
    pub forged: Count<1_000_000>,
    /// Are verified, for another class; needs the portal's key, or an invitation to a class of their own.
    pub other_class: Count<1_000_000>,
    /// Present a ticket that is not theirs.
    pub replayed_ticket: Count<1_000_000>,
    /// Are somebody who is here already, on another device.
    pub cloned_identity: Count<1_000_000>,
    /// Open a socket and say nothing.
    pub silent: Count<1_000_000>,
    /// Sockets opened and dropped.
    pub websocket_flood_per_s: Count<100_000>,
    /// Datagrams of nobody's, to where media goes.
    pub udp_flood_per_s: Count<1_000_000>,
}

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    #[error("{0}: {1}")]
    Unreadable(String, String),
    #[error("no scenario is called {0:?}; there are {1}, or give a TOML file")]
    Unknown(String, String),
    #[error("{file}:{line}: {what}")]
    Wrong { file: String, line: usize, what: String },
    #[error("--set {0}: {1}")]
    Set(String, String),
}

impl Scenario {
    /// A ready scenario by its name, or a file; then `changes`, each as `classes.students=28`, laid over it.
    pub fn load(name_or_file: &str, changes: &[String]) -> Result<Scenario, ScenarioError> {
        let ready = READY.iter().find(|ready| ready.name == name_or_file);
        let looks_like_a_file = name_or_file.contains(['.', '/', '\\']);
        let (file, text) = match ready {
            Some(ready) => (format!("{}.toml", ready.name), ready.text.to_owned()),
            None if looks_like_a_file => {
                let text = std::fs::read_to_string(Path::new(name_or_file));
                let unreadable =
                    |error: std::io::Error| ScenarioError::Unreadable(name_or_file.into(), error.to_string());
                (name_or_file.to_owned(), text.map_err(unreadable)?)
            }
            None => {
                let names: Vec<&str> = READY.iter().map(|ready| ready.name).collect();
                return Err(ScenarioError::Unknown(name_or_file.into(), names.join(", ")));
            }
        };
        let scenario = Scenario::parse(&file, &text)?;
        if changes.is_empty() { Ok(scenario) } else { scenario.changed(&text, changes) }
    }

    /// Reads a file's text. Every fault names its line.
    pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = 1 + error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            ScenarioError::Wrong { file: file.into(), line, what: error.message().replace('\n', ", ") }
        })
    }

    fn changed(&self, text: &str, changes: &[String]) -> Result<Scenario, ScenarioError> {
        let mut table: toml::Table = text.parse().unwrap_or_default();
        let mut changed = self.clone();
        for change in changes {
            let wrong = |what: &str| ScenarioError::Set(change.clone(), what.into());
            let (path, value) = change.split_once('=').ok_or_else(|| wrong("expected KEY=VALUE"))?;
            let value: toml::Table =
                format!("value = {value}").parse().map_err(|_| wrong("the value is not one of TOML's"))?;
            set(&mut table, path, value["value"].clone()).ok_or_else(|| wrong("there is no such key"))?;
            changed = table.clone().try_into().map_err(|error: toml::de::Error| wrong(error.message()))?;
        }
        Ok(changed)
    }

    /// Students and teachers in all.
    pub fn people(&self) -> usize {
        self.classes.count.get() * (self.classes.students.get() + usize::from(self.classes.teachers))
    }

    /// From the beginning to the end of the run.
    pub fn lasts(&self) -> std::time::Duration {
        self.arrivals.bell_s.get() + self.lesson.lasts_s.get()
    }
}

impl Intruders {
    /// Attempts in all, floods not counted.
    pub fn attempts(&self) -> usize {
        let kinds = [
            self.no_token,
            self.expired,
            self.forged,
            self.other_class,
            self.replayed_ticket,
            self.cloned_identity,
            self.silent,
        ];
        kinds.iter().map(|count| count.get()).sum()
    }
}

impl Default for Devices {
    fn default() -> Self {
        Devices {
            teacher_microphone: true,
            teacher_camera: true,
            teacher_screens: Share::default(),
            student_microphones: Share::default(),
            student_cameras: Share::default(),
            students_speaking: Count::default(),
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Media { kind: Kind::None, full_sample: Count::default(), looks: one(), simulcast: true, feedback: true }
    }
}

/// Sets `classes.students` and the like. Nothing if a section on the way is none.
fn set(table: &mut toml::Table, path: &str, value: toml::Value) -> Option<()> {
    match path.split_once('.') {
        None => drop(table.insert(path.into(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            set(inner.as_table_mut()?, rest, value)?;
        }
    }
    Some(())
}

fn one<const MAX: u32>() -> Count<MAX> {
    Count::of(1)
}

fn yes() -> bool {
    true
}

fn two_seconds() -> Seconds {
    Seconds::of(2.0)
}

fn ten_seconds() -> Seconds {
    Seconds::of(10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "name = \"small\"\nabout = \"A small one.\"\n[classes]\ncount = 2\nstudents = 3\n\
                         [arrivals]\nbell_s = 5\nlateness = [[-5, 0.0], [0, 1.0]]\n[lesson]\nlasts_s = 10\n";

    fn fault(text: &str) -> String {
        Scenario::parse("x.toml", text).expect_err("a fault").to_string()
    }

    #[test]
    fn every_ready_scenario_is_one() {
        for ready in READY {
            let scenario = Scenario::load(ready.name, &[]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.name, ready.name);
        }
    }

    #[test]
    fn a_fault_names_its_line() {
        assert!(Scenario::parse("x.toml", SMALL).is_ok());
        let cases = [
            ("students = 3", "students = 3\npupils = 4", "x.toml:6: unknown field `pupils`"),
            ("students = 3", "students = \"three\"", "x.toml:5: invalid type: string"),
            ("students = 3", "students = 3000", "x.toml:5: 3000 is more than 2000"),
            ("lasts_s = 10", "lasts_s = -1", "x.toml:10: -1 is no time"),
            ("[0, 1.0]", "[0, 0.5]", "x.toml:8: the last share must be 1"),
            ("[lesson]\nlasts_s = 10\n", "", "missing field `lesson`"),
            ("[lesson]", "[lesson", "x.toml:9: "),
        ];
        for (from, to, expected) in cases {
            let found = fault(&SMALL.replace(from, to));
            assert!(found.contains(expected), "{found} should have {expected}");
        }
        assert!(
            fault(&format!("{SMALL}[media]\nkind = \"smell\"\n")).starts_with("x.toml:12: unknown variant `smell`")
        );
    }

    #[test]
    fn a_scenario_can_be_changed_from_outside() {
        let change = |changes: &[&str]| {
            let changes: Vec<String> = changes.iter().map(|text| (*text).into()).collect();
            Scenario::parse("x.toml", SMALL).and_then(|scenario| scenario.changed(SMALL, &changes))
        };
        let changed = change(&["classes.students=28", "media.kind=\"audio\""]).expect("good changes");
        assert_eq!((changed.classes.students.get(), changed.media.kind), (28, Kind::Audio));
        let error = change(&["classes.pupils=28"]).expect_err("no such key").to_string();
        assert!(error.starts_with("--set classes.pupils=28: unknown field `pupils`"), "{error}");
        assert!(change(&["classes.students"]).is_err());
        assert!(change(&["name.x=1"]).is_err());
    }

    #[test]
    fn an_unknown_name_tells_the_known_ones() {
        let error = Scenario::load("mornin", &[]).expect_err("unknown").to_string();
        assert!(error.contains("morning"), "{error}");
        assert!(matches!(Scenario::load("no/such.toml", &[]), Err(ScenarioError::Unreadable(..))));
    }
}
