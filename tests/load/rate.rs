//! The modes that measure: whole sessions, and commands in sessions that stand.

use std::{
    sync::{
        Barrier, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use outband_protocol::ipmi::Privilege;
use serde_json::json;

use crate::{
    Failure, Found,
    console::{CHASSIS_STATUS, Console, DEVICE_ID, Trouble},
    dice::Dice,
    target::Target,
};

/// How many clients, and for how long.
#[derive(Debug, Clone, Args)]
struct Load {
    /// How many clients at the same time
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// For how many seconds
    #[arg(long, default_value_t = 4.0, value_name = "S")]
    seconds: f64,
    /// How many of them all clients do together, however long it takes
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    count: Option<u64>,
}

/// `sessions`.
#[derive(Debug, Args)]
pub(crate) struct Sessions {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    load: Load,
}

/// `commands`.
#[derive(Debug, Args)]
pub(crate) struct Commands {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    load: Load,
    /// Which command
    #[arg(long, value_enum, default_value_t = Which::DeviceId)]
    command: Which,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Get Device ID
    DeviceId,
    /// Get Chassis Status
    ChassisStatus,
}

impl Sessions {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let consoles = consoles(&self.target, &self.load)?;
        Ok(self
            .load
            .run(("sessions", None), consoles, Console::session))
    }
}

impl Commands {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let (name, command) = match self.command {
            Which::DeviceId => ("device-id", DEVICE_ID),
            Which::ChassisStatus => ("chassis-status", CHASSIS_STATUS),
        };
        let mut consoles = consoles(&self.target, &self.load)?;
        for console in &mut consoles {
            console.log_in()?;
        }
        let work = |console: &mut Console| console.ask(command, &[]);
        Ok(self.load.run(("commands", Some(name)), consoles, work))
    }
}

fn consoles(target: &Target, load: &Load) -> Result<Vec<Console>, Failure> {
    let mut dice = Dice::of_now();
    let console = |_| target.console(Privilege::Administrator, None, &mut dice);
    (0..load.clients).map(console).collect()
}

impl Load {
    /// Lets each console do the work again and again, all from the same moment on.
    fn run(
        &self,
        (mode, command): (&str, Option<&str>),
        consoles: Vec<Console>,
        work: impl Fn(&mut Console) -> Result<(), Trouble> + Sync,
    ) -> Found {
        let tally = Tally::default();
        let start = Barrier::new(consoles.len() + 1);
        let seconds = thread::scope(|scope| {
            let threads: Vec<_> = consoles
                .into_iter()
                .map(|console| scope.spawn(|| self.one(console, &work, &start, &tally)))
                .collect();
            start.wait();
            let from = Instant::now();
            for thread in threads {
                let _ = thread.join();
            }
            from.elapsed().as_secs_f64()
        });
        let [done, failed, resent] =
            [tally.done, tally.failed, tally.resent].map(AtomicU64::into_inner);
        let trouble = tally.trouble.into_inner();
        Found {
            line: json!({
                "mode": mode, "command": command, "clients": self.clients, "seconds": seconds, "done": done,
                "failed": failed, "resent": resent, "trouble": trouble, "rate": done as f64 / seconds,
            }),
            good: failed == 0 && done > 0,
        }
    }

    fn one(
        &self,
        mut console: Console,
        work: &impl Fn(&mut Console) -> Result<(), Trouble>,
        start: &Barrier,
        tally: &Tally,
    ) {
        start.wait();
        // A number that is no duration is one that never ends.
        let end = Duration::try_from_secs_f64(self.seconds).ok();
        let end = end.and_then(|time| Instant::now().checked_add(time));
        let goes_on = || match self.count {
            Some(count) => tally.begun.fetch_add(1, Ordering::Relaxed) < count,
            None => end.is_none_or(|end| Instant::now() < end),
        };
        while goes_on() {
            let Err(why) = work(&mut console) else {
                tally.done.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            tally.failed.fetch_add(1, Ordering::Relaxed);
            let _ = tally.trouble.set(why.to_string());
            if matches!(why, Trouble::Socket(_)) {
                break; // nobody listens any more
            }
        }
        tally.resent.fetch_add(console.resent, Ordering::Relaxed);
    }
}

/// What all clients did together.
#[derive(Default)]
struct Tally {
    begun: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    resent: AtomicU64,
    /// The first of what went wrong.
    trouble: OnceLock<String>,
}
