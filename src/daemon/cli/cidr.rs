//! A range of addresses: `192.0.2.0/24`.

use std::{net::IpAddr, str::FromStr};

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadCidr {
    /// It has not the form of one.
    #[error("`{0}` is no network: write it as in \"192.0.2.0/24\" or \"2001:db8::/32\"")]
    Form(String),
    /// Its address goes on behind the prefix.
    #[error("`{0}` has bits set behind its prefix")]
    HostBits(String),
}

impl FromStr for Cidr {
    type Err = BadCidr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(64).collect::<String>();
        let bad = || BadCidr::Form(shown());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let (bits, width) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|b| b.is_ascii_digit()) => {
                prefix.parse().map_err(|_| bad())?
            }
            Some(_) => return Err(bad()),
            None => width,
        };
        if prefix > width {
            return Err(bad());
        }
        if bits.checked_shl(prefix.into()).unwrap_or(0) != 0 {
            return Err(BadCidr::HostBits(shown()));
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_taken() {
        for good in [
            "0.0.0.0/0",
            "192.0.2.0/24",
            "192.0.2.7",
            "192.0.2.7/32",
            "2001:db8::/32",
            "::/0",
            "::1",
        ] {
            assert!(good.parse::<Cidr>().is_ok(), "{good}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "",
            "/8",
            "192.0.2.0/",
            "192.0.2.0/33",
            "::/129",
            "host/8",
            "192.0.2.0/+8",
        ] {
            assert!(
                matches!(bad.parse::<Cidr>(), Err(BadCidr::Form(_))),
                "{bad}"
            );
        }
        for bad in ["192.0.2.1/24", "2001:db8::1/64", "128.0.0.0/0"] {
            assert!(
                matches!(bad.parse::<Cidr>(), Err(BadCidr::HostBits(_))),
                "{bad}"
            );
        }
    }
}
