//! Whether a command is accepted: a pure function of what the server is doing and what it can.

use std::time::Duration;

use super::{
    BootOptions, BootOverride, Command, Identify, PowerAction, PowerState, Refused,
    boot_options::BadBootOption,
};
use crate::driver::Abilities;

/// What admission looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) abilities: &'a Abilities,
    pub(super) power: PowerState,
    pub(super) boot_options: &'a BootOptions,
    /// The power action under way, and how long it may take yet.
    pub(super) running: Option<(PowerAction, Duration)>,
    /// Whether a start was tried that may yet have its effect.
    pub(super) may_come_on: bool,
}

/// What becomes of a command.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Carry it out.
    Accept,
    /// It is so already: answer success and do nothing.
    Same,
    /// It is under way already: answer when that ends.
    Join,
    /// Refuse it.
    Deny(Refused),
}

/// Decides.
pub(super) fn admit(view: View<'_>, command: &Command) -> Verdict {
    match check(view, command) {
        Ok(()) => match command {
            Command::Power(action) => admit_power(view, *action),
            _ => Verdict::Accept,
        },
        Err(refused) => Verdict::Deny(refused),
    }
}

/// Whether the server can do this at all, and whether the values are what they may be.
fn check(view: View<'_>, command: &Command) -> Result<(), Refused> {
    let abilities = view.abilities;
    match command {
        Command::Power(action) => {
            if !abilities.has_power {
                return Err(Refused::Absent("power"));
            }
            if !abilities.power.contains(action) {
                return Err(Refused::Unsupported {
                    part: "power",
                    what: action.to_string(),
                });
            }
        }
        Command::BootOverride(wanted) => {
            let Some(boot) = &abilities.boot else {
                return Err(Refused::Absent("boot"));
            };
            if let Some(BootOverride { target, mode, .. }) = wanted {
                if !boot.targets.contains(target) {
                    let what = format!("boot from {target:?}");
                    return Err(Refused::Unsupported { part: "boot", what });
                }
                if let Some(mode) = mode.filter(|mode| !boot.modes.contains(mode)) {
                    let what = format!("boot in {mode:?} mode");
                    return Err(Refused::Unsupported { part: "boot", what });
                }
            }
        }
        Command::BootOptions(written) => {
            if abilities.boot.is_none() {
                return Err(Refused::Absent("boot"));
            }
            if let Err(bad) = view.boot_options.with(written) {
                return Err(bad.into());
            }
        }
        Command::RestorePolicy(_) => {
            if !abilities.has_power {
                return Err(Refused::Absent("power"));
            }
        }
        Command::CycleInterval(_) => {
            if !abilities.has_power {
                return Err(Refused::Absent("power"));
            }
            if !abilities.power.contains(&PowerAction::Cycle) {
                let what = "pause between off and on".into();
                return Err(Refused::Unsupported {
                    part: "power",
                    what,
                });
            }
        }
        Command::Identify(identify) => {
            if !abilities.identify {
                return Err(Refused::Absent("identify light"));
            }
            if *identify == Identify::For(0) {
                return Err(Refused::Invalid {
                    what: "identify",
                    why: "an interval of 1 to 255 s is needed".into(),
                });
            }
        }
        Command::AssetTag(tag) => {
            if tag.len() > Command::ASSET_TAG_MAX {
                let why = format!("at most {} bytes are kept", Command::ASSET_TAG_MAX);
                return Err(Refused::Invalid {
                    what: "asset tag",
                    why,
                });
            }
            if tag.chars().any(char::is_control) {
                let why = "control characters are not kept".into();
                return Err(Refused::Invalid {
                    what: "asset tag",
                    why,
                });
            }
        }
    }
    Ok(())
}

impl From<BadBootOption> for Refused {
    fn from(bad: BadBootOption) -> Self {
        match bad {
            BadBootOption::InProgress | BadBootOption::Overridden => Self::SetInProgress,
            BadBootOption::Mailbox | BadBootOption::Mark(_) => Self::Invalid {
                what: "boot option",
                why: bad.to_string(),
            },
        }
    }
}

