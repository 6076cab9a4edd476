//! The commands about the BMC itself and its channel: network function App (chapters 20 and 22).

use outband_core::{
    access::Operation::{ConfigureManager, ReadManager, ReadServer},
    server::PowerState,
};
use outband_protocol::ipmi::{
    Completion,
    Privilege::{Administrator, User},
};
use zeroize::Zeroizing;

use super::{APP, Call, Result, Row, Then};

pub(super) static ROWS: &[Row] = &[
    Row::new(APP, 0x01, User, ReadServer, 0..=0, device_id),
    Row::new(APP, 0x04, User, ReadServer, 0..=0, self_test),
    Row::new(APP, 0x07, User, ReadServer, 0..=0, acpi_power_state),
    Row::new(APP, 0x08, User, ReadServer, 0..=0, device_guid),
    Row::new(
        APP,
        0x40,
        Administrator,
        ConfigureManager,
        3..=3,
        set_channel_access,
    ),
    Row::new(APP, 0x41, User, ReadManager, 2..=2, channel_access),
    Row::new(APP, 0x42, User, ReadManager, 1..=1, channel_info),
    Row::new(
        APP,
        0x56,
        Administrator,
        ConfigureManager,
        3..=usize::MAX,
        set_channel_keys,
    ),
];

/// Get Device ID (section 20.1).
fn device_id(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    /// Unspecified, and so is its revision.
    const DEVICE: u8 = 0;
    const DEVICE_REVISION: u8 = 0;
    /// 2.0, its halves swapped.
    const IPMI: u8 = 0x02;
    /// What it is beside a controller: a chassis device.
    const CHASSIS_DEVICE: u8 = 0x80;
    let mut version = call.bmc.identity.version.split('.').map(number);
    let mut next = || version.next().unwrap_or_default();
    let (major, minor, patch) = (next(), next(), next());
    out.extend([
        DEVICE,
        DEVICE_REVISION,
        major.min(0x7F),
        bcd(minor),
        IPMI,
        CHASSIS_DEVICE,
    ]);
    // Unspecified: the maker, who has no enterprise number, and so the product.
    out.extend([0; 5]);
    // The auxiliary revision.
    out.extend([bcd(patch), 0, 0, 0]);
    Ok(Then::Answer)
}

/// The digits that a part of a version begins with: `1-rc.1` is 1.
fn number(part: &str) -> u8 {
    let digits = part.bytes().take_while(u8::is_ascii_digit);
    let step = |sum: u8, digit: u8| sum.saturating_mul(10).saturating_add(digit - b'0');
    digits.fold(0, step)
}

/// Two digits; what is larger is 99.
fn bcd(number: u8) -> u8 {
    let number = number.min(99);
    ((number / 10) << 4) | (number % 10)
}

/// Get Self Test Results (section 20.4): whether the event log, and with it the SEL, can be written.
fn self_test(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    const WELL: [u8; 2] = [0x55, 0x00];
    const NO_SEL: [u8; 2] = [0x57, 0x80];
    out.extend(match call.bmc.events.health().fault {
        None => WELL,
        Some(_) => NO_SEL,
    });
    Ok(Then::Answer)
}

/// Get ACPI Power State (section 20.7). Whether it runs is all that is seen of a server: hence the
/// states that say so much and no more.
fn acpi_power_state(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    const LEGACY_ON: u8 = 0x20;
    const LEGACY_OFF: u8 = 0x21;
    const UNKNOWN: u8 = 0x2A;
    /// The BMC works: D0.
    const DEVICE: u8 = 0x00;
    let system = match call.now.power {
        PowerState::On => LEGACY_ON,
        PowerState::Off => LEGACY_OFF,
        PowerState::Unknown => UNKNOWN,
    };
    out.extend([system, DEVICE]);
    Ok(Then::Answer)
}

/// Get Device GUID (section 20.8).
fn device_guid(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    out.extend(call.channel.device_guid);
    Ok(Then::Answer)
}

/// Whether a channel is meant by its number or as the present one, and is this one. The upper half
/// of the byte is reserved.
fn is_this_channel(call: &Call<'_>, byte: u8) -> std::result::Result<(), Completion> {
    const PRESENT: u8 = 0x0E;
    if byte == PRESENT || byte == call.channel.number {
        Ok(())
    } else {
        Err(Completion::INVALID_FIELD)
    }
}

