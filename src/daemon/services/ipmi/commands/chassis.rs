//! The commands about the chassis: power, light, and why things are as they are (chapter 28).

use outband_core::{
    access::{
        Operation::{
            ControlPower, Identify as Light, ReadServer, SetCycleInterval, SetRestorePolicy,
        },
        Via,
    },
    driver::Abilities,
    events::{OffCause, Severity},
    sensors::{Crossed, Reading, SensorKind, SensorSpec, crossed},
    server::{Command, Identify, PowerAction, PowerState, RestartCause, RestorePolicy},
};
use outband_protocol::ipmi::{
    Completion,
    Privilege::{Administrator, Operator, User},
};

use super::{CHASSIS, Call, Result, Row, Then};

pub(super) static ROWS: &[Row] = &[
    Row::new(CHASSIS, 0x00, User, ReadServer, 0..=0, capabilities),
    Row::new(CHASSIS, 0x01, User, ReadServer, 0..=0, status).of(has_power),
    Row::new(CHASSIS, 0x02, Operator, ControlPower, 1..=1, control).of(has_power),
    Row::new(CHASSIS, 0x04, Operator, Light, 0..=2, identify).of(has_light),
    Row::new(
        CHASSIS,
        0x06,
        Operator,
        SetRestorePolicy,
        1..=1,
        restore_policy,
    )
    .of(has_power),
    Row::new(CHASSIS, 0x07, User, ReadServer, 0..=0, restart_cause),
    Row::new(
        CHASSIS,
        0x0B,
        Administrator,
        SetCycleInterval,
        1..=1,
        cycle_interval,
    )
    .of(can_cycle),
    Row::new(CHASSIS, 0x0F, User, ReadServer, 0..=0, power_on_hours).of(has_power),
];

fn has_power(abilities: &Abilities) -> bool {
    abilities.has_power
}

fn can_cycle(abilities: &Abilities) -> bool {
    abilities.power.contains(&PowerAction::Cycle)
}

fn has_light(abilities: &Abilities) -> bool {
    abilities.identify
}

/// Get Chassis Capabilities (section 28.1).
fn capabilities(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    const DIAGNOSTIC_INTERRUPT: u8 = 1 << 2;
    const UNSPECIFIED: u8 = 0x00;
    const BMC: u8 = 0x20;
    let nmi = call.now.abilities.power.contains(&PowerAction::Nmi);
    out.push(if nmi { DIAGNOSTIC_INTERRUPT } else { 0 });
    // Nobody answers for FRU, SDR and SEL, as Get Device ID has it, too. A BMC must name the bridge,
    // which would be taken to be itself else; there is none.
    let [fru, sdr, sel, bridge] = [UNSPECIFIED; 4];
    let system_management = BMC;
    out.extend([fru, sdr, sel, system_management, bridge]);
    Ok(Then::Answer)
}

/// Get Chassis Status (section 28.2). It can't say that power is unknown, and so says nothing then.
fn status(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    const ON: u8 = 1;
    const CONTROL_FAULT: u8 = 1 << 4;
    const BY_COMMAND: u8 = 1 << 4;
    const BY_FAULT: u8 = 1 << 3;
    const BY_SUPPLY: u8 = 1;
    const IDENTIFY: u8 = 1 << 6;
    const FAN_FAULT: u8 = 1 << 3;
    let now = call.now;
    let on = match now.power {
        PowerState::Unknown => return Err(Completion::STATE),
        PowerState::On => ON,
        PowerState::Off => 0,
    };
    let policy = match now.restore_policy {
        RestorePolicy::AlwaysOff => 0,
        RestorePolicy::Previous => 1,
        RestorePolicy::AlwaysOn => 2,
    };
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let fault = flag(now.power_control_fault(), CONTROL_FAULT);
    let last_off = match now.last_off {
        Some(OffCause::Failed) => BY_FAULT,
        Some(OffCause::SupplyLost) => BY_SUPPLY,
        _ => 0,
    };
    let light = match now.identify {
        None => 0,
        Some(light) => match (light.lit, light.until) {
            (false, _) => IDENTIFY,
            (true, Some(_)) => IDENTIFY | 1 << 4,
            (true, None) => IDENTIFY | 2 << 4,
        },
    };
    // The buttons of the front panel, a fourth byte, can't be switched off here.
    out.extend([
        policy << 5 | fault | on,
        flag(now.on_by_command, BY_COMMAND) | last_off,
        light | flag(fan_fails(call), FAN_FAULT),
    ]);
    Ok(Then::Answer)
}

