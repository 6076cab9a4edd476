//! Power draw, voltages and power supplies of a chassis in the old schema, which many clients know
//! alone.

use std::collections::BTreeSet;

use outband_core::{
    sensors::{Reading, SensorKind},
    server::{SensorEntry, ServerHandle},
};

use super::{
    super::{
        health::{Health, status},
        page::Page,
        reply::Outcome,
        routes::Ask,
    },
    absent,
    old_sensors::OldSensors,
    sensors::{has, number_or_null, readings},
};

/// What is shown here.
pub(super) const KINDS: &[SensorKind] = &[SensorKind::Power, SensorKind::Voltage];

const VOLTAGES: OldSensors = OldSensors {
    name: "Voltages",
    kind: SensorKind::Voltage,
    reading: "ReadingVolts",
    range: ["MinReadingRange", "MaxReadingRange"],
    unit: None,
};

/// The entity "power supply" (IPMI 2.0 table 43-13).
const POWER_SUPPLY: u8 = 10;

fn is_of_supply(sensor: &SensorEntry) -> bool {
    sensor.spec.entity.id == POWER_SUPPLY
}

/// The power draw, voltages and power supplies.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    if !has(server, KINDS) {
        return Err(absent(ask));
    }
    page.text("Id", "Power");
    page.text("Name", "Power");
    let uri = ask.uri;
    let draws = readings(ask, server, |sensor| sensor.spec.kind == SensorKind::Power);
    let draw = drawn(draws.map(|(_, (sensor, reading))| (is_of_supply(sensor), reading)));
    page.objects("PowerControl", draw, |page, draw| {
        page.text("@odata.id", &format!("{uri}#/PowerControl/0"));
        page.text("MemberId", "0");
        page.text("Name", "Power draw of the server");
        number_or_null(page, "PowerConsumedWatts", draw);
    });
    VOLTAGES.write(ask, server, page);
    let now = ask.redfish.bmc.clock.now();
    let supplies = server.sensors().iter().filter(|each| is_of_supply(each));
    let supplies: BTreeSet<u8> = supplies.map(|each| each.spec.entity.instance).collect();
    let supplies = supplies.into_iter().enumerate();
    page.objects("PowerSupplies", supplies, |page, (at, instance)| {
        page.text("@odata.id", &format!("{uri}#/PowerSupplies/{at}"));
        page.text("MemberId", &at.to_string());
        page.text("Name", &format!("Power supply {instance}"));
        let health = Health::of_sensors(server, now, |sensor| {
            is_of_supply(sensor) && sensor.spec.entity.instance == instance
        });
        status(page, Some("Enabled"), health);
    });
    Ok(())
}

/// What a server draws: the sensor of the whole where there is one, else the sum of its power
/// supplies, as far as all of them read.
fn drawn(draws: impl Iterator<Item = (bool, Reading)>) -> Option<Reading> {
    let mut sum = None;
    for (of_supply, reading) in draws {
        if !of_supply {
            return Some(reading);
        }
        sum = Some(match (sum, reading) {
            (None, reading) => reading,
            (Some(Reading::Analog(sum)), Reading::Analog(value)) => Reading::Analog(sum + value),
            _ => Reading::Unknown,
        });
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sensor_of_the_whole_counts_before_its_supplies() {
        let draws = [
            (true, Reading::Analog(95.0)),
            (false, Reading::Analog(190.0)),
        ];
        assert_eq!(drawn(draws.into_iter()), Some(Reading::Analog(190.0)));
    }

    #[test]
    fn the_supplies_are_added_up_when_all_of_them_read() {
        let both = [(true, Reading::Analog(95.0)), (true, Reading::Analog(90.0))];
        assert_eq!(drawn(both.into_iter()), Some(Reading::Analog(185.0)));
        let one = [(true, Reading::Analog(95.0)), (true, Reading::Unknown)];
        assert_eq!(drawn(one.into_iter()), Some(Reading::Unknown));
        assert_eq!(drawn(std::iter::empty()), None);
    }
}
