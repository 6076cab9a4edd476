//! What the next boot is to be: firmware mode and order, as the override asks.

use outband_core::server::{BootMode, BootOverride, BootTarget, OverrideLifetime};
use serde::{Deserialize, Serialize};

/// What one run of a machine boots. A machine whose next boot would need another plan is replaced
/// at its next reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// What is put first; `None` leaves the machine's own order.
    pub(super) target: Option<BootTarget>,
    /// The firmware.
    pub(super) mode: BootMode,
    /// The override that this run uses up.
    pub(super) once: Option<u64>,
}

impl Plan {
    /// The plan of a machine without an override.
    pub(super) const fn ordinary(native: BootMode) -> Self {
        Self {
            target: None,
            mode: native,
            once: None,
        }
    }

    /// The plan that an override asks for, unless it was used up.
    pub(super) fn of(wanted: Option<BootOverride>, used: Option<u64>, native: BootMode) -> Self {
        let Some(wanted) = wanted else {
            return Self::ordinary(native);
        };
        let once = (wanted.lifetime == OverrideLifetime::Once).then_some(wanted.id);
        if once.is_some() && once == used {
            return Self::ordinary(native);
        }
        Self {
            target: Some(wanted.target),
            mode: wanted.mode.unwrap_or(native),
            once,
        }
    }

    /// Whether a process that boots by this plan may boot by `next` as well. The way into the
    /// set-up, and to a URL, is laid before a process starts, and leads there once.
    pub(super) fn serves(&self, next: &Self) -> bool {
        let laid = [BootTarget::BiosSetup, BootTarget::UefiHttp];
        self == next && !next.target.is_some_and(|target| laid.contains(&target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cd(id: u64, lifetime: OverrideLifetime) -> Option<BootOverride> {
        Some(BootOverride {
            id,
            target: BootTarget::Cd,
            lifetime,
            mode: None,
        })
    }

    #[test]
    fn an_override_for_once_is_followed_by_the_ordinary_plan() {
        let wanted = cd(3, OverrideLifetime::Once);
        let first = Plan::of(wanted, Some(2), BootMode::Legacy);
        assert_eq!((first.target, first.once), (Some(BootTarget::Cd), Some(3)));
        let second = Plan::of(wanted, Some(3), BootMode::Legacy);
        assert_eq!(second, Plan::ordinary(BootMode::Legacy));
    }

    #[test]
    fn the_same_target_asked_for_once_again_is_another_plan() {
        let first = Plan::of(cd(3, OverrideLifetime::Once), None, BootMode::Legacy);
        let again = Plan::of(cd(4, OverrideLifetime::Once), Some(3), BootMode::Legacy);
        assert_ne!(first, again);
    }

    #[test]
    fn a_continuous_override_stays_whatever_was_used() {
        let wanted = cd(3, OverrideLifetime::Continuous);
        let plan = Plan::of(wanted, Some(3), BootMode::Uefi);
        assert_eq!(plan, Plan::of(wanted, None, BootMode::Uefi));
        assert_eq!((plan.target, plan.once), (Some(BootTarget::Cd), None));
        assert!(plan.serves(&plan));
    }

    #[test]
    fn each_way_that_is_laid_before_needs_a_process_of_its_own() {
        for target in [BootTarget::BiosSetup, BootTarget::UefiHttp] {
            let plan = Plan {
                target: Some(target),
                ..Plan::ordinary(BootMode::Uefi)
            };
            assert!(!plan.serves(&plan));
        }
    }
}
