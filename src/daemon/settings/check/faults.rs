//! Whether the servers can have the faults that the settings give them.

use outband_core::faults::{Fault, FaultBoard, FaultRefused};

use super::Found;
use crate::{
    drivers::sim,
    settings::{DriverName, FaultSetting, KeyPath, Server, profile::Blueprint},
};

/// What is wrong with a server's faults.
pub(super) fn check(at: usize, server: &Server, found: &mut Found) {
    let path = |place| KeyPath::server(at, "sim.fault").index(place);
    for (place, setting) in server.sim.fault.iter().enumerate() {
        if let Err((key, what)) = one(server, setting) {
            let path = path(place);
            found.push((key.map_or(path.clone(), |key| path.key(key)), what));
        }
    }
    if server.sim.fault.len() > FaultBoard::MAX {
        let full = FaultRefused::Full(FaultBoard::MAX);
        found.push((path(FaultBoard::MAX), full.to_string()));
    }
}

/// The key within the fault that is wrong, where it is a single one, and what is wrong with it.
type Wrong = (Option<&'static str>, String);

fn one(server: &Server, setting: &FaultSetting) -> Result<(), Wrong> {
    let fault = &setting.fault;
    fault
        .check(&setting.scope)
        .map_err(|why| (None, why.to_string()))?;
    let kind = fault.kind();
    let refuse = |what: String| Err((Some("kind"), what));
    if server.driver != DriverName::Sim {
        let driver = server.driver;
        return refuse(format!(
            "`{kind}` is for simulated computers, and this server's driver is `{driver}`"
        ));
    }
    if let Some(part) = server.part_missing_for(kind) {
        return refuse(format!(
            "`{kind}` needs the part `{part}`, which is switched off"
        ));
    }
    // A profile that could not be read was complained of.
    let Some(blueprint) = &server.blueprint else {
        return Ok(());
    };
    if !sim::possible_faults(&blueprint.front).contains(&kind) {
        return refuse(FaultRefused::Unsupported(kind).to_string());
    }
    match fault {
        Fault::SensorValue { sensor, .. } if !has_sensor(blueprint, sensor) => Err((
            Some("sensor"),
            format!(
                "the profile `{}` has no sensor `{}`",
                blueprint.name,
                sensor.escape_debug()
            ),
        )),
        _ => Ok(()),
    }
}

fn has_sensor(blueprint: &Blueprint, id: &str) -> bool {
    let mut sensors = blueprint.sensors.specs.iter();
    sensors.any(|spec| &*spec.id == id)
}
