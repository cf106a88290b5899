//! The sentences that more than one plain page says, in both languages: places, ranges, how long ago.

use preau_protocol::{Wait, limits};

use super::language::Language;

/// A place further back is found between two marks, and is not said as if it had been counted.
const COUNTED_MAX: u32 = 200;
const TENS_MAX: u32 = 2_000;
/// Beyond this, minutes promise more than is known.
const MINUTES_MAX: u32 = 90;
/// Beyond this, only every fifth minute is said.
const EXACT_MINUTES_MAX: u32 = 10;
/// One and many, in French and in English.
const MINUTES: [&str; 4] = ["minute", "minutes", "minute", "minutes"];
const HOURS: [&str; 4] = ["heure", "heures", "hour", "hours"];

pub fn say(language: Language, french: &str, english: &str) -> String {
    match language {
        Language::French => french.into(),
        Language::English => english.into(),
    }
}

/// With the thousands set apart.
pub fn number(language: Language, n: u32) -> String {
    let apart = match language {
        Language::French => '\u{202f}',
        Language::English => ',',
    };
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(apart);
        }
        text.push(digit);
    }
    text
}

/// « 12e place », "about 1,240th in line".
pub fn place(language: Language, before: u32) -> String {
    match (language, said(before)) {
        (Language::French, Said::Counted(1)) => "1re place".into(),
        (Language::French, Said::Counted(n)) => format!("{}e place", number(language, n)),
        (Language::French, Said::About(n)) => format!("vers la {}e place", number(language, n)),
        (Language::English, Said::Counted(n)) => format!("{} in line", ordinal(n)),
        (Language::English, Said::About(n)) => format!("about {} in line", ordinal(n)),
    }
}

/// They stood further in front before.
pub fn rose(language: Language, before: u32) -> String {
    let was = place(language, before);
    let (french, english) = (
        "D’autres passent avant vous\u{a0}: ceux qui viennent dans le même quart d’heure tirent leur place au sort, et ceux qui en \
         avaient une la retrouvent.",
        "Others now go before you: those who come in the same quarter of an hour draw lots for their places, and those who had \
         one find it again.",
    );
    match (language, said(before)) {
        (Language::French, Said::Counted(_)) => format!("Vous étiez à la {was}. {french}"),
        (Language::French, Said::About(_)) => format!("Vous étiez {was}. {french}"),
        (Language::English, _) => format!("You were {was}. {english}"),
    }
}

enum Said {
    Counted(u32),
    About(u32),
}

fn said(before: u32) -> Said {
    if before < COUNTED_MAX {
        return Said::Counted(before + 1);
    }
    let step = if before < TENS_MAX { 10 } else { 100 };
    Said::About(before.saturating_add(step / 2) / step * step)
}

fn ordinal(n: u32) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    number(Language::English, n) + ending
}

pub fn turn(language: Language, wait: Wait) -> String {
    match (language, span(language, wait)) {
        (Language::French, Some(span)) => format!("Votre tour viendra {span}."),
        (Language::French, None) => "On ne sait pas encore dans combien de temps viendra votre tour.".into(),
        (Language::English, Some(span)) => format!("Your turn comes {span}."),
        (Language::English, None) => "It is not known yet how long it will be until your turn.".into(),
    }
}

/// Until when an entrance is closed.
pub fn closed(language: Language, for_s: Option<u32>) -> String {
    let span = for_s.and_then(|s| match (s / 1_800).div_ceil(2) {
        // A time that is set is known, however far it is.
        hours if s > MINUTES_MAX * 60 => Some(between(language, hours, hours, HOURS)),
        _ => span(language, Wait { from_s: s, to_s: s }),
    });
    match (language, span) {
        (Language::French, Some(span)) => format!("Elle rouvrira {span}. Cette page s’actualise d’elle-même."),
        (Language::French, None) => {
            "On ne sait pas encore quand elle rouvrira. Cette page s’actualise d’elle-même.".into()
        }
        (Language::English, Some(span)) => format!("It opens again {span}. This page refreshes itself."),
        (Language::English, None) => "It is not known yet when it opens again. This page refreshes itself.".into(),
    }
}

