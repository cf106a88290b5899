//! The page of somebody before the gate whose browser runs no script.

use preau_protocol::{ClassId, Queued, UnixMs, Wait};

use super::language::Language;
use super::sheet::{Again, Sheet};
use super::words;

/// Where somebody stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// There is no line.
    Open,
    Queued {
        before: u32,
        wait: Wait,
        /// It has risen: how many stood before them when that was told last.
        was: Option<u32>,
    },
    Turn,
    /// For so many seconds, as far as that is known. `kept`: their place in the line is.
    Closed {
        for_s: Option<u32>,
        kept: bool,
    },
    Unavailable,
    /// The portal that sent them has as many people here as were agreed.
    SchoolFull,
    /// Nobody whom this class expects, as far as this browser's cookie tells.
    Stranger,
}

impl Standing {
    pub fn queued(queued: &Queued) -> Standing {
        Standing::Queued { before: queued.before, wait: queued.wait, was: None }
    }

    pub fn closed(until: Option<UnixMs>, kept: bool, now: UnixMs) -> Standing {
        let for_s = until.and_then(|until| u32::try_from(until.0.saturating_sub(now.0) / 1_000).ok());
        Standing::Closed { for_s, kept }
    }
}

pub fn line_page(standing: &Standing, class: ClassId, again: Again, language: Language) -> String {
    let say = |french: &str, english: &str| words::say(language, french, english);
    let sheet = Sheet::new(language, heading(standing, language), again);
    let sheet = match standing {
        Standing::Open => {
            sheet.text("lead", &say("Il n’y a pas de file en ce moment.", "There is no line at the moment."))
        }
        Standing::Queued { before, wait, was } => {
            let sheet = sheet
                .text("place", &words::place(language, *before))
                .text("lead", &words::turn(language, *wait))
                .text(
                    "body",
                    &say(
                        "Beaucoup de monde arrive en même temps, et chacun entre à son tour. Cette page s’actualise d’elle-même.",
                        "Many people are arriving at once, and everyone comes in turn. This page refreshes itself.",
                    ),
                );
            was.iter().fold(sheet, |sheet, was| sheet.note(&words::rose(language, *was)))
        }
        Standing::Turn => sheet.text("lead", &say("Vous pouvez entrer maintenant.", "You can go in now.")),
        Standing::Closed { for_s, kept } => {
            let sheet = sheet.text("lead", &words::closed(language, *for_s));
            let place = say("Votre place dans la file est gardée.", "Your place in the line is kept.");
            if *kept { sheet.text("body", &place) } else { sheet }
        }
        Standing::Unavailable => sheet.text(
            "lead",
            &say(
                "Le serveur n’est pas en état de vous faire entrer. Cette page s’actualise d’elle-même.",
                "The server is not able to let you in. This page refreshes itself.",
            ),
        ),
        Standing::SchoolFull => sheet.text(
            "lead",
            &say(
                "Le portail qui vous envoie a autant de personnes ici que ce qui est convenu, ou en envoie trop à la fois. Cette page s’actualise d’elle-même.",
                "The portal that sends you has as many people here as were agreed, or sends too many at once. This page refreshes itself.",
            ),
        ),
        Standing::Stranger => sheet.text(
            "lead",
            &say(
                "Ouvrez le lien personnel que votre enseignant ou votre établissement vous a envoyé.",
                "Open the personal link that your teacher or your school has sent you.",
            ),
        ),
    };
    let script = say(
        "La classe elle-même a besoin de JavaScript : activez-le dans votre navigateur, puis ouvrez la classe.",
        "The class itself needs JavaScript: switch it on in your browser, then open the class.",
    );
    sheet
        .text("hint", &script)
        .link(&format!("/class/{}", class.0), &say("Ouvrir la classe", "Open the class"))
        .link("/status", &say("État du serveur", "How the server is"))
        .finish(&format!("/class/{}/line", class.0))
}

fn heading(standing: &Standing, language: Language) -> String {
    let (french, english) = match standing {
        Standing::Open => ("On entre sans attendre", "People come in without waiting"),
        Standing::Queued { .. } => ("Vous êtes dans la file", "You are in line"),
        Standing::Turn => ("C’est votre tour", "It is your turn"),
        Standing::Closed { .. } => ("L’entrée est fermée pour le moment", "The entrance is closed for now"),
        Standing::Unavailable => ("On ne peut pas encore entrer", "You cannot go in yet"),
        Standing::SchoolFull => ("Les places de votre portail sont prises", "Your portal’s places are taken"),
        Standing::Stranger => ("Pour entrer, il faut une invitation", "You need an invitation to come in"),
    };
    words::say(language, french, english)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn page(standing: Standing, language: Language) -> String {
        line_page(&standing, ClassId(Uuid::from_u128(7)), Again::AfterS(12), language)
    }

    #[test]
    fn somebody_in_the_line_reads_place_range_and_that_it_rose() {
        let standing = Standing::Queued { before: 411, wait: Wait { from_s: 190, to_s: 290 }, was: Some(12) };
        let french = page(standing.clone(), Language::French);
        for part in [
            "vers la 410e place",
            "Votre tour viendra dans 3 à 5 minutes.",
            "à la 13e place",
            "content=\"12\"",
            "lang=\"fr\"",
        ] {
            assert!(french.contains(part), "{part}: {french}");
        }
        let english = page(standing, Language::English);
        for part in ["about 410th in line", "Your turn comes in 3 to 5 minutes.", "You were 13th in line"] {
            assert!(english.contains(part), "{part}: {english}");
        }
        assert!(french.contains("href=\"/class/00000000-0000-0000-0000-000000000007\""));
    }

    #[test]
    fn every_standing_has_its_own_words() {
        let all = [
            Standing::Open,
            Standing::Turn,
            Standing::Closed { for_s: None, kept: true },
            Standing::Closed { for_s: Some(7_300), kept: false },
            Standing::Unavailable,
            Standing::SchoolFull,
            Standing::Stranger,
        ];
        for language in [Language::French, Language::English] {
            let mut pages: Vec<String> = all.iter().map(|standing| page(standing.clone(), language)).collect();
            pages.sort();
            pages.dedup();
            assert_eq!(pages.len(), all.len());
        }
        assert!(
            page(Standing::Closed { for_s: Some(7_300), kept: false }, Language::French)
                .contains("dans environ 2 heures")
        );
    }

    #[test]
    fn a_time_that_is_past_is_none() {
        assert_eq!(
            Standing::closed(Some(UnixMs(1)), true, UnixMs(9_000)),
            Standing::Closed { for_s: Some(0), kept: true }
        );
        assert_eq!(Standing::closed(None, true, UnixMs(9_000)), Standing::Closed { for_s: None, kept: true });
    }
}