fn admit_power(view: View<'_>, action: PowerAction) -> Verdict {
    use PowerAction::{Cycle, Nmi, Off, On, PushButton, Reset, SoftCycle, SoftOff};
    if let Some((running, left)) = view.running {
        let supersedes = match (running, action) {
            (running, action) if running == action => return Verdict::Join,
            // Off always gets through; a shut-down that may never come gives way to all that
            // needs no shut-down, and a hung one may be poked.
            (_, Off | Nmi) | (Nmi, _) => true,
            (SoftOff | SoftCycle, Cycle | Reset | PushButton | SoftOff | SoftCycle) => true,
            _ => false,
        };
        if !supersedes {
            return Verdict::Deny(Refused::Busy {
                with: running,
                at_most: left,
            });
        }
    }
    let wrong_state = || Verdict::Deny(Refused::WrongState { state: view.power });
    match (action, view.power) {
        (On, PowerState::On) => Verdict::Same,
        // While something is under way (the pause of a cycle), "off already" is not the end of it.
        (Off | SoftOff, PowerState::Off) if view.running.is_none() && !view.may_come_on => {
            Verdict::Same
        }
        (Cycle | Reset | SoftCycle | Nmi, PowerState::Off) => wrong_state(),
        _ => Verdict::Accept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities() -> Abilities {
        Abilities {
            has_power: true,
            power: PowerAction::ALL.into(),
            ..Abilities::default()
        }
    }

    fn verdict(
        power: PowerState,
        running: Option<PowerAction>,
        action: PowerAction,
    ) -> &'static str {
        let abilities = abilities();
        let running = running.map(|action| (action, Duration::from_secs(1)));
        let view = View {
            abilities: &abilities,
            power,
            running,
            boot_options: &BootOptions::default(),
            may_come_on: false,
        };
        match admit(view, &Command::Power(action)) {
            Verdict::Accept => "accept",
            Verdict::Same => "same",
            Verdict::Join => "join",
            Verdict::Deny(Refused::Busy { .. }) => "busy",
            Verdict::Deny(Refused::WrongState { .. }) => "wrong state",
            Verdict::Deny(_) => "deny",
        }
    }

    #[test]
    fn what_is_so_already_is_answered_without_a_press() {
        assert_eq!(verdict(PowerState::On, None, PowerAction::On), "same");
        assert_eq!(verdict(PowerState::Off, None, PowerAction::Off), "same");
        assert_eq!(verdict(PowerState::Off, None, PowerAction::SoftOff), "same");
    }

    #[test]
    fn what_means_nothing_while_off_is_refused() {
        use PowerAction::{Cycle, Nmi, Reset, SoftCycle};
        for action in [Cycle, Reset, SoftCycle, Nmi] {
            assert_eq!(verdict(PowerState::Off, None, action), "wrong state");
            assert_eq!(verdict(PowerState::Unknown, None, action), "accept");
        }
    }

    #[test]
    fn off_gets_through_whatever_is_under_way() {
        for running in PowerAction::ALL {
            for power in [PowerState::On, PowerState::Off, PowerState::Unknown] {
                let verdict = verdict(power, Some(running), PowerAction::Off);
                assert!(
                    verdict == "accept" || verdict == "join",
                    "{running} {power}: {verdict}"
                );
            }
        }
    }

    #[test]
    fn a_pending_soft_off_keeps_an_on_waiting_and_gives_way_to_force() {
        let soft = Some(PowerAction::SoftOff);
        assert_eq!(verdict(PowerState::On, soft, PowerAction::On), "busy");
        assert_eq!(verdict(PowerState::On, soft, PowerAction::Reset), "accept");
        assert_eq!(verdict(PowerState::On, soft, PowerAction::SoftOff), "join");
        assert_eq!(
            verdict(PowerState::On, Some(PowerAction::Cycle), PowerAction::Reset),
            "busy"
        );
    }

    #[test]
    fn without_a_power_part_nothing_can_be_switched() {
        let abilities = Abilities::default();
        let view = View {
            abilities: &abilities,
            power: PowerState::Unknown,
            running: None,
            boot_options: &BootOptions::default(),
            may_come_on: false,
        };
        for action in PowerAction::ALL {
            let verdict = admit(view, &Command::Power(action));
            assert!(
                matches!(verdict, Verdict::Deny(Refused::Absent("power"))),
                "{verdict:?}"
            );
        }
    }

    #[test]
    fn an_asset_tag_is_bounded_and_clean() {
        let abilities = abilities();
        let view = View {
            abilities: &abilities,
            power: PowerState::On,
            running: None,
            boot_options: &BootOptions::default(),
            may_come_on: false,
        };
        for (tag, good) in [("rack 3", true), (&*"x".repeat(64), false), ("a\nb", false)] {
            let verdict = admit(view, &Command::AssetTag(tag.into()));
            assert_eq!(matches!(verdict, Verdict::Accept), good, "{tag}");
        }
    }
}
