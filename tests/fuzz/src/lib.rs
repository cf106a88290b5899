//! Fuzz targets: bytes become a story, and rules that hold in every story are checked.
//!
//! A target is one file with two functions: `run`, which plays a story and panics if a rule is broken, and `seeds`,
//! which make the first stories to vary. To add one, write it and name it in [`TARGETS`].

mod cast;
mod class;
mod config;
mod demux;
mod headers;
mod journal;
mod media;
mod messages;
mod names;
mod offer;
mod relay;
mod roster;
mod scenario;
mod script;
mod session;
mod slots;
mod srtp;
mod streams;
mod stun;
mod tickets;
mod tokens;
mod witness;

/// One of them.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// The committed corpus: names and stories.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

pub const TARGETS: [Target; 15] = [
    Target { name: "config", run: config::run, seeds: config::seeds },
    Target { name: "demux", run: demux::run, seeds: demux::seeds },
    Target { name: "headers", run: headers::run, seeds: headers::seeds },
    Target { name: "journal", run: journal::run, seeds: journal::seeds },
    Target { name: "media", run: media::run, seeds: media::seeds },
    Target { name: "messages", run: messages::run, seeds: messages::seeds },
    Target { name: "names", run: names::run, seeds: names::seeds },
    Target { name: "offer", run: offer::run, seeds: offer::seeds },
    Target { name: "roster", run: roster::run, seeds: roster::seeds },
    Target { name: "scenario", run: scenario::run, seeds: scenario::seeds },
    Target { name: "session", run: session::run, seeds: session::seeds },
    Target { name: "slots", run: slots::run, seeds: slots::seeds },
    Target { name: "streams", run: streams::run, seeds: streams::seeds },
    Target { name: "tickets", run: tickets::run, seeds: tickets::seeds },
    Target { name: "tokens", run: tokens::run, seeds: tokens::seeds },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

    /// `PREAU_WRITE=1 cargo test -p preau-fuzz` writes it.
    #[test]
    fn the_corpus_is_what_the_seeds_make() {
        for target in TARGETS {
            for (name, story) in (target.seeds)() {
                let path = Path::new(CORPUS).join(target.name).join(name);
                if std::env::var_os("PREAU_WRITE").is_some() {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(&path, &story).unwrap();
                }
                let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(kept == story, "{} is another; PREAU_WRITE=1 writes it", path.display());
            }
        }
    }

    /// The committed stories, those among them that once were findings, and what is left when each ends early.
    #[test]
    fn every_story_of_the_corpus_ends_well() {
        for target in TARGETS {
            for entry in std::fs::read_dir(Path::new(CORPUS).join(target.name)).unwrap() {
                let story = std::fs::read(entry.unwrap().path()).unwrap();
                (target.run)(&story);
                for part in 1..8 {
                    (target.run)(&story[..story.len() * part / 8]);
                }
            }
        }
    }
}
