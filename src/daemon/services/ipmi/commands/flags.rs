//! The boot flags, parameter 5 of the boot options (table 28-14): the boot override that every
//! service shows.
//!
//! What no machine here can do (clear its CMOS, lock its buttons, be quiet) is refused, and not
//! silently left out. Two wishes of ipmiutil are so in any case: firmware shows what it does, and no
//! machine asks for a password when it boots.

use outband_core::{
    driver::BootAbility,
    server::{
        BootMode, BootOption, BootOverride, BootTarget, Command, LooseFlags, OverrideLifetime,
        Snapshot,
    },
};
use outband_protocol::ipmi::Completion;

const VALID: u8 = 0x80;
const PERSISTENT: u8 = 0x40;
const EFI: u8 = 0x20;
const DEVICE_SHIFT: u8 = 2;
const DEVICE: u8 = 0x0F << DEVICE_SHIFT;
const VERBOSE: u8 = 0x40;
const NO_PASSWORD: u8 = 0x08;

/// The flags' bytes.
const LENGTH: usize = 5;

/// What a write of the flags asks for. Flags that are not to count, and those without a device, take
/// the override back; where there is none to be taken back, the latter wait for their device.
pub(super) fn write(
    value: &[u8],
    ability: &BootAbility,
    now: &Snapshot,
) -> Result<Command, Completion> {
    let value: &[u8; LENGTH] = value.try_into().map_err(|_| Completion::LENGTH)?;
    let &[kind, device, firmware, others @ ..] = value;
    let reserved = kind & !(VALID | PERSISTENT | EFI) != 0;
    let refused = device & !DEVICE != 0 || firmware & !(VERBOSE | NO_PASSWORD) != 0;
    if reserved || refused || others != [0; 2] {
        return Err(Completion::INVALID_FIELD);
    }
    let target = target(device >> DEVICE_SHIFT, ability)?;
    let flags = LooseFlags {
        persistent: kind & PERSISTENT != 0,
        uefi: kind & EFI != 0,
    };
    Ok(match target {
        Some(target) if kind & VALID != 0 => Command::BootOverride(Some(wanted(target, flags))),
        None if now.boot_override.is_none() => {
            if flags.uefi && !ability.modes.contains(&BootMode::Uefi) {
                return Err(Completion::INVALID_FIELD);
            }
            Command::BootOptions([BootOption::LooseFlags(flags)].into())
        }
        _ => Command::BootOverride(None),
    })
}

/// The target that a device selector means.
fn target(selector: u8, ability: &BootAbility) -> Result<Option<BootTarget>, Completion> {
    Ok(Some(match selector {
        0 => return Ok(None),
        1 => BootTarget::Pxe,
        2 => BootTarget::Hdd,
        4 => BootTarget::Diags,
        5 => BootTarget::Cd,
        6 => BootTarget::BiosSetup,
        // "Floppy, or primary removable media".
        15 if ability.targets.contains(&BootTarget::Floppy) => BootTarget::Floppy,
        15 => BootTarget::Usb,
        _ => return Err(Completion::INVALID_FIELD),
    }))
}

fn wanted(target: BootTarget, flags: LooseFlags) -> BootOverride {
    BootOverride {
        // The engine numbers it.
        id: 0,
        target,
        lifetime: if flags.persistent {
            OverrideLifetime::Continuous
        } else {
            OverrideLifetime::Once
        },
        // A client that doesn't ask for EFI leaves it to the machine: few know which it has.
        mode: flags.uefi.then_some(BootMode::Uefi),
    }
}

/// The flags as they are now: those of an override are valid, those without a device are not.
/// `None` for an override that was set by another way and has no place in them.
pub(super) fn read(now: &Snapshot) -> Option<[u8; LENGTH]> {
    let Some(held) = now.boot_override else {
        let flags = now.boot_options.loose_flags;
        return Some([bits(flags), 0, 0, 0, 0]);
    };
    let device = match held.target {
        BootTarget::Pxe => 1,
        BootTarget::Hdd => 2,
        BootTarget::Diags => 4,
        BootTarget::Cd => 5,
        BootTarget::BiosSetup => 6,
        BootTarget::Floppy | BootTarget::Usb => 15,
        BootTarget::UefiHttp => return None,
    };
    let flags = LooseFlags {
        persistent: held.lifetime == OverrideLifetime::Continuous,
        uefi: held.mode == Some(BootMode::Uefi),
    };
    Some([VALID | bits(flags), device << DEVICE_SHIFT, 0, 0, 0])
}

fn bits(flags: LooseFlags) -> u8 {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    flag(flags.persistent, PERSISTENT) | flag(flags.uefi, EFI)
}
