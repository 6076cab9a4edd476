//! Which record the system event log shows for an event (IPMI 2.0 tables 42-2 and 42-3).

use outband_protocol::ipmi::sel::{GENERATOR_BMC, SystemEvent};

use super::{EventKind, Severity};
use crate::{
    sensors::{SensorKind, Threshold},
    server::{BootTarget, PowerState, RestartCause},
};

/// Event type code "sensor-specific": the offset in event data 1 is that of table 42-3.
const SENSOR_SPECIFIC: u8 = 0x6F;
/// Event type code "threshold": the offset is that of table 42-2.
const THRESHOLD: u8 = 0x01;
/// Event data 2 or 3 that says nothing.
const UNSPECIFIED: u8 = 0xFF;

const POWER_UNIT: u8 = 0x09;
const FIRMWARE_PROGRESS: u8 = 0x0F;
const BOOT_INITIATED: u8 = 0x1D;
const BOOT_ERROR: u8 = 0x1E;
const OS_BOOT: u8 = 0x1F;

/// The record for an event, where IPMI has a standard one. `None` for thresholds too: their record
/// needs the sensor's number, which the caller knows ([`threshold_event`]).
#[must_use]
pub fn sel_for(kind: &EventKind) -> Option<SystemEvent> {
    match kind {
        // Power Unit, offset 00h "Power Off / Power Down". A power cycle is seen as off, then on.
        EventKind::PowerChanged { to, .. } => match to {
            PowerState::Off => Some(specific(POWER_UNIT, true, [0x00, UNSPECIFIED, UNSPECIFIED])),
            PowerState::On => Some(specific(
                POWER_UNIT,
                false,
                [0x00, UNSPECIFIED, UNSPECIFIED],
            )),
            PowerState::Unknown => None,
        },
        // System Boot / Restart Initiated, offset 07h "System Restart": event data 2 carries the
        // cause as Get System Restart Cause numbers it, which C0h announces.
        EventKind::Restarted { cause } => Some(specific(
            BOOT_INITIATED,
            true,
            [0xC7, restart_cause(*cause), UNSPECIFIED],
        )),
        EventKind::Booted { target, .. } => Some(booted(*target)),
        // Power Unit, offset 04h "AC lost / Power input lost", which is over.
        EventKind::PowerReturned { .. } => Some(specific(
            POWER_UNIT,
            false,
            [0x04, UNSPECIFIED, UNSPECIFIED],
        )),
        _ => None,
    }
}

/// The record for a sensor that crossed a threshold or came back (table 42-2), with the raw reading
/// and the raw threshold where the sensor's factors give them.
#[must_use]
pub fn threshold_event(
    kind: SensorKind,
    number: u8,
    threshold: Threshold,
    crossed: bool,
    raw: Option<(u8, u8)>,
) -> SystemEvent {
    // Bits 7:6 and 5:4 of event data 1 say that a reading and a threshold follow.
    let offset = threshold.event_offset();
    let data = raw.map_or([offset, UNSPECIFIED, UNSPECIFIED], |(reading, bound)| {
        [0x50 | offset, reading, bound]
    });
    SystemEvent {
        generator: GENERATOR_BMC,
        sensor_type: kind.sensor_type(),
        sensor_number: number,
        assertion: crossed,
        event_type: THRESHOLD,
        data,
    }
}

/// How bad a record is: a threshold event says so by its offset, others don't.
pub(super) fn severity_of(event: &SystemEvent) -> Severity {
    if event.event_type != THRESHOLD || !event.assertion {
        return Severity::Ok;
    }
    match event.data[0] & 0x0F {
        0x00 | 0x01 | 0x06 | 0x07 => Severity::Warning,
        0x02..=0x05 | 0x08..=0x0B => Severity::Critical,
        _ => Severity::Ok,
    }
}

