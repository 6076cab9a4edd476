//! QEMU's process: started with its monitor already listening, found again, watched, ended.
//!
//! Whether a machine lives is asked of its monitor's socket: the daemon binds it, and only the
//! process holds the listening end, from the moment it is forked. A connection is refused exactly
//! when no process is left, whoever died when.

use std::{
    io,
    os::fd::OwnedFd,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::{
    io::unix::AsyncFd,
    process::{Child, Command},
};

use super::{
    command_line::{Launch, arguments},
    definition::Definition,
    fault::Fault,
    folder::{Folder, Record},
    plan::Plan,
    sys,
};

/// How long a process may take to go once it was killed.
const KILLED: Duration = Duration::from_secs(10);

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    watched: AsyncFd<OwnedFd>,
    /// The child, where this daemon started it: to be waited for, so that no zombie stays.
    child: Option<Child>,
}

impl Process {
    /// Starts a machine, stopped before its first instruction, and writes down which process it is.
    pub(super) fn start(
        machine: &Definition,
        folder: &Folder,
        launch: &Launch,
    ) -> Result<Self, Fault> {
        folder.clear()?;
        folder.keep_source(&machine.source())?;
        let monitor = folder.listen()?;
        let program = &machine.settings.program;
        let mut command = Command::new(program);
        command
            .args(arguments(machine, launch))
            .current_dir(folder.path())
            .stdin(Stdio::from(OwnedFd::from(monitor)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(folder.output()?))
            // A terminal's interrupt is for the daemon, which knows what to do with its machines.
            .process_group(0);
        if !launch.outlives_us {
            sys::bound_to_us(&mut command);
        }
        let mut child = command.spawn().map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => Fault::NoProgram(program.to_string_lossy().into()),
            _ => Fault::file(format!("start {}", program.display()))(why),
        })?;
        match write_down(&child, folder, &launch.plan) {
            Ok((pid, watched)) => Ok(Self {
                pid,
                watched,
                child: Some(child),
            }),
            Err(fault) => {
                // Nothing may run that isn't written down.
                let _ = child.start_kill();
                Err(fault)
            }
        }
    }

    /// The process that was written down, if it is still that one.
    pub(super) fn find(record: &Record) -> Result<Option<Self>, Fault> {
        Self::look(record.pid, |pid| {
            Ok(boot_id()? == record.boot_id
                && start_time(pid).is_ok_and(|started| started == record.started))
        })
    }

    /// A process that lives in the machine's folder, whether it was written down or not: QEMU keeps
    /// its number there itself, from before it opens an image until it ends.
    pub(super) fn stray(folder: &Folder) -> Result<Option<Self>, Fault> {
        match folder.number() {
            Some(number) => Self::look(number, |pid| folder.is_home_of(pid)),
            None => Ok(None),
        }
    }

    /// The process of a number, if it is the one that is looked for.
    fn look(
        number: i32,
        is_it: impl FnOnce(Pid) -> Result<bool, Fault>,
    ) -> Result<Option<Self>, Fault> {
        let Some(pid) = Some(number)
            .filter(|number| *number > 0)
            .and_then(Pid::from_raw)
        else {
            return Ok(None);
        };
        // Opened first: from then on the descriptor means one process, whatever its number comes
        // to mean.
        let watched = match pidfd_open(pid, PidfdFlags::NONBLOCK) {
            Ok(descriptor) => descriptor,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(why) => return Err(Fault::file("look for the process")(why.into())),
        };
        if !is_it(pid)? {
            return Ok(None);
        }
        let watched = sys::watch(watched).map_err(Fault::file("watch the process"))?;
        Ok(Some(Self {
            pid,
            watched,
            child: None,
        }))
    }

    /// Its number.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits for its end; how it ended is known of a child alone. May be given up and asked again.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        match &mut self.child {
            Some(child) => child.wait().await.ok(),
            None => {
                let _ = self.watched.readable().await;
                None
            }
        }
    }

    /// Ends it at once and waits until it is gone.
    pub(super) async fn kill(&mut self) -> Result<(), Fault> {
        match pidfd_send_signal(&self.watched, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(why) => return Err(Fault::file("end the process")(why.into())),
        }
        let late = Fault::Late {
            what: "the end of the process",
            limit: KILLED,
        };
        tokio::time::timeout(KILLED, self.ended())
            .await
            .map(|_| ())
            .map_err(|_| late)
    }
}

