//! The disk of a demo's virtual machine that was given nothing to boot: a boot sector of our own, in
//! the demo's folder.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::{app::folder, host::files::write_atomically};

/// What boots: `assets/boot-sector.s` is its source.
const SECTOR: &[u8; 512] = include_bytes!("../../../assets/boot-sector.bin");

/// How large the disk is: large enough for any firmware's idea of a disk.
const SIZE: usize = 1 << 20;

/// Makes the disk, where it isn't there yet, and gives its path. One that is there stays as the
/// machine left it.
///
/// # Errors
/// [`Failure`] in one sentence.
pub(super) fn make(state: &Path) -> Result<PathBuf, Failure> {
    folder::prepare(state)?;
    let disk = state.join("disk.img");
    if !disk.exists() {
        let mut bytes = SECTOR.to_vec();
        bytes.resize(SIZE, 0);
        write_atomically(&disk, &bytes).map_err(|why| Failure::new(why.to_string()))?;
    }
    Ok(disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_begins_with_a_boot_sector_and_is_made_once() {
        let state = std::env::temp_dir().join(format!("outband-disk-{}", std::process::id()));
        let disk = make(&state).unwrap();
        let bytes = std::fs::read(&disk).unwrap();
        assert_eq!((bytes.len(), &bytes[510..512]), (SIZE, &[0x55, 0xAA][..]));
        std::fs::write(&disk, "the machine's own").unwrap();
        assert_eq!(make(&state).unwrap(), disk);
        assert_eq!(std::fs::read(&disk).unwrap(), b"the machine's own");
        std::fs::remove_dir_all(&state).unwrap();
    }
}
