//! The boot options that only IPMI speaks of, beside the boot override (IPMI 2.0 section 28.12,
//! table 28-14).
//!
//! They are a notice board: whoever starts a server writes on it, firmware and systems read it. The
//! BMC itself heeds [`KeepValid`] alone. The boot flags, parameter 5, are not here: they are the
//! [`super::BootOverride`], which every service shows.

use serde::{Deserialize, Serialize};

use super::RestartCause;

/// The options of one server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BootOptions {
    /// Somebody is writing them (parameter 0). Never kept, and given up after a minute.
    #[serde(skip)]
    pub in_progress: bool,
    /// Which service partition (1); 0 is none in particular.
    pub service_partition: u8,
    /// The search for the service partition (2).
    pub service_scan: ServiceScan,
    /// When an override that holds once stays valid although it would not (3).
    pub keep_valid: KeepValid,
    /// Who has handled the options, one bit each (4): firmware, loader, service partition, system,
    /// others. Not kept: it begins at 0 with the daemon.
    #[serde(skip)]
    pub acknowledged: u8,
    /// What the boot flags (5) say while no override is in force. Not kept.
    #[serde(skip)]
    pub loose_flags: LooseFlags,
    /// Who asked for the boot (6).
    pub initiator: BootInitiator,
    /// What the initiator has to say (7).
    pub mailbox: [[u8; Self::BLOCK]; Self::BLOCKS],
    /// The parameters that are marked invalid or locked, a bit each.
    pub marked: u8,
}

/// The search for a service partition (parameter 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceScan {
    /// Firmware is asked to look for it.
    pub requested: bool,
    /// It was found.
    pub discovered: bool,
}

/// When an override stays valid although it would not (parameter 3), a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeepValid(u8);

impl KeepValid {
    const AFTER_POWER_BUTTON: u8 = 1;
    const AFTER_RESET: u8 = 1 << 1;
    const AFTER_WATCHDOG: u8 = 1 << 2;
    const WITHOUT_COMMAND: u8 = 1 << 3;
    const AFTER_PEF: u8 = 1 << 4;
    const ALL: u8 = Self::AFTER_POWER_BUTTON
        | Self::AFTER_RESET
        | Self::AFTER_WATCHDOG
        | Self::WITHOUT_COMMAND
        | Self::AFTER_PEF;

    /// From the parameter's byte; the reserved bits 7 to 5 are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL)
    }

    /// The parameter's byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether an override may wait for longer than a minute for a power command.
    #[must_use]
    pub const fn without_command(self) -> bool {
        self.0 & Self::WITHOUT_COMMAND != 0
    }

    /// Whether an override that holds once holds on after a boot that began so.
    #[must_use]
    pub const fn after(self, cause: RestartCause) -> bool {
        let bit = match cause {
            RestartCause::PowerButton => Self::AFTER_POWER_BUTTON,
            RestartCause::ResetButton | RestartCause::SoftReset => Self::AFTER_RESET,
            RestartCause::Watchdog => Self::AFTER_WATCHDOG,
            RestartCause::Unknown
            | RestartCause::ChassisControl
            | RestartCause::RestoreAlwaysOn
            | RestartCause::RestorePrevious => 0,
        };
        self.0 & bit != 0
    }
}

/// Boot flags (parameter 5) without a device. Nothing heeds them: a client that writes the flags one
/// by one, each time with what it has read, finds here what it wrote before the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LooseFlags {
    /// The override is to hold until it is taken back.
    pub persistent: bool,
    /// The boot is to be UEFI's.
    pub uefi: bool,
}

/// Who asked for the boot (parameter 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BootInitiator {
    /// The channel, 0 to 15.
    pub channel: u8,
    /// The session.
    pub session: u32,
    /// When, in IPMI's time (section 37).
    pub at: u32,
}

