//! `preau doctor`: which ways to the running server work, and what a firewall must let through.

mod checks;
mod notice;
mod report;

use std::io;
use std::net::IpAddr;

use crate::config::Config;

use checks::{Check, Finding};
pub use notice::Notice;

/// Looks at everything that browsers are told, as a browser would. Returns whether all of it works.
pub async fn examine(config: &Config) -> io::Result<bool> {
    let Some(notice) = Notice::read(&config.data)? else {
        println!("No server has run in {}: start it, and ask again while it runs.", config.data.display());
        return Ok(false);
    };
    let checks = checks_of(&notice);
    println!("{}", report::heading(config, &notice));
    let mut findings = Vec::with_capacity(checks.len());
    for check in checks {
        let finding = Finding::of(&check, &notice.password).await;
        println!("{}", report::line(&check, &finding));
        findings.push((check, finding));
    }
    let is_well = !findings.is_empty() && findings.iter().all(|(_, finding)| finding.is_open());
    print!("{}", report::advice(&notice, &findings));
    print!("{}", report::firewall(config, &notice));
    println!("{}", report::verdict(is_well));
    Ok(is_well)
}

/// Every way to every address that browsers are told.
fn checks_of(notice: &Notice) -> Vec<Check> {
    let mut checks = Vec::new();
    for port in &notice.ports {
        for address in &notice.addresses {
            let at = std::net::SocketAddr::new(*address, *port);
            checks.push(Check::Udp(at));
            checks.extend(notice.tcp.then_some(Check::Tcp(at)));
            checks.extend(notice.turn.then_some(Check::TurnUdp(at)));
            checks.extend((notice.turn && notice.tcp).then_some(Check::TurnTcp(at)));
        }
    }
    checks.extend(notice.turns.iter().cloned().map(Check::TurnTls));
    checks
}

/// Whether nobody outside can mean this address.
fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
