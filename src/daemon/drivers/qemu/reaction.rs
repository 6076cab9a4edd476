//! What an event of the monitor means for a managed server. Pure.

use std::time::Duration;

use outband_core::driver::{BootBy, Observed};
use outband_protocol::{
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
    qmp::{EventKind, Reason},
};
use tokio::time::Instant;

/// SeaBIOS asks for a second reset after a warm one, and resets come in pairs. These belong to the
/// reset before, which they follow after so little work of the processors: 20 to 50 ms were seen, on
/// an idle host as on a busy one, and ten times as much before a boot loader could reset.
const SAME_RESET_WORK: Duration = Duration::from_millis(200);

/// How late they come at most, on a host that has hardly a moment for the machine.
const SAME_RESET: Duration = Duration::from_secs(5);

/// How soon a watchdog's reset follows its running out.
const WATCHDOG: Duration = Duration::from_secs(2);

/// When something happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    /// The processor time that the process has used; `None` where that can't be read.
    pub(super) worked: Option<Duration>,
}

impl Moment {
    /// Whether a reset now belongs to the one at `before`, of the same process.
    fn belongs_to(self, before: Self) -> bool {
        let passed = self.now.saturating_duration_since(before.now);
        let worked = self.worked.zip(before.worked);
        let worked = worked.map(|(now, before)| now.saturating_sub(before));
        passed < SAME_RESET && worked.is_none_or(|worked| worked < SAME_RESET_WORK)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing.
    None,
    /// Tell it.
    Tell(Observed),
    /// The machine stopped where it would have reset: another process takes its place.
    Replace(BootBy),
    /// The guest shut down: the process is no longer needed.
    ShutDown,
}

/// What was seen of a process that the meaning of its next event depends on.
#[derive(Debug, Default)]
pub(super) struct Reactions {
    last_reset: Option<Moment>,
    /// A watchdog ran out, and the reset that comes is its doing.
    watchdog: Option<Instant>,
}

impl Reactions {
    /// What an event means.
    pub(super) fn to(&mut self, event: &EventKind, at: Moment) -> Reaction {
        let now = at.now;
        match event {
            EventKind::Shutdown { reason, .. } => match reason {
                Reason::GuestReset => Reaction::Replace(self.by(BootBy::Software, now)),
                Reason::HostQmpSystemReset => Reaction::Replace(BootBy::Reset),
                // The process ends by itself, and that is seen.
                Reason::HostQmpQuit | Reason::HostSignal | Reason::HostUi | Reason::HostError => {
                    Reaction::None
                }
                _ => Reaction::ShutDown,
            },
            EventKind::Reset { guest, .. } => {
                if *guest && self.last_reset.is_some_and(|before| at.belongs_to(before)) {
                    return Reaction::None;
                }
                self.last_reset = Some(at);
                let by = if *guest {
                    self.by(BootBy::Software, now)
                } else {
                    BootBy::Reset
                };
                Reaction::Tell(Observed::BootBegan { by })
            }
            EventKind::Watchdog { .. } => {
                self.watchdog = Some(now);
                Reaction::None
            }
            // Sensor type 20h, OS Stop: a run-time critical stop (IPMI 2.0 table 42-3).
            EventKind::GuestPanicked { .. } => Reaction::Tell(Observed::SystemEvent(SystemEvent {
                generator: GENERATOR_BMC,
                sensor_type: 0x20,
                sensor_number: 0,
                assertion: true,
                event_type: 0x6F,
                data: [0x01, 0xFF, 0xFF],
            })),
            _ => Reaction::None,
        }
    }

