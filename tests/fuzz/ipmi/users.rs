//! Who may log in, and the house that a server asks.

use std::ops::DerefMut;

use outband_protocol::ipmi::{
    Privilege, Suite,
    client::Login,
    rakp::Name,
    server::{Ask, Happened, Host, Key, Lookup, Proofs, User},
};

/// Who is known, and up to which level. The key is the name.
const USERS: [(&str, Privilege); 2] = [
    ("owner", Privilege::Administrator),
    ("guest", Privilege::Operator),
];

/// The house around the server, without chance: the same input does the same each time.
#[derive(Debug, Default)]
pub(super) struct Porch {
    dice: u64,
    proofs: Proofs,
}

impl Host for Porch {
    type User = u8;

    fn fill(&mut self, buffer: &mut [u8]) -> bool {
        for byte in buffer {
            self.dice = self
                .dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (self.dice >> 56) as u8;
        }
        true
    }

    fn user(&mut self, ask: &Ask<'_>) -> Lookup<u8> {
        let known = (2..)
            .zip(USERS)
            .find(|(_, user)| user.0.as_bytes() == ask.name);
        let Some((id, (name, limit))) = known else {
            return Lookup::Nobody;
        };
        let (key, account) = (key(name), id);
        Lookup::User(User {
            key,
            limit,
            id,
            account,
        })
    }

    fn still_stands(&mut self, user: &u8) -> bool {
        usize::from(*user) < 2 + USERS.len()
    }

    fn proofs(&mut self) -> impl DerefMut<Target = Proofs> {
        &mut self.proofs
    }

    fn happened(&mut self, _: Happened<'_, u8>) {}
}

fn key(text: &str) -> Key {
    let mut key = Key::default();
    for (place, byte) in key.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    key
}

/// Who logs in as one of [`USERS`].
pub(super) fn login(user: usize, suite: Suite) -> Login {
    let (name, role) = USERS[user % USERS.len()];
    Login {
        name: Name::new(name.as_bytes()).unwrap(),
        key: key(name),
        bmc_key: None,
        role,
        suite,
    }
}
