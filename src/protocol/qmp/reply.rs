//! What the queries answer, as far as it is used; everything else in a reply is passed over.

use serde::Deserialize;
use serde_json::Value;

/// A machine's run state (QEMU's `RunState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Built, and not yet let run.
    Prelaunch,
    /// Running.
    Running,
    /// Halted by `stop`.
    Paused,
    /// The guest shut down.
    Shutdown,
    /// Halted by a watchdog.
    Watchdog,
    /// Halted by a guest's panic.
    GuestPanicked,
    /// Halted by a failed transfer of a drive.
    IoError,
    /// Halted by a failure of QEMU itself.
    InternalError,
    /// The guest sleeps.
    Suspended,
    /// Any other.
    #[serde(other)]
    Other,
}

/// The reply of `query-status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// The run state.
    pub status: RunState,
    /// Whether the processors run.
    pub running: bool,
}

/// The reply of `query-uuid`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uuid {
    /// Lower case with dashes; all zero where none was given.
    #[serde(rename = "UUID")]
    pub uuid: Box<str>,
}

/// A processor in the reply of `query-cpus-fast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cpu {
    /// Its number, from 0.
    pub cpu_index: u32,
    /// The host's thread that runs it.
    pub thread_id: u32,
}

/// A drive in the reply of `query-block`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Block {
    /// The path or id of the device that shows it to the guest.
    pub qdev: Option<Box<str>>,
    /// Whether its medium can be taken out.
    pub removable: bool,
    /// Whether the guest holds the medium in.
    pub locked: bool,
    /// Whether the tray is open; absent where there is no tray.
    pub tray_open: Option<bool>,
    /// Its medium.
    pub inserted: Option<Inserted>,
}

/// A drive's medium.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Inserted {
    /// The file.
    pub file: Box<str>,
    /// Whether it can't be written.
    pub ro: bool,
    /// Its image.
    pub image: Image,
}

/// A medium's image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    /// Its size in bytes as the guest sees it.
    pub virtual_size: u64,
}

/// What a drive did, in the reply of `query-blockstats`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BlockStats {
    /// The path or id of the device that shows it to the guest.
    pub qdev: Option<Box<str>>,
    /// The counts.
    pub stats: Counts,
}

/// Counts since the machine was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Counts {
    /// Bytes read.
    pub rd_bytes: u64,
    /// Bytes written.
    pub wr_bytes: u64,
    /// Reads.
    pub rd_operations: u64,
    /// Writes.
    pub wr_operations: u64,
}

/// A network card in the reply of `query-rx-filter`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RxFilter {
    /// The card's id.
    pub name: Box<str>,
    /// The address it listens on.
    pub main_mac: Box<str>,
}

/// Reads a reply.
///
/// # Errors
/// What is missing from it or has another type.
pub fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_drive_has_no_medium() {
        let value = json!([{"io-status": "ok", "device": "", "locked": false, "removable": true,
            "qdev": "cd0", "tray_open": false, "type": "unknown"}]);
        let blocks: Vec<Block> = read(value).unwrap();
        assert_eq!(blocks[0].qdev.as_deref(), Some("cd0"));
        assert!(blocks[0].removable && blocks[0].inserted.is_none());
    }

    #[test]
    fn a_run_state_of_a_later_qemu_is_taken_as_another() {
        let status: Status = read(json!({"status": "dreaming", "running": false})).unwrap();
        assert_eq!(status.status, RunState::Other);
    }
}
