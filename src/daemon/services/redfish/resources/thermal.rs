//! Temperatures and fans of a chassis in the old schema, which many clients know alone.

use outband_core::{
    sensors::{Reading, SensorKind},
    server::ServerHandle,
};

use super::{
    super::{page::Page, reply::Outcome, routes::Ask},
    absent,
    sensors::{number_or_null, old_thresholds, physical_context, readings, sensor_status},
};

/// What is shown here.
pub(super) const KINDS: &[SensorKind] = &[SensorKind::Temperature, SensorKind::Fan];

/// The temperatures and fans.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let mut sensors = server.sensors().iter();
    if !sensors.any(|sensor| KINDS.contains(&sensor.spec.kind)) {
        return Err(absent(ask));
    }
    page.text("Id", "Thermal");
    page.text("Name", "Temperatures and fans");
    let uri = ask.uri;
    let of = |kind| readings(ask, server, move |sensor| sensor.spec.kind == kind);
    page.objects(
        "Temperatures",
        of(SensorKind::Temperature),
        |page, (at, (sensor, reading))| {
            let spec = &sensor.spec;
            page.text("@odata.id", &format!("{uri}#/Temperatures/{at}"));
            page.text("MemberId", &at.to_string());
            page.text("Name", &spec.name);
            page.plain("SensorNumber", sensor.number);
            number_or_null(page, "ReadingCelsius", reading);
            page.plain("MinReadingRangeTemp", spec.min);
            page.plain("MaxReadingRangeTemp", spec.max);
            old_thresholds(page, spec, false);
            page.maybe("PhysicalContext", physical_context(spec));
            sensor_status(page, spec, reading);
        },
    );
    page.objects(
        "Fans",
        of(SensorKind::Fan),
        |page, (at, (sensor, reading))| {
            let spec = &sensor.spec;
            page.text("@odata.id", &format!("{uri}#/Fans/{at}"));
            page.text("MemberId", &at.to_string());
            page.text("Name", &spec.name);
            page.plain("SensorNumber", sensor.number);
            match reading {
                Reading::Analog(value) => page.plain("Reading", value.round() as i64),
                Reading::Discrete(_) | Reading::Unknown => page.null("Reading"),
            }
            page.text("ReadingUnits", "RPM");
            page.plain("MinReadingRange", spec.min.round() as i64);
            page.plain("MaxReadingRange", spec.max.round() as i64);
            old_thresholds(page, spec, true);
            page.maybe("PhysicalContext", physical_context(spec));
            sensor_status(page, spec, reading);
        },
    );
    Ok(())
}
