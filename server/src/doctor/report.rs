//! What the doctor says.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::checks::{Check, Finding};
use super::is_inner;
use super::notice::Notice;
use crate::config::Config;

pub fn heading(config: &Config, notice: &Notice) -> String {
    let shards = notice.ports.len();
    let url = config.public_url.as_ref().map_or("no public URL".to_owned(), ToString::to_string);
    format!("The ways to this server ({url}, {shards} shard(s)), tried from this machine:\n")
}

pub fn line(check: &Check, finding: &Finding) -> String {
    let found = match finding {
        Finding::Open { seen_as: Some(seen_as) } => format!("open (we are seen as {})", seen_as.ip()),
        Finding::Open { seen_as: None } => "open".to_owned(),
        Finding::Silent => "NO ANSWER".to_owned(),
        Finding::Failed(error) => format!("FAILED: {error}"),
    };
    format!("  {check} {found}")
}

/// What the operator may want to change.
pub fn advice(notice: &Notice, findings: &[(Check, Finding)]) -> String {
    let mut said = Vec::new();
    let outer: Vec<&IpAddr> = notice.addresses.iter().filter(|ip| !is_inner(**ip)).collect();
    if outer.is_empty() {
        said.push(
            "Browsers are told only addresses of this network. If people come from elsewhere, set udp.addresses to \
             the public ones.",
        );
    }
    if !notice.addresses.iter().any(|ip| ip.is_ipv6() && !ip.is_loopback()) {
        said.push(
            "There is no IPv6 address: people on networks with IPv6 only depend on their provider's translation.",
        );
    }
    if !notice.tcp {
        said.push("ways.tcp is off: on a network that lets no UDP through, only TURN is left.");
    }
    if !notice.turn {
        said.push("ways.turn is off: whoever's network lets only web pages through sees and hears nothing.");
    } else if notice.turns.is_empty() {
        said.push(
            "There is no TURN over TLS: networks that let nothing but HTTPS through are shut out. It comes with \
             tls.certificate, or with ways.turn_tls_listen.",
        );
    }
    let is_silent = |(_, finding): &(Check, Finding)| matches!(finding, Finding::Silent);
    if findings.iter().any(is_silent) {
        said.push(
            "NO ANSWER means that a firewall on the way drops the question or the answer, or that this machine cannot \
             reach its own public address (some routers refuse that); then try from elsewhere.",
        );
    }
    said.iter().fold(String::new(), |mut text, sentence| {
        // Writing to a String does not fail.
        let _ = write!(text, "\n* {sentence}");
        text
    }) + "\n"
}

/// The rules, one a line.
pub fn firewall(config: &Config, notice: &Notice) -> String {
    let mut text =
        String::from("\nWhat a firewall must let in (answers go back the same way; nothing goes out by itself):\n\n");
    let mut rule = |protocol: &str, ports: &str, what: &str| {
        let _ = writeln!(text, "  {protocol:<4} {ports:<13} {what}");
    };
    let pages = config.public_url.as_ref().map_or(config.listen.port(), |url| url.host_and_port().1);
    let shared = notice.turn && config.tls.is_some();
    rule(
        "TCP",
        &pages.to_string(),
        if shared { "pages, the class's messages, TURN over TLS" } else { "pages, the class's messages" },
    );
    let media = ports(&notice.ports);
    rule("UDP", &media, "media: the best way, open it wherever you can");
    if notice.tcp {
        rule("TCP", &media, "media from networks without UDP");
    }
    if let Some(turn) = &config.ways.turn_tls
        && notice.turn
    {
        rule("TCP", &turn.listen.port().to_string(), "TURN over TLS: media from networks that let only HTTPS through");
    }
    if config.udp.port == 0 {
        text.push_str("\n* udp.port is 0: the media ports change at every start. Choose one before writing rules.\n");
    }
    text
}

fn ports(ports: &[u16]) -> String {
    let (Some(first), Some(last)) = (ports.first(), ports.last()) else { return String::new() };
    let is_range = ports.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
    match (ports.len(), is_range) {
        (1, _) => first.to_string(),
        (_, true) => format!("{first}-{last}"),
        (_, false) => ports.iter().map(u16::to_string).collect::<Vec<_>>().join(","),
    }
}

pub fn verdict(is_well: bool) -> &'static str {
    if is_well { "\nAll ways that browsers are told are open from here." } else { "\nNot all ways are open from here." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_a_range_when_they_are_one() {
        assert_eq!(ports(&[3478]), "3478");
        assert_eq!(ports(&[3478, 3479, 3480]), "3478-3480");
        assert_eq!(ports(&[4000, 4002]), "4000,4002");
    }

    #[test]
    fn a_firewall_learns_every_port() {
        let notice = Notice {
            password: String::new(),
            addresses: vec![],
            ports: vec![3478, 3479],
            tcp: true,
            turn: true,
            turns: vec![],
        };
        let rules = firewall(&Config::default(), &notice);
        assert!(rules.contains("TCP  8080") && rules.contains("UDP  3478-3479") && rules.contains("TCP  3478-3479"));
        let quiet = firewall(&Config::default(), &Notice { tcp: false, ..notice });
        assert!(!quiet.contains("TCP  3478"), "{quiet}");
    }
}
