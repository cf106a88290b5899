//! The words after `preau`: subcommands, and one flag for every setting.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use preau_protocol::{ClassId, DisplayName, PersonId, Role};

use crate::auth::Wanted;
use crate::clerk::Errand;
use crate::config::{PublicKeyAlgorithm, SETTINGS, Setting, Sources};

/// What somebody typed.
#[derive(Debug)]
pub struct Typed {
    pub sources: Sources,
    pub order: Order,
}

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    Run,
    CheckConfig,
    PrintDefaultConfig,
    /// Says which ways to the running server work.
    Doctor,
    /// A one-time link for the account of this name, or of the first teacher.
    TeacherLink {
        name: Option<DisplayName>,
        /// Out of every browser first.
        sign_out: bool,
    },
    /// Something about the records.
    Clerk(Errand),
    /// A token of the portal with this issuer, or of the only one.
    Token {
        issuer: Option<String>,
        key: Option<(PathBuf, PublicKeyAlgorithm)>,
        wanted: Wanted,
    },
}

/// Understands the words. On an error, or after `--help`, the process ends with clap's own message.
pub fn read(words: impl IntoIterator<Item = OsString>, variables: Vec<(String, String)>) -> Typed {
    let matches = command().get_matches_from(words);
    let order = match matches.subcommand() {
        _ if matches.get_flag("print-default-config") => Order::PrintDefaultConfig,
        None | Some(("run", _)) => Order::Run,
        Some(("check-config", _)) => Order::CheckConfig,
        Some(("doctor", _)) => Order::Doctor,
        Some(("teacher-link", words)) => {
            Order::TeacherLink { name: words.get_one("name").cloned(), sign_out: words.get_flag("sign-out") }
        }
        Some(("token", words)) => token(words),
        Some(("journal", _)) => Order::Clerk(Errand::VerifyJournals),
        Some(("person", words)) => person(words),
        Some((other, _)) => unreachable!("clap knows no {other}"),
    };
    let mut named = &matches;
    while let Some((_, words)) = named.subcommand() {
        named = words;
    }
    let flags = SETTINGS.iter().map(Setting::flag).filter_map(|flag| {
        let value: &String = named.get_one(&flag)?;
        Some((flag, value.clone()))
    });
    // The file's name is the one variable that is no setting.
    let (file, settings): (Vec<_>, Vec<_>) = variables.into_iter().partition(|(name, _)| name == "PREAU_CONFIG");
    let file = named.get_one::<PathBuf>("config").cloned().or(file.into_iter().next().map(|(_, path)| path.into()));
    Typed { sources: Sources { file, variables: settings, flags: flags.collect() }, order }
}

fn command() -> Command {
    let settings = SETTINGS.iter().map(|setting| {
        // Once a process: clap wants names that live as long as it does.
        let flag: &str = setting.flag().leak();
        Arg::new(flag).long(flag).value_name("VALUE").help(setting.about).global(true).help_heading("Settings")
    });
    Command::new("preau")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Virtual classrooms: a safe lobby, and a class behind it.")
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help("The configuration file; otherwise preau.toml, if it is there"),
        )
        .arg(
            Arg::new("print-default-config")
                .long("print-default-config")
                .action(ArgAction::SetTrue)
                .help("Prints a commented configuration with all defaults"),
        )
        .args(settings)
        .subcommand(Command::new("run").about("Runs the server (the default)"))
        .subcommand(Command::new("check-config").about("Checks the configuration and the files it names"))
        .subcommand(
            Command::new("doctor").about(
                "Tries every way to the running server, and says which work and what a firewall must let through",
            ),
        )
        .subcommand(
            Command::new("teacher-link")
                .about("Prints a one-time link to a teacher's account, which is made if there is none of that name")
                .arg(Arg::new("name").long("name").value_name("NAME").value_parser(display_name))
                .arg(
                    Arg::new("sign-out")
                        .long("sign-out")
                        .action(ArgAction::SetTrue)
                        .help("Signs the account out of every browser first: for one that was lost"),
                ),
        )
        .subcommand(token_command())
        .subcommand(
            Command::new("journal").about("The records of classes").subcommand_required(true).subcommand(
                Command::new("verify").about("Checks that no entry of any class is missing or was changed"),
            ),
        )
        .subcommand(person_command())
}