    fn by(&mut self, otherwise: BootBy, now: Instant) -> BootBy {
        match self.watchdog.take() {
            Some(at) if now.saturating_duration_since(at) < WATCHDOG => BootBy::Watchdog,
            _ => otherwise,
        }
    }
}

/// Why a machine stopped while nobody listened: the last end in what the monitor said.
pub(super) fn last_end(journal: &str) -> Option<Reason> {
    #[derive(serde::Deserialize)]
    struct Line {
        event: String,
        data: Data,
    }
    #[derive(serde::Deserialize)]
    struct Data {
        reason: Reason,
    }
    let ends = journal.lines().rev();
    let mut ends = ends.filter_map(|line| serde_json::from_str::<Line>(line).ok());
    ends.find(|line| line.event == "SHUTDOWN")
        .map(|line| line.data.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn reset(guest: bool) -> EventKind {
        let reason = if guest {
            Reason::GuestReset
        } else {
            Reason::HostQmpSystemReset
        };
        EventKind::Reset { guest, reason }
    }

    const fn began(by: BootBy) -> Reaction {
        Reaction::Tell(Observed::BootBegan { by })
    }

    /// So many milliseconds after `now`, of which the processors worked for so many.
    fn after(now: Instant, passed: u64, worked: u64) -> Moment {
        Moment {
            now: now + Duration::from_millis(passed),
            worked: Some(Duration::from_millis(worked)),
        }
    }

    #[test]
    fn the_resets_that_seabios_adds_are_no_events_of_their_own() {
        let now = Instant::now();
        let after = |passed, worked| after(now, passed, worked);
        let mut reactions = Reactions::default();
        let (warm, guests) = (reset(false), reset(true));
        assert_eq!(reactions.to(&warm, after(0, 900)), began(BootBy::Reset));
        assert_eq!(reactions.to(&guests, after(50, 940)), Reaction::None);
        assert_eq!(reactions.to(&guests, after(51, 940)), Reaction::None);
        // A boot loader's own, as soon as it could.
        assert_eq!(
            reactions.to(&guests, after(600, 1500)),
            began(BootBy::Software)
        );
        assert_eq!(reactions.to(&guests, after(650, 1540)), Reaction::None);
        assert_eq!(reactions.to(&warm, after(700, 1550)), began(BootBy::Reset));
    }

    #[test]
    fn a_busy_host_makes_no_event_and_an_idle_guest_hides_none() {
        let now = Instant::now();
        let after = |passed, worked| after(now, passed, worked);
        let mut reactions = Reactions::default();
        let guests = reset(true);
        let software = began(BootBy::Software);
        assert_eq!(reactions.to(&guests, after(0, 900)), software);
        assert_eq!(reactions.to(&guests, after(3000, 950)), Reaction::None);
        assert_eq!(reactions.to(&guests, after(9000, 1000)), software);
        let unknown = Moment {
            worked: None,
            ..after(9100, 0)
        };
        assert_eq!(reactions.to(&guests, unknown), Reaction::None);
    }

    #[test]
    fn a_watchdogs_reset_is_told_as_such_and_only_that_one() {
        let now = after(Instant::now(), 0, 900);
        let mut reactions = Reactions::default();
        let action = "reset".into();
        assert_eq!(
            reactions.to(&EventKind::Watchdog { action }, now),
            Reaction::None
        );
        assert_eq!(reactions.to(&reset(true), now), began(BootBy::Watchdog));
        let later = after(now.now, 60_000, 9_000);
        assert_eq!(reactions.to(&reset(true), later), began(BootBy::Software));
    }

    #[test]
    fn an_end_means_what_its_reason_says() {
        let mut reactions = Reactions::default();
        let mut to = |reason| {
            let event = EventKind::Shutdown {
                guest: true,
                reason,
            };
            reactions.to(&event, after(Instant::now(), 0, 0))
        };
        assert_eq!(to(Reason::GuestShutdown), Reaction::ShutDown);
        assert_eq!(to(Reason::GuestReset), Reaction::Replace(BootBy::Software));
        assert_eq!(
            to(Reason::HostQmpSystemReset),
            Reaction::Replace(BootBy::Reset)
        );
        assert_eq!(to(Reason::HostQmpQuit), Reaction::None);
    }

    #[test]
    fn a_panic_becomes_an_entry_of_the_system_event_log() {
        let event = EventKind::GuestPanicked {
            action: "run".into(),
        };
        let reaction = Reactions::default().to(&event, after(Instant::now(), 0, 0));
        let Reaction::Tell(Observed::SystemEvent(event)) = reaction else {
            panic!("{reaction:?}");
        };
        assert_eq!(
            (event.sensor_type, event.event_type, event.data[0]),
            (0x20, 0x6F, 1)
        );
    }

    #[test]
    fn the_last_end_is_found_in_a_torn_journal() {
        let journal = concat!(
            "reason\": \"guest-shutdown\"}}\n",
            "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-shutdown\"}}\r\n",
            "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\r\n",
            "{\"event\": \"STOP\"}\r\n{\"retu",
        );
        assert_eq!(last_end(journal), Some(Reason::GuestReset));
        assert_eq!(last_end("{\"event\": \"STOP\"}\n"), None);
    }
}
