//! Any text as a configuration: it is within its bounds, or each fault names its line.

use preau::config::{Config, KeySource, Place, default_config};
use std::path::Path;

const FILE: &str = "preau.toml";

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = 1 + text.matches('\n').count();
    let outcome = Config::of_text(Path::new(FILE), &text);
    assert_eq!(outcome, Config::of_text(Path::new(FILE), &text), "read twice");
    match &outcome {
        Ok(config) => check(config),
        Err(faults) => {
            assert!(!faults.0.is_empty(), "refused, and nothing wrong");
            for fault in &faults.0 {
                let Place::File { path, line: Some(line) } = &fault.place else { panic!("no line: {fault}") };
                assert!(path == Path::new(FILE) && (1..=lines).contains(line), "{fault} of {lines} lines");
                assert!(!fault.message.is_empty() && !fault.message.contains('\n'), "{:?}", fault.message);
            }
        }
    }
    // One line more that is wrong: its fault, at its line, and no other one.
    let longer = format!("# first\nlisen = 1\n{}", text.trim_start_matches('\u{FEFF}'));
    let Err(faults) = Config::of_text(Path::new(FILE), &longer) else { panic!("an unknown key was taken") };
    if outcome.is_ok() {
        let [fault] = &faults.0[..] else { panic!("one fault became {faults}") };
        assert_eq!(fault.place, Place::File { path: FILE.into(), line: Some(2) });
    }
}

/// What no file may say, whatever it says.
fn check(config: &Config) {
    assert!((1..=400).contains(&config.retention_days), "{} days", config.retention_days);
    assert!(config.shards.is_none_or(|shards| (1..=256).contains(&shards)));
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let spans = [config.lessons.idle_after, config.lessons.length_max, Some(config.lessons.answer_within)];
    assert!(spans.into_iter().flatten().all(|span| !span.is_zero() && span <= day));
    assert!(config.portals.len() <= 16);
    for portal in &config.portals {
        assert!(!portal.issuer.is_empty() && !portal.audience.is_empty());
        assert!(portal.stay_minutes <= 12 * 60);
        let both = portal.students.iter().chain(&portal.observers).find(|role| portal.teachers.contains(role));
        assert_eq!(both, None, "a role of teachers and of others");
    }
    for origin in config.origins.iter().chain(&config.frame_ancestors) {
        let text = origin.as_str();
        assert!(text.starts_with("https://") || text.starts_with("http://"), "{text:?}");
        let authority = text.split("://").nth(1).unwrap_or_default();
        assert!(
            !authority.is_empty() && !authority.contains(['/', '?', '#', '@', '*', ' ', ';', ',', '"']),
            "{text:?}"
        );
    }
    // What is secret is not printed.
    for portal in &config.portals {
        if let KeySource::Secret(secret) = &portal.keys {
            assert!(secret.len() >= 32 && !format!("{:?}", portal.keys).contains(secret));
        }
    }
    let token = config.operator_token.as_ref().map(|token| format!("{token:?}"));
    assert!(token.is_none_or(|token| token == "OperatorToken(…)"));
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let defaults: String = default_config().lines().map(|line| format!("{}\n", uncommented(line))).collect();
    let portal = "[[portal]]\nname = \"ENT\"\nissuer = \"https://ent.example\"\naudience = \"preau\"\n\
                  secret = \"0123456789abcdef0123456789abcdef\"\nclass_claim = \"context.id\"\nteachers = [\"prof\"]\n\
                  [[portal]]\nissuer = \"b\"\naudience = \"c\"\njwks_url = \"https://keys.example/jwks\"\nstay_minutes = 60\n";
    let wrong =
        "listen = 80\n[udp]\nprot = 1\nport = 70000\n[gate]\nclosed = [\"observers 8-15\"]\n[tls]\nkey = \"k\"\n";
    let real = "listen = \"0.0.0.0:443\"\npublic_url = \"https://class.example.org\"\norigins = [\"https://a.example\"]\n\
                trusted_proxies = [\"10.0.0.0/8\"]\noperator_token = \"0123456789abcdef0123456789abcdef\"\n\
                [udp]\naddresses = [\"203.0.113.7\"]\n[gate]\nclosed = [\"observers 08:00-15:00\"]\n";
    vec![("defaults", defaults.into()), ("portals", portal.into()), ("wrong", wrong.into()), ("real", real.into())]
}

/// A setting that stands as a comment, as a setting.
fn uncommented(line: &str) -> &str {
    line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line)
}
