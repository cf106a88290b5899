//! Any text in the headers that are believed in part: cookies, origins, proxies' words, queries.

use axum::http::{HeaderMap, HeaderValue, header};
use preau::auth::DeviceSecret;
use preau::config::{Network, Origin};
use preau::http::{Kept, forwarded, holds_secret};
use preau_protocol::ClassId;
use std::net::{IpAddr, SocketAddr};
use uuid::Uuid;

const CLASS: ClassId = ClassId(Uuid::from_u128(7));

pub fn run(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    for line in &lines {
        let text = String::from_utf8_lossy(line);
        origin(&text);
        query(&text);
    }
    let headers = |name: header::HeaderName| -> HeaderMap {
        let values = lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok());
        values.map(|value| (name.clone(), value)).collect()
    };
    cookies(&headers(header::COOKIE));
    proxies(&headers(header::HeaderName::from_static("x-forwarded-for")));
}

/// An origin is written in one way, and has no more in it than a scheme, a host and a port.
fn origin(text: &str) {
    let Ok(origin) = Origin::parse(text) else { return };
    assert_eq!(Origin::parse(origin.as_str()).as_ref(), Ok(&origin), "written otherwise when it is read again");
    let (scheme, authority) = origin.as_str().split_once("://").expect("a scheme");
    assert!(["http", "https"].contains(&scheme));
    assert!(!authority.contains(['/', '?', '#', '@', '*', '\\', ' ', ',', ';', '\'', '"']), "{authority:?}");
    assert!(authority.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()), "{authority:?}");
}

/// A query in which a token is named is seen, wherever it stands.
fn query(text: &str) {
    let holds = holds_secret(text);
    assert!(holds_secret(&format!("{text}&Token=x")) && holds_secret(&format!("secret=1;{text}")));
    assert!(holds_secret(&format!("{text}&a=eyJh.eyJz.c2ln")));
    assert_eq!(holds, holds_secret(&format!("{text}&page=2")), "what is said beside it hides nothing");
}

fn cookies(headers: &HeaderMap) {
    let lines: Vec<&str> = headers.values().filter_map(|value| value.to_str().ok()).collect();
    let pairs: Vec<&str> = lines.iter().flat_map(|line| line.split(';')).map(str::trim).collect();
    let ours = |name: &str| -> Vec<&str> {
        pairs.iter().filter_map(|pair| pair.split_once('=')).filter(|(n, _)| *n == name).map(|(_, v)| v).collect()
    };
    let secrets = ours("__Host-preau");
    // One that was planted beside the real one makes both worth nothing.
    let expected = if let [only] = secrets[..] { Some(only) } else { None };
    assert_eq!(DeviceSecret::value_in(headers), expected);
    if let Some(kept) = Kept::in_headers(headers) {
        let line = kept.clone().set_cookie(CLASS);
        let value = line.split(';').next().expect("a pair");
        assert!(!kept.ticket.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'));
        let again = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(value).expect("a header"))]);
        // It is written for the class whose page is asked for, and may be some bytes longer by that.
        let again = Kept::in_headers(&again).map(|again| again.set_cookie(CLASS));
        assert!(again.as_ref() == Some(&line) || value.len() > 256, "{again:?} of {line:?}");
    }
}

/// Whoever is counted is connected to us, or was told of by a proxy of ours with nobody else in between.
fn proxies(headers: &HeaderMap) {
    let proxies = ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).expect("a network"));
    let is_ours = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let stranger: IpAddr = [203, 0, 113, 9].into();
    assert_eq!(forwarded::client(stranger, headers, &proxies), stranger, "a stranger says what it likes");
    let connected: IpAddr = [127, 0, 0, 1].into();
    let client = forwarded::client(connected, headers, &proxies);
    assert_eq!(forwarded::client(connected, headers, &[]), connected, "without proxies of ours nobody is believed");
    if client == connected {
        return;
    }
    let text: Vec<&str> = headers.values().filter_map(|value| value.to_str().ok()).collect();
    let text = text.join(",");
    let read = |hop: &str| -> Option<IpAddr> {
        let bare = hop.trim_matches(['[', ']']);
        hop.parse().map(|address: SocketAddr| address.ip()).or_else(|_| bare.parse()).ok()
    };
    let hops: Vec<Option<IpAddr>> = text.split(',').map(|hop| read(hop.trim())).collect();
    let at = hops.iter().rposition(|hop| *hop == Some(client)).expect("an address that nobody wrote");
    let behind = hops[at + 1..].iter().all(|hop| hop.is_some_and(is_ours));
    assert!(behind || is_ours(client), "{client} stands behind somebody else's word: {text}");
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let kept = format!("a=b; preau-line=AQID-_BAU.{}.00ff.2.150.9.77.500", CLASS.0);
    vec![
        ("cookies", format!("__Host-preau=x; c=d\n{kept}\n__Host-preau=y").into()),
        ("kept", kept.into()),
        ("proxies", "6.6.6.6, 192.0.2.1\n10.1.2.3".into()),
        ("ports", "[2001:db8::1]:4711, 10.1.2.3:80,::ffff:10.0.0.1".into()),
        ("origins", "HTTPS://Class.Example.org:443/\nhttp://[::1]:8080\nnull\nhttps://u@a.org".into()),
        ("queries", "a=1&Token=\nq=eyJhbGci.eyJzdWIi.c2ln;in=x".into()),
    ]
}
