//! Taking what the driver senses and observes.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Because, Engine, Hand};
use crate::{
    driver::{BootBy, Observed, Sensed},
    events::{EventKind, NewEvent, OffCause},
    server::{BootProgress, IdentifyState, PowerAction, PowerState, RestartCause},
};

impl Engine {
    pub(super) fn take_sensed(&mut self, alive: bool) {
        // What the driver saw before tells why the state changed.
        while let Some(Ok(observed)) = self.observed.as_mut().map(mpsc::Receiver::try_recv) {
            self.take_observed(Some(observed));
        }
        let sensed = match &mut self.sensed {
            Some(receiver) if alive => *receiver.borrow_and_update(),
            // The driver is gone: nothing senses the server any more.
            _ => {
                self.lose_driver();
                Sensed::default()
            }
        };
        if sensed == self.now_sensed {
            return;
        }
        let before = std::mem::replace(&mut self.now_sensed, sensed);
        self.changed = true;
        if before.on != sensed.on {
            self.power_changed(before.on, sensed.on);
        }
    }

    /// What worked the power is gone: there is nothing left to press and nothing that senses.
    fn lose_driver(&mut self) {
        const WHY: &str = "power: the driver is gone";
        self.sensed = None;
        self.hand = Hand::None;
        self.identify = IdentifyState {
            lit: false,
            until: None,
        };
        let abilities = Arc::make_mut(&mut self.abilities);
        abilities.has_power = false;
        abilities.power.clear();
        abilities.senses_power = false;
        abilities.identify = false;
        self.changed = true;
        self.report(&WHY);
        self.sequencer.abandon(WHY);
    }

    fn power_changed(&mut self, before: Option<bool>, on: Option<bool>) {
        let now = self.clock.now();
        let mut cause = None;
        let mut off_cause = None;
        match on {
            Some(true) => {
                self.on_since = Some(now);
                self.counted = Some(now);
                // Without a command or a policy behind it, somebody pressed the button. One that was
                // only lost from sight did not start.
                let start = match (self.known_on, self.expected.take()) {
                    (Some(true), expected) => {
                        self.expected = expected;
                        None
                    }
                    (None, expected) => expected,
                    (Some(false), None) => Some(RestartCause::PowerButton.into()),
                    (Some(false), expected) => expected,
                };
                if let Some(because) = start {
                    self.started(because);
                    self.durable.on_by_command = because.via.is_some();
                }
                cause = start.map(|because| because.cause);
            }
            Some(false) => {
                self.count_hours(now, false);
                self.on_since = None;
                self.progress = BootProgress::None;
                off_cause = (self.known_on != Some(false)).then(|| self.why_off());
                self.durable.last_off = off_cause.or(self.durable.last_off);
                self.off_by_itself = None;
            }
            None => {
                self.count_hours(now, false);
                self.on_since = None;
            }
        }
        self.known_on = on.or(self.known_on);
        // The event before the outcome that the sequencer may now come to.
        if before.is_some() || on.is_some() {
            let to = PowerState::from(on);
            self.record(
                None,
                EventKind::PowerChanged {
                    to,
                    cause,
                    off_cause,
                },
            );
        }
        if on.is_some() {
            self.durable.was_on = on;
            self.durable.device = Some(self.device);
            self.keep();
        }
        self.sequencer.sensed(on, now);
    }

    /// Who made the server go off, as far as it is known.
    fn why_off(&self) -> OffCause {
        let running = self.running.iter().map(|running| running.action);
        let commanded = running
            .into_iter()
            .any(|action| !matches!(action, PowerAction::Nmi | PowerAction::On));
        match (self.off_by_itself, commanded) {
            (Some(cause), _) => cause,
            (None, true) => OffCause::Command,
            (None, false) => OffCause::Unknown,
        }
    }

    fn started(&mut self, because: Because) {
        self.durable.restart_cause = because.cause;
        self.durable.restarted_via = because.via;
        self.durable.last_reset = Some(self.clock.wall());
    }

    pub(super) fn take_observed(&mut self, observed: Option<Observed>) {
        self.changed = true;
        match observed {
            None => self.observed = None,
            Some(Observed::BootBegan { by }) => self.boot_began(by),
            Some(Observed::Booted {
                target,
                label,
                used,
            }) => {
                let by_override = used.is_some();
                self.record(
                    None,
                    EventKind::Booted {
                        target,
                        label,
                        by_override,
                    },
                );
                self.override_used(used, Some(self.durable.restart_cause));
            }
            Some(Observed::Progress(progress)) => self.progress = progress,
            Some(Observed::OverrideUsed { id }) => {
                self.override_used(Some(id), Some(self.durable.restart_cause));
            }
            Some(Observed::ShutDown) => self.off_by_itself = Some(OffCause::ShutDown),
            Some(Observed::Failed { why }) => {
                self.off_by_itself = Some(OffCause::Failed);
                self.report(&why);
            }
            Some(Observed::Inventory(inventory)) => self.inventory = inventory,
            Some(Observed::SystemEvent(event)) => {
                self.events.record(NewEvent {
                    server: Some(self.id.clone()),
                    kind: EventKind::SystemEvent,
                    actor: None,
                    sel: Some(event),
                });
            }
        }
    }

    fn boot_began(&mut self, by: BootBy) {
        let now = self.clock.now();
        self.progress = BootProgress::Firmware;
        let because = match by {
            // The sensed state tells of it, and knows the cause.
            BootBy::PowerOn => None,
            BootBy::Reset => {
                let button = RestartCause::ResetButton.into();
                Some(self.expected.take().unwrap_or(button))
            }
            BootBy::Software => Some(RestartCause::SoftReset.into()),
            BootBy::Watchdog => Some(RestartCause::Watchdog.into()),
        };
        if let Some(because) = because {
            let cause = because.cause;
            self.started(because);
            self.keep();
            self.record(None, EventKind::Restarted { cause });
        }
        if by == BootBy::Reset {
            self.sequencer.boot_seen(now);
        }
    }
}
