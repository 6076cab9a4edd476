//! Boot overrides and boot options: given to the driver, used by one boot, given up in time.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Engine;
use crate::{
    access::Via,
    driver::DriverFault,
    events::EventKind,
    server::{
        BootOption, BootOverride, LooseFlags, OverrideLifetime, PowerAction, RestartCause,
        boot_options::BadBootOption,
    },
};

/// How long an override that came by IPMI waits for a power command (IPMI 2.0 table 28-14,
/// parameter 3), and how long a writer of boot options may take until it counts as gone.
const MINUTE: Duration = Duration::from_secs(60);

impl Engine {
    /// At the start: an override may have been used while no daemon looked; else the driver is given
    /// it again.
    pub(super) fn meet_override(&mut self) {
        let Some(boot) = self.boot.clone() else {
            return;
        };
        let used = boot.last_used();
        // One that was used before it was durable has had its number too.
        let last = &mut self.durable.last_override_id;
        *last = used.unwrap_or(0).max(*last);
        self.override_used(used, None);
        if let Err(fault) = boot.set_override(self.durable.boot_override) {
            self.report(&fault);
        }
        self.put_off_override();
    }

    /// Gives the driver another override, with an id of its own. By IPMI's rules one that holds
    /// once, and came that way, waits for a power command for a minute only.
    pub(super) fn set_override(
        &mut self,
        mut wanted: Option<BootOverride>,
        via: Via,
    ) -> Result<(), DriverFault> {
        if let Some(wanted) = &mut wanted {
            self.durable.last_override_id += 1;
            wanted.id = self.durable.last_override_id;
            // They have found their device.
            Arc::make_mut(&mut self.durable.boot_options).loose_flags = LooseFlags::default();
        }
        if let Some(boot) = &self.boot {
            boot.set_override(wanted)?;
        }
        let waits = self.durable.boot_options.keep_valid.without_command();
        let hurried = |held: &BootOverride| {
            via == Via::Ipmi && held.lifetime == OverrideLifetime::Once && !waits
        };
        self.durable.boot_override = wanted;
        self.durable.hurried_override = wanted.filter(hurried).map(|held| held.id);
        self.put_off_override();
        Ok(())
    }

    /// Lets the minute of an override that is to be followed by a power command begin anew.
    pub(super) fn put_off_override(&mut self) {
        let held = self.durable.boot_override.map(|held| held.id);
        let hurried = self.durable.hurried_override;
        let waits = hurried.is_some() && hurried == held;
        self.override_until = waits.then(|| self.clock.now() + MINUTE);
    }

    /// A power command follows the override: one that starts the server is what it waited for.
    pub(super) fn claim_override(&mut self, action: PowerAction) {
        use PowerAction::{Cycle, On, Reset, SoftCycle};
        let starts = matches!(action, On | Cycle | Reset | SoftCycle);
        if starts && self.durable.hurried_override.take().is_some() {
            self.keep();
        }
        self.put_off_override();
    }

    /// A boot used an override: one that holds once is gone with it, but where the boot options say
    /// that it stays valid after a boot that began so.
    pub(super) fn override_used(&mut self, used: Option<u64>, cause: Option<RestartCause>) {
        let Some(used) = used else { return };
        self.commits.forget_override(used);
        let Some(held) = self.durable.boot_override else {
            return;
        };
        if !held.uses_up(used) {
            return;
        }
        let keep = self.durable.boot_options.keep_valid;
        let next = cause.is_some_and(|cause| keep.after(cause)).then(|| {
            self.durable.last_override_id += 1;
            let id = self.durable.last_override_id;
            BootOverride { id, ..held }
        });
        if let (Some(_), Some(boot)) = (next, &self.boot)
            && let Err(fault) = boot.set_override(next)
        {
            self.report(&fault);
        }
        self.durable.boot_override = next;
        self.durable.hurried_override = None;
        self.put_off_override();
        self.keep();
        self.changed = true;
    }

    /// Writes boot options.
    pub(super) fn write_boot_options(
        &mut self,
        written: &[BootOption],
    ) -> Result<(), BadBootOption> {
        let loose = |option: &BootOption| matches!(option, BootOption::LooseFlags(_));
        if self.durable.boot_override.is_some() && written.iter().any(loose) {
            return Err(BadBootOption::Overridden);
        }
        let options = self.durable.boot_options.with(written)?;
        self.writing_until = options.in_progress.then(|| self.clock.now() + MINUTE);
        self.durable.boot_options = options.into();
        Ok(())
    }

    /// Gives up what has waited long enough.
    pub(super) fn give_up_boot(&mut self, now: Instant) {
        let due = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        if due(self.writing_until) {
            self.writing_until = None;
            Arc::make_mut(&mut self.durable.boot_options).in_progress = false;
            self.changed = true;
        }
        if due(self.override_until) {
            self.override_until = None;
            self.durable.hurried_override = None;
            self.durable.boot_override = None;
            if let Some(boot) = &self.boot
                && let Err(fault) = boot.set_override(None)
            {
                self.report(&fault);
            }
            self.record(None, EventKind::OverrideLapsed);
            self.keep();
            self.changed = true;
        }
    }
}