/// « dans 3 à 5 minutes »; nothing where nothing is known. Rounded outwards.
pub fn span(language: Language, wait: Wait) -> Option<String> {
    if wait.to_s >= limits::WAIT_S_MAX {
        let least = down(wait.from_s / 60);
        let known = (1..limits::WAIT_S_MAX / 60).contains(&least);
        return known.then(|| match language {
            Language::French => format!("dans plus de {}", some(least, "minute", "minutes")),
            Language::English => format!("in more than {}", some(least, "minute", "minutes")),
        });
    }
    if wait.to_s > MINUTES_MAX * 60 {
        return Some(between(language, wait.from_s / 3_600, wait.to_s.div_ceil(3_600), HOURS));
    }
    if wait.to_s <= 60 {
        return Some(say(language, "dans moins d’une minute", "in less than a minute"));
    }
    let minutes = wait.to_s.div_ceil(60);
    let late = if minutes > EXACT_MINUTES_MAX { minutes.next_multiple_of(5) } else { minutes };
    Some(between(language, down(wait.from_s / 60), late, MINUTES))
}

fn down(minutes: u32) -> u32 {
    if minutes > EXACT_MINUTES_MAX { minutes / 5 * 5 } else { minutes }
}

fn between(language: Language, from: u32, to: u32, [un, deux, one, two]: [&str; 4]) -> String {
    match language {
        Language::French if from < 1 => format!("dans moins de {}", some(to, un, deux)),
        Language::French if from >= to => format!("dans environ {}", some(to, un, deux)),
        Language::French => format!("dans {from} à {to} {deux}"),
        Language::English if from < 1 => format!("within {}", some(to, one, two)),
        Language::English if from >= to => format!("in about {}", some(to, one, two)),
        Language::English => format!("in {from} to {to} {two}"),
    }
}

fn some(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n < 2 { one } else { many })
}

/// How long ago something was said.
pub fn ago(language: Language, ms: u64) -> String {
    let minutes = u32::try_from(ms / 60_000).unwrap_or(u32::MAX);
    match (language, minutes) {
        (_, 0) => say(language, "à l’instant", "just now"),
        (Language::French, 1..60) => format!("il y a {}", some(minutes, "minute", "minutes")),
        (Language::French, _) => format!("il y a {}", some(minutes / 60, "heure", "heures")),
        (Language::English, 1..60) => format!("{} ago", some(minutes, "minute", "minutes")),
        (Language::English, _) => format!("{} ago", some(minutes / 60, "hour", "hours")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};

    #[test]
    fn ranges_are_said_as_people_say_them() {
        let of = |from_s, to_s| span(French, Wait { from_s, to_s });
        let to = Some::<&str>;
        for (from_s, to_s, expected) in [
            (0, 30, to("dans moins d’une minute")),
            (24, 190, to("dans moins de 4 minutes")),
            (190, 290, to("dans 3 à 5 minutes")),
            (300, 300, to("dans environ 5 minutes")),
            (780, 1_320, to("dans 10 à 25 minutes")),
            (4_200, 7_800, to("dans 1 à 3 heures")),
            (300, limits::WAIT_S_MAX, to("dans plus de 5 minutes")),
            (0, limits::WAIT_S_MAX, None),
            (limits::WAIT_S_MAX, limits::WAIT_S_MAX, None),
        ] {
            assert_eq!(of(from_s, to_s).as_deref(), expected, "{from_s} {to_s}");
        }
        assert_eq!(span(English, Wait { from_s: 0, to_s: 7_000 }).as_deref(), Some("within 2 hours"));
    }

    #[test]
    fn places_are_said_as_exactly_as_they_are_known() {
        let both = |before| [place(French, before), place(English, before)];
        assert_eq!(both(0), ["1re place", "1st in line"]);
        assert_eq!(both(111), ["112e place", "112th in line"]);
        assert_eq!(both(1_243), ["vers la 1\u{202f}240e place", "about 1,240th in line"]);
        assert_eq!(both(48_960), ["vers la 49\u{202f}000e place", "about 49,000th in line"]);
        assert_eq!(both(u32::MAX).len(), 2);
        assert!(closed(French, Some(7_300)).contains("dans environ 2 heures"));
        assert!(closed(English, Some(7 * 3_600)).contains("in about 7 hours"));
        assert_eq!(ago(English, 0) + &ago(French, 7_300_000), "just nowil y a 2 heures");
    }
}