fn person_command() -> Command {
    let people = Arg::new("id").value_name("ID").required(true).action(ArgAction::Append).num_args(1..);
    let people =
        people.value_parser(value_parser!(PersonId)).help("As `preau person list` prints them: one for each class");
    Command::new("person")
        .about("All that is stored of one person")
        .subcommand_required(true)
        .subcommand(
            Command::new("list")
                .about("Prints the ids of everybody of a name, with their classes")
                .arg(Arg::new("name").value_name("NAME").required(true).value_parser(display_name)),
        )
        .subcommand(Command::new("export").about("Prints all that is stored of somebody, as JSON").arg(people.clone()))
        .subcommand(Command::new("erase").about("Forgets somebody, for good").arg(people))
}

fn person(words: &ArgMatches) -> Order {
    let people = |words: &ArgMatches| words.get_many("id").into_iter().flatten().copied().collect();
    Order::Clerk(match words.subcommand() {
        Some(("list", words)) => Errand::ListPeople(words.get_one::<DisplayName>("name").expect("required").clone()),
        Some(("export", words)) => Errand::ExportPeople(people(words)),
        Some(("erase", words)) => Errand::ErasePeople(people(words)),
        other => unreachable!("clap knows no {other:?}"),
    })
}

fn token_command() -> Command {
    let text = |name: &'static str, about: &'static str| Arg::new(name).long(name).value_name("TEXT").help(about);
    Command::new("token")
        .about("Prints a token of a configured portal, for trying the door out")
        .arg(text("issuer", "The portal; may be left out when there is only one"))
        .arg(text("class", "The class's id").required(true).value_parser(value_parser!(ClassId)))
        .arg(
            text("role", "teacher, student or observer")
                .default_value("student")
                .value_parser(["teacher", "student", "observer"]),
        )
        .arg(text("subject", "Who it is for the portal").default_value("test"))
        .arg(text("name", "Their name"))
        .arg(text("group", "Their group"))
        .arg(
            text("seconds", "How long it is good").default_value("300").value_parser(value_parser!(u64).range(1..=600)),
        )
        .arg(
            text("key", "A private key (PEM), when the portal has no shared secret")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            text("algorithm", "The private key's: EdDSA, ES256 or RS256")
                .value_parser(["EdDSA", "ES256", "RS256"])
                .requires("key"),
        )
}

fn token(words: &ArgMatches) -> Order {
    let text = |name: &str| words.get_one::<String>(name).cloned();
    let algorithm = match text("algorithm").as_deref() {
        Some("ES256") => PublicKeyAlgorithm::Es256,
        Some("RS256") => PublicKeyAlgorithm::Rs256,
        Some(_) | None => PublicKeyAlgorithm::EdDsa,
    };
    Order::Token {
        issuer: text("issuer"),
        key: words.get_one::<PathBuf>("key").cloned().map(|path| (path, algorithm)),
        wanted: Wanted {
            class: *words.get_one("class").expect("required"),
            role: match text("role").as_deref() {
                Some("teacher") => Role::Teacher,
                Some("observer") => Role::Observer,
                Some(_) | None => Role::Student,
            },
            subject: text("subject").expect("has a default"),
            name: text("name"),
            group: text("group"),
            seconds: *words.get_one("seconds").expect("has a default"),
        },
    }
}

fn display_name(text: &str) -> Result<DisplayName, String> {
    DisplayName::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str], variables: &[(&str, &str)]) -> Typed {
        let own = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        read(["preau"].iter().chain(words).map(OsString::from), own)
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn flags_are_read_before_and_after_the_subcommand() {
        for words in [["--listen", "1.2.3.4:5", "run"], ["run", "--listen", "1.2.3.4:5"]] {
            let typed = typed(&words, &[]);
            assert_eq!(typed.sources.flags, [("listen".to_string(), "1.2.3.4:5".to_string())]);
            assert!(matches!(typed.order, Order::Run));
        }
    }

    #[test]
    fn the_file_may_be_named_by_a_variable() {
        let typed = typed(&["check-config"], &[("PREAU_CONFIG", "a.toml"), ("PREAU_SHARDS", "2")]);
        assert_eq!(typed.sources.file, Some("a.toml".into()));
        assert_eq!(typed.sources.variables, [("PREAU_SHARDS".to_string(), "2".to_string())]);
        assert!(matches!(typed.order, Order::CheckConfig));
    }
}
