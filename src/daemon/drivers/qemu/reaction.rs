//! What an event of the monitor means for a managed server. Pure.

use std::time::Duration;

use outband_core::driver::{BootBy, Observed};
use outband_protocol::{
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
    qmp::{EventKind, Reason},
};
use tokio::time::Instant;

/// SeaBIOS asks for a second reset after a warm one, and resets come in pairs: those that follow a
/// reset so closely belong to it.
const SAME_RESET: Duration = Duration::from_secs(2);

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

/// What was seen that the meaning of the next event depends on.
#[derive(Debug, Default)]
pub(super) struct Reactions {
    last_reset: Option<Instant>,
    /// A watchdog ran out, and the reset that comes is its doing.
    watchdog: Option<Instant>,
}

impl Reactions {
    /// What an event means.
    pub(super) fn to(&mut self, event: &EventKind, now: Instant) -> Reaction {
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
                let recent = |at: Instant| now.saturating_duration_since(at) < SAME_RESET;
                if *guest && self.last_reset.is_some_and(recent) {
                    return Reaction::None;
                }
                self.last_reset = Some(now);
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
            Some(at) if now.saturating_duration_since(at) < SAME_RESET => BootBy::Watchdog,
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

    #[test]
    fn the_resets_that_seabios_adds_are_no_events_of_their_own() {
        let now = Instant::now();
        let later = |ms| now + Duration::from_millis(ms);
        let mut reactions = Reactions::default();
        assert_eq!(reactions.to(&reset(false), now), began(BootBy::Reset));
        assert_eq!(reactions.to(&reset(true), later(100)), Reaction::None);
        assert_eq!(reactions.to(&reset(true), later(101)), Reaction::None);
        assert_eq!(
            reactions.to(&reset(true), later(5000)),
            began(BootBy::Software)
        );
        assert_eq!(reactions.to(&reset(true), later(5100)), Reaction::None);
        assert_eq!(
            reactions.to(&reset(false), later(5200)),
            began(BootBy::Reset)
        );
    }

    #[test]
    fn a_watchdogs_reset_is_told_as_such_and_only_that_one() {
        let now = Instant::now();
        let mut reactions = Reactions::default();
        let action = "reset".into();
        assert_eq!(
            reactions.to(&EventKind::Watchdog { action }, now),
            Reaction::None
        );
        assert_eq!(reactions.to(&reset(true), now), began(BootBy::Watchdog));
        let later = now + Duration::from_secs(60);
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
            reactions.to(&event, Instant::now())
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
        let reaction = Reactions::default().to(&event, Instant::now());
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