/// One option that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootOption {
    /// Begin or end writing (0).
    InProgress(bool),
    /// Which service partition (1).
    ServicePartition(u8),
    /// The search for it (2).
    ServiceScan(ServiceScan),
    /// When an override stays valid (3).
    KeepValid(KeepValid),
    /// Of the bits in `mask`, those in `data` are set and the others cleared (4).
    Acknowledge {
        /// Which bits are written.
        mask: u8,
        /// What they become.
        data: u8,
    },
    /// Boot flags without a device (5), while no override is in force.
    LooseFlags(LooseFlags),
    /// Who asks for the boot (6).
    Initiator(BootInitiator),
    /// Part of what the initiator has to say (7): the first bytes of a block, at most
    /// [`BootOptions::BLOCK`]; the others stay as they are.
    Mailbox {
        /// Which block, from 0, below [`BootOptions::BLOCKS`].
        block: u8,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A parameter is marked invalid and locked, or valid again. Its value stays. The boot flags
    /// (5) can't be marked: an override that is not to count is taken back.
    Mark {
        /// Which parameter, 0 to 7.
        parameter: u8,
        /// Whether it is invalid.
        invalid: bool,
    },
}

/// Why options were not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBootOption {
    /// Somebody else is writing.
    #[error("somebody else is writing the boot options")]
    InProgress,
    /// Flags without a device, and somebody else has set an override meanwhile.
    #[error("somebody else has set a boot override")]
    Overridden,
    /// There is no such block, or it is shorter.
    #[error(
        "the mailbox has {} blocks of {} bytes",
        BootOptions::BLOCKS,
        BootOptions::BLOCK
    )]
    Mailbox,
    /// There is no such parameter to be marked.
    #[error("parameter {0} can't be marked")]
    Mark(u8),
}

impl BootOption {
    /// Which parameter it is about.
    #[must_use]
    pub const fn parameter(&self) -> u8 {
        match self {
            Self::InProgress(_) => 0,
            Self::ServicePartition(_) => 1,
            Self::ServiceScan(_) => 2,
            Self::KeepValid(_) => 3,
            Self::Acknowledge { .. } => 4,
            Self::LooseFlags(_) => 5,
            Self::Initiator(_) => 6,
            Self::Mailbox { .. } => 7,
            Self::Mark { parameter, .. } => *parameter,
        }
    }
}

impl BootOptions {
    /// How many blocks the mailbox has: the least that the standard allows.
    pub const BLOCKS: usize = 5;
    /// How many bytes a block of the mailbox has.
    pub const BLOCK: usize = 16;

    /// Whether a parameter is marked invalid and locked.
    #[must_use]
    pub const fn is_marked(&self, parameter: u8) -> bool {
        parameter < 8 && self.marked & (1 << parameter) != 0
    }

    /// What they are with these written, all or none.
    pub(super) fn with(&self, written: &[BootOption]) -> Result<Self, BadBootOption> {
        let mut options = self.clone();
        for option in written {
            options.write(option)?;
        }
        Ok(options)
    }

