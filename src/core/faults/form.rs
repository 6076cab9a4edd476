//! A fault as it is read. The same as [`Fault`], but the kinds without values are written as empty
//! structs: of an internally tagged unit variant serde would overlook unknown fields.

use serde::Deserialize;

use super::Fault;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Form {
    DeafSoftOff {},
    SlowPost {
        factor: u32,
    },
    DeadPowerLed {},
    NoSignal {},
    StuckReset {},
    SensorValue {
        sensor: String,
        value: Option<f64>,
    },
    SelEntry {
        sensor_type: u8,
        sensor_number: u8,
        event_type: u8,
        data: [u8; 3],
    },
    LateDatagrams {
        by_ms: u32,
    },
    LostDatagrams {},
    HttpUnavailable {},
}

impl From<Form> for Fault {
    fn from(form: Form) -> Self {
        match form {
            Form::DeafSoftOff {} => Self::DeafSoftOff,
            Form::SlowPost { factor } => Self::SlowPost { factor },
            Form::DeadPowerLed {} => Self::DeadPowerLed,
            Form::NoSignal {} => Self::NoSignal,
            Form::StuckReset {} => Self::StuckReset,
            Form::SensorValue { sensor, value } => Self::SensorValue { sensor, value },
            Form::SelEntry {
                sensor_type,
                sensor_number,
                event_type,
                data,
            } => Self::SelEntry {
                sensor_type,
                sensor_number,
                event_type,
                data,
            },
            Form::LateDatagrams { by_ms } => Self::LateDatagrams { by_ms },
            Form::LostDatagrams {} => Self::LostDatagrams,
            Form::HttpUnavailable {} => Self::HttpUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::FaultScope;

    fn read(text: &str) -> Result<Fault, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        for fault in [
            Fault::DeafSoftOff,
            Fault::SlowPost { factor: 3 },
            Fault::DeadPowerLed,
            Fault::NoSignal,
            Fault::StuckReset,
            Fault::SensorValue {
                sensor: "cpu1-temp".into(),
                value: Some(91.5),
            },
            Fault::SensorValue {
                sensor: "fan1".into(),
                value: None,
            },
            Fault::SelEntry {
                sensor_type: 5,
                sensor_number: 0,
                event_type: 0x6F,
                data: [0, 255, 255],
            },
            Fault::LateDatagrams { by_ms: 1500 },
            Fault::LostDatagrams,
            Fault::HttpUnavailable,
        ] {
            let text = serde_json::to_string(&fault).unwrap();
            assert_eq!(read(&text).unwrap(), fault, "{text}");
            let kind = format!(r#""kind":"{}""#, fault.kind());
            assert!(text.contains(&kind), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, words) in [
            (
                r#"{"kind":"deaf-soft-off","loud":true}"#,
                "unknown field `loud`",
            ),
            (
                r#"{"kind":"slow-post","factor":3,"speed":1}"#,
                "unknown field `speed`, expected `factor`",
            ),
            (r#"{"kind":"slow-post"}"#, "missing field `factor`"),
            (
                r#"{"kind":"slow-boat"}"#,
                "unknown variant `slow-boat`, expected one of `deaf-soft-off`, `slow-post`",
            ),
            (r#"{"factor":3}"#, "missing field `kind`"),
            (
                r#"{"kind":"late-datagrams","by_ms":-1}"#,
                "invalid value: integer `-1`",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        let scope = serde_json::from_str::<FaultScope>(r#"{"second":1}"#).unwrap_err();
        let words = "unknown field `second`, expected one of `seconds`, `times`";
        assert!(scope.to_string().contains(words), "{scope}");
    }
}
