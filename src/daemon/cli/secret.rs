//! Where secrets come from: the environment, a file, a terminal without echo, or chance.

use std::{ffi::OsString, fs::File, io::Write, path::PathBuf};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use super::{Failure, print};
use crate::app::secrets::{from_file, line, made_up};

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
            Ok(made_up(length)?)
        } else if let Some(file) = &self.password_file {
            Ok(from_file(file)?)
        } else {
            from_terminal(what)
        }
    }

    /// Prints the secret if it was made up: once it is in force, not before.
    pub(super) fn tell(&self, secret: &Zeroizing<String>) {
        if self.generate {
            print(&format!("{}\n", secret.as_str()));
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
    let mut answer = line(terminal).map_err(fail)?;
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
}
