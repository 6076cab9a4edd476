//! What a machine keeps without power: its file, and the medium in its drive.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::Arc,
};

use outband_protocol::iso9660;
use serde::Deserialize;

use super::machine::{FORMAT, Record};

/// The file's name in the machine's folder.
pub(super) const FILE: &str = "machine.json";

/// The longest file that is read, in bytes.
const FILE_MAX: u64 = 64 * 1024;

/// A record's first part, which every format has.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// Reads a machine's file; `None` when there is none.
///
/// A file that can't be understood is an error and stays as it is.
pub(super) fn load(path: &Path) -> Result<Option<Record>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why.to_string()),
    };
    let mut text = String::new();
    file.take(FILE_MAX)
        .read_to_string(&mut text)
        .map_err(|why| why.to_string())?;
    let head: Head = serde_json::from_str(&text).map_err(|why| why.to_string())?;
    if head.format > FORMAT {
        let format = head.format;
        return Err(format!(
            "written by a newer version (format {format}, known up to {FORMAT})"
        ));
    }
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|why| why.to_string())
}

/// Writes a machine's file: after a power cut either the old or the new one is there, whole.
pub(super) fn save(path: &Path, record: &Record) -> io::Result<()> {
    let new = path.with_extension("json.new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The label of the medium that an image holds.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn label(image: &Path) -> Result<Arc<str>, String> {
    let read = || {
        let mut file = File::open(image)?;
        file.seek(SeekFrom::Start(iso9660::DESCRIPTORS_AT))?;
        let most = iso9660::SECTOR * iso9660::DESCRIPTORS_MAX;
        let mut bytes = Vec::new();
        file.take(u64::try_from(most).unwrap_or(0))
            .read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    let bytes = read().map_err(|why| why.to_string())?;
    iso9660::volume_label(&bytes)
        .map(Arc::from)
        .map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use outband_core::{host::BootId, server::BootTarget};

    use super::{super::scratch::Scratch, *};

    fn record() -> Record {
        Record {
            format: FORMAT,
            boot_id: BootId([3; 16]),
            on: true,
            running: None,
            order: vec![BootTarget::Cd, BootTarget::Hdd],
            last_used: Some(12),
        }
    }

    #[test]
    fn what_was_saved_is_found_and_nothing_is_left_lying_about() {
        let scratch = Scratch::new("memory-round");
        let path = scratch.path().join(FILE);
        assert_eq!(load(&path).unwrap(), None);
        save(&path, &record()).unwrap();
        save(&path, &record()).unwrap();
        assert_eq!(load(&path).unwrap(), Some(record()));
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_of_a_newer_version_or_a_broken_one_is_refused_and_kept() {
        let scratch = Scratch::new("memory-newer");
        let path = scratch.path().join(FILE);
        for (text, says) in [
            (r#"{"format":2,"future":true}"#, "newer version"),
            ("{", "EOF"),
            ("", "EOF"),
        ] {
            std::fs::write(&path, text).unwrap();
            let why = load(&path).unwrap_err();
            assert!(why.contains(says), "{why}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn the_label_is_read_from_the_image() {
        let scratch = Scratch::new("memory-label");
        let path = scratch.path().join("x.iso");
        assert!(label(&path).is_err());
        std::fs::write(&path, [0; 100]).unwrap();
        assert!(label(&path).unwrap_err().contains("too short"));
        scratch.image("x.iso", "GOLDEN_7");
        assert_eq!(&*label(&path).unwrap(), "GOLDEN_7");
    }
}
