//! What holds the house together: arrows between the crates, what they stand on, the size and head of every file, where
//! `unsafe` may stand, and that every setting is documented.

#![allow(clippy::unwrap_used, clippy::panic)] // All of it is a test: to fail is its trade.

mod arrows;
mod code;
mod crates;
mod files;
mod settings;

use std::path::{Path, PathBuf};

/// The top of the workspace.
fn root() -> PathBuf {
    let daemon = Path::new(env!("CARGO_MANIFEST_DIR"));
    daemon.ancestors().nth(2).unwrap().to_owned()
}

/// Every file below a folder whose name ends so, sorted; nothing when there is no such folder.
fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let made = ["target", "build", "dist", "node_modules"].contains(&name.as_str());
            if path.is_dir() && !path.is_symlink() && !made && !name.starts_with('.') {
                folders.push(path);
            } else if extensions.iter().any(|e| name.ends_with(e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A path as people write it: from the top of the workspace.
fn short(path: &Path) -> String {
    let root = root();
    path.strip_prefix(&root)
        .unwrap_or(path)
        .display()
        .to_string()
}
