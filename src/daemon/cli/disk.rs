//! The disk of a virtual machine that `demo` or `fleet` was given nothing to boot for: a boot sector
//! of our own, and nothing else.

use std::{fs::OpenOptions, path::Path};

use super::Failure;
use crate::host::files::write_atomically;

/// What boots: `assets/boot-sector.s` is its source.
const SECTOR: &[u8; 512] = include_bytes!("../../../assets/boot-sector.bin");

/// How large the disk is: large enough for any firmware's idea of a disk.
const SIZE: u64 = 1 << 20;

/// Makes the disk, where it isn't there yet; it takes room only as it is written. One that is there
/// stays as the machine left it.
///
/// # Errors
/// [`Failure`] in one sentence.
pub(super) fn make(disk: &Path) -> Result<(), Failure> {
    if disk.exists() {
        return Ok(());
    }
    write_atomically(disk, SECTOR).map_err(|why| Failure::new(why.to_string()))?;
    OpenOptions::new()
        .write(true)
        .open(disk)
        .and_then(|file| file.set_len(SIZE))
        .map_err(|why| Failure::new(format!("make the disk {}: {why}", disk.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_begins_with_a_boot_sector_and_is_made_once() {
        let disk = std::env::temp_dir().join(format!("outband-disk-{}", std::process::id()));
        make(&disk).unwrap();
        let bytes = std::fs::read(&disk).unwrap();
        assert_eq!(bytes.len() as u64, SIZE);
        assert_eq!(bytes[510..512], [0x55, 0xAA]);
        std::fs::write(&disk, "the machine's own").unwrap();
        make(&disk).unwrap();
        assert_eq!(std::fs::read(&disk).unwrap(), b"the machine's own");
        std::fs::remove_file(&disk).unwrap();
    }
}
