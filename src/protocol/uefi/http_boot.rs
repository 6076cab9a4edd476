//! A boot over HTTP as a boot option (UEFI 2.10 sections 3.1.3, 10.3 and 24.7).

use super::utf16;

/// The option's number and the name that follows from it: one that firmware, which counts from 0,
/// doesn't come to.
pub(super) const NUMBER: u16 = 0x4854;
pub(super) const NAME: &str = "Boot4854";

/// `LOAD_OPTION_ACTIVE`.
const ACTIVE: u32 = 1;

/// What the option is called in the firmware's menus.
const DESCRIPTION: &str = "HTTP boot";

/// The longest URI, in bytes.
pub const URI_MAX: usize = 1024;

/// Which card boots, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpBoot<'a> {
    /// The card's device number on the root bus, 0 to 31; its function is 0.
    pub slot: u8,
    /// The card's address.
    pub mac: [u8; 6],
    /// What is loaded, at most [`URI_MAX`] bytes, the rest is cut; empty for what DHCP names.
    pub uri: &'a str,
}

impl HttpBoot<'_> {
    /// The option as its variable holds it.
    pub(super) fn load_option(&self) -> Vec<u8> {
        let path = self.device_path();
        let length = u16::try_from(path.len()).unwrap_or(u16::MAX);
        let mut bytes = ACTIVE.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(utf16(DESCRIPTION));
        bytes.extend(path);
        bytes
    }

    /// The way to the card, and over it: `PciRoot(0)/Pci(SLOT,0)/MAC(...)/IPv4()/Uri(...)`. The
    /// firmware takes the addresses of the IPv4 node from DHCP.
    fn device_path(&self) -> Vec<u8> {
        let mut address = [0; 33];
        for (to, from) in address.iter_mut().zip(self.mac) {
            *to = from;
        }
        address[32] = 1; // Ethernet
        let uri = self.uri.as_bytes();
        let uri = uri.get(..URI_MAX).unwrap_or(uri);
        [
            node(2, 1, &[0xD0, 0x41, 0x03, 0x0A, 0, 0, 0, 0]), // PNP0A03, the first
            node(1, 1, &[0, self.slot]),
            node(3, 11, &address),
            node(3, 12, &[0; 23]),
            node(3, 24, uri),
            node(0x7F, 0xFF, &[]),
        ]
        .concat()
    }
}

/// A node of a device path: type, subtype, length with these four bytes, and what it says.
fn node(kind: u8, sub: u8, says: &[u8]) -> Vec<u8> {
    let length = u16::try_from(says.len() + 4).unwrap_or(u16::MAX);
    let mut bytes = vec![kind, sub];
    bytes.extend(length.to_le_bytes());
    bytes.extend(says);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_root_card_address_network_and_uri() {
        let boot = HttpBoot {
            slot: 0x16,
            mac: [0x52, 0x54, 0, 1, 2, 3],
            uri: "http://x/",
        };
        let mut expected = vec![2, 1, 12, 0, 0xD0, 0x41, 3, 10, 0, 0, 0, 0];
        expected.extend([1, 1, 6, 0, 0, 0x16]);
        expected.extend([3, 11, 37, 0, 0x52, 0x54, 0, 1, 2, 3]);
        expected.extend([0; 26]);
        expected.push(1);
        expected.extend([3, 12, 27, 0]);
        expected.extend([0; 23]);
        expected.extend([3, 24, 13, 0]);
        expected.extend(b"http://x/");
        expected.extend([0x7F, 0xFF, 4, 0]);
        assert_eq!(boot.device_path(), expected);
        let option = boot.load_option();
        assert_eq!(
            option[..6],
            [1, 0, 0, 0, u8::try_from(expected.len()).unwrap(), 0]
        );
        assert_eq!(option[6..10], *b"H\0T\0");
        assert!(option.ends_with(&expected));
    }

    #[test]
    fn a_uri_that_is_too_long_is_cut() {
        let long = "x".repeat(70_000);
        let boot = HttpBoot {
            slot: 0,
            mac: [0; 6],
            uri: &long,
        };
        assert_eq!(boot.device_path().len(), 12 + 6 + 37 + 27 + 4 + URI_MAX + 4);
    }
}
