//! `outband-load`: measures and attacks the LAN channel of a BMC, as many clients at once, and
//! measures what pictures cost.
//!
//! Each mode prints one line of JSON about what it did and what came of it, and ends with a
//! failure where the BMC did not do its part. Point it at loopback, or at a machine that is yours:
//! `half-open` and `mutate` are attacks.

mod console;
mod dice;
mod echo;
mod half_open;
mod mutate;
mod names;
mod owner;
mod rate;
mod statistics;
mod target;
mod tiles;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use serde_json::Value;

#[derive(Debug, Parser)]
#[command(
    name = "outband-load",
    version,
    about = "Measures and attacks IPMI over LAN, and measures pictures"
)]
struct Cli {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Whole sessions, one after the other: capabilities, Open Session, RAKP 1 to 4, Set Session
    /// Privilege Level, Get Chassis Status, Close Session
    Sessions(rate::Sessions),
    /// Commands in sessions that stand
    Commands(rate::Commands),
    /// Begins sessions and goes on with none, while the owner logs in again and again
    HalfOpen(half_open::HalfOpen),
    /// Sends changed and cut datagrams, before and in sessions, while another client is served
    Mutate(mutate::Mutate),
    /// How long the proof takes for the owner's name and for made-up ones
    Names(names::Names),
    /// Round trips to an echo server: what no server can be faster than
    Echo(echo::Echo),
    /// The server of `echo`: one tokio task that returns each datagram
    EchoServer(echo::EchoServer),
    /// What a screen costs, from a frame to bytes for its viewers; needs no server
    Tiles(tiles::Tiles),
}

/// What a mode found: a line to print, and whether the BMC did its part.
struct Found {
    line: Value,
    good: bool,
}

/// Why a mode could not do its work at all: one sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let done = match Cli::parse().mode {
        Mode::Sessions(mode) => mode.run(),
        Mode::Commands(mode) => mode.run(),
        Mode::HalfOpen(mode) => mode.run(),
        Mode::Mutate(mode) => mode.run(),
        Mode::Names(mode) => mode.run(),
        Mode::Echo(mode) => mode.run(),
        Mode::EchoServer(mode) => mode.run(),
        Mode::Tiles(mode) => mode.run(),
    };
    match done {
        Ok(found) => {
            print(&found.line);
            if found.good {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "outband-load: {why}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line. That nobody reads is no failure.
fn print(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
