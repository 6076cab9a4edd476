//! The keyed hash of a suite (sections 13.28 to 13.32), with its key schedule made once.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::Suite;

/// A keyed hash, ready to be used many times.
pub(super) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

/// The full result of a keyed hash: as long as [`Suite::code_len`]. Without `Debug`, so that nothing
/// shows it.
pub(super) struct Code {
    bytes: Zeroizing<[u8; 32]>,
    len: usize,
}

#[cfg(test)]
thread_local! {
    /// How many codes this thread has made or compared.
    pub(super) static MADE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Mac {
    /// With a key of up to 64 bytes; what stands beyond is not used.
    pub(super) fn new(suite: Suite, key: &[u8]) -> Self {
        // Both hashes work on blocks of 64 bytes, to which a key is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        match suite {
            Suite::Sha1 => Self::Sha1(Hmac::new((&*block).into())),
            Suite::Sha256 => Self::Sha256(Hmac::new((&*block).into())),
        }
    }

    /// The code of these parts, one behind the other.
    pub(super) fn code(&self, parts: &[&[u8]]) -> Code {
        let mut bytes = Zeroizing::new([0; 32]);
        let len = match self {
            Self::Sha1(mac) => {
                let mut code = fed(mac, parts).finalize().into_bytes();
                bytes[..code.len()].copy_from_slice(&code);
                code.as_mut_slice().zeroize();
                code.len()
            }
            Self::Sha256(mac) => {
                let mut code = fed(mac, parts).finalize().into_bytes();
                bytes.copy_from_slice(&code);
                code.as_mut_slice().zeroize();
                code.len()
            }
        };
        Code { bytes, len }
    }

    /// Whether the code of these parts begins with `expected`; in constant time.
    pub(super) fn begins_with(&self, parts: &[&[u8]], expected: &[u8]) -> bool {
        let checked = match self {
            Self::Sha1(mac) => fed(mac, parts).verify_truncated_left(expected),
            Self::Sha256(mac) => fed(mac, parts).verify_truncated_left(expected),
        };
        checked.is_ok()
    }
}

fn fed<M: hmac::Mac + Clone>(mac: &M, parts: &[&[u8]]) -> M {
    #[cfg(test)]
    MADE.set(MADE.get() + 1);
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part);
    }
    mac
}

impl Code {
    /// All of it.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// As much of it as a packet carries: see [`Suite::check_len`].
    pub(super) fn check(&self, suite: Suite) -> &[u8] {
        self.bytes.get(..suite.check_len()).unwrap_or_default()
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac")
    }
}
