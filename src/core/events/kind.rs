//! The kinds of event, what each says to people, and how bad it is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    access::Via,
    server::{BootTarget, Outcome, PowerState, RestartCause, RestorePolicy},
};

/// How bad an event is (Redfish `Severity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// All is well.
    Ok,
    /// Someone should look.
    Warning,
    /// Something is broken.
    Critical,
}

/// Why a server went off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OffCause {
    /// A command made it.
    Command,
    /// Its operating system shut down.
    ShutDown,
    /// It broke: a virtual machine's process died.
    Failed,
    /// The supply was lost, and the device's with it.
    SupplyLost,
    /// Nobody here made it: the power button, a lost supply.
    Unknown,
}

/// What happened. New kinds are added; a stored kind that this version doesn't know is kept in the
/// log and read as [`EventKind::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum EventKind {
    /// The daemon began to serve.
    DaemonStarted {
        /// Its version.
        version: Arc<str>,
    },
    /// The daemon was told to stop.
    DaemonStopped,
    /// A server was added to those managed.
    ServerAdded,
    /// A server was taken out of those managed.
    ServerRemoved,
    /// The sensed power state changed.
    PowerChanged {
        /// To what.
        to: PowerState,
        /// Why, for a start.
        cause: Option<RestartCause>,
        /// Why, for an end.
        #[serde(default)]
        off_cause: Option<OffCause>,
    },
    /// Firmware began to run again without power going off.
    Restarted {
        /// Why.
        cause: RestartCause,
    },
    /// Firmware chose what to boot.
    Booted {
        /// From where; `None` when there was nothing to boot.
        target: Option<BootTarget>,
        /// The medium's name.
        label: Option<Arc<str>>,
        /// Whether the boot override was used.
        by_override: bool,
    },
    /// The boot override was given up, since no power command followed it in time.
    OverrideLapsed,
    /// A command was accepted.
    Accepted {
        /// Which, in words: `power cycle`.
        command: Arc<str>,
    },
    /// A command was refused.
    Refused {
        /// Which.
        command: Arc<str>,
        /// Why.
        why: Arc<str>,
    },
    /// A power action ended.
    Ended {
        /// Which.
        command: Arc<str>,
        /// How.
        outcome: Outcome,
    },
    /// Power returned to the device and the restore policy was looked at.
    PowerReturned {
        /// The policy.
        policy: RestorePolicy,
        /// What was done, in words.
        did: Arc<str>,
    },
    /// A sensor crossed a threshold, or came back.
    Threshold {
        /// The sensor's id.
        sensor: Arc<str>,
        /// Which threshold: `upper-critical`.
        threshold: Arc<str>,
        /// Whether it was crossed (or left).
        crossed: bool,
        /// The reading, in the sensor's unit, as text.
        reading: Arc<str>,
    },
    /// An entry that came as a record: injected, or from the server.
    SystemEvent,
    /// Something beneath failed: a line that can't be driven, a disk that can't be written.
    Fault {
        /// What, in words.
        what: Arc<str>,
    },
    /// A log was cleared.
    LogCleared {
        /// Which: `SEL`.
        log: Arc<str>,
    },
    /// A fault was set on a simulated server.
    FaultSet {
        /// Which, as JSON.
        fault: Arc<str>,
    },
    /// A fault ended or was cleared.
    FaultCleared {
        /// Which, by its id.
        id: u64,
    },
    /// Somebody logged in.
    LoggedIn {
        /// Through which service.
        via: Via,
    },
    /// Somebody failed to log in.
    LoginFailed {
        /// The name that was tried, cut at 64 characters.
        name: Arc<str>,
        /// Why, for the audit log alone.
        why: Arc<str>,
        /// How many failures this event stands for.
        times: u32,
    },
    /// A session ended.
    SessionEnded {
        /// Its public name.
        session: Arc<str>,
        /// Why: `logged out`, `idle`, `the password changed`.
        why: Arc<str>,
    },
    /// An account was made, changed or removed.
    AccountChanged {
        /// Its name.
        account: Arc<str>,
        /// What happened to it, in words; never a secret.
        change: Arc<str>,
    },
    /// The settings were read anew.
    SettingsReloaded {
        /// What changed, in words.
        what: Arc<str>,
    },
    /// A stored kind that this version doesn't know.
    #[serde(other)]
    Unknown,
}

impl EventKind {
    /// Whether the audit log shows it: who came and went, what was asked for, and what was changed
    /// in accounts, settings, logs and faults.
    #[must_use]
    pub const fn is_audit(&self) -> bool {
        match self {
            Self::Accepted { .. }
            | Self::Refused { .. }
            | Self::LogCleared { .. }
            | Self::FaultSet { .. }
            | Self::FaultCleared { .. }
            | Self::LoggedIn { .. }
            | Self::LoginFailed { .. }
            | Self::SessionEnded { .. }
            | Self::AccountChanged { .. }
            | Self::SettingsReloaded { .. } => true,
            Self::DaemonStarted { .. }
            | Self::DaemonStopped
            | Self::ServerAdded
            | Self::ServerRemoved
            | Self::PowerChanged { .. }
            | Self::Restarted { .. }
            | Self::Booted { .. }
            | Self::OverrideLapsed
            | Self::Ended { .. }
            | Self::PowerReturned { .. }
            | Self::Threshold { .. }
            | Self::SystemEvent
            | Self::Fault { .. }
            | Self::Unknown => false,
        }
    }

    /// How bad it is. A [`EventKind::SystemEvent`] is as bad as its record says, which the log
    /// knows and the kind does not: [`Severity::Ok`] here.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Threshold {
                threshold, crossed, ..
            } => match (crossed, threshold.ends_with("caution")) {
                (false, _) => Severity::Ok,
                (true, true) => Severity::Warning,
                (true, false) => Severity::Critical,
            },
            Self::PowerChanged {
                to: PowerState::Unknown,
                ..
            }
            | Self::Booted { target: None, .. }
            | Self::Refused { .. }
            | Self::Ended {
                outcome: Outcome::Failed { .. } | Outcome::Unconfirmed,
                ..
            }
            | Self::LoginFailed { .. }
            | Self::Fault { .. } => Severity::Warning,
            _ => Severity::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_a_newer_version_is_read_as_unknown() {
        let kind: EventKind =
            serde_json::from_str(r#"{"is":"tea-time","sugar":{"lumps":2}}"#).unwrap();
        assert_eq!(kind, EventKind::Unknown);
    }

    #[test]
    fn an_action_whose_effect_was_not_sensed_is_worth_a_look() {
        let ended = |outcome| EventKind::Ended {
            command: "power off".into(),
            outcome,
        };
        assert_eq!(ended(Outcome::Done).severity(), Severity::Ok);
        let unconfirmed = ended(Outcome::Unconfirmed);
        assert_eq!(unconfirmed.severity(), Severity::Warning);
        assert!(unconfirmed.message().contains("could not be sensed"));
    }

    #[test]
    fn a_crossed_threshold_is_as_bad_as_the_threshold_says() {
        let at = |threshold: &str, crossed| {
            EventKind::Threshold {
                sensor: "cpu1-temp".into(),
                threshold: threshold.into(),
                crossed,
                reading: "91".into(),
            }
            .severity()
        };
        assert_eq!(at("upper-caution", true), Severity::Warning);
        assert_eq!(at("upper-critical", true), Severity::Critical);
        assert_eq!(at("lower-fatal", true), Severity::Critical);
        assert_eq!(at("upper-critical", false), Severity::Ok);
    }
}
