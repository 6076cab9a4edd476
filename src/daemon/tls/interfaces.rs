//! The addresses of this device, as Linux lists them under `/proc/net`.
//!
//! Read from there, and not asked of the kernel by netlink, so that the daemon's sandbox needs no
//! further socket family.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// More addresses than a certificate needs are not taken.
const ADDRESSES_MAX: usize = 256;

/// An address that changes daily for privacy's sake (`IFA_F_TEMPORARY`, linux/if_addr.h).
const TEMPORARY: u8 = 0x01;

/// An address that another device turned out to have (`IFA_F_DADFAILED`).
const DUPLICATE: u8 = 0x08;

/// The addresses by which others may reach this device: no loopback, link-local or temporary ones.
/// Empty where the lists can't be read.
pub(super) fn addresses() -> BTreeSet<IpAddr> {
    let v4 = fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let v6 = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let v4 = local_v4(&v4).map(IpAddr::V4);
    let v6 = local_v6(&v6).map(IpAddr::V6);
    v4.chain(v6).take(ADDRESSES_MAX).collect()
}

/// The addresses that stand before a line `/32 host LOCAL`.
fn local_v4(trie: &str) -> impl Iterator<Item = Ipv4Addr> {
    trie.lines()
        .zip(trie.lines().skip(1))
        .filter(|(_, kind)| kind.trim() == "/32 host LOCAL")
        .filter_map(|(leaf, _)| leaf.trim().strip_prefix("|-- ")?.parse().ok())
        .filter(|address: &Ipv4Addr| !address.is_loopback() && !address.is_link_local())
        .collect::<BTreeSet<_>>()
        .into_iter()
}

/// One address a line: 32 hex digits, interface, prefix, scope, flags, name.
fn local_v6(list: &str) -> impl Iterator<Item = Ipv6Addr> {
    list.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let bits = u128::from_str_radix(fields.next()?, 16).ok()?;
        let flags = u8::from_str_radix(fields.nth(3)?, 16).ok()?;
        let address = Ipv6Addr::from_bits(bits);
        let lasting = flags & (TEMPORARY | DUPLICATE) == 0;
        let reachable = !address.is_loopback() && !address.is_unicast_link_local();
        (lasting && reachable).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 169.254.7.7
           /32 host LOCAL
";

    const INET6: &str = "\
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
20010db8000000000000000000000002 04 40 00 82     eth0
20010db80000000000001234567890ab 04 40 00 01     eth0
20010db8000000000000000000000009 04 40 00 08     eth0
00000000000000000000000000000001 01 80 10 80       lo
not a line
";

    #[test]
    fn own_ipv4_addresses_are_found_once_each() {
        let found: Vec<_> = local_v4(TRIE).collect();
        assert_eq!(found, [Ipv4Addr::new(192, 0, 2, 2)]);
    }

    #[test]
    fn lasting_ipv6_addresses_are_found() {
        let found: Vec<_> = local_v6(INET6).collect();
        assert_eq!(found, ["2001:db8::2".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn nonsense_yields_nothing() {
        assert_eq!(local_v4("/32 host LOCAL\n/32 host LOCAL").count(), 0);
        assert_eq!(local_v6("zz 1 2 3 4 5\n\n20010db8").count(), 0);
    }
}
