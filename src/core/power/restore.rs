//! What happens when power returns to the device.

use crate::{
    host::BootId,
    server::{RestartCause, RestorePolicy},
};

/// What to do when the daemon starts, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// Power was never lost (or the device is seen for the first time): nothing, and nothing is said.
    NotLost,
    /// Power was lost; leave the server as it is. The text says why, for the log.
    Leave(&'static str),
    /// Power was lost; switch the server on, for this cause.
    SwitchOn(RestartCause),
}

/// Decides by the device's boot ids (stored and present), the policy, what was last sensed before
/// and what is sensed now.
///
/// A restart of the daemon changes no boot id and so does nothing; a running server is never
/// switched off; with an unknown power state nothing is done.
#[must_use]
pub fn restore(
    stored: Option<BootId>,
    present: BootId,
    policy: RestorePolicy,
    was_on: Option<bool>,
    is_on: Option<bool>,
) -> Restore {
    match (stored, is_on) {
        (None, _) => Restore::NotLost,
        (Some(stored), _) if stored == present => Restore::NotLost,
        (_, None) => Restore::Leave("nothing, since the power state is unknown"),
        (_, Some(true)) => Restore::Leave("nothing, since the server is on"),
        (_, Some(false)) => match policy {
            RestorePolicy::AlwaysOff => Restore::Leave("nothing, as the policy says"),
            RestorePolicy::AlwaysOn => Restore::SwitchOn(RestartCause::RestoreAlwaysOn),
            RestorePolicy::Previous if was_on == Some(true) => {
                Restore::SwitchOn(RestartCause::RestorePrevious)
            }
            RestorePolicy::Previous => Restore::Leave("nothing, since the server was not on"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: BootId = BootId([1; 16]);
    const B: BootId = BootId([2; 16]);
    const POLICIES: [RestorePolicy; 3] = [
        RestorePolicy::AlwaysOff,
        RestorePolicy::Previous,
        RestorePolicy::AlwaysOn,
    ];
    const STATES: [Option<bool>; 3] = [None, Some(false), Some(true)];

    #[test]
    fn a_restart_of_the_daemon_or_a_first_start_does_nothing() {
        for policy in POLICIES {
            for was in STATES {
                for is in STATES {
                    assert_eq!(restore(Some(A), A, policy, was, is), Restore::NotLost);
                    assert_eq!(restore(None, A, policy, was, is), Restore::NotLost);
                }
            }
        }
    }

    #[test]
    fn after_a_loss_only_a_server_sensed_off_is_switched_and_only_on() {
        for policy in POLICIES {
            for was in STATES {
                for is in STATES {
                    let wanted = policy == RestorePolicy::AlwaysOn
                        || (policy == RestorePolicy::Previous && was == Some(true));
                    let done = matches!(restore(Some(A), B, policy, was, is), Restore::SwitchOn(_));
                    assert_eq!(
                        done,
                        wanted && is == Some(false),
                        "{policy:?} {was:?} {is:?}"
                    );
                }
            }
        }
    }
}
