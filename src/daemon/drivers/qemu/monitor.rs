//! The monitor's connection: commands with deadlines, and the events in between.

use std::{collections::VecDeque, time::Duration};

use outband_protocol::qmp::{
    Client, Command, CommandId, Event, Greeting, Incoming, Limits, Refusal,
    reply::{self, BlockStats},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::{Instant, timeout, timeout_at},
};

use super::{command_line::MONITOR, fault::Fault, folder::Folder};

/// How long a process may take to greet: it may have to read its images first.
pub(super) const GREETING: Duration = Duration::from_secs(8);

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(5);

/// How long drives may take to say what they did: a machine that hangs is not ended for want of a
/// figure.
const FIGURES: Duration = Duration::from_secs(365 * 86_400);

/// How many events may wait while a reply is awaited.
const EVENTS_MAX: usize = 1024;

/// What a connection takes at most: the longest line of the commands used here is under 100 kB.
const LIMITS: Limits = Limits {
    line: 1 << 20,
    commands: 8,
};

/// What comes in without being waited for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// Something happened.
    Event(Event),
    /// What the drives did, as [`Monitor::ask_drives`] asked.
    Drives(Vec<BlockStats>),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Monitor {
    stream: UnixStream,
    client: Client,
    events: VecDeque<Event>,
    /// The drives were asked what they did.
    asked: Option<CommandId>,
    /// And answered.
    drives: Option<Vec<BlockStats>>,
    buffer: Box<[u8]>,
    /// What was read and not yet handed to the client.
    unread: std::ops::Range<usize>,
}

impl Monitor {
    /// Connects, if there is a process at all: `None` when the connection is refused.
    pub(super) async fn connect(folder: &Folder) -> Result<Option<(Self, Greeting)>, Fault> {
        let stream = match UnixStream::connect(folder.socket(MONITOR)).await {
            Ok(stream) => stream,
            Err(why) => match why.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
                    return Ok(None);
                }
                _ => return Err(Fault::file("connect to the monitor")(why)),
            },
        };
        let until = Instant::now() + GREETING;
        let mut monitor = Self {
            stream,
            client: Client::new(LIMITS, until.into_std()),
            events: VecDeque::new(),
            asked: None,
            drives: None,
            buffer: vec![0; 16 << 10].into(),
            unread: 0..0,
        };
        loop {
            match monitor.client.poll()? {
                Some(Incoming::Ready(greeting)) => return Ok(Some((monitor, greeting))),
                Some(Incoming::Event(event)) => monitor.keep(event)?,
                Some(Incoming::Reply { .. }) => {}
                None => monitor.pump().await?,
            }
        }
    }

    /// Carries out a command. Not to be given up half way.
    pub(super) async fn execute(&mut self, command: Command) -> Result<Value, Fault> {
        let until = Instant::now() + COMMAND;
        let sent = self.client.execute(&command, until.into_std())?;
        loop {
            match self.client.poll()? {
                Some(Incoming::Reply { id, result }) if id == sent => {
                    let what = command.name();
                    return result.map_err(|why| Fault::Refused { what, why });
                }
                Some(Incoming::Event(event)) => self.keep(event)?,
                Some(Incoming::Reply { id, result }) => self.take_drives(id, result),
                Some(Incoming::Ready(_)) => {}
                None => self.pump().await?,
            }
        }
    }

    /// Asks what the drives did, unless they were asked and have not answered yet. The answer comes
    /// as [`News::Drives`]. Not to be given up half way.
    pub(super) async fn ask_drives(&mut self) -> Result<(), Fault> {
        if self.asked.is_some() {
            return Ok(());
        }
        let until = Instant::now() + FIGURES;
        let asked = self
            .client
            .execute(&Command::query_blockstats(), until.into_std())?;
        self.asked = Some(asked);
        let outgoing = self.client.outgoing();
        let written = timeout(COMMAND, self.stream.write_all(&outgoing)).await;
        let late = Fault::Late {
            what: "writing to the monitor",
            limit: COMMAND,
        };
        written
            .map_err(|_| late)?
            .map_err(Fault::stream("work the monitor"))
    }

    fn take_drives(&mut self, id: CommandId, result: Result<Value, Refusal>) {
        if self.asked == Some(id) {
            self.asked = None;
            // What can't be read is no figure, and no harm.
            self.drives = result.ok().and_then(|value| reply::read(value).ok());
        }
    }

    /// The next news. May be given up and asked again.
    pub(super) async fn news(&mut self) -> Result<News, Fault> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(News::Event(event));
            }
            if let Some(drives) = self.drives.take() {
                return Ok(News::Drives(drives));
            }
            match self.client.poll()? {
                Some(Incoming::Event(event)) => return Ok(News::Event(event)),
                Some(Incoming::Reply { id, result }) => self.take_drives(id, result),
                Some(Incoming::Ready(_)) => {}
                None => self.pump().await?,
            }
        }
    }

    fn keep(&mut self, event: Event) -> Result<(), Fault> {
        if self.events.len() >= EVENTS_MAX {
            return Err(Fault::Flood);
        }
        self.events.push_back(event);
        Ok(())
    }

    /// Writes what is to be written and reads once, or goes on with what was read. Called when no
    /// whole message waits, so the client has room.
    async fn pump(&mut self) -> Result<(), Fault> {
        if !self.unread.is_empty() {
            let bytes = self.buffer.get(self.unread.clone()).unwrap_or_default();
            self.unread.start += self.client.receive(bytes);
            return Ok(());
        }
        let deadline = self.client.deadline().map(Instant::from_std);
        let outgoing = self.client.outgoing();
        let stream = &mut self.stream;
        let buffer = &mut self.buffer;
        let work = async {
            if !outgoing.is_empty() {
                stream.write_all(&outgoing).await?;
            }
            stream.read(buffer).await
        };
        let count = match deadline {
            Some(deadline) => match timeout_at(deadline, work).await {
                Ok(read) => read,
                Err(_) => return Ok(self.client.expire(deadline.into_std())?),
            },
            None => work.await,
        };
        let count = count.map_err(Fault::stream("work the monitor"))?;
        if count == 0 {
            return Err(Fault::Ended("".into()));
        }
        self.unread = 0..count;
        Ok(())
    }
}
