//! Core's values in Redfish's words, and back. Each list is all there is.

use outband_core::{
    access::AccountType,
    server::{BootMode, BootProgress, BootTarget, OverrideLifetime, PowerAction, RestorePolicy},
};

/// A list of words and what each means.
pub(super) type Words<T> = &'static [(&'static str, T)];

/// What a word means.
pub(super) fn meaning<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    words
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, value)| *value)
}

/// The first word for a value.
pub(super) fn word<T: PartialEq>(words: Words<T>, value: &T) -> Option<&'static str> {
    words
        .iter()
        .find(|(_, known)| known == value)
        .map(|(word, _)| *word)
}

/// The words whose values pass a test.
pub(super) fn words_where<T>(
    words: Words<T>,
    passes: impl Fn(&T) -> bool,
) -> impl Iterator<Item = &'static str> {
    words
        .iter()
        .filter(move |(_, value)| passes(value))
        .map(|(word, _)| *word)
}

/// `ResetType` (DSP2046, Resource schema). To force on is to switch on: there is nothing to force.
pub(super) const RESET_TYPES: Words<PowerAction> = &[
    ("On", PowerAction::On),
    ("ForceOn", PowerAction::On),
    ("ForceOff", PowerAction::Off),
    ("GracefulShutdown", PowerAction::SoftOff),
    ("GracefulRestart", PowerAction::SoftCycle),
    ("ForceRestart", PowerAction::Reset),
    ("PowerCycle", PowerAction::Cycle),
    ("Nmi", PowerAction::Nmi),
    ("PushPowerButton", PowerAction::PushButton),
];

/// `BootSource`. `None` among the targets stands for no override and is not here.
pub(super) const BOOT_TARGETS: Words<BootTarget> = &[
    ("Pxe", BootTarget::Pxe),
    ("Hdd", BootTarget::Hdd),
    ("Cd", BootTarget::Cd),
    ("Usb", BootTarget::Usb),
    ("Floppy", BootTarget::Floppy),
    ("BiosSetup", BootTarget::BiosSetup),
    ("Diags", BootTarget::Diags),
    ("UefiHttp", BootTarget::UefiHttp),
];

/// `BootSourceOverrideEnabled`, but for `Disabled`.
pub(super) const LIFETIMES: Words<OverrideLifetime> = &[
    ("Once", OverrideLifetime::Once),
    ("Continuous", OverrideLifetime::Continuous),
];

/// `BootSourceOverrideMode`.
pub(super) const BOOT_MODES: Words<BootMode> =
    &[("UEFI", BootMode::Uefi), ("Legacy", BootMode::Legacy)];

/// `BootProgressTypes`. That firmware runs is all that is seen of it.
pub(super) const BOOT_PROGRESS: Words<BootProgress> = &[
    ("None", BootProgress::None),
    (
        "PrimaryProcessorInitializationStarted",
        BootProgress::Firmware,
    ),
    ("SetupEntered", BootProgress::Setup),
    ("OSBootStarted", BootProgress::OsBootStarted),
    ("OSRunning", BootProgress::OsRunning),
];

/// `PowerRestorePolicyTypes`.
pub(super) const RESTORE_POLICIES: Words<RestorePolicy> = &[
    ("AlwaysOn", RestorePolicy::AlwaysOn),
    ("AlwaysOff", RestorePolicy::AlwaysOff),
    ("LastState", RestorePolicy::Previous),
];

/// `AccountTypes`.
pub(super) const ACCOUNT_TYPES: Words<AccountType> = &[
    ("Redfish", AccountType::Redfish),
    ("WebUI", AccountType::WebUI),
    ("IPMI", AccountType::IPMI),
    ("KVMIP", AccountType::KVMIP),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_action_has_a_reset_type() {
        for action in PowerAction::ALL {
            assert!(word(RESET_TYPES, &action).is_some(), "{action}");
        }
    }

    #[test]
    fn a_word_means_what_it_is_written_for() {
        assert_eq!(meaning(RESET_TYPES, "ForceOn"), Some(PowerAction::On));
        assert_eq!(word(RESET_TYPES, &PowerAction::On), Some("On"));
        assert_eq!(meaning(RESET_TYPES, "Reset"), None);
        assert_eq!(
            word(RESTORE_POLICIES, &RestorePolicy::Previous),
            Some("LastState")
        );
        let few = words_where(RESET_TYPES, |action| *action == PowerAction::On);
        assert_eq!(few.collect::<Vec<_>>(), ["On", "ForceOn"]);
    }
}
