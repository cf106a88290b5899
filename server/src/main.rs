//! `preau`: the server, and the few tools beside it.

use std::process::ExitCode;
use std::time::Instant;

use preau::auth::{mint, read_keys, welcome};
use preau::command_line::{self, Order};
use preau::config::{Config, default_config};
use preau::http::Tls;
use preau::store::{Store, unix_now};
use preau::{clerk, doctor, run, telemetry};

/// The configuration, or a word on the command line, is wrong. The same as clap's.
const EXIT_WRONG_WORDS: u8 = 2;

fn main() -> ExitCode {
    let started = Instant::now();
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let typed =
        command_line::read(std::env::args_os(), variables.filter(|(name, _)| name.starts_with("PREAU_")).collect());
    if let Order::PrintDefaultConfig = typed.order {
        print!("{}", default_config());
        return ExitCode::SUCCESS;
    }
    let config = match Config::load(&typed.sources) {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("{faults}");
            return EXIT_WRONG_WORDS.into();
        }
    };
    match obey(typed.order, config, started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("preau: {error}");
            ExitCode::FAILURE
        }
    }
}

fn obey(order: Order, config: Config, started: Instant) -> Result<(), Box<dyn std::error::Error>> {
    match order {
        Order::PrintDefaultConfig => Ok(()),
        Order::Run => {
            let _log = telemetry::start(config.log);
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let outcome = runtime.block_on(run::run(config, started));
            // Whoever still holds on has had their time.
            runtime.shutdown_background();
            Ok(outcome?)
        }
        Order::CheckConfig => {
            for portal in &config.portals {
                read_keys(&portal.keys).map_err(|error| format!("portal {}: {error}", portal.name))?;
            }
            config.tls.clone().map(Tls::open).transpose()?;
            println!("The configuration is good.");
            Ok(())
        }
        Order::Doctor => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            match runtime.block_on(doctor::examine(&config))? {
                true => Ok(()),
                false => Err("there is something to do".into()),
            }
        }
        Order::TeacherLink { name, sign_out } => {
            let store = Store::open(&config.data)?;
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            let name = name.unwrap_or_else(|| config.first_teacher.clone());
            if sign_out {
                runtime.block_on(store.sign_out_everywhere(name.clone()))?;
            }
            let secret = runtime.block_on(welcome(&store, name))?;
            println!("{}", config.public_url_on(config.listen.port()).link("welcome", &secret));
            Ok(())
        }
        Order::Clerk(errand) => {
            let store = Store::open(&config.data)?;
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            println!("{}", runtime.block_on(clerk::run(&store, errand))?);
            Ok(())
        }
        Order::Token { issuer, key, wanted } => {
            let mut matching =
                config.portals.iter().filter(|portal| issuer.as_ref().is_none_or(|iss| *iss == portal.issuer));
            let portal = match (matching.next(), matching.next()) {
                (Some(portal), None) => portal,
                (None, _) => return Err("no such portal is configured".into()),
                (Some(_), Some(_)) => return Err("several portals are configured: name one with --issuer".into()),
            };
            let key = key.as_ref().map(|(path, algorithm)| (path.as_path(), *algorithm));
            println!("{}", mint(portal, &wanted, key, unix_now())?);
            Ok(())
        }
    }
}
