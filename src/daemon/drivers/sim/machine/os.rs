//! The operating system: it starts, lets people log in on screen and serial port, shuts down, and
//! can fall over.

use std::time::Duration;

use outband_core::server::BootTarget;
use tokio::time::Instant;

use super::{
    record::System,
    scene::{Scene, TextMode},
    shell::{Facts, Request, Session},
    terminal::Terminal,
};
use crate::settings::profile::Profile;

/// The system's name and version.
const DISK_SYSTEM: &str = "SimOS 1.0";
const LIVE_SYSTEM: &str = "SimOS 1.0 live";

/// A running operating system.
#[derive(Debug)]
pub(super) struct Os {
    pub(super) system: System,
    stage: Stage,
    terminal: Terminal,
    screen: Session,
    port: Session,
    started: Instant,
    load: u8,
}

/// Where it is between start and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Starting; so many of its lines were printed.
    Starting(usize),
    Running,
    /// Shutting down since then; so many of its lines were printed.
    Stopping(Instant, After, usize),
    Panicked,
}

/// What comes after a shut-down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Start anew.
    Reboot,
    /// Switch off.
    Off,
}

/// Where a letter was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The keyboard.
    Keyboard,
    /// The serial port.
    Port,
}

/// What has come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// Nothing others need to know.
    Nothing,
    /// It runs.
    Running,
    /// It is down.
    Down(After),
}

/// What it prints while it starts, and after which part of the time, in thousandths.
const STARTING: [(u32, &str); 14] = [
    (0, "[    {t}] {system} #1 {isa}"),
    (
        10,
        "[    {t}] Command line: console=tty0 console=ttyS0,115200n8 root={root}",
    ),
    (40, "[    {t}] Processors: {threads}"),
    (60, "[    {t}] Memory: {memory} MiB"),
    (120, "[    {t}] input: USB keyboard, USB pointer"),
    (180, "[    {t}] {root}: {disk}"),
    (260, "[    {t}] {nic}: link is {link}"),
    (340, "[    {t}] Root file system mounted from {root}"),
    (420, "[    {t}] Starting services"),
    (500, "[{ok}] Started clock."),
    (620, "[{ok}] Started log."),
    (740, "[{ok}] Started network."),
    (840, "[{ok}] Reached target multi-user."),
    (920, "[{ok}] Started log-in on tty1 and ttyS0."),
];

/// What it prints while it shuts down.
const STOPPING: [(u32, &str); 6] = [
    (0, "\n\nSystem going down for {after}."),
    (150, "[{ok}] Stopped log-in on tty1 and ttyS0."),
    (350, "[{ok}] Stopped network."),
    (550, "[{ok}] Stopped log."),
    (750, "[{ok}] Unmounted root file system."),
    (900, "{last}"),
];

impl Os {
    /// It was loaded and begins to run.
    pub(super) fn start(system: System, profile: &Profile, now: Instant) -> Self {
        let (columns, rows) = profile.blueprint.screen.characters();
        Self {
            system,
            stage: Stage::Starting(0),
            terminal: Terminal::new(columns, rows),
            screen: Session::default(),
            port: Session::default(),
            started: now,
            load: 0,
        }
    }

    /// It has been running before the daemon came.
    pub(super) fn found_running(system: System, profile: &Profile, now: Instant) -> Self {
        let mut os = Self::start(system, profile, now);
        os.stage = Stage::Running;
        let greeting = Session::greeting(&os.facts(profile, Door::Keyboard, now));
        os.terminal.print(greeting.trim_start());
        os
    }

    /// Whether it reacts to a power button or to Ctrl-Alt-Del.
    pub(super) const fn listens(&self) -> bool {
        matches!(self.stage, Stage::Starting(_) | Stage::Running)
    }

    pub(super) const fn has_panicked(&self) -> bool {
        matches!(self.stage, Stage::Panicked)
    }

    /// How busy it keeps the machine, 0 to 1.
    pub(super) fn activity(&self) -> f32 {
        match self.stage {
            Stage::Starting(_) => 0.8,
            Stage::Running => f32::from(self.load) / 100.0,
            Stage::Stopping(..) => 0.3,
            Stage::Panicked => 0.0,
        }
    }

    /// Whether it works on the disk.
    pub(super) const fn uses_disk(&self) -> bool {
        matches!(self.stage, Stage::Starting(_) | Stage::Stopping(..))
    }

    /// When [`Self::fire`] is due.
    pub(super) fn deadline(&self, profile: &Profile) -> Option<Instant> {
        let times = &profile.blueprint.times;
        match self.stage {
            Stage::Starting(done) => Some(self.started + due(&STARTING, done, times.os)),
            Stage::Stopping(since, _, done) => Some(since + due(&STOPPING, done, times.shutdown)),
            Stage::Running | Stage::Panicked => None,
        }
    }

    /// Its deadline has come: prints the next line, or begins the next stage.
    pub(super) fn fire(&mut self, profile: &Profile, now: Instant, serial: &mut Vec<u8>) -> Came {
        match &mut self.stage {
            Stage::Starting(done) => {
                let line = STARTING.get(*done);
                *done += 1;
                if let Some((_, pattern)) = line {
                    let text = self.fill(profile, pattern, now) + "\n";
                    self.print(&text, serial);
                    return Came::Nothing;
                }
                self.stage = Stage::Running;
                let greeting = Session::greeting(&self.facts(profile, Door::Keyboard, now));
                self.terminal.print(&greeting);
                let greeting = Session::greeting(&self.facts(profile, Door::Port, now));
                send(&greeting, serial);
                Came::Running
            }
            Stage::Stopping(_, after, done) => {
                let (after, line) = (*after, STOPPING.get(*done));
                *done += 1;
                if let Some((_, pattern)) = line {
                    let (name, last) = match after {
                        After::Reboot => ("reboot", "Restarting."),
                        After::Off => ("power-off", "Power down."),
                    };
                    let pattern = pattern.replace("{after}", name).replace("{last}", last);
                    let text = self.fill(profile, &pattern, now) + "\n";
                    self.print(&text, serial);
                    return Came::Nothing;
                }
                Came::Down(after)
            }
            Stage::Running | Stage::Panicked => Came::Nothing,
        }
    }

