//! Where a flag says to listen: an address, or nowhere.

use std::{fmt, str::FromStr};

use crate::settings::{Address, BadAddress};

/// `off`, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListenAt(pub(super) Option<Address>);

impl FromStr for ListenAt {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            Ok(Self(None))
        } else {
            text.parse().map(|address| Self(Some(address)))
        }
    }
}

impl fmt::Display for ListenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}
