//! Stories of an operator and a configuration file.

use super::*;

fn load(text: &str) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.toml");
    std::fs::write(&path, text).unwrap();
    let sources = Sources { file: Some(path.clone()), ..Sources::default() };
    Config::load(&sources).map_err(|faults| faults.to_string().replace(&format!("{}:", path.display()), ""))
}

fn load_with(variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    // A directory without preau.toml is where tests run.
    let sources = Sources { file: None, variables: own(variables), flags: own(flags) };
    Config::load(&sources).map_err(|faults| faults.to_string())
}

#[test]
fn nothing_needs_to_be_configured() {
    assert_eq!(load(""), Ok(Config::default()));
}

#[test]
fn the_printed_defaults_are_the_defaults() {
    assert_eq!(load(&default_config()), Ok(Config::default()));
    let uncommented: String = default_config()
        .lines()
        .take_while(|line| !line.starts_with("# Portals"))
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") && !rest.contains(". ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(
        uncommented.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count(),
        SETTINGS.len()
    );
    assert_eq!(load(&uncommented), Ok(Config::default()));
}

#[test]
fn later_sources_win() {
    let config =
        load_with(&[("PREAU_UDP_PORT", "4000"), ("PREAU_LISTEN", "[::1]:1")], &[("udp-port", "5000")]).unwrap();
    assert_eq!((config.udp.port, config.listen.to_string().as_str()), (5000, "[::1]:1"));
}

#[test]
fn a_wrong_key_value_or_type_is_named_with_its_line() {
    for (text, fault) in [
        ("\nlisen = \"x\"", "2: unknown key \"lisen\"; did you mean \"listen\"?"),
        ("[udp]\nprot = 1", "2: unknown key \"udp.prot\"; did you mean \"udp.port\"?"),
        ("[nope]\na = 1", "1: unknown key \"nope\""),
        ("listen = 80", "1: listen: expected a text"),
        ("listen = 1.5", "1: listen: expected a text, found float"),
        (
            "data = \"x\"\nlisten = \"80\"",
            "2: listen: expected an address and a port, as in 127.0.0.1:8080 or [::]:8080",
        ),
        ("udp = 3", "1: udp: expected a section, as in [udp]"),
        ("[udp]\n\nport = 70000", "3: udp.port: expected a number from 0 to 65535"),
        ("[udp]\naddresses = [\"a\"]", "2: udp.addresses: \"a\": expected an IP address"),
        (
            "origins = [\"https://a.org/x\"]",
            "1: origins: \"https://a.org/x\": an origin has no path, as in https://class.example.org",
        ),
        ("retention_days = 0", "1: retention_days: expected a number from 1 to 400"),
        ("[tls]\nkey = \"k.pem\"", "2: tls.certificate and tls.key are needed together"),
        ("[log]\nlevel = \"loud\"", "2: log.level: expected \"error\", \"warn\", \"info\", \"debug\" or \"trace\""),
    ] {
        assert_eq!(load(text), Err(format!(" {fault}").replacen(' ', "", 1)), "{text}");
    }
    assert!(load("a = 1\na = 2").unwrap_err().starts_with("2: "), "{:?}", load("a = 1\na = 2"));
    assert!(load("listen = ").unwrap_err().starts_with("1: "));
}

#[test]
fn every_fault_is_told_at_once() {
    assert_eq!(load("shards = -1\nlog = 2").unwrap_err().lines().count(), 2);
}

#[test]
fn a_wrong_variable_or_flag_is_named() {
    assert_eq!(
        load_with(&[("PREAU_LISTEM", "")], &[]),
        Err("PREAU_LISTEM: no such variable; did you mean \"PREAU_LISTEN\"?".into())
    );
    assert_eq!(load_with(&[("PREAU_UDP_PORT", "x")], &[]), Err("PREAU_UDP_PORT: expected a whole number".into()));
    assert_eq!(load_with(&[], &[("shards", "999")]), Err("--shards: shards: expected a number from 0 to 256".into()));
}

const PORTAL: &str = "[[portal]]\nissuer = \"https://ent.org\"\naudience = \"preau\"\n";

#[test]
fn a_portal_is_read() {
    let text = format!(
        "{PORTAL}secret = \"{}\"\nclass_claim = \"context.id\"\nrole_claim = \"https://purl.org/claim/roles\"\n\
         name_claim = [\"a.b\", \"c\"]\nteachers = [\"T\"]\n",
        "s".repeat(32)
    );
    let config = load(&text).unwrap();
    let portal = &config.portals[0];
    assert_eq!(portal.class.steps(), ["context", "id"]);
    assert_eq!(portal.role.steps(), ["https://purl.org/claim/roles"]);
    assert_eq!(portal.display_name.steps(), ["a.b", "c"]);
    assert_eq!((portal.name.as_str(), portal.token_type.as_str()), ("https://ent.org", "JWT"));
    assert!(!format!("{config:?}").contains("sss"), "a secret is never printed");
}

#[test]
fn a_wrong_portal_is_named_with_its_line() {
    for (rest, line, fault) in [
        ("", 1, "exactly one of"),
        ("secret = \"short\"", 4, "at least 32 bytes"),
        ("jwks_url = \"http://ent.org/keys\"", 4, "only https"),
        ("jwks_url = \"https://ent.org/keys\"\nsecret_file = \"x\"", 1, "exactly one of"),
        ("secret_file = \"x\"\nalgorithm = \"RS256\"", 1, "algorithm belongs to"),
        ("secret_file = \"x\"\nstay_minutes = 9999", 5, "from 0 to 720"),
        ("secret_file = \"x\"\nlogin_minutes_max = 0", 5, "from 1 to 44640"),
        ("secret_file = \"x\"\nlogin_of = \"pupils\"", 5, "expected \"everybody\" or \"teachers\""),
        ("secret_file = \"x\"\nrole_clam = \"r\"", 5, "unknown field"),
        ("secret_file = \"x\"\nstudents = [\"teacher\"]", 1, "cannot make a teacher and a student"),
        ("public_key_file = \"x\"\nalgorithm = \"none\"", 5, "unknown variant"),
        (
            "secret_file = \"x\"\n[[portal]]\nissuer = \"https://ent.org\"\naudience = \"b\"\nsecret_file = \"y\"",
            5,
            "already above",
        ),
    ] {
        let error = load(&format!("{PORTAL}{rest}")).unwrap_err();
        assert!(error.starts_with(&format!("{line}: portal: ")) && error.contains(fault), "{rest}: {error}");
    }
    assert!(load("portal = 1").unwrap_err().starts_with("1: portal: "));
}
