//! The boot options: Set and Get System Boot Options (sections 28.12 and 28.13).
//!
//! The boot flags, parameter 5, are the boot override that every service shows ([`flags`]). The
//! others are a notice board that only IPMI speaks of.

use outband_core::{
    access::Operation::{ReadServer, SetBootOverride},
    driver::{Abilities, BootAbility},
    server::{BootInitiator, BootOption, BootOptions, Command, KeepValid, ServiceScan},
};
use outband_protocol::ipmi::{Completion, Privilege::Operator};

use super::{CHASSIS, Call, Result, Row, Then, flags};

pub(super) static ROWS: &[Row] = &[
    Row::new(CHASSIS, 0x08, Operator, SetBootOverride, 1..=18, set).of(has_boot),
    Row::new(CHASSIS, 0x09, Operator, ReadServer, 3..=3, get).of(has_boot),
];

fn has_boot(abilities: &Abilities) -> bool {
    abilities.boot.is_some()
}

/// There is no such parameter.
const UNSUPPORTED: Completion = Completion(0x80);
/// The highest parameter there is.
const LAST: u8 = 7;
const BOOT_FLAGS: u8 = 5;

/// In the first byte of a request and the second of an answer: invalid, or locked.
const MARKED: u8 = 0x80;

/// What the server's boot part can do. Without one there are no boot options.
fn ability<'a>(call: &Call<'a>) -> std::result::Result<&'a BootAbility, Completion> {
    let ability = call.now.abilities.boot.as_ref();
    ability.ok_or(Completion::INVALID_COMMAND)
}

fn set(call: &Call<'_>, data: &[u8], _: &mut Vec<u8>) -> Result {
    let [first, value @ ..] = data else {
        return Err(Completion::LENGTH);
    };
    let ability = ability(call)?;
    let (parameter, invalid) = (first & !MARKED, first & MARKED != 0);
    if parameter > LAST {
        return Err(UNSUPPORTED);
    }
    let mark = BootOption::Mark { parameter, invalid };
    let command = match (parameter, value) {
        // Flags that are not to count are taken back. They can't be marked otherwise, so where they
        // are to count, nothing changes.
        (BOOT_FLAGS, []) if invalid => Command::BootOverride(None),
        (BOOT_FLAGS, []) => return Ok(Then::Answer),
        (BOOT_FLAGS, value) => {
            let command = flags::write(value, ability, call.now)?;
            if invalid {
                Command::BootOverride(None)
            } else {
                command
            }
        }
        (_, []) => Command::BootOptions([mark].into()),
        (_, value) => Command::BootOptions([option(parameter, value)?, mark].into()),
    };
    Ok(Then::Submit(command))
}

/// What the value of a parameter other than the boot flags writes.
fn option(parameter: u8, value: &[u8]) -> std::result::Result<BootOption, Completion> {
    Ok(match (parameter, value) {
        (0, [0]) => BootOption::InProgress(false),
        (0, [1]) => BootOption::InProgress(true),
        // What is written counts at once: there is nothing to be committed (2).
        (0, [_]) => return Err(Completion::INVALID_FIELD),
        (1, [which]) => BootOption::ServicePartition(*which),
        (2, [scan @ 0..=3]) => BootOption::ServiceScan(ServiceScan {
            requested: scan & 2 != 0,
            discovered: scan & 1 != 0,
        }),
        (2, [_]) => return Err(Completion::INVALID_FIELD),
        (3, [bits]) => {
            let keep = KeepValid::from_bits(*bits);
            if keep.bits() != *bits {
                return Err(Completion::INVALID_FIELD);
            }
            BootOption::KeepValid(keep)
        }
        (4, [mask, data]) => BootOption::Acknowledge {
            mask: *mask,
            data: *data,
        },
        (6, [channel @ 0..=0x0F, s0, s1, s2, s3, t0, t1, t2, t3]) => {
            BootOption::Initiator(BootInitiator {
                channel: *channel,
                session: u32::from_le_bytes([*s0, *s1, *s2, *s3]),
                at: u32::from_le_bytes([*t0, *t1, *t2, *t3]),
            })
        }
        (6, [_, _, _, _, _, _, _, _, _]) => return Err(Completion::INVALID_FIELD),
        (7, [block, ..]) if usize::from(*block) >= BootOptions::BLOCKS => {
            return Err(Completion::OUT_OF_RANGE);
        }
        (7, [block, bytes @ ..]) if (1..=BootOptions::BLOCK).contains(&bytes.len()) => {
            BootOption::Mailbox {
                block: *block,
                bytes: bytes.to_vec(),
            }
        }
        _ => return Err(Completion::LENGTH),
    })
}

fn get(call: &Call<'_>, data: &[u8], out: &mut Vec<u8>) -> Result {
    const VERSION: u8 = 1;
    const MAILBOX: u8 = 7;
    const RESERVED: u8 = 0x80;
    let &[parameter, set, block] = data else {
        return Err(Completion::LENGTH);
    };
    ability(call)?;
    if parameter & RESERVED != 0 {
        return Err(Completion::INVALID_FIELD);
    }
    if parameter > LAST {
        return Err(UNSUPPORTED);
    }
    // Only the mailbox comes in sets.
    if block != 0 || (set != 0 && parameter != MAILBOX) {
        return Err(Completion::INVALID_FIELD);
    }
    let flags = flags::read(call.now);
    let marked = match parameter {
        BOOT_FLAGS => flags.is_none(),
        _ => call.now.boot_options.is_marked(parameter),
    };
    let mark = if marked { MARKED } else { 0 };
    out.extend([VERSION, mark | parameter]);
    if parameter == BOOT_FLAGS {
        out.extend(flags.unwrap_or_default());
        return Ok(Then::Answer);
    }
    value(&call.now.boot_options, parameter, set, out)?;
    Ok(Then::Answer)
}

/// Appends the value of a parameter other than the boot flags.
fn value(
    options: &BootOptions,
    parameter: u8,
    set: u8,
    out: &mut Vec<u8>,
) -> std::result::Result<(), Completion> {
    match parameter {
        0 => out.push(options.in_progress.into()),
        1 => out.push(options.service_partition),
        2 => {
            let scan = options.service_scan;
            out.push(u8::from(scan.requested) << 1 | u8::from(scan.discovered));
        }
        3 => out.push(options.keep_valid.bits()),
        // The mask is for writing.
        4 => out.extend([0, options.acknowledged]),
        6 => {
            let initiator = options.initiator;
            out.push(initiator.channel);
            out.extend(initiator.session.to_le_bytes());
            out.extend(initiator.at.to_le_bytes());
        }
        7 => {
            let block = options.mailbox.get(usize::from(set));
            out.push(set);
            out.extend(block.ok_or(Completion::OUT_OF_RANGE)?);
        }
        _ => return Err(UNSUPPORTED),
    }
    Ok(())
}
