//! Sensors as the old schemas list them, `Thermal` and `Power`, which many clients know alone.

use outband_core::{
    sensors::{Reading, SensorKind, SensorSpec},
    server::ServerHandle,
};

use super::{
    super::{page::Page, routes::Ask},
    sensors::{physical_context, readings, sensor_status},
};

/// An array of sensors of one kind.
#[derive(Debug)]
pub(super) struct OldSensors {
    /// The array's name.
    pub(super) name: &'static str,
    /// Which sensors stand in it.
    pub(super) kind: SensorKind,
    /// What the schema calls a reading.
    pub(super) reading: &'static str,
    /// What it calls the least and the greatest that can be read.
    pub(super) range: [&'static str; 2],
    /// The `ReadingUnits`, where it has them; all its numbers are whole ones then.
    pub(super) unit: Option<&'static str>,
}

impl OldSensors {
    /// Writes the array.
    pub(super) fn write(&self, ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) {
        let (uri, name) = (ask.uri, self.name);
        let sensors = readings(ask, server, |sensor| sensor.spec.kind == self.kind);
        page.objects(name, sensors, |page, (at, (sensor, reading))| {
            page.text("@odata.id", &format!("{uri}#/{name}/{at}"));
            page.text("MemberId", &at.to_string());
            page.text("Name", &sensor.spec.name);
            page.plain("SensorNumber", sensor.number);
            self.write_one(page, &sensor.spec, reading);
        });
    }

    fn write_one(&self, page: &mut Page, spec: &SensorSpec, reading: Reading) {
        match reading {
            Reading::Analog(value) => self.number(page, self.reading, value),
            Reading::Discrete(_) | Reading::Unknown => page.null(self.reading),
        }
        page.maybe("ReadingUnits", self.unit);
        let [min, max] = self.range;
        self.number(page, min, spec.min);
        self.number(page, max, spec.max);
        let bounds = spec.thresholds;
        for (name, bound) in [
            ("LowerThresholdFatal", bounds.lower_fatal),
            ("LowerThresholdCritical", bounds.lower_critical),
            ("LowerThresholdNonCritical", bounds.lower_caution),
            ("UpperThresholdNonCritical", bounds.upper_caution),
            ("UpperThresholdCritical", bounds.upper_critical),
            ("UpperThresholdFatal", bounds.upper_fatal),
        ] {
            if let Some(bound) = bound {
                self.number(page, name, bound);
            }
        }
        page.maybe("PhysicalContext", physical_context(spec));
        sensor_status(page, spec, reading);
    }

    fn number(&self, page: &mut Page, key: &str, value: f64) {
        match self.unit {
            Some(_) => page.plain(key, value.round() as i64),
            None => page.plain(key, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::tests_support::fan, *};

    fn shown(unit: Option<&'static str>, reading: Reading) -> Value {
        let list = OldSensors {
            name: "Fans",
            kind: SensorKind::Fan,
            reading: "Reading",
            range: ["MinReadingRange", "MaxReadingRange"],
            unit,
        };
        let mut page = Page::bare();
        list.write_one(&mut page, &fan(), reading);
        serde_json::from_slice(&page.bare_bytes()).unwrap()
    }

    #[test]
    fn a_list_with_a_unit_has_whole_numbers() {
        let fan = shown(Some("RPM"), Reading::Analog(2000.6));
        let expected = json!({
            "Reading": 2001, "ReadingUnits": "RPM",
            "MinReadingRange": 0, "MaxReadingRange": 20400,
            "LowerThresholdCritical": 1040, "PhysicalContext": "Fan",
            "Status": {"State": "Enabled", "Health": "OK"}
        });
        assert_eq!(fan, expected);
    }

    #[test]
    fn a_list_without_one_has_them_as_they_are() {
        let fan = shown(None, Reading::Analog(2000.6));
        assert_eq!(
            (&fan["Reading"], fan.get("ReadingUnits")),
            (&json!(2000.6), None)
        );
        assert_eq!(fan["LowerThresholdCritical"], 1040.4);
    }

    #[test]
    fn what_reads_nothing_is_null() {
        let fan = shown(Some("RPM"), Reading::Unknown);
        assert_eq!(fan["Reading"], Value::Null);
        assert_eq!(fan["Status"], json!({"State": "UnavailableOffline"}));
    }
}
