//! The client machine: greeting, negotiation, commands with deadlines, replies by id, events.

use std::{collections::VecDeque, time::Instant};

use serde_json::Value;

use super::{
    Command, Event, EventKind, Greeting, Refusal,
    lines::{Lines, TooLong},
    message::{Message, Stamp},
};

/// What a client takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest line in bytes; no more than about this is ever kept.
    pub line: usize,
    /// How many commands may wait for their replies.
    pub commands: usize,
}

impl Default for Limits {
    /// 8 MiB a line (a description of all of QEMU's commands takes 0.3 MiB), 64 commands.
    fn default() -> Self {
        Self {
            line: 8 << 20,
            commands: 64,
        }
    }
}

/// Which command a reply belongs to. Never reused by the same client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(u64);

/// What comes in.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The server greeted and the negotiation ended: commands may be sent.
    Ready(Greeting),
    /// The reply to a command.
    Reply {
        /// Which.
        id: CommandId,
        /// What it returned.
        result: Result<Value, Refusal>,
    },
    /// Something happened.
    Event(Event),
}

/// The other end is no QMP server, or no longer a sane one. Nothing more can be had from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line is no JSON, or no message of the protocol.
    #[error("the monitor sent nonsense: {0}")]
    Nonsense(Box<str>),
    /// A line is longer than it may be.
    #[error("the monitor sent a line of more than {0} bytes")]
    LineTooLong(usize),
    /// The first line is no greeting.
    #[error("the monitor did not greet")]
    NoGreeting,
    /// A reply to a command that was never sent, or was answered already.
    #[error("the monitor answered a command that does not wait")]
    UnknownReply,
    /// The server did not understand what was sent to it.
    #[error("the monitor does not understand: {0}")]
    NotUnderstood(Box<str>),
    /// The negotiation was refused.
    #[error("the monitor refused the negotiation: {0}")]
    Negotiation(Refusal),
    /// No reply came in time.
    #[error("the monitor did not answer {0} in time")]
    Silent(&'static str),
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The negotiation has not ended.
    #[error("the monitor is not ready")]
    NotReady,
    /// As many commands wait as may.
    #[error("too many commands wait for the monitor")]
    TooMany,
}

#[derive(Debug)]
enum Phase {
    Greeting { until: Instant },
    Negotiating { greeting: Greeting },
    Ready,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    name: &'static str,
    until: Instant,
}

/// The machine. Hand it bytes with [`Client::receive`], drain it with [`Client::poll`], write what
/// [`Client::outgoing`] gives, and call [`Client::expire`] at [`Client::deadline`].
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    lines: Lines,
    phase: Phase,
    next_id: u64,
    /// In the order they were sent, which is the order of their replies.
    waiting: VecDeque<Waiting>,
    outgoing: Vec<u8>,
}

impl Client {
    /// A client of a fresh connection, which has to greet and to end the negotiation by `until`.
    #[must_use]
    pub fn new(limits: Limits, until: Instant) -> Self {
        Self {
            limits,
            lines: Lines::new(limits.line),
            phase: Phase::Greeting { until },
            next_id: 0,
            waiting: VecDeque::new(),
            outgoing: Vec::new(),
        }
    }

    /// Takes bytes from the connection and returns how many. Fewer than all are taken when
    /// messages must be polled first.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        self.lines.push(bytes)
    }

    /// The next message, or `None` until more bytes came.
    ///
    /// # Errors
    /// [`Fault`] when the connection is of no more use.
    pub fn poll(&mut self) -> Result<Option<Incoming>, Fault> {
        loop {
            let longest = self.limits.line;
            let line = self.lines.next();
            let line = line.map_err(|TooLong| Fault::LineTooLong(longest))?;
            let Some(line) = line else { return Ok(None) };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let message = serde_json::from_slice(line);
            let message = message.map_err(|why| Fault::Nonsense(why.to_string().into()))?;
            if let Some(incoming) = self.take(message)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// Sends a command whose reply has to come by `until`.
    ///
    /// # Errors
    /// [`NotSent`]; nothing has changed then.
    pub fn execute(&mut self, command: &Command, until: Instant) -> Result<CommandId, NotSent> {
        match self.phase {
            Phase::Ready if self.waiting.len() >= self.limits.commands => Err(NotSent::TooMany),
            Phase::Ready => Ok(CommandId(self.send(command, until))),
            Phase::Greeting { .. } | Phase::Negotiating { .. } => Err(NotSent::NotReady),
        }
    }

    /// What is to be written to the connection since the last call.
    pub fn outgoing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }

    /// When [`Client::expire`] is to be called; `None` while nothing is awaited.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let greeting = match self.phase {
            Phase::Greeting { until } => Some(until),
            Phase::Negotiating { .. } | Phase::Ready => None,
        };
        let commands = self.waiting.iter().map(|waiting| waiting.until);
        commands.chain(greeting).min()
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// [`Fault::Silent`] when a reply, or the greeting, is overdue.
    pub fn expire(&self, now: Instant) -> Result<(), Fault> {
        if matches!(self.phase, Phase::Greeting { until } if until <= now) {
            return Err(Fault::Silent("with its greeting"));
        }
        match self.waiting.iter().find(|waiting| waiting.until <= now) {
            Some(late) => Err(Fault::Silent(late.name)),
            None => Ok(()),
        }
    }

    fn send(&mut self, command: &Command, until: Instant) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.outgoing.extend(command.line(id));
        let name = command.name;
        self.waiting.push_back(Waiting { id, name, until });
        id
    }

    fn take(&mut self, message: Message) -> Result<Option<Incoming>, Fault> {
        if let Phase::Greeting { until } = self.phase {
            let greeting = message.qmp.ok_or(Fault::NoGreeting)?.greeting();
            self.phase = Phase::Negotiating { greeting };
            self.send(&Command::capabilities(), until);
            return Ok(None);
        }
        let Message {
            event,
            data,
            timestamp,
            id,
            error,
            returned,
            ..
        } = message;
        if let Some(name) = event {
            let kind = EventKind::read(&name, data);
            let kind = kind.map_err(|why| Fault::Nonsense(format!("{name}: {why}").into()))?;
            let at = timestamp.and_then(Stamp::known);
            return Ok(Some(Incoming::Event(Event { at, kind })));
        }
        let result = match (returned, error) {
            (Some(value), None) => Ok(value),
            (None, Some(error)) => Err(error.refusal()),
            _ => return Err(Fault::Nonsense("neither a reply nor an event".into())),
        };
        let id = match (id, &result) {
            (Some(id), _) => id,
            (None, Err(refusal)) => {
                return Err(Fault::NotUnderstood(refusal.description.clone()));
            }
            (None, Ok(_)) => return Err(Fault::UnknownReply),
        };
        let place = self.waiting.iter().position(|waiting| id == waiting.id);
        let waiting = place.and_then(|place| self.waiting.remove(place));
        let id = waiting.ok_or(Fault::UnknownReply)?.id;
        match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Negotiating { greeting } => match result {
                Ok(_) => Ok(Some(Incoming::Ready(greeting))),
                Err(refusal) => Err(Fault::Negotiation(refusal)),
            },
            Phase::Ready | Phase::Greeting { .. } => Ok(Some(Incoming::Reply {
                id: CommandId(id),
                result,
            })),
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
