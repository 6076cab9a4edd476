//! The two clocks, and the identity of this run of the device.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use outband_core::host::{BootId, Clock, HostFault, Stamp};
use tokio::time::Instant;

use super::fault_at;

/// Made by systemd-timesyncd once it has set the clock since the device started.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The system's clocks.
///
/// The wall clock counts as synchronised once systemd-timesyncd says so. Under another time service
/// it never does: the kernel's own mark can't be read without `unsafe`, and what isn't known to be
/// right is marked so.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Stamp {
        let now = SystemTime::now();
        let milliseconds = |since: std::time::Duration| i64::try_from(since.as_millis());
        let unix_ms = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => milliseconds(since).unwrap_or(i64::MAX),
            Err(before) => milliseconds(before.duration()).map_or(i64::MIN, |ms| -ms),
        };
        Stamp {
            unix_ms,
            synchronised: Path::new(SYNCHRONISED).exists(),
        }
    }
}

/// The identity of this run of the device.
///
/// # Errors
/// [`HostFault`] when the kernel doesn't tell it.
pub fn boot_id() -> Result<BootId, HostFault> {
    let path = Path::new(BOOT_ID);
    let doing = "read the boot id";
    let text = std::fs::read_to_string(path).map_err(|why| fault_at(doing, path, why))?;
    let id = uuid::Uuid::try_parse(text.trim()).map_err(|why| fault_at(doing, path, why))?;
    Ok(BootId(id.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_id_is_the_same_each_time_it_is_read() {
        let id = boot_id().unwrap();
        assert_eq!(id, boot_id().unwrap());
        assert_ne!(id.0, [0; 16]);
    }

    #[test]
    fn the_wall_clock_shows_this_century() {
        let stamp = SystemClock.wall();
        assert!(stamp.unix_ms > 978_307_200_000);
        assert_eq!(stamp.synchronised, Path::new(SYNCHRONISED).exists());
    }
}
