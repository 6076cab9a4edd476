//! The sensors of a chassis.

use outband_core::{
    sensors::{Reading, SensorKind, SensorSpec},
    server::{SensorEntry, ServerHandle},
};

use super::{
    super::{
        health::{Health, status},
        page::Page,
        reply::Outcome,
        routes::Ask,
    },
    absent, collection,
};

/// The sensors.
pub(in super::super) fn list(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    if server.sensors().is_empty() {
        return Err(absent(ask));
    }
    let ids = server.sensors().iter().map(|sensor| &*sensor.spec.id);
    collection(page, ask.uri, "Sensors", ids);
    Ok(())
}

/// A sensor.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let mut sensors = server.sensors().iter();
    let sensor = sensors.find(|sensor| &*sensor.spec.id == ask.id);
    let sensor = sensor.ok_or_else(|| absent(ask))?;
    let reading = server.read_sensor(sensor, ask.redfish.bmc.clock.now());
    write(page, &sensor.spec, reading);
    Ok(())
}

fn write(page: &mut Page, spec: &SensorSpec, reading: Reading) {
    let (kind, unit) = match spec.kind {
        SensorKind::Temperature => (Some("Temperature"), "Cel"),
        SensorKind::Voltage => (Some("Voltage"), "V"),
        SensorKind::Current => (Some("Current"), "A"),
        SensorKind::Fan => (Some("Rotational"), "{rev}/min"),
        SensorKind::Power => (Some("Power"), "W"),
        SensorKind::Percent => (Some("Percent"), "%"),
        // Redfish has no type for it; the unit is UCUM's.
        SensorKind::DataRate => (None, "MBy/s"),
    };
    page.text("Id", &spec.id);
    page.text("Name", &spec.name);
    page.maybe("ReadingType", kind);
    number_or_null(page, "Reading", reading);
    page.text("ReadingUnits", unit);
    page.plain("ReadingRangeMin", spec.min);
    page.plain("ReadingRangeMax", spec.max);
    page.plain("ReadingAccuracy", spec.accuracy);
    page.maybe("PhysicalContext", physical_context(spec));
    sensor_status(page, spec, reading);
    let bounds = spec.thresholds;
    let bounds = [
        ("LowerFatal", bounds.lower_fatal),
        ("LowerCritical", bounds.lower_critical),
        ("LowerCaution", bounds.lower_caution),
        ("UpperCaution", bounds.upper_caution),
        ("UpperCritical", bounds.upper_critical),
        ("UpperFatal", bounds.upper_fatal),
    ];
    if bounds.iter().any(|(_, bound)| bound.is_some()) {
        page.object("Thresholds", |page| {
            for (name, bound) in bounds {
                if let Some(bound) = bound {
                    page.object(name, |page| {
                        page.plain("Reading", bound);
                        page.plain("HysteresisReading", spec.hysteresis);
                    });
                }
            }
        });
    }
}

/// Writes a reading; `null` while there is none.
pub(super) fn number_or_null(page: &mut Page, key: &str, reading: Reading) {
    match reading {
        Reading::Analog(value) => page.plain(key, value),
        Reading::Discrete(_) | Reading::Unknown => page.null(key),
    }
}

/// Writes a sensor's `Status`.
pub(super) fn sensor_status(page: &mut Page, spec: &SensorSpec, reading: Reading) {
    let state = match reading {
        Reading::Unknown => "UnavailableOffline",
        Reading::Analog(_) | Reading::Discrete(_) => "Enabled",
    };
    status(page, Some(state), Health::of_reading(spec, reading));
}

/// Redfish's `PhysicalContext` for what a sensor sits on (IPMI 2.0 table 43-13).
pub(super) fn physical_context(spec: &SensorSpec) -> Option<&'static str> {
    Some(match spec.entity.id {
        3 => "CPU",
        4 => "StorageDevice",
        7 => "SystemBoard",
        8 | 32 => "Memory",
        10 => "PowerSupply",
        20 => "VoltageRegulator",
        23 => "Chassis",
        29 => "Fan",
        40 => "Battery",
        55 => "Intake",
        _ => return None,
    })
}

/// Whether a server has sensors of some kinds.
pub(super) fn has(server: &ServerHandle, kinds: &[SensorKind]) -> bool {
    let mut sensors = server.sensors().iter();
    sensors.any(|sensor| kinds.contains(&sensor.spec.kind))
}

/// A server's sensors that pass a test, each with what it reads.
pub(super) fn readings<'a>(
    ask: &Ask<'_>,
    server: &'a ServerHandle,
    passes: impl Fn(&SensorEntry) -> bool + 'a,
) -> impl Iterator<Item = (usize, (&'a SensorEntry, Reading))> {
    let now = ask.redfish.bmc.clock.now();
    let sensors = server.sensors().iter().filter(move |each| passes(each));
    sensors
        .map(move |sensor| (sensor, server.read_sensor(sensor, now)))
        .enumerate()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::tests_support::fan, *};

    fn shown(reading: Reading) -> Value {
        let mut page = Page::bare();
        write(&mut page, &fan(), reading);
        serde_json::from_slice(&page.bare_bytes()).unwrap()
    }

    #[test]
    fn a_sensor_shows_its_reading_and_how_bad_it_is() {
        let fan = shown(Reading::Analog(800.0));
        assert_eq!(fan["Reading"], 800.0);
        assert_eq!(fan["ReadingType"], "Rotational");
        assert_eq!(fan["PhysicalContext"], "Fan");
        assert_eq!(
            fan["Status"],
            json!({"State": "Enabled", "Health": "Critical"})
        );
        assert_eq!(
            fan["Thresholds"],
            json!({"LowerCritical": {"Reading": 1040.4, "HysteresisReading": 160.0}})
        );
    }

    #[test]
    fn a_sensor_that_reads_nothing_says_so() {
        let fan = shown(Reading::Unknown);
        assert_eq!(fan["Reading"], Value::Null);
        assert_eq!(fan["Status"], json!({"State": "UnavailableOffline"}));
    }
}