fn write_down(
    child: &Child,
    folder: &Folder,
    plan: &Plan,
) -> Result<(Pid, AsyncFd<OwnedFd>), Fault> {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Fault::Ended(" at once".into()))?;
    let watched = watch(pid)?;
    folder.keep_record(&Record {
        pid: pid.as_raw_nonzero().get(),
        started: start_time(pid).map_err(Fault::file("read the process's start"))?,
        boot_id: boot_id()?,
        plan: *plan,
    })?;
    Ok((pid, watched))
}

fn watch(pid: Pid) -> Result<AsyncFd<OwnedFd>, Fault> {
    pidfd_open(pid, PidfdFlags::NONBLOCK)
        .map_err(|why| Fault::file("watch the process")(why.into()))
        .and_then(|descriptor| sys::watch(descriptor).map_err(Fault::file("watch the process")))
}

/// The present run of the device.
fn boot_id() -> Result<String, Fault> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .map_err(Fault::file("read the device's boot id"))
}

/// Field 22 of `/proc/PID/stat`. The second, the program's name in parentheses, may hold anything.
fn start_time(pid: Pid) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))?;
    stat_field(&text, 22).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The processor time that a process has used, in steps of a clock tick (proc(5), fields 14 and 15).
pub(super) fn processor_time(pid: i32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks = stat_field(&text, 14)?.checked_add(stat_field(&text, 15)?)?;
    let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A numeric field of `/proc/PID/stat` from the third on, counted from 1 (proc(5)).
fn stat_field(text: &str, number: usize) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_ascii_whitespace()
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use outband_core::server::BootMode;

    use super::{super::command_line::NUMBER, *};

    fn own_record() -> Record {
        let pid = rustix::process::getpid();
        Record {
            pid: pid.as_raw_nonzero().get(),
            started: start_time(pid).unwrap(),
            boot_id: boot_id().unwrap(),
            plan: Plan::ordinary(BootMode::Legacy),
        }
    }

    #[test]
    fn a_programs_name_may_hold_what_it_likes() {
        let text = "7 (a) b ( 1 2) S 1 7 7 0 -1 4194560 1 2 3 4 50 60 0 0 20 0 1 0 4242 0";
        assert_eq!(stat_field(text, 22), Some(4242));
        assert_eq!(
            (stat_field(text, 14), stat_field(text, 15)),
            (Some(50), Some(60))
        );
        assert_eq!(stat_field("", 22), None);
    }

    #[tokio::test]
    async fn a_stray_is_a_process_whose_home_is_the_folder() {
        let path = std::env::temp_dir().join(format!("outband-stray-{}", std::process::id()));
        let folder = Folder::open(&path).unwrap();
        let mut child = Command::new("sleep")
            .arg("1000")
            .current_dir(&path)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let number = |text: &str| std::fs::write(path.join(NUMBER), text).unwrap();
        assert!(Process::stray(&folder).unwrap().is_none());
        for elsewhere in [std::process::id().to_string(), "-1".into(), "x".into()] {
            number(&elsewhere);
            assert!(Process::stray(&folder).unwrap().is_none(), "{elsewhere}");
        }
        number(&format!("{}\n", child.id().unwrap()));
        let mut stray = Process::stray(&folder).unwrap().unwrap();
        stray.kill().await.unwrap();
        child.wait().await.unwrap();
        assert!(Process::stray(&folder).unwrap().is_none());
        std::fs::remove_dir_all(path).unwrap();
    }

    #[tokio::test]
    async fn a_process_is_found_only_if_number_start_and_boot_match() {
        let record = own_record();
        assert!(Process::find(&record).unwrap().is_some());
        let later = Record {
            started: record.started + 1,
            ..record.clone()
        };
        assert!(Process::find(&later).unwrap().is_none());
        let elsewhere = Record {
            boot_id: "another".into(),
            ..record.clone()
        };
        assert!(Process::find(&elsewhere).unwrap().is_none());
        let gone = Record {
            pid: i32::MAX,
            ..record
        };
        assert!(Process::find(&gone).unwrap().is_none());
    }
}
