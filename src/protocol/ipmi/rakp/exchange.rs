//! The codes of RAKP (sections 13.28 and 13.31): what both sides know when message 2 is written.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Bytes16, Name};
use crate::ipmi::{
    Suite,
    mac::{Code, Mac},
    seal::Keys,
};

/// Everything that the codes of one setup are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The suite.
    pub suite: Suite,
    /// The console's id of the session.
    pub console: u32,
    /// The BMC's.
    pub managed: u32,
    /// The console's random number.
    pub console_random: Bytes16,
    /// The BMC's.
    pub managed_random: Bytes16,
    /// The BMC's GUID.
    pub guid: Bytes16,
    /// The role byte of message 1, as it was sent.
    pub role: u8,
    /// The user's name.
    pub name: Name,
}

/// What a proven exchange leaves: the keys of the session and the proof that message 4 carries.
/// Without `Debug`, so that nothing shows it.
pub(in crate::ipmi) struct Agreed {
    pub(in crate::ipmi) keys: Keys,
    check: Zeroizing<[u8; 16]>,
}

impl Agreed {
    /// The check value of message 4.
    pub(in crate::ipmi) fn check(&self) -> &[u8] {
        let len = self.keys.suite().check_len();
        self.check.get(..len).unwrap_or_default()
    }

    /// Whether message 4 proves that the BMC knows the key; in constant time.
    pub(in crate::ipmi) fn proves_4(&self, check: &[u8]) -> bool {
        self.check().ct_eq(check).into()
    }
}

impl Exchange {
    /// The code of message 2, by which the BMC proves that it knows the user's key.
    pub(in crate::ipmi) fn code_2(&self, user: &[u8]) -> Code {
        self.with_parts_2(|parts| Mac::new(self.suite, user).code(parts))
    }

    /// Whether message 2 proves that the BMC knows the user's key; in constant time.
    pub(in crate::ipmi) fn proves_2(&self, user: &[u8], code: &[u8]) -> bool {
        let whole = code.len() == self.suite.code_len();
        whole && self.with_parts_2(|parts| Mac::new(self.suite, user).begins_with(parts, code))
    }

    /// The code of message 3, by which the console proves the same.
    pub(in crate::ipmi) fn code_3(&self, user: &[u8]) -> Code {
        self.with_parts_3(|parts| Mac::new(self.suite, user).code(parts))
    }

    /// Whether message 3 proves that the console knows the user's key; in constant time.
    pub(in crate::ipmi) fn proves_3(&self, user: &[u8], code: &[u8]) -> bool {
        let whole = code.len() == self.suite.code_len();
        whole && self.with_parts_3(|parts| Mac::new(self.suite, user).begins_with(parts, code))
    }

    /// What follows from a proven exchange. `key` is K_g where the BMC has one, else the user's.
    pub(in crate::ipmi) fn agree(&self, key: &[u8]) -> Agreed {
        let session_key = Mac::new(self.suite, key).code(&[
            &self.console_random,
            &self.managed_random,
            &[self.role, self.name_len()],
            self.name.as_bytes(),
        ]);
        let proof = Mac::new(self.suite, session_key.bytes()).code(&[
            &self.console_random,
            &self.managed.to_le_bytes(),
            &self.guid,
        ]);
        let mut check = Zeroizing::new([0; 16]);
        for (place, byte) in check.iter_mut().zip(proof.check(self.suite)) {
            *place = *byte;
        }
        let keys = Keys::derive(self.suite, &session_key);
        Agreed { keys, check }
    }

    fn with_parts_2<T>(&self, with: impl FnOnce(&[&[u8]]) -> T) -> T {
        with(&[
            &self.console.to_le_bytes(),
            &self.managed.to_le_bytes(),
            &self.console_random,
            &self.managed_random,
            &self.guid,
            &[self.role, self.name_len()],
            self.name.as_bytes(),
        ])
    }

    fn with_parts_3<T>(&self, with: impl FnOnce(&[&[u8]]) -> T) -> T {
        with(&[
            &self.managed_random,
            &self.console.to_le_bytes(),
            &[self.role, self.name_len()],
            self.name.as_bytes(),
        ])
    }

    fn name_len(&self) -> u8 {
        self.name.as_bytes().len() as u8
    }
}