/// OS Boot says which device was booted, Boot Error (offset 00h) that no medium could be, and
/// System Firmware Progress (offset 02h, code 05h) that somebody entered the set-up.
const fn booted(target: Option<BootTarget>) -> SystemEvent {
    let offset = match target {
        None => return specific(BOOT_ERROR, true, [0x00, UNSPECIFIED, UNSPECIFIED]),
        Some(BootTarget::BiosSetup) => {
            return specific(FIRMWARE_PROGRESS, true, [0xC2, 0x05, UNSPECIFIED]);
        }
        Some(BootTarget::Floppy) => 0x00,
        Some(BootTarget::Hdd) => 0x01,
        Some(BootTarget::Pxe) => 0x02,
        Some(BootTarget::Diags) => 0x03,
        Some(BootTarget::Cd) => 0x04,
        // "Boot device not specified": the table has no offset for these.
        Some(BootTarget::Usb | BootTarget::UefiHttp) => 0x06,
    };
    specific(OS_BOOT, true, [offset, UNSPECIFIED, UNSPECIFIED])
}

/// IPMI 2.0 table 28-11, byte 2.
const fn restart_cause(cause: RestartCause) -> u8 {
    match cause {
        RestartCause::Unknown => 0x0,
        RestartCause::ChassisControl => 0x1,
        RestartCause::ResetButton => 0x2,
        RestartCause::PowerButton => 0x3,
        RestartCause::Watchdog => 0x4,
        RestartCause::RestoreAlwaysOn => 0x6,
        RestartCause::RestorePrevious => 0x7,
        RestartCause::SoftReset => 0xA,
    }
}

const fn specific(sensor_type: u8, assertion: bool, data: [u8; 3]) -> SystemEvent {
    SystemEvent {
        generator: GENERATOR_BMC,
        sensor_type,
        sensor_number: 0,
        assertion,
        event_type: SENSOR_SPECIFIC,
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_off_is_asserted_and_power_on_takes_it_back() {
        let of = |to| {
            sel_for(&EventKind::PowerChanged {
                to,
                cause: None,
                off_cause: None,
            })
        };
        let off = of(PowerState::Off).unwrap();
        assert_eq!(
            (off.sensor_type, off.event_type, off.assertion, off.data),
            (0x09, 0x6F, true, [0x00, 0xFF, 0xFF])
        );
        assert!(!of(PowerState::On).unwrap().assertion);
        assert_eq!(of(PowerState::Unknown), None);
    }

    #[test]
    fn a_restart_carries_its_cause_in_event_data_2() {
        let event = sel_for(&EventKind::Restarted {
            cause: RestartCause::Watchdog,
        })
        .unwrap();
        assert_eq!((event.sensor_type, event.data), (0x1D, [0xC7, 0x04, 0xFF]));
    }

    #[test]
    fn what_was_booted_has_its_own_offset_and_nothing_is_an_error() {
        let of = |target| {
            let event = sel_for(&EventKind::Booted {
                target,
                label: None,
                by_override: false,
            })
            .unwrap();
            (event.sensor_type, event.data[0])
        };
        assert_eq!(of(Some(BootTarget::Hdd)), (0x1F, 0x01));
        assert_eq!(of(Some(BootTarget::Pxe)), (0x1F, 0x02));
        assert_eq!(of(Some(BootTarget::Cd)), (0x1F, 0x04));
        assert_eq!(of(Some(BootTarget::BiosSetup)), (0x0F, 0xC2));
        assert_eq!(of(None), (0x1E, 0x00));
    }

    #[test]
    fn a_threshold_event_names_direction_reading_and_threshold() {
        let raw = Some((0x5B, 0x5A));
        let event = threshold_event(
            SensorKind::Temperature,
            0x30,
            Threshold::UpperCritical,
            true,
            raw,
        );
        assert_eq!((event.sensor_type, event.event_type), (0x01, 0x01));
        assert_eq!(event.data, [0x59, 0x5B, 0x5A]);
        assert_eq!(severity_of(&event), Severity::Critical);
        let bare = threshold_event(SensorKind::Fan, 1, Threshold::LowerCaution, false, None);
        assert_eq!(bare.data, [0x00, 0xFF, 0xFF]);
        assert_eq!(severity_of(&bare), Severity::Ok);
    }
}
