//! An address to listen on: `"[::]:443"`, `"127.0.0.1:8443"`.

use std::{fmt, net::SocketAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// An IP address and a port to listen on; port 0 picks a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(pub SocketAddr);

/// Why a text is no address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address with a port: write it as in \"192.0.2.1:443\" or \"[::]:443\"")]
pub struct BadAddress(String);

impl Address {
    /// Whether only this device itself can reach it.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }

    /// The address `step` ports further up; `None` past the last port. Port 0 stays 0: each picks
    /// a free one.
    #[must_use]
    pub fn up(self, step: u16) -> Option<Self> {
        let mut next = self.0;
        if next.port() != 0 {
            next.set_port(next.port().checked_add(step)?);
        }
        Some(Self(next))
    }

    /// Whether a listener on one keeps another from listening on the other: the same port on the
    /// same address, or on the address that means all of them.
    #[must_use]
    pub fn collides(self, other: Self) -> bool {
        let (a, b) = (self.0.ip().to_canonical(), other.0.ip().to_canonical());
        let same_port = self.0.port() == other.0.port() && self.0.port() != 0;
        // `[::]` takes IPv4 as well; `0.0.0.0` takes IPv4 only.
        let covers = |all: std::net::IpAddr, one: std::net::IpAddr| {
            all.is_unspecified() && (all.is_ipv6() || one.is_ipv4())
        };
        same_port && (a == b || covers(a, b) || covers(b, a))
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| BadAddress(text.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Address {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_without_a_port_and_a_name_are_refused() {
        for bad in [
            "",
            "443",
            ":443",
            "127.0.0.1",
            "::1",
            "localhost:443",
            "[::1]:70000",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for text in [
            "127.0.0.1:1",
            "127.3.2.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(address(text).is_loopback(), "{text}");
        }
        for text in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            assert!(!address(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn the_address_that_means_all_collides_with_each() {
        assert!(address("[::]:443").collides(address("192.0.2.1:443")));
        assert!(address("192.0.2.1:443").collides(address("0.0.0.0:443")));
        assert!(!address("0.0.0.0:443").collides(address("[::1]:443")));
        assert!(!address("[::]:443").collides(address("[::]:80")));
        assert!(!address("[::]:0").collides(address("[::]:0")));
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(ip: std::net::IpAddr, port: u16) {
            let address = Address(SocketAddr::new(ip, port));
            proptest::prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }
    }
}
