//! The commands: a table of all that are known, and a function for each.
//!
//! [`carry_out`] looks a request up, checks LUN, privilege level and length in one place, and calls
//! its function. A command about a part that the server lacks is unknown to it. What only reads is
//! answered at once from the server's snapshot; what changes something comes out as
//! [`Then::Submit`], to be answered once the engine has accepted it.

mod app;
mod boot;
mod chassis;
mod flags;
mod refused;
#[cfg(test)]
mod tests;

use std::{fmt, ops::RangeInclusive, sync::Arc};

use outband_core::{
    access::{Actor, Operation},
    bmc::Bmc,
    driver::Abilities,
    server::{self, ServerHandle, Snapshot},
};
use outband_protocol::ipmi::{Completion, Privilege};
use zeroize::Zeroizing;

pub(super) use refused::completion;

/// Who sent a command, and what it is about.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The daemon.
    pub(super) bmc: &'a Bmc,
    /// The server whose channel it came by.
    pub(super) server: &'a ServerHandle,
    /// The server's state when it came.
    pub(super) now: &'a Snapshot,
    /// Who sent it.
    pub(super) actor: &'a Arc<Actor>,
    /// The session's privilege level.
    pub(super) level: Privilege,
    /// What the channel is.
    pub(super) channel: &'a Channel,
}

/// A server's LAN channel.
#[derive(Debug)]
pub(super) struct Channel {
    /// Its number, 1 to 11.
    pub(super) number: u8,
    /// The GUID of the server's manager, as it goes over the wire (table 20-10).
    pub(super) device_guid: [u8; 16],
    /// How many sessions stand.
    pub(super) sessions: u8,
}

/// What becomes of a command.
pub(super) enum Then {
    /// It is answered: with the data that the function wrote, when the code is [`Completion::OK`].
    Answer,
    /// It is answered so when the engine accepts this; else with [`completion`] of the refusal.
    Submit(server::Command),
    /// It is answered so once this is kept as the channel's K_g (`None`: none).
    SetBmcKey(Option<Zeroizing<Vec<u8>>>),
}

// Without the key.
impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("Answer"),
            Self::Submit(command) => f.debug_tuple("Submit").field(command).finish(),
            Self::SetBmcKey(key) => f.debug_tuple("SetBmcKey").field(&key.is_some()).finish(),
        }
    }
}

/// What a command's function gives: what becomes of it, or why it is refused.
type Result = std::result::Result<Then, Completion>;

/// A command.
struct Row {
    net_fn: u8,
    command: u8,
    /// The lowest privilege level that may send it (appendix G).
    level: Privilege,
    /// What it does, in the words of the gate's table.
    operation: Operation,
    /// How many bytes of data it takes.
    length: RangeInclusive<usize>,
    /// Whether a server has what it is about.
    there: fn(&Abilities) -> bool,
    run: Run,
}

/// A command's function: writes the answer's data.
type Run = fn(&Call<'_>, &[u8], &mut Vec<u8>) -> Result;

impl Row {
    const fn new(
        net_fn: u8,
        command: u8,
        level: Privilege,
        operation: Operation,
        length: RangeInclusive<usize>,
        run: Run,
    ) -> Self {
        Self {
            net_fn,
            command,
            level,
            operation,
            length,
            there: |_| true,
            run,
        }
    }

    /// The same command, for servers that have what it is about.
    const fn of(self, there: fn(&Abilities) -> bool) -> Self {
        Self { there, ..self }
    }
}

const CHASSIS: u8 = 0x00;
const APP: u8 = 0x06;

/// Every command that is known.
static TABLE: &[&[Row]] = &[app::ROWS, boot::ROWS, chassis::ROWS];

/// The commands of network function App that the protocol's server answers itself on LUN 0 and that
/// get as far as here on another: Get System GUID, Get Channel Authentication Capabilities, Set
/// Session Privilege Level, Close Session, Get Session Info, Get Channel Cipher Suites.
const OF_SESSIONS: [u8; 6] = [0x37, 0x38, 0x3B, 0x3C, 0x3D, 0x54];

/// Whether a command's data are a secret: Set Channel Security Keys.
pub(super) fn carries_secret(net_fn: u8, command: u8) -> bool {
    (net_fn, command) == (APP, 0x56)
}

/// How a command came. Without `Debug`: its data may be a key.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// The network function, even.
    pub(super) net_fn: u8,
    /// The LUN.
    pub(super) lun: u8,
    /// The command.
    pub(super) command: u8,
    /// Its data.
    pub(super) data: &'a [u8],
}

/// Carries a command out, or says what is to be done for it. The answer's data are appended to
/// `out`, which is empty; where it is refused, what stands there is of no meaning.
///
/// # Errors
/// The completion code of the refusal.
pub(super) fn carry_out(call: &Call<'_>, request: &Request<'_>, out: &mut Vec<u8>) -> Result {
    let all = TABLE.iter().flat_map(|rows| rows.iter());
    let mut same = all.filter(|row| row.net_fn == request.net_fn && row.command == request.command);
    let row = same.next();
    let of_sessions = request.net_fn == APP && OF_SESSIONS.contains(&request.command);
    if request.lun != 0 && (row.is_some() || of_sessions) {
        return Err(Completion::INVALID_FOR_LUN);
    }
    let row = row.filter(|row| (row.there)(&call.now.abilities));
    let row = row.ok_or(Completion::INVALID_COMMAND)?;
    if call.level < row.level {
        return Err(Completion::PRIVILEGE);
    }
    call.actor
        .may(row.operation, Some(call.server.id()))
        .map_err(|_| Completion::PRIVILEGE)?;
    if !row.length.contains(&request.data.len()) {
        return Err(Completion::LENGTH);
    }
    (row.run)(call, request.data, out)
}
