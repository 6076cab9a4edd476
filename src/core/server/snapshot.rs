//! The numbered, immutable state of a server at one moment; every read is served from it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{BootOptions, Outcome, PowerAction};
use crate::{access::Via, driver::Abilities, events::OffCause, host::Stamp, inventory::Inventory};

/// Whether a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerState {
    /// Sensed on.
    On,
    /// Sensed off.
    Off,
    /// Nothing senses it, or it can't be told at the moment.
    Unknown,
}

impl From<Option<bool>> for PowerState {
    fn from(sensed: Option<bool>) -> Self {
        match sensed {
            Some(true) => Self::On,
            Some(false) => Self::Off,
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for PowerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unknown => "unknown",
        })
    }
}

/// What happens when the device's power returns (IPMI 2.0 section 28.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePolicy {
    /// Stay off.
    #[default]
    AlwaysOff,
    /// Return to what was last sensed.
    Previous,
    /// Switch on.
    AlwaysOn,
}

/// The identify light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Identify {
    /// Dark.
    #[default]
    Off,
    /// Lit for so many seconds (IPMI 2.0 section 28.5).
    For(u8),
    /// Lit until it is switched off.
    On,
}

/// The identify light as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentifyState {
    /// Whether it is lit.
    pub lit: bool,
    /// When it goes out by itself.
    pub until: Option<Instant>,
}

/// Why the server last started (IPMI 2.0 table 28-11, Get System Restart Cause).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RestartCause {
    /// Not known (0h).
    #[default]
    Unknown,
    /// A chassis control command (1h).
    ChassisControl,
    /// The reset button (2h).
    ResetButton,
    /// The power button (3h).
    PowerButton,
    /// The watchdog (4h).
    Watchdog,
    /// The policy "always on" after power returned (6h).
    RestoreAlwaysOn,
    /// The policy "previous" after power returned (7h).
    RestorePrevious,
    /// The operating system restarted itself, as by Ctrl-Alt-Del (Ah).
    SoftReset,
}

/// Where a boot override points (Redfish `BootSource`, IPMI 2.0 table 28-14 parameter 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootTarget {
    /// The network by PXE.
    Pxe,
    /// The default disk.
    Hdd,
    /// The CD or DVD drive.
    Cd,
    /// A USB drive.
    Usb,
    /// The floppy or another removable drive.
    Floppy,
    /// The firmware's set-up.
    BiosSetup,
    /// A diagnostic partition.
    Diags,
    /// The network by UEFI HTTP boot.
    UefiHttp,
}

/// How long an override holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideLifetime {
    /// For exactly one boot.
    Once,
    /// Until it is taken back.
    Continuous,
}

/// Which kind of firmware boot is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootMode {
    /// BIOS, or UEFI's compatibility module.
    Legacy,
    /// UEFI.
    Uefi,
}

/// A boot override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootOverride {
    /// Which override this is: numbered by the engine, never reused, so that a driver can say
    /// which one a boot used, even after a restart of the daemon.
    pub id: u64,
    /// Where it points.
    pub target: BootTarget,
    /// How long it holds.
    pub lifetime: OverrideLifetime,
    /// Which firmware mode; `None` leaves it as the machine has it.
    pub mode: Option<BootMode>,
}

impl BootOverride {
    /// Whether a boot that used the override of this id has used this one up.
    pub(super) fn uses_up(&self, id: u64) -> bool {
        self.id == id && self.lifetime == OverrideLifetime::Once
    }
}

/// How far the last boot came (Redfish `BootProgressTypes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum BootProgress {
    /// Off, or not known.
    #[default]
    None,
    /// The firmware runs.
    Firmware,
    /// The firmware's set-up was entered.
    Setup,
    /// The operating system was started.
    OsBootStarted,
    /// The operating system runs.
    OsRunning,
}

/// A power action under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Which.
    pub action: PowerAction,
    /// When it began.
    pub since: Instant,
    /// When it will have ended at the latest.
    pub until: Instant,
}

/// The last power action that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOutcome {
    /// Which.
    pub action: PowerAction,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Stamp,
}

/// The state of a server.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Counts up by one with each published change; begins anew with each start of the daemon.
    pub generation: u64,
    /// Whether the server runs.
    pub power: PowerState,
    /// Whether the disk light is lit, where it is sensed.
    pub disk_active: Option<bool>,
    /// The power action under way.
    pub pending: Option<Pending>,
    /// The last power action that ended since the daemon started.
    pub last_outcome: Option<LastOutcome>,
    /// Why the server last started.
    pub restart_cause: RestartCause,
    /// By which way the command came that last started it, where a command did.
    pub restarted_via: Option<Via>,
    /// Whether the server was last switched on by a command, and by nobody else.
    pub on_by_command: bool,
    /// Why the server last went off, as far as it was seen.
    pub last_off: Option<OffCause>,
    /// The pause of a power cycle in whole seconds (IPMI 2.0 section 28.9), where it is longer than
    /// the rest that is kept in any case.
    pub cycle_interval: u8,
    /// Time spent on, as far as it was seen, up to `power_on_since`.
    pub powered_on_minutes: u64,
    /// Since when the server has been seen on, without the time that `powered_on_minutes` counts.
    pub power_on_since: Option<Instant>,
    /// When the server was last seen to start or reset.
    pub last_reset: Option<Stamp>,
    /// What happens when power returns.
    pub restore_policy: RestorePolicy,
    /// The boot override in force.
    pub boot_override: Option<BootOverride>,
    /// The boot options that only IPMI speaks of.
    pub boot_options: Arc<BootOptions>,
    /// How far the last boot came, where the driver sees it.
    pub boot_progress: Option<BootProgress>,
    /// The identify light, where there is one.
    pub identify: Option<IdentifyState>,
    /// The owner's asset tag.
    pub asset_tag: Arc<str>,
    /// What the server is made of.
    pub inventory: Arc<Inventory>,
    /// What its parts can do.
    pub abilities: Arc<Abilities>,
}

impl Snapshot {
    /// What is known before anything was looked at: nothing.
    pub(super) fn unseen(abilities: &Arc<Abilities>, inventory: &Arc<Inventory>) -> Self {
        Self {
            generation: 0,
            power: PowerState::Unknown,
            disk_active: None,
            pending: None,
            last_outcome: None,
            restart_cause: RestartCause::Unknown,
            restarted_via: None,
            on_by_command: false,
            last_off: None,
            cycle_interval: 0,
            powered_on_minutes: 0,
            power_on_since: None,
            last_reset: None,
            restore_policy: RestorePolicy::default(),
            boot_override: None,
            boot_options: Arc::default(),
            boot_progress: None,
            identify: None,
            asset_tag: "".into(),
            inventory: inventory.clone(),
            abilities: abilities.clone(),
        }
    }

    /// Whether the server did not follow when it was last told to go on or off: the power control
    /// fault of IPMI 2.0 section 28.2. A shut-down that the operating system ignored is none.
    #[must_use]
    pub fn power_control_fault(&self) -> bool {
        use PowerAction::{Cycle, Off, On};
        self.last_outcome.as_ref().is_some_and(|last| {
            matches!(last.action, On | Off | Cycle)
                && matches!(last.outcome, Outcome::Failed { .. })
        })
    }

    /// Whole hours on, as Get POH Counter and Redfish count them.
    #[must_use]
    pub fn power_on_hours(&self, now: Instant) -> u64 {
        let running = self.power_on_since.map_or(0, |since| {
            now.saturating_duration_since(since).as_secs() / 60
        });
        (self.powered_on_minutes + running) / 60
    }
}
