//! The name that somebody may have meant.

/// `; did you mean "listen"?` when one of the known names is near.
pub(super) fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    /// Further away than this it is another word.
    const EDITS_MAX: usize = 3;
    let nearest = known.map(|other| (edits(name, other), other)).min();
    match nearest {
        Some((distance, other)) if distance <= EDITS_MAX.min(other.len() / 2) => format!("; did you mean {other:?}?"),
        Some(_) | None => String::new(),
    }
}

/// Levenshtein distance, in bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