    fn write(&mut self, option: &BootOption) -> Result<(), BadBootOption> {
        match option {
            BootOption::InProgress(true) if self.in_progress => {
                return Err(BadBootOption::InProgress);
            }
            BootOption::InProgress(begin) => self.in_progress = *begin,
            BootOption::ServicePartition(which) => self.service_partition = *which,
            BootOption::ServiceScan(scan) => self.service_scan = *scan,
            BootOption::KeepValid(keep) => self.keep_valid = *keep,
            BootOption::Acknowledge { mask, data } => {
                self.acknowledged = self.acknowledged & !mask | data & mask;
            }
            BootOption::LooseFlags(flags) => self.loose_flags = *flags,
            BootOption::Initiator(initiator) => self.initiator = *initiator,
            BootOption::Mailbox { block, bytes } => {
                let block = self.mailbox.get_mut(usize::from(*block));
                let place = block.and_then(|block| block.get_mut(..bytes.len()));
                place.ok_or(BadBootOption::Mailbox)?.copy_from_slice(bytes);
            }
            BootOption::Mark { parameter, invalid } => match (parameter, invalid) {
                (5 | 8.., _) => return Err(BadBootOption::Mark(*parameter)),
                (_, true) => self.marked |= 1 << parameter,
                (_, false) => self.marked &= !(1 << parameter),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(options: &BootOptions, option: BootOption) -> Result<BootOptions, BadBootOption> {
        options.with(&[option])
    }

    #[test]
    fn only_one_at_a_time_begins_to_write() {
        let begun = with(&BootOptions::default(), BootOption::InProgress(true)).unwrap();
        let again = with(&begun, BootOption::InProgress(true));
        assert_eq!(again, Err(BadBootOption::InProgress));
        let ended = with(&begun, BootOption::InProgress(false)).unwrap();
        assert!(with(&ended, BootOption::InProgress(true)).is_ok());
    }

    #[test]
    fn an_acknowledgement_changes_the_bits_in_its_mask_alone() {
        let all = BootOption::Acknowledge {
            mask: 0xFF,
            data: 0xFF,
        };
        let options = with(&BootOptions::default(), all).unwrap();
        let one = BootOption::Acknowledge {
            mask: 0b11,
            data: 0b10,
        };
        assert_eq!(with(&options, one).unwrap().acknowledged, 0b1111_1110);
    }

    #[test]
    fn a_mailbox_takes_what_its_blocks_can_hold() {
        let write = |block, length| {
            let bytes = vec![7; length];
            with(
                &BootOptions::default(),
                BootOption::Mailbox { block, bytes },
            )
        };
        let last = write(4, 16).unwrap();
        assert_eq!(last.mailbox[4], [7; 16]);
        let part = write(0, 3).unwrap();
        assert_eq!(part.mailbox[0][..4], [7, 7, 7, 0]);
        for (block, length) in [(5, 1), (255, 0), (0, 17)] {
            assert_eq!(write(block, length), Err(BadBootOption::Mailbox));
        }
    }

    #[test]
    fn a_mark_changes_no_value_and_the_boot_flags_have_none() {
        let options = BootOptions {
            keep_valid: KeepValid::from_bits(0x08),
            ..BootOptions::default()
        };
        let mark = |parameter, invalid| BootOption::Mark { parameter, invalid };
        let marked = with(&options, mark(3, true)).unwrap();
        assert!(marked.is_marked(3) && !marked.is_marked(4));
        assert_eq!(marked.keep_valid, options.keep_valid);
        assert_eq!(with(&marked, mark(3, false)).unwrap(), options);
        for parameter in [5, 8, 255] {
            let bad = BadBootOption::Mark(parameter);
            assert_eq!(with(&options, mark(parameter, true)), Err(bad));
            assert!(!options.is_marked(parameter));
        }
    }

    #[test]
    fn what_is_wrong_in_the_middle_leaves_all_as_it_was() {
        let options = BootOptions::default();
        let bad = BootOption::Mailbox {
            block: 9,
            bytes: Vec::new(),
        };
        assert!(
            options
                .with(&[BootOption::ServicePartition(3), bad])
                .is_err()
        );
        assert_eq!(options, BootOptions::default());
    }

    #[test]
    fn a_cause_keeps_an_override_valid_when_its_bit_says_so() {
        for (bits, cause) in [
            (0x01, RestartCause::PowerButton),
            (0x02, RestartCause::ResetButton),
            (0x02, RestartCause::SoftReset),
            (0x04, RestartCause::Watchdog),
        ] {
            assert!(KeepValid::from_bits(bits).after(cause), "{cause:?}");
            assert!(!KeepValid::from_bits(!bits).after(cause), "{cause:?}");
        }
        assert!(!KeepValid::from_bits(0xFF).after(RestartCause::ChassisControl));
        assert!(KeepValid::from_bits(0x08).without_command());
        assert_eq!(KeepValid::from_bits(0xFF).bits(), 0x1F);
    }

    #[test]
    fn who_is_writing_and_who_has_handled_them_is_not_kept() {
        let mut options = BootOptions::default();
        options.initiator.session = 7;
        options.mailbox[1][2] = 3;
        let kept = options.clone();
        options.in_progress = true;
        options.acknowledged = 0xFF;
        options.loose_flags.uefi = true;
        let bytes = serde_json::to_vec(&options).unwrap();
        assert_eq!(serde_json::from_slice::<BootOptions>(&bytes).unwrap(), kept);
    }
}
