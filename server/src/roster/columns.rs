//! Which column of a roster is what: from its heading, else from what stands in it.

use preau_protocol::RosterFault;

/// Without a heading, more columns than this cannot be told apart.
const GUESSED_COLUMNS_MAX: usize = 3;
/// A school's export has some dozen columns; more is no roster.
const COLUMNS_MAX: usize = 64;
/// Lines looked at before guessing.
const LOOKED_AT_MAX: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    FullName,
    LastName,
    FirstName,
    Group,
    Role,
    /// An e-mail address, say: not wanted, not kept.
    Other,
}

pub struct Columns(Vec<Column>);

/// The cells of one line that matter, as they were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub group: String,
    pub role: String,
}

impl Columns {
    /// The columns that this line names, if it is a heading: at least one cell of it must be a name's.
    pub fn of_heading(cells: &[String]) -> Option<Columns> {
        let mut columns: Vec<Column> = cells.iter().map(|cell| heading(cell)).collect();
        // "Nom" alone is the whole name; beside "Prénom" it is the last one.
        if !columns.contains(&Column::FirstName) {
            columns
                .iter_mut()
                .filter(|column| **column == Column::LastName)
                .for_each(|column| *column = Column::FullName);
        }
        let names = [Column::FullName, Column::LastName, Column::FirstName];
        columns.iter().any(|column| names.contains(column)).then_some(Columns(columns))
    }

    /// The columns of a list without heading: a name; or a name and a group; or last and first name, and a group.
    pub fn guess<'a>(lines: impl Iterator<Item = &'a str>, separator: char) -> Columns {
        let rows: Vec<Vec<String>> =
            lines.take(LOOKED_AT_MAX).filter_map(|line| super::line::cells(line, separator)).collect();
        let is_group = |index: usize| {
            let cells: Vec<&String> =
                rows.iter().filter_map(|row| row.get(index)).filter(|cell| !cell.is_empty()).collect();
            cells.iter().filter(|cell| cell.chars().any(|c| c.is_ascii_digit())).count() * 2 > cells.len()
        };
        let widest = rows.iter().map(Vec::len).max().unwrap_or(1);
        Columns(match widest {
            0 | 1 => vec![Column::FullName],
            2 if is_group(1) => vec![Column::FullName, Column::Group],
            2 => vec![Column::LastName, Column::FirstName],
            _ => vec![Column::LastName, Column::FirstName, Column::Group],
        })
    }

    /// The cells that matter of one line.
    pub fn pick(&self, cells: &[String]) -> Result<Row, RosterFault> {
        let used = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        let allowed = self.0.len().clamp(GUESSED_COLUMNS_MAX, COLUMNS_MAX);
        if used > allowed {
            return Err(RosterFault::TooManyColumns);
        }
        let of = |wanted: Column| {
            let cell = self.0.iter().zip(cells).find(|(column, _)| **column == wanted);
            cell.map(|(_, cell)| cell.clone()).unwrap_or_default()
        };
        let full = of(Column::FullName);
        let name = if full.is_empty() { format!("{} {}", of(Column::FirstName), of(Column::LastName)) } else { full };
        Ok(Row { name: name.trim().to_owned(), group: of(Column::Group), role: of(Column::Role) })
    }
}

fn heading(cell: &str) -> Column {
    match cell.trim().trim_end_matches(':').trim().to_lowercase().as_str() {
        "name" | "full name" | "nom complet" | "nom et prénom" | "nom prénom" | "nom et prenom" | "prénom nom"
        | "prénom et nom" | "élève" | "élèves" | "eleve" | "student" | "pupil" => Column::FullName,
        "nom" | "nom de famille" | "nom d'usage" | "last name" | "lastname" | "surname" | "family name" => {
            Column::LastName
        }
        "prénom" | "prenom" | "prénom usuel" | "first name" | "firstname" | "given name" | "forename" => {
            Column::FirstName
        }
        "groupe" | "classe" | "division" | "group" | "class" => Column::Group,
        "rôle" | "role" | "fonction" | "profil" => Column::Role,
        _ => Column::Other,
    }
}
