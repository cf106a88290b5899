//! Networks: an address and how many of its bits count (RFC 4632, RFC 4291 §2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// What one attacker, or one school, may well have: 256 addresses of IPv4, or a subscriber's 56 bits of IPv6.
    pub fn around(address: IpAddr) -> Network {
        let address = address.to_canonical();
        Network::new(address, if address.is_ipv4() { 24 } else { 56 })
    }

    /// `10.0.0.0/8`, `2001:db8::/32`, or one address.
    pub fn parse(text: &str) -> Result<Network, String> {
        let wrong = || "expected a network, as in 10.0.0.0/8, or an address".to_owned();
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        let network = Network::new(address, bits.min(all));
        // What has bits behind its length was meant otherwise.
        if bits > all || network.first != address { Err(wrong()) } else { Ok(network) }
    }

    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && Network::new(address, self.bits) == self
    }

    fn new(address: IpAddr, bits: u8) -> Network {
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Network { first, bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_what_shares_its_first_bits() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains(ip("10.255.0.1")) && ten.contains(ip("::ffff:10.0.0.1")));
        assert!(!ten.contains(ip("11.0.0.1")) && !ten.contains(ip("::1")));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("203.0.113.9")));
        assert!(Network::parse("::1").unwrap().contains(ip("::1")));
        for wrong in ["", "10.0.0.0/33", "10.0.0.1/8", "::/129", "localhost", "10.0.0.0/x", "1.2.3.4/-1"] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_school_or_a_subscriber_is_one() {
        let same = |a: &str, b: &str| Network::around(ip(a)) == Network::around(ip(b));
        assert!(same("192.0.2.1", "192.0.2.254") && same("192.0.2.1", "::ffff:192.0.2.7"));
        assert!(same("2001:db8::1", "2001:db8:0:ff::1"));
        assert!(!same("192.0.2.1", "192.0.3.1") && !same("2001:db8::1", "2001:db8:0:100::1"));
    }
}
