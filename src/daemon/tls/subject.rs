//! What the daemon's own certificate is for.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use super::interfaces;
use crate::listen::plain_name;

/// Every name and address by which clients find this daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub(super) host_name: String,
    pub(super) names: BTreeSet<String>,
    pub(super) addresses: BTreeSet<IpAddr>,
}

impl Subject {
    /// Always `localhost`, 127.0.0.1 and ::1; the device's host name, also in its short form and
    /// under `.local`; further names and addresses from the settings; and every address listened
    /// on, where a wildcard stands for all that the device's interfaces have now. What is neither an
    /// address nor a host name is left out.
    #[must_use]
    pub fn new<N: AsRef<str>>(
        host_name: &str,
        further: impl IntoIterator<Item = N>,
        listened: &[SocketAddr],
    ) -> Self {
        Self::with(host_name, further, listened, interfaces::addresses)
    }

    fn with<N: AsRef<str>>(
        host_name: &str,
        further: impl IntoIterator<Item = N>,
        listened: &[SocketAddr],
        interfaces: impl Fn() -> BTreeSet<IpAddr>,
    ) -> Self {
        let short = host_name.split('.').next().unwrap_or(host_name);
        let mut subject = Self {
            host_name: plain_name(host_name).unwrap_or_else(|| "localhost".into()),
            names: [host_name, short, &format!("{short}.local"), "localhost"]
                .into_iter()
                .filter_map(plain_name)
                .collect(),
            addresses: [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ]
            .into(),
        };
        for name in further {
            match name.as_ref().parse::<IpAddr>() {
                Ok(address) => _ = subject.addresses.insert(address.to_canonical()),
                Err(_) => subject.names.extend(plain_name(name.as_ref())),
            }
        }
        for address in listened.iter().map(|listened| listened.ip().to_canonical()) {
            if !address.is_unspecified() {
                subject.addresses.insert(address);
                continue;
            }
            let reachable = |found: &IpAddr| found.is_ipv4() || address.is_ipv6();
            subject
                .addresses
                .extend(interfaces().into_iter().filter(reachable));
        }
        subject
    }

    /// All names and addresses as text, in one order.
    pub(super) fn all(&self) -> BTreeSet<String> {
        let addresses = self.addresses.iter().map(IpAddr::to_string);
        self.names.iter().cloned().chain(addresses).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(listened: &str) -> Vec<String> {
        let interfaces = || {
            ["192.0.2.5", "2001:db8::5"]
                .map(|address| address.parse().unwrap())
                .into()
        };
        Subject::with(
            "Rack7.lab.example",
            ["kvm.example", "198.51.100.1", "no name"],
            &[listened.parse().unwrap()],
            interfaces,
        )
        .all()
        .into_iter()
        .collect()
    }

    #[test]
    fn the_address_listened_on_and_the_own_names_are_in_it() {
        assert_eq!(
            all("192.0.2.77:443"),
            [
                "127.0.0.1",
                "192.0.2.77",
                "198.51.100.1",
                "::1",
                "kvm.example",
                "localhost",
                "rack7",
                "rack7.lab.example",
                "rack7.local"
            ]
        );
    }

    #[test]
    fn a_wildcard_stands_for_the_addresses_of_the_interfaces() {
        let both = all("[::]:443");
        assert!(both.contains(&"192.0.2.5".into()) && both.contains(&"2001:db8::5".into()));
        let v4 = all("0.0.0.0:443");
        assert!(v4.contains(&"192.0.2.5".into()) && !v4.contains(&"2001:db8::5".into()));
        assert!(!both.contains(&"::".into()) && !v4.contains(&"0.0.0.0".into()));
    }
}
