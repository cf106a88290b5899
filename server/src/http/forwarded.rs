//! Who is at the other end when a proxy stands between: what `X-Forwarded-For` says, as far as our own proxies wrote it.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::config::Network;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
/// Proxies behind each other; nobody has more.
const HOPS_MAX: usize = 16;

/// The address to count: of whoever is connected to us, or, if that is a proxy of ours, of whoever was connected to it.
/// Each proxy adds the address it sees at the right, so what stands left of the first strange one is anybody's word.
pub fn client(connected: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let is_ours = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let lines: Vec<&str> = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut client = connected;
    for hop in hops.take(HOPS_MAX) {
        if !is_ours(client) {
            break;
        }
        match read(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// Whether a proxy, or somebody who plays one, has passed this on.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR)
}

/// An address, perhaps with a port: some proxies write it.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(connected: &str, lines: &[&str]) -> String {
        let proxies = ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        client(connected.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        assert_eq!(seen("203.0.113.9", &["192.0.2.1"]), "203.0.113.9", "a stranger says what it likes");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(seen("::ffff:127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(seen("127.0.0.1", &["6.6.6.6, 192.0.2.1, 10.1.2.3"]), "192.0.2.1", "the rightmost that is not ours");
        assert_eq!(seen("127.0.0.1", &["6.6.6.6", "192.0.2.1"]), "192.0.2.1", "one line or two");
    }

    #[test]
    fn what_cannot_be_read_ends_the_search() {
        assert_eq!(seen("127.0.0.1", &["192.0.2.1, nonsense"]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["192.0.2.1, unknown, 10.0.0.1"]), "10.0.0.1");
        assert_eq!(seen("127.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        let endless = "10.0.0.1,".repeat(1_000);
        assert_eq!(seen("127.0.0.1", &[endless.trim_end_matches(',')]), "10.0.0.1");
    }
}
