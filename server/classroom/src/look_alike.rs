//! Names that look the same to a human eye (Unicode Technical Standard 39, §4: skeletons).

use std::collections::BTreeMap;

use preau_protocol::{DisplayName, PersonId};
use unicode_security::confusable_detection::skeleton;

/// Names by what they look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct LookAlikes(BTreeMap<String, BTreeMap<PersonId, DisplayName>>);

/// What one name looks like.
pub(crate) type Looks = [String; 2];

impl LookAlikes {
    pub fn insert(&mut self, person: PersonId, name: &DisplayName) {
        self.insert_as(person, name, looks(name));
    }

    /// The same, of whom it is known what their name looks like.
    pub fn insert_as(&mut self, person: PersonId, name: &DisplayName, looks: Looks) {
        for look in looks {
            self.0.entry(look).or_default().insert(person, name.clone());
        }
    }

    pub fn remove(&mut self, person: PersonId, name: &DisplayName) {
        for look in looks(name) {
            if let Some(people) = self.0.get_mut(&look) {
                people.remove(&person);
                if people.is_empty() {
                    self.0.remove(&look);
                }
            }
        }
    }

    /// Others whose name looks like this, lowest id first within each look.
    pub fn of(&self, person: PersonId, looks: &Looks) -> impl Iterator<Item = (PersonId, &DisplayName)> {
        let alike = looks.iter().filter_map(|look| self.0.get(look)).flatten();
        alike.map(|(other, name)| (*other, name)).filter(move |(other, _)| *other != person)
    }
}

/// Whether a name looks like what another does.
pub(crate) fn look_the_same(one: &Looks, other: &DisplayName) -> bool {
    let others = looks(other);
    one.iter().any(|look| others.contains(look))
}

/// What a name looks like as it is written, and written small: `I` looks like `l`, and like `i` to a hurried reader.
/// Accents and the width of gaps are not looked at.
pub fn looks(name: &DisplayName) -> Looks {
    let bare = |text: &str| -> String {
        let letters = skeleton(text).filter(|c| !c.is_whitespace() && !('\u{300}'..='\u{36F}').contains(c));
        letters.flat_map(char::to_lowercase).collect()
    };
    [bare(name.as_str()), bare(&name.as_str().to_lowercase())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same() {
        let same =
            |one, other| look_the_same(&looks(&DisplayName::parse(one).unwrap()), &DisplayName::parse(other).unwrap());
        assert!(same("Camille Petit", "Саmille Реtit"), "Cyrillic letters");
        assert!(same("Camille Petit", "camille  petit"), "size of letters");
        assert!(same("Noé Durand", "Noe Durand"), "accents");
        assert!(same("Ilan", "llan"), "capital i, small L");
        assert!(same("Léo", "Lé0"), "zero");
        assert!(!same("Noé Durand", "Noémie Durand"));
        assert!(!same("Ada", "Eda"));
    }
}
