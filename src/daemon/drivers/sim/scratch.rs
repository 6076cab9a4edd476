//! A folder for a test, gone when the test ends.

use std::path::{Path, PathBuf};

use outband_protocol::iso9660;

#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A fresh folder; `name` is the test's own.
    pub(super) fn new(name: &str) -> Self {
        let folder = format!("outband-sim-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(folder);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes an ISO 9660 image that is nothing but its label.
    pub(super) fn image(&self, name: &str, label: &str) -> PathBuf {
        let start = usize::try_from(iso9660::DESCRIPTORS_AT).unwrap();
        let mut bytes = vec![0; start + iso9660::SECTOR];
        bytes[start] = 1;
        bytes[start + 1..start + 6].copy_from_slice(b"CD001");
        bytes[start + 40..start + 40 + label.len()].copy_from_slice(label.as_bytes());
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
