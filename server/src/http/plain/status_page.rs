//! The page that tells anybody how the server is.

use preau_protocol::{Reduction, Status, StatusState};

use super::language::Language;
use super::sheet::{Again, Sheet};
use super::words;

/// Nobody has to reload it.
const AGAIN_S: u32 = 15;

pub fn status_page(status: &Status, query: Option<&str>, language: Language) -> String {
    let say = |french: &str, english: &str| words::say(language, french, english);
    let number = |n: u32| words::number(language, n);
    let (title, hint) = state(status.state, language);
    let facts = [
        (say("Classes en cours", "Classes running"), number(status.classes)),
        (say("Personnes en classe", "People in class"), number(status.people)),
        (say("Dans la file", "In line"), number(status.queued)),
        (say("Attente pour qui arrive", "Wait for whoever comes now"), wait(status, language)),
        (say("Réduction", "Reduction"), reduction(status.reduction, language)),
    ];
    let facts: Vec<(&str, String)> = facts.iter().map(|(name, fact)| (name.as_str(), fact.clone())).collect();
    let sheet = Sheet::new(language, title, Again::of(query, AGAIN_S)).text("lead", &hint).facts(&facts);
    let incidents: Vec<(String, &str)> = status
        .incidents
        .iter()
        .map(|incident| (words::ago(language, status.at.0.saturating_sub(incident.at.0)), incident.text.as_str()))
        .collect();
    let sheet = match incidents.as_slice() {
        [] => sheet.text("body", &say("Aucun incident signalé depuis hier.", "No incident reported since yesterday.")),
        incidents => sheet.list(&say("Incidents", "Incidents"), incidents),
    };
    sheet.finish("/status")
}

fn state(state: StatusState, language: Language) -> (String, String) {
    let [title, hint] = match state {
        StatusState::Open => [
            ("Tout fonctionne", "Everything works"),
            ("Qui arrive entre aussitôt.", "Whoever comes is let in at once."),
        ],
        StatusState::Queueing => [
            ("Il y a une file d’attente", "There is a line"),
            (
                "Chacun entre à son tour, sans rien recharger. Les classes en cours ne changent pas.",
                "Everyone comes in turn, without reloading anything. Running classes are not touched.",
            ),
        ],
        StatusState::ClosedForNewcomers => [
            ("Le serveur est plein", "The server is full"),
            (
                "Les classes en cours continuent ; personne d’autre n’entre pour le moment.",
                "Running classes go on; nobody else comes in for now.",
            ),
        ],
        StatusState::Draining => [
            ("Le serveur s’arrête", "The server is going down"),
            (
                "Les classes en cours vont jusqu’à leur fin ; personne d’autre n’entre.",
                "Running classes go on to their end; nobody else comes in.",
            ),
        ],
    };
    (words::say(language, title.0, title.1), words::say(language, hint.0, hint.1))
}

fn wait(status: &Status, language: Language) -> String {
    match status.state {
        StatusState::Open | StatusState::Queueing if status.wait.to_s == 0 => words::say(language, "aucune", "none"),
        StatusState::Open | StatusState::Queueing => words::span(language, status.wait)
            .unwrap_or_else(|| words::say(language, "pas encore connue", "not known yet")),
        StatusState::ClosedForNewcomers | StatusState::Draining => words::say(language, "pas connue", "not known"),
    }
}

fn reduction(reduction: Reduction, language: Language) -> String {
    let (french, english) = match reduction {
        Reduction::Nothing => ("aucune", "none"),
        Reduction::LatecomersOut => ("qui vient hors de son heure attend", "whoever comes outside their hour waits"),
        Reduction::StudentCamerasOff => {
            ("les caméras des élèves ne sont pas montrées", "students’ cameras are not shown")
        }
        Reduction::SmallPictures => ("les images sont petites", "pictures are small"),
        Reduction::AudioOnly => ("le son seulement, sans images", "sound only, without pictures"),
        Reduction::TextOnly => ("la discussion seulement", "the chat only"),
        Reduction::Full => ("personne d’autre n’entre", "nobody else comes in"),
    };
    words::say(language, french, english)
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::{Incident, UnixMs, Wait};

    fn status() -> Status {
        Status {
            at: UnixMs(10_000_000),
            state: StatusState::Queueing,
            classes: 1_148,
            people: 14_012,
            queued: 1_268,
            wait: Wait { from_s: 540, to_s: 880 },
            reduction: Reduction::StudentCamerasOff,
            incidents: vec![Incident { at: UnixMs(8_800_000), text: "Panne <b>réseau</b>".into() }],
        }
    }

    #[test]
    fn it_tells_how_many_how_long_and_what_happened() {
        let french = status_page(&status(), None, Language::French);
        for part in [
            "Il y a une file",
            "1\u{202f}148",
            "14\u{202f}012",
            "dans 9 à 15 minutes",
            "il y a 20 minutes",
            "Panne &lt;b&gt;réseau&lt;/b&gt;",
        ] {
            assert!(french.contains(part), "{part}: {french}");
        }
        let english = status_page(&status(), None, Language::English);
        for part in
            ["There is a line", "1,148", "in 9 to 15 minutes", "20 minutes ago", "students’ cameras are not shown"]
        {
            assert!(english.contains(part), "{part}: {english}");
        }
    }

    #[test]
    fn a_quiet_server_says_so() {
        let quiet = Status {
            state: StatusState::Open,
            wait: Wait { from_s: 0, to_s: 0 },
            reduction: Reduction::Nothing,
            incidents: vec![],
            ..status()
        };
        let page = status_page(&quiet, None, Language::English);
        for part in ["Everything works", "<dd>none</dd>", "No incident reported"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
