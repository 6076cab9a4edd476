//! Secrets that are made up: for a first start, a demo, or whoever asks for one.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::AppFault;

/// How long a made-up password is: 80 bits, and within IPMI's 20 bytes.
pub const LOGIN_LENGTH: usize = 16;

/// What made-up secrets consist of: 32 characters that are easy to tell apart and to type.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A secret of so many characters, 5 bits each.
///
/// # Errors
/// [`AppFault`] when the operating system has no entropy to give.
pub fn made_up(length: usize) -> Result<Zeroizing<String>, AppFault> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| AppFault::new("the operating system gives no random bytes"))?;
    let character = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    Ok(Zeroizing::new(bytes.iter().map(character).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_each_is_plain() {
        let (one, two) = (made_up(16).unwrap(), made_up(16).unwrap());
        assert_ne!(*one, *two);
        assert_eq!(one.len(), 16);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
