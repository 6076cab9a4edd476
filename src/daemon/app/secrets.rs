//! Secrets that are made up, and secrets that stand in files.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::Path,
};

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

/// The longest line that is read as a secret, in bytes.
const LINE_MAX: usize = 1024;

/// The first line of a file; `-` is standard input.
///
/// # Errors
/// [`AppFault`] that names the file.
pub fn from_file(path: &Path) -> Result<Zeroizing<String>, AppFault> {
    let fail =
        |why: &dyn Display| AppFault::new(format!("the password file {}: {why}", path.display()));
    let text = if path == Path::new("-") {
        line(io::stdin())
    } else {
        File::open(path).and_then(line)
    };
    text.map_err(|why| fail(&why))
}

/// Reads one line, without its end, and leaves no copy of it anywhere.
///
/// # Errors
/// When it can't be read, is longer than a kilobyte or is no UTF-8 text.
pub fn line(mut reader: impl Read) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut byte = Zeroizing::new([0]);
    while reader.read(&mut *byte)? > 0 && byte[0] != b'\n' {
        if bytes.len() == LINE_MAX {
            return Err(io::Error::other("the line is too long"));
        }
        bytes.push(byte[0]);
    }
    let text = str::from_utf8(&bytes).map_err(io::Error::other)?;
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
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

    #[test]
    fn a_file_gives_its_first_line() {
        assert_eq!(*line(&b"secret word\r\nmore"[..]).unwrap(), "secret word");
        assert_eq!(*line(&b"secret"[..]).unwrap(), "secret");
        assert!(line(&[b'x'; 2000][..]).is_err());
        assert!(line(&[0xff_u8, b'\n'][..]).is_err());
    }
}