/// Always available, without alerts; each message is authenticated, whatever its user's level
/// (table 22-27).
const ACCESS: u8 = 0x22;
const ACCESS_MODE: u8 = 0x07;

/// Get Channel Access (section 22.23). Nothing of it can be other after a restart than now.
fn channel_access(call: &Call<'_>, data: &[u8], out: &mut Vec<u8>) -> Result {
    let [channel, which] = data else {
        return Err(Completion::LENGTH);
    };
    is_this_channel(call, *channel)?;
    if !matches!(which, 0x40 | 0x80) {
        return Err(Completion::INVALID_FIELD);
    }
    out.extend([ACCESS, Administrator.to_wire()]);
    Ok(Then::Answer)
}

/// Set Channel Access (section 22.22): what is set already may be set again, and nothing else.
fn set_channel_access(call: &Call<'_>, data: &[u8], _: &mut Vec<u8>) -> Result {
    const MODE_UNSUPPORTED: Completion = Completion(0x83);
    const CHANGE: u8 = 0xC0;
    let [channel, access, limit] = data else {
        return Err(Completion::LENGTH);
    };
    is_this_channel(call, *channel)?;
    match access & CHANGE {
        CHANGE => return Err(Completion::INVALID_FIELD),
        0 => {}
        _ if access & ACCESS_MODE != ACCESS & ACCESS_MODE => return Err(MODE_UNSUPPORTED),
        _ if access & !CHANGE != ACCESS => return Err(Completion::INVALID_FIELD),
        _ => {}
    }
    match limit & CHANGE {
        CHANGE => Err(Completion::INVALID_FIELD),
        0 => Ok(Then::Answer),
        _ if limit & !CHANGE != Administrator.to_wire() => Err(Completion::INVALID_FIELD),
        _ => Ok(Then::Answer),
    }
}

/// Get Channel Info (section 22.24).
fn channel_info(call: &Call<'_>, data: &[u8], out: &mut Vec<u8>) -> Result {
    const LAN: u8 = 0x04;
    const IPMB: u8 = 0x01;
    const MANY_SESSIONS: u8 = 0x80;
    /// IPMI's own number of an enterprise, 7154.
    const IPMI: [u8; 3] = [0xF2, 0x1B, 0x00];
    is_this_channel(call, data.first().copied().unwrap_or_default())?;
    let sessions = MANY_SESSIONS | call.channel.sessions & 0x3F;
    out.extend([call.channel.number, LAN, IPMB, sessions]);
    out.extend(IPMI);
    out.extend([0, 0]);
    Ok(Then::Answer)
}

/// Set Channel Security Keys (section 22.25): K_g is set, and is not given out, not even to an
/// Administrator. Twenty zeros take it away. It can't be locked, and there is no K_r: random numbers
/// are the operating system's.
fn set_channel_keys(call: &Call<'_>, data: &[u8], out: &mut Vec<u8>) -> Result {
    const NO_KEY_R: Completion = Completion(0x84);
    const TOO_SHORT: Completion = Completion(0x81);
    const TOO_LONG: Completion = Completion(0x82);
    const READ: u8 = 0;
    const SET: u8 = 1;
    const KEY_R: u8 = 0;
    const KEY_G: u8 = 1;
    const NOT_LOCKABLE: u8 = 0;
    const LENGTH: usize = 20;
    let [channel, operation, which, key @ ..] = data else {
        return Err(Completion::LENGTH);
    };
    is_this_channel(call, *channel)?;
    match (*operation, *which) {
        (0..=2, KEY_R) => return Err(NO_KEY_R),
        (SET, KEY_G) => {}
        (READ, KEY_G) => return Err(Completion::PRIVILEGE),
        _ => return Err(Completion::INVALID_FIELD),
    }
    match key.len() {
        ..LENGTH => return Err(TOO_SHORT),
        LENGTH => {}
        _ => return Err(TOO_LONG),
    }
    let key = key.iter().any(|byte| *byte != 0).then(|| key.to_vec());
    out.push(NOT_LOCKABLE);
    Ok(Then::SetBmcKey(key.map(Zeroizing::new)))
}