    /// Begins to shut down, unless it is doing so already; `false` when it is in no state to.
    pub(super) fn stop(&mut self, after: After, now: Instant) -> bool {
        let listens = self.listens();
        if listens {
            self.stage = Stage::Stopping(now, after, 0);
        }
        listens
    }

    /// A diagnostic interrupt came in.
    pub(super) fn interrupt(&mut self, serial: &mut Vec<u8>) {
        let text = "\n\x1b[1;33mNMI received: diagnostic interrupt from the front panel\x1b[0m\n";
        self.print(text, serial);
    }

    /// A letter was typed; gives what the system is to do beyond printing.
    pub(super) fn typed(
        &mut self,
        door: Door,
        letter: char,
        profile: &Profile,
        now: Instant,
        serial: &mut Vec<u8>,
    ) -> Option<Request> {
        if self.stage != Stage::Running {
            return None;
        }
        let session = match door {
            Door::Keyboard => &mut self.screen,
            Door::Port => &mut self.port,
        };
        // Taken out so that the facts can be told from `self`.
        let mut session = std::mem::take(session);
        let (out, request) = session.letter(letter, &self.facts(profile, door, now));
        match door {
            Door::Keyboard => {
                self.screen = session;
                self.terminal.print(&out);
            }
            Door::Port => {
                self.port = session;
                send(&out, serial);
            }
        }
        match request {
            Some(Request::Load(percent)) => self.load = percent,
            Some(Request::Panic) => self.panic(serial),
            _ => {}
        }
        request
    }

    fn panic(&mut self, serial: &mut Vec<u8>) {
        self.stage = Stage::Panicked;
        let text = "\n\x1b[1;31mPanic: someone asked for it\x1b[0m\n\
                    The system is halted. Only a reset or the power button helps.\n";
        self.print(text, serial);
    }

    /// Prints on screen and serial port.
    fn print(&mut self, text: &str, serial: &mut Vec<u8>) {
        self.terminal.print(text);
        send(text, serial);
    }

    /// Puts what is known of the machine into a line.
    fn fill(&self, profile: &Profile, pattern: &str, now: Instant) -> String {
        let made_of = &profile.inventory;
        let up = now.saturating_duration_since(self.started);
        let facts = self.facts(profile, Door::Keyboard, now);
        let number = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
        let nic = made_of.nics.first();
        let (root, disk) = match self.system.target {
            BootTarget::Cd => ("cd0", self.system.label.as_deref()),
            _ => {
                let drive = made_of.drives.first();
                ("disk0", drive.and_then(|drive| drive.model.as_deref()))
            }
        };
        let link = match nic.and_then(|nic| nic.link_up) {
            Some(true) => "up",
            Some(false) => "down",
            None => "not known",
        };
        pattern
            .replace(
                "{t}",
                &format!("{}.{:06}", up.as_secs(), up.subsec_micros()),
            )
            .replace("{ok}", "\x1b[1;32m  OK  \x1b[0m")
            .replace("{system}", facts.system)
            .replace("{isa}", facts.instruction_set)
            .replace("{threads}", &number(facts.threads.map(u64::from)))
            .replace("{memory}", &number(facts.memory_mib))
            .replace("{root}", root)
            .replace("{disk}", disk.unwrap_or("found"))
            .replace("{nic}", nic.map_or("network", |nic| nic.name.as_str()))
            .replace("{link}", link)
    }

    fn facts<'a>(&'a self, profile: &'a Profile, door: Door, now: Instant) -> Facts<'a> {
        let made_of = &profile.inventory;
        let live = self.system.target == BootTarget::Cd;
        let processor = made_of.processors.first();
        let threads = made_of.processors.iter().map(|processor| processor.threads);
        Facts {
            system: if live { LIVE_SYSTEM } else { DISK_SYSTEM },
            host: match &made_of.host_name {
                _ if live => "live",
                Some(name) => name,
                None => "localhost",
            },
            instruction_set: processor
                .and_then(|processor| processor.instruction_set.as_deref())
                .unwrap_or("unknown"),
            terminal: match door {
                Door::Keyboard => "tty1",
                Door::Port => "ttyS0",
            },
            up: now.saturating_duration_since(self.started).as_secs(),
            load: self.load,
            threads: threads.sum(),
            memory_mib: made_of.memory_mib(),
        }
    }

    pub(super) fn scene(&self, profile: &Profile) -> Scene {
        let screen = &profile.blueprint.screen;
        Scene::Text {
            mode: TextMode::Console {
                width: screen.width,
                height: screen.height,
                font: screen.font,
            },
            grid: self.terminal.grid().clone(),
            cursor: (!self.has_panicked()).then(|| self.terminal.cursor()),
        }
    }
}

/// When a line is due; past the last one, the whole time.
fn due(lines: &[(u32, &str)], done: usize, whole: Duration) -> Duration {
    lines
        .get(done)
        .map_or(whole, |(thousandths, _)| whole * *thousandths / 1000)
}

/// Text on its way to the serial port, where lines end in two characters.
pub(super) fn send(text: &str, serial: &mut Vec<u8>) {
    for byte in text.bytes() {
        if byte == b'\n' {
            serial.push(b'\r');
        }
        serial.push(byte);
    }
}
