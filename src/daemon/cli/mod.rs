//! The command line.
//!
//! Each command has a file: what it takes, and what it does with it. `demo`, `serve` and `fleet`
//! make settings and hand them to [`crate::app`]; the others do their work and end.

mod accounts;
mod bench;
mod cidr;
mod client;
mod config;
mod disk;
mod listen_at;
mod machine;
mod secret;
mod serve;
mod sim;

use std::{fmt, io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{app, settings::Problems};

/// `outband`.
#[derive(Debug, Parser)]
#[command(name = "outband", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a whole BMC with a simulated server, everything on loopback
    Demo(bench::Demo),
    /// Run the daemon from its settings files
    Serve(serve::Serve),
    /// Run a BMC for many servers in one process
    Fleet(bench::Fleet),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Manage accounts and their secrets
    #[command(subcommand)]
    User(accounts::User),
    /// Work on simulated servers
    #[command(subcommand)]
    Sim(sim::Sim),
}

/// Why a command failed: one clear sentence.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure in these words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self(problems.to_string())
    }
}

impl From<app::AppFault> for Failure {
    fn from(fault: app::AppFault) -> Self {
        Self(fault.to_string())
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(why) => {
            // Help and version are no errors and go to standard output; clap knows.
            let _ = why.print();
            return ExitCode::from(u8::try_from(why.exit_code()).unwrap_or(2));
        }
    };
    let done = match cli.command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Fleet(fleet) => fleet.run(),
        Command::Config(config) => config.run(),
        Command::User(user) => user.run(),
        Command::Sim(sim) => sim.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.0.lines() {
                let _ = writeln!(std::io::stderr(), "outband: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output. That nobody reads is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Runs what a short command waits for.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure(format!("can't start: {why}")))?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_free_of_contradictions() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_takes_a_secret_as_an_argument() {
        fn walk(command: &clap::Command, found: &mut Vec<String>) {
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str().to_owned();
                let secret = ["password", "secret", "token"]
                    .iter()
                    .any(|s| id.contains(s));
                if secret && !id.ends_with("_file") {
                    found.push(format!("{} {id}", command.get_name()));
                }
            }
            for command in command.get_subcommands() {
                walk(command, found);
            }
        }
        let mut found = Vec::new();
        walk(&Cli::command(), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}
