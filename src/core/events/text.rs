//! What each kind of event says to people.

use super::{EventKind, OffCause};
use crate::{
    access::Via,
    server::{BootTarget, Outcome, PowerState, RestartCause, RestorePolicy},
};

impl EventKind {
    /// One sentence for people. It names neither the server nor the actor nor the time: they stand
    /// beside it in the event.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::DaemonStarted { version } => format!("Outband {version} began to serve."),
            Self::DaemonStopped => "Outband was told to stop.".into(),
            Self::ServerAdded => "The server was added.".into(),
            Self::ServerRemoved => "The server was removed.".into(),
            Self::PowerChanged {
                to,
                cause,
                off_cause,
            } => power_changed(*to, *cause, *off_cause),
            Self::Fault { what } => format!("Something failed: {what}."),
            Self::Restarted { cause } => format!("The server restarted{}.", because(*cause)),
            Self::Booted {
                target,
                label,
                by_override,
            } => booted(*target, label.as_deref(), *by_override),
            Self::OverrideLapsed => {
                "The boot override was given up: no power command followed it in time.".into()
            }
            Self::Accepted { command } => format!("Accepted: {command}."),
            Self::Refused { command, why } => format!("Refused: {command}: {why}."),
            Self::Ended { command, outcome } => format!("{command}: {}.", ended(outcome)),
            Self::PowerReturned { policy, did } => {
                format!(
                    "Power returned; the restore policy is \"{}\": {did}.",
                    policy_name(*policy)
                )
            }
            Self::Threshold {
                sensor,
                threshold,
                crossed,
                reading,
            } => {
                let did = if *crossed {
                    "crossed"
                } else {
                    "came back from"
                };
                format!("Sensor {sensor} {did} its {threshold} threshold at {reading}.")
            }
            Self::SystemEvent => "A record was added to the system event log.".into(),
            Self::LogCleared { log } => format!("The log {log} was cleared."),
            Self::FaultSet { fault } => format!("A fault was set: {fault}."),
            Self::FaultCleared { id } => format!("Fault {id} ended or was cleared."),
            Self::LoggedIn { via } => format!("Logged in {}.", way(*via)),
            Self::LoginFailed { name, why, times } => match times {
                0 | 1 => format!("A log-in as \"{name}\" failed: {why}."),
                times => format!("{times} log-ins as \"{name}\" failed: {why}."),
            },
            Self::SessionEnded { session, why } => format!("Session {session} ended: {why}."),
            Self::AccountChanged { account, change } => format!("Account \"{account}\": {change}."),
            Self::SettingsReloaded { what } => format!("The settings were read anew: {what}."),
            Self::Unknown => {
                "An event of a kind that only a newer version of Outband knows.".into()
            }
        }
    }
}

fn power_changed(
    to: PowerState,
    cause: Option<RestartCause>,
    off_cause: Option<OffCause>,
) -> String {
    match to {
        PowerState::On => format!(
            "The server is on{}.",
            cause.map_or_else(String::new, because)
        ),
        PowerState::Off => match off_cause {
            Some(OffCause::Command) => "The server is off, by a command.".into(),
            Some(OffCause::ShutDown) => "The server is off: its system shut down.".into(),
            Some(OffCause::Failed) => "The server is off: it broke.".into(),
            Some(OffCause::SupplyLost) => "The server is off: its supply was lost.".into(),
            Some(OffCause::Unknown) | None => "The server is off.".into(),
        },
        PowerState::Unknown => "The server's power state can't be sensed.".into(),
    }
}

fn because(cause: RestartCause) -> String {
    let words = match cause {
        RestartCause::Unknown => return String::new(),
        RestartCause::ChassisControl => "by a command",
        RestartCause::ResetButton => "by the reset button",
        RestartCause::PowerButton => "by the power button",
        RestartCause::Watchdog => "by the watchdog",
        RestartCause::RestoreAlwaysOn => "by the restore policy \"always on\"",
        RestartCause::RestorePrevious => "by the restore policy \"previous\"",
        RestartCause::SoftReset => "by itself",
    };
    format!(", {words}")
}

fn booted(target: Option<BootTarget>, label: Option<&str>, by_override: bool) -> String {
    let by = if by_override {
        ", as the boot override asked"
    } else {
        ""
    };
    let Some(target) = target else {
        return format!("The firmware found nothing to boot{by}.");
    };
    let from = match target {
        BootTarget::Pxe => "from the network by PXE",
        BootTarget::Hdd => "from the disk",
        BootTarget::Cd => "from the CD or DVD drive",
        BootTarget::Usb => "from a USB drive",
        BootTarget::Floppy => "from the floppy or removable drive",
        BootTarget::BiosSetup => "into the firmware's set-up",
        BootTarget::Diags => "into the diagnostics",
        BootTarget::UefiHttp => "from the network by UEFI HTTP",
    };
    let label = label.map_or_else(String::new, |label| format!(" (\"{label}\")"));
    format!("The server booted {from}{label}{by}.")
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".into(),
        Outcome::Unconfirmed => "carried out; whether it had its effect could not be sensed".into(),
        Outcome::Failed { seen } => format!("failed: {seen}"),
        Outcome::Superseded { by } => format!("given up for {by}"),
    }
}

const fn policy_name(policy: RestorePolicy) -> &'static str {
    match policy {
        RestorePolicy::AlwaysOff => "always off",
        RestorePolicy::Previous => "previous",
        RestorePolicy::AlwaysOn => "always on",
    }
}

const fn way(via: Via) -> &'static str {
    match via {
        Via::Redfish => "through Redfish",
        Via::Console => "through the console",
        Via::Ipmi => "through IPMI",
        Via::Vnc => "through VNC",
        Via::Local => "on the device",
        Via::Internal => "as the daemon itself",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_plain_sentences() {
        for (kind, text) in [
            (
                EventKind::PowerChanged {
                    to: PowerState::On,
                    cause: Some(RestartCause::ChassisControl),
                    off_cause: None,
                },
                "The server is on, by a command.",
            ),
            (
                EventKind::PowerChanged {
                    to: PowerState::On,
                    cause: None,
                    off_cause: None,
                },
                "The server is on.",
            ),
            (
                EventKind::Booted {
                    target: Some(BootTarget::Cd),
                    label: Some("DEBIAN".into()),
                    by_override: true,
                },
                "The server booted from the CD or DVD drive (\"DEBIAN\"), as the boot override asked.",
            ),
            (
                EventKind::Ended {
                    command: "power soft-off".into(),
                    outcome: Outcome::Failed {
                        seen: "still on after 120 s".into(),
                    },
                },
                "power soft-off: failed: still on after 120 s.",
            ),
            (
                EventKind::LoginFailed {
                    name: "root".into(),
                    why: "no such account".into(),
                    times: 12,
                },
                "12 log-ins as \"root\" failed: no such account.",
            ),
        ] {
            assert_eq!(kind.message(), text);
        }
    }
}
