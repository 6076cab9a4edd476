//! The cipher suites that are spoken (table 22-20): 17 and 3, and no other.

/// A cipher suite: one triple of algorithms for authentication, integrity and confidentiality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// 17: RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128. Preferred.
    Sha256,
    /// 3: RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128. The default of many clients.
    Sha1,
}

impl Suite {
    /// All, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha1];

    /// Its number.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Sha256 => 17,
            Self::Sha1 => 3,
        }
    }

    /// The numbers of its algorithms for authentication, integrity and confidentiality (tables
    /// 13-17 to 13-19).
    #[must_use]
    pub const fn algorithms(self) -> [u8; 3] {
        match self {
            Self::Sha256 => [0x03, 0x04, 0x01],
            Self::Sha1 => [0x01, 0x01, 0x01],
        }
    }

    /// The suite with exactly these algorithms.
    #[must_use]
    pub fn with_algorithms(algorithms: [u8; 3]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.algorithms() == algorithms)
    }

    /// How long an authentication code of RAKP messages 2 and 3 is.
    #[must_use]
    pub const fn code_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
        }
    }

    /// How long the integrity check value of a packet and of RAKP message 4 is.
    #[must_use]
    pub const fn check_len(self) -> usize {
        match self {
            Self::Sha256 => 16,
            Self::Sha1 => 12,
        }
    }

    /// Its record in the answer to Get Channel Cipher Suites (table 22-18).
    #[must_use]
    pub const fn record(self) -> [u8; 5] {
        let [authentication, integrity, confidentiality] = self.algorithms();
        [
            0xC0,
            self.id(),
            authentication,
            0x40 | integrity,
            0x80 | confidentiality,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_triples_of_all_make_a_suite() {
        let mut found = Vec::new();
        for a in 0..64 {
            for i in 0..64 {
                for c in 0..64 {
                    found.extend(Suite::with_algorithms([a, i, c]).map(|s| (s.id(), a, i, c)));
                }
            }
        }
        assert_eq!(found, [(3, 1, 1, 1), (17, 3, 4, 1)]);
    }
}
