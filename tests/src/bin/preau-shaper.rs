//! `preau-shaper`: opens ways to a server and shapes them as it is told, by one JSON object a line.
//!
//! `{"open":{"name":"noe","to":"10.99.0.1:4000","seed":7}}` is answered with `{"opened":{"name":"noe","at":"10.99.0.1:4711"}}`,
//! `{"set":{"name":"noe","up":{…},"down":{…}}}` with `{"set":{"name":"noe"}}`,
//! `{"report":{}}` with `{"report":{"noe":{"up":{…},"down":{…}}}}`. It ends with its input.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use preau_tests::{Way, Weather};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Ask {
    Open { name: String, to: SocketAddr, seed: u64 },
    Set { name: String, up: Weather, down: Weather },
    Report {},
}

fn main() -> ExitCode {
    let mut ways = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer =
            match serde_json::from_str(&line).map_err(|error| error.to_string()).and_then(|ask| answer(&mut ways, ask))
            {
                Ok(answer) => answer,
                Err(error) => json!({"error": error}),
            };
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn answer(ways: &mut BTreeMap<String, Way>, ask: Ask) -> Result<Value, String> {
    match ask {
        Ask::Open { name, to, seed } => {
            let way = Way::open(to, seed).map_err(|error| format!("no way to {to}: {error}"))?;
            let opened = json!({"opened": {"name": name, "at": way.address}});
            ways.insert(name, way);
            Ok(opened)
        }
        Ask::Set { name, up, down } => {
            let way = ways.get(&name).ok_or_else(|| format!("no way named {name}"))?;
            way.set(up, down);
            Ok(json!({"set": {"name": name}}))
        }
        Ask::Report {} => {
            let report: BTreeMap<&str, Value> = ways
                .iter()
                .map(|(name, way)| {
                    let (up, down) = way.traffic();
                    (name.as_str(), json!({"up": up, "down": down}))
                })
                .collect();
            Ok(json!({"report": report}))
        }
    }
}
