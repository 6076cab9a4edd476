//! Where secrets come from: the environment, a file, a terminal without echo, or chance.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use super::{Failure, print};
use crate::app::secrets::made_up;

/// The longest line that is read as a secret, in bytes.
const LINE_MAX: u64 = 1024;

/// How a command is given a secret. Without either flag it asks on the terminal.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SecretFrom {
    /// Take the secret from the first line of FILE (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Make the secret up and print it
    #[arg(long)]
    generate: bool,
}

impl SecretFrom {
    /// The secret; `length` is how long a made-up one is, in characters.
    pub(super) fn get(&self, what: &str, length: usize) -> Result<Zeroizing<String>, Failure> {
        if self.generate {
            let secret = made_up(length).map_err(|why| Failure::new(why.to_string()))?;
            print(&format!("{}\n", *secret));
            Ok(secret)
        } else if let Some(file) = &self.password_file {
            from_file(file)
        } else {
            from_terminal(what)
        }
    }
}

/// The password of `demo` and `fleet`: `OUTBAND_ADMIN_PASSWORD`, where it is set.
///
/// It serves for IPMI too, which takes at most 20 bytes (IPMI 2.0 section 22.30).
pub(super) fn from_environment(
    value: Option<OsString>,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(value) = value else {
        return Ok(None);
    };
    let bad = |why: &str| Err(Failure::new(format!("OUTBAND_ADMIN_PASSWORD {why}")));
    let Ok(text) = value.into_string().map(Zeroizing::new) else {
        return bad("is not UTF-8 text");
    };
    if !(8..=20).contains(&text.len()) {
        return bad(&format!("must have 8 to 20 bytes; it has {}", text.len()));
    }
    if text.chars().any(char::is_control) {
        return bad("has a control character");
    }
    Ok(Some(text))
}

/// The first line of a file.
fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let fail = |why: &dyn std::fmt::Display| {
        Failure::new(format!("the password file {}: {why}", path.display()))
    };
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|why| fail(&why))?)
    };
    line(BufReader::new(reader)).map_err(|why| fail(&why))
}

/// Reads one line, without its end.
fn line(reader: impl BufRead) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(LINE_MAX as usize));
    reader.take(LINE_MAX).read_line(&mut text)?;
    if text.len() as u64 == LINE_MAX {
        return Err(std::io::Error::other("the line is too long"));
    }
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    Ok(text)
}

/// Asks twice on the terminal, without echo.
fn from_terminal(what: &str) -> Result<Zeroizing<String>, Failure> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let terminal = terminal.map_err(|_| {
        Failure::new("there is no terminal to ask on; use --password-file or --generate")
    })?;
    let first = ask(&terminal, what)?;
    let second = ask(&terminal, &format!("{what} again"))?;
    if first == second {
        Ok(first)
    } else {
        Err(Failure::new("the two differ; nothing was changed"))
    }
}

/// Asks once.
fn ask(mut terminal: &File, what: &str) -> Result<Zeroizing<String>, Failure> {
    let fail = |why: std::io::Error| Failure::new(format!("the terminal: {why}"));
    write!(terminal, "{what}: ").map_err(fail)?;
    let quiet = Quiet::new(terminal).map_err(|why| fail(why.into()))?;
    let mut answer = line(BufReader::new(terminal)).map_err(fail)?;
    drop(quiet);
    writeln!(terminal).map_err(fail)?;
    // Signals are off while there is no echo, so that the terminal is always put right again.
    if answer.contains('\u{3}') {
        answer.zeroize();
        return Err(Failure::new("given up; nothing was changed"));
    }
    Ok(answer)
}

/// A terminal without echo, until dropped.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> rustix::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_the_environment_has_8_to_20_bytes() {
        for bad in ["", "1234567", "123456789012345678901", "1234\n5678"] {
            assert!(from_environment(Some(bad.into())).is_err(), "{bad}");
        }
        for good in ["12345678", "12345678901234567890"] {
            let password = from_environment(Some(good.into())).unwrap().unwrap();
            assert_eq!(*password, good);
        }
        assert!(from_environment(None).unwrap().is_none());
    }

    #[test]
    fn a_file_gives_its_first_line() {
        assert_eq!(*line(&b"secret word\r\nmore"[..]).unwrap(), "secret word");
        assert_eq!(*line(&b"secret"[..]).unwrap(), "secret");
        assert!(line(&[b'x'; 2000][..]).is_err());
        assert!(line(&[0xff_u8, b'\n'][..]).is_err());
    }
}
