//! A roster as teachers have it, pasted or as a file, understood line by line; nothing of it is lost.

mod columns;
mod decode;
mod line;

use std::collections::BTreeSet;

use preau_classroom::looks;
use preau_protocol::{DisplayName, Role, RosterBadLine, RosterDoubt, RosterFault, RosterLine, RosterPreview, limits};

use columns::Columns;

/// What is shown of a line that could not be used, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// Reads a roster. `known` are the names that the class's roster has already; `bytes` at most
/// [`limits::ROSTER_BYTES_MAX`], which the HTTP layer sees to.
pub fn preview(bytes: &[u8], known: &[DisplayName]) -> RosterPreview {
    let (text, charset) = decode::decode(bytes);
    let lines: Vec<(u32, &str)> = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    let separator = line::separator(lines.iter().map(|(_, line)| *line));
    let heading = lines.first().and_then(|(_, line)| Columns::of_heading(&line::cells(line, separator)?));
    let body = if heading.is_some() { &lines[1..] } else { &lines[..] };
    let columns = heading.unwrap_or_else(|| Columns::guess(body.iter().map(|(_, line)| *line), separator));

    let mut names = Names::of(known);
    let mut preview = RosterPreview { people: Vec::new(), bad: Vec::new(), charset: charset.into() };
    for (number, line) in body {
        let person = match preview.people.len() + known.len() {
            limits::ROSTER_MAX.. => Err(RosterFault::TooMany),
            _ => read(line, separator, &columns),
        };
        match person {
            Ok(person) => {
                let doubt = person.doubt.or_else(|| names.doubt(&person.name));
                names.insert(&person.name);
                preview.people.push(RosterLine { line: *number, doubt, ..person });
            }
            Err(why) => {
                let text = line.chars().take(SHOWN_CHARS_MAX).collect();
                preview.bad.push(RosterBadLine { line: *number, text, why });
            }
        }
    }
    preview
}

/// One line, without its number.
fn read(line: &str, separator: char, columns: &Columns) -> Result<RosterLine, RosterFault> {
    let cells = line::cells(line, separator).ok_or(RosterFault::BadQuotes)?;
    let row = columns.pick(&cells)?;
    let name = DisplayName::parse(&row.name).map_err(|error| match error {
        preau_protocol::NameError::Empty => RosterFault::NoName,
        preau_protocol::NameError::TooLong => RosterFault::NameTooLong,
    })?;
    let role = role(&row.role).ok_or(RosterFault::UnknownRole)?;
    let group = DisplayName::parse(&row.group).ok().map(String::from);
    if group.as_ref().is_some_and(|group| group.chars().count() > limits::GROUP_CHARS_MAX) || row.group.len() > 1_024 {
        return Err(RosterFault::GroupTooLong);
    }
    let doubt = DisplayName::hides_something(&row.name).then_some(RosterDoubt::Cleaned);
    Ok(RosterLine { line: 0, name, role, group, doubt })
}

fn role(word: &str) -> Option<Role> {
    match word.trim().to_lowercase().as_str() {
        "" | "élève" | "eleve" | "étudiant" | "étudiante" | "etudiant" | "etudiante" | "student" | "pupil" => {
            Some(Role::Student)
        }
        "enseignant" | "enseignante" | "professeur" | "professeure" | "prof" | "prof." | "teacher" | "co-teacher" => {
            Some(Role::Teacher)
        }
        _ => None,
    }
}

/// The names so far, as they are written and as they look.
#[derive(Default)]
struct Names {
    written: BTreeSet<String>,
    looks: BTreeSet<String>,
}

impl Names {
    fn of<'a>(names: impl IntoIterator<Item = &'a DisplayName>) -> Names {
        let mut known = Names::default();
        names.into_iter().for_each(|name| known.insert(name));
        known
    }

    fn insert(&mut self, name: &DisplayName) {
        self.written.insert(name.as_str().to_lowercase());
        self.looks.extend(looks(name));
    }

    fn doubt(&self, name: &DisplayName) -> Option<RosterDoubt> {
        if self.written.contains(&name.as_str().to_lowercase()) {
            return Some(RosterDoubt::Twice);
        }
        if looks(name).iter().any(|look| self.looks.contains(look)) {
            return Some(RosterDoubt::LooksAlike);
        }
        (!name.as_str().contains(' ')).then_some(RosterDoubt::OneWord)
    }
}

#[cfg(test)]
mod tests;
