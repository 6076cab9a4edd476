//! The evidence file: what the computer saw, one JSON object a line.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use outband_core::host::Stamp;
use serde::Serialize;

use super::machine::Saw;

/// An open evidence file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    /// Writing failed, and that was said.
    failed: bool,
}

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    /// Milliseconds since 1970.
    at_ms: i64,
    #[serde(flatten)]
    saw: &'a Saw,
}

impl Journal {
    /// Opens a file to append to, and makes it where there is none.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            failed: false,
        })
    }

    /// Writes a line. It can be read by others once this returns.
    pub(super) fn write(&mut self, at: Stamp, saw: &Saw) {
        let line = Line {
            at_ms: at.unix_ms,
            saw,
        };
        let written = serde_json::to_vec(&line)
            .map_err(std::io::Error::from)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                self.file.write_all(&bytes)
            });
        if let Err(why) = written
            && !self.failed
        {
            self.failed = true;
            tracing::warn!(file = %self.path.display(), %why, "the evidence can't be written");
        }
    }
}