/// Whether a fan's sensor says now that the fan fails.
fn fan_fails(call: &Call<'_>) -> bool {
    let now = call.bmc.clock.now();
    let mut sensors = call.server.sensors().iter();
    sensors.any(|sensor| {
        let spec = &sensor.spec;
        spec.kind == SensorKind::Fan && in_danger(spec, call.server.read_sensor(sensor, now))
    })
}

/// Whether a reading lies beyond a critical threshold.
pub(super) fn in_danger(spec: &SensorSpec, reading: Reading) -> bool {
    crossed(spec, Crossed::default(), reading).severity() == Severity::Critical
}

/// Chassis Control (section 28.3).
fn control(_: &Call<'_>, data: &[u8], _: &mut Vec<u8>) -> Result {
    let action = match data {
        [0] => PowerAction::Off,
        [1] => PowerAction::On,
        [2] => PowerAction::Cycle,
        [3] => PowerAction::Reset,
        [4] => PowerAction::Nmi,
        [5] => PowerAction::SoftOff,
        _ => return Err(Completion::INVALID_FIELD),
    };
    Ok(Then::Submit(Command::Power(action)))
}

/// Chassis Identify (section 28.5).
fn identify(_: &Call<'_>, data: &[u8], _: &mut Vec<u8>) -> Result {
    const DEFAULT_SECONDS: u8 = 15;
    let light = match data {
        [] => Identify::For(DEFAULT_SECONDS),
        [0] | [0, 0] => Identify::Off,
        [seconds] | [seconds, 0] => Identify::For(*seconds),
        [_, 1] => Identify::On,
        _ => return Err(Completion::INVALID_FIELD),
    };
    Ok(Then::Submit(Command::Identify(light)))
}

/// Set Power Restore Policy (section 28.8); it answers which there are.
fn restore_policy(_: &Call<'_>, data: &[u8], out: &mut Vec<u8>) -> Result {
    const ALL: u8 = 0x07;
    let policy = match data {
        [0] => RestorePolicy::AlwaysOff,
        [1] => RestorePolicy::Previous,
        [2] => RestorePolicy::AlwaysOn,
        [3] => {
            out.push(ALL);
            return Ok(Then::Answer);
        }
        _ => return Err(Completion::INVALID_FIELD),
    };
    out.push(ALL);
    Ok(Then::Submit(Command::RestorePolicy(policy)))
}

/// Get System Restart Cause (section 28.11), with the channel that the command came by.
fn restart_cause(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    let cause = match call.now.restart_cause {
        RestartCause::Unknown => 0x0,
        RestartCause::ChassisControl => 0x1,
        RestartCause::ResetButton => 0x2,
        RestartCause::PowerButton => 0x3,
        RestartCause::Watchdog => 0x4,
        RestartCause::RestoreAlwaysOn => 0x6,
        RestartCause::RestorePrevious => 0x7,
        RestartCause::SoftReset => 0xA,
    };
    let channel = match call.now.restarted_via {
        Some(Via::Ipmi) => call.channel.number,
        _ => 0,
    };
    out.extend([cause, channel]);
    Ok(Then::Answer)
}

/// Set Power Cycle Interval (section 28.9).
fn cycle_interval(_: &Call<'_>, data: &[u8], _: &mut Vec<u8>) -> Result {
    let seconds = data.first().copied().ok_or(Completion::LENGTH)?;
    Ok(Then::Submit(Command::CycleInterval(seconds)))
}

/// Get POH Counter (section 28.14).
fn power_on_hours(call: &Call<'_>, _: &[u8], out: &mut Vec<u8>) -> Result {
    const MINUTES_A_COUNT: u8 = 60;
    let hours = call.now.power_on_hours(call.bmc.clock.now());
    out.push(MINUTES_A_COUNT);
    out.extend(u32::try_from(hours).unwrap_or(u32::MAX).to_le_bytes());
    Ok(Then::Answer)
}
