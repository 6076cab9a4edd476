//! Temperatures and fans of a chassis in the old schema, which many clients know alone.

use outband_core::{sensors::SensorKind, server::ServerHandle};

use super::{
    super::{page::Page, reply::Outcome, routes::Ask},
    absent,
    old_sensors::OldSensors,
    sensors::has,
};

/// What is shown here.
pub(super) const KINDS: &[SensorKind] = &[SensorKind::Temperature, SensorKind::Fan];

const TEMPERATURES: OldSensors = OldSensors {
    name: "Temperatures",
    kind: SensorKind::Temperature,
    reading: "ReadingCelsius",
    range: ["MinReadingRangeTemp", "MaxReadingRangeTemp"],
    unit: None,
};

const FANS: OldSensors = OldSensors {
    name: "Fans",
    kind: SensorKind::Fan,
    reading: "Reading",
    range: ["MinReadingRange", "MaxReadingRange"],
    unit: Some("RPM"),
};

/// The temperatures and fans.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    if !has(server, KINDS) {
        return Err(absent(ask));
    }
    page.text("Id", "Thermal");
    page.text("Name", "Temperatures and fans");
    TEMPERATURES.write(ask, server, page);
    FANS.write(ask, server, page);
    Ok(())
}
