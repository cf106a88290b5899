//! Web origins (RFC 6454): who may talk to us from a browser.

use std::fmt;

use axum::http::Uri;

/// `scheme://host[:port]`, exactly as a browser writes it into `Origin` (RFC 6454 §6.2): lower case, no default port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    pub fn parse(text: &str) -> Result<Origin, String> {
        let url = PublicUrl::parse(text)?;
        match url.path.is_empty() {
            true => Ok(url.origin),
            false => Err("an origin has no path, as in https://class.example.org".into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where browsers find this server. Links are made by writing a fragment behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Origin,
    /// Always empty for now: cookies, assets and routes live at the root.
    path: String,
}

impl PublicUrl {
    pub fn parse(text: &str) -> Result<PublicUrl, String> {
        let hint = "expected a URL such as https://class.example.org";
        let uri: Uri = text.parse().map_err(|_| hint.to_string())?;
        let scheme = uri.scheme_str().ok_or(hint)?.to_ascii_lowercase();
        let authority = uri.authority().ok_or(hint)?;
        let default_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err("only http and https are known".into()),
        };
        if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
            return Err("no user, query or fragment here".into());
        }
        let host = authority.host().to_ascii_lowercase();
        if !is_host(&host) {
            return Err(hint.into());
        }
        let port = match authority.port_u16() {
            Some(port) if port != default_port => format!(":{port}"),
            Some(_) => String::new(),
            None if authority.as_str().len() == host.len() => String::new(),
            None => return Err("the port is not a number up to 65535".into()),
        };
        let path = uri.path().trim_end_matches('/').to_string();
        Ok(PublicUrl { origin: Origin(format!("{scheme}://{host}{port}")), path })
    }

    /// A URL at the root of its origin.
    pub fn parse_root(text: &str) -> Result<PublicUrl, String> {
        Origin::parse(text).map(|origin| PublicUrl { origin, path: String::new() })
    }

    pub(super) fn localhost(tls: bool, port: u16) -> PublicUrl {
        let text = format!("http{}://localhost:{port}", if tls { "s" } else { "" });
        PublicUrl::parse_root(&text).expect("a URL we wrote")
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Host and port, as a TURN URL has them (RFC 7065): an IPv6 address keeps its brackets.
    pub fn host_and_port(&self) -> (&str, u16) {
        let authority = self.origin.0.split("://").nth(1).unwrap_or_default();
        let default_port = if self.is_https() { 443 } else { 80 };
        // A colon within brackets belongs to the address.
        match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().unwrap_or(default_port)),
            None => (authority, default_port),
        }
    }

    pub fn is_https(&self) -> bool {
        self.origin.0.starts_with("https:")
    }

    /// Only this machine can mean it: no certificate is needed to keep what is fetched from it honest.
    pub fn is_loopback(&self) -> bool {
        let host = self.origin.0.split("://").nth(1).unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }

    /// The link whose fragment carries a secret: the part of a URL that no browser sends and no server logs.
    pub fn link(&self, kind: &str, secret: &str) -> String {
        format!("{self}/#{kind}={secret}")
    }
}

/// A name as DNS has it, or an address: what is written into headers has no sign in it that means something there.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._".contains(&c)),
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        let origin = |text| Origin::parse(text).map(|o| o.to_string());
        assert_eq!(origin("HTTPS://Class.Example.org:443/"), Ok("https://class.example.org".into()));
        assert_eq!(origin("http://localhost:8080"), Ok("http://localhost:8080".into()));
        assert_eq!(origin("http://[::1]:8080"), Ok("http://[::1]:8080".into()));
        for bad in [
            "",
            "null",
            "*",
            "https://",
            "ftp://a.org",
            "https://a.org/path",
            "https://u@a.org",
            "https://*.a.org",
            "https://a.org:99999",
            "http://[::,1]:8080",
            "http://a.org,b.org",
            "http://a;b.org",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_known_by_its_names() {
        let loopback = |text| PublicUrl::parse(text).unwrap().is_loopback();
        assert!(loopback("http://localhost:80/a") && loopback("http://127.8.9.1:1/") && loopback("http://[::1]/keys"));
        assert!(!loopback("http://localhost.example.org/") && !loopback("http://128.0.0.1/"));
    }
}
