//! One line of a table: which character separates its cells, and what is in them.

/// Separators in the order in which they are believed: a tab is never part of a name, a comma may be.
const SEPARATORS: [char; 3] = ['\t', ';', ','];
/// Lines looked at before deciding.
const LOOKED_AT_MAX: usize = 50;

/// The first separator that stands in at least half of the lines; `;` when there is one column only.
pub fn separator<'a>(lines: impl Iterator<Item = &'a str>) -> char {
    let lines: Vec<&str> = lines.take(LOOKED_AT_MAX).collect();
    let often = |separator: &char| {
        let with = lines.iter().filter(|line| line.contains(*separator)).count();
        with > 0 && with * 2 >= lines.len()
    };
    SEPARATORS.into_iter().find(often).unwrap_or(';')
}

/// The cells of a line (RFC 4180 §2, within one line), trimmed; `None` when its quotes do not close.
pub fn cells(line: &str, separator: char) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted, separator)?,
            None => match rest.split_once(separator) {
                Some((cell, after)) => (cell.trim().to_owned(), Some(after)),
                None => (rest.trim().to_owned(), None),
            },
        };
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return Some(cells),
        }
    }
}

/// A cell whose opening quote has been read, and what stands behind its separator.
fn quoted_cell(text: &str, separator: char) -> Option<(String, Option<&str>)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (inside, after) = rest.split_once('"')?;
        cell.push_str(inside);
        if let Some(more) = after.strip_prefix('"') {
            cell.push('"');
            rest = more;
            continue;
        }
        let after = after.trim_start_matches(' ');
        return match after.strip_prefix(separator) {
            Some(next) => Some((cell.trim().to_owned(), Some(next))),
            None => after.is_empty().then(|| (cell.trim().to_owned(), None)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_separators_and_quotes() {
        let cells = |line| cells(line, ';');
        assert_eq!(cells(r#""Durand; dit ""Nono""";5e B"#), Some(vec![r#"Durand; dit "Nono""#.into(), "5e B".into()]));
        assert_eq!(cells("Ada;;"), Some(vec!["Ada".into(), String::new(), String::new()]));
        assert_eq!(cells(r#""Ada;5e B"#), None);
        assert_eq!(cells(r#""Ada" x;5e B"#), None);
        assert_eq!(cells(r#"Léa "Lou" Roy"#), Some(vec![r#"Léa "Lou" Roy"#.into()]));
    }
}
