//! `outband config`: what is wrong with the settings, and what is in force.

use clap::Subcommand;

use super::{Failure, print, serve::SettingsFile};
use crate::{
    app::first_start,
    settings::{KeyPath, Problem, Problems, show},
};

/// `outband config`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say what is wrong, with file, line and key
    Check {
        #[command(flatten)]
        file: SettingsFile,
    },
    /// Print every effective value and where it came from
    Show {
        #[command(flatten)]
        file: SettingsFile,
    },
}

impl Config {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check { file } => {
                let loaded = file.load()?;
                if let Err(why) = first_start::check(&loaded.settings) {
                    let key = KeyPath::dotted("access.first_password_file");
                    let problem = Problem {
                        at: loaded.layers.source(&key),
                        key: Some(key),
                        what: why.to_string(),
                    };
                    return Err(Problems(vec![problem]).into());
                }
                let files = match loaded.files.as_slice() {
                    [] => format!("there is no {}: the defaults hold", file.path().display()),
                    files => {
                        let names: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
                        format!("{}: all is well", names.join(", "))
                    }
                };
                print(&format!("{files}\n"));
            }
            Self::Show { file } => print(&show(&file.load()?)),
        }
        Ok(())
    }
}
