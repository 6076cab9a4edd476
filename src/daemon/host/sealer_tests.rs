//! Sealed secrets and the key file.

use std::fs::Permissions;

use super::*;
use crate::host::{OsEntropy, tests::Folder};

fn sealer(folder: &Path, credentials: Option<&Path>) -> KeyFileSealer {
    KeyFileSealer::with_credentials(folder, credentials, Arc::new(OsEntropy))
}

#[test]
fn a_sealed_secret_opens_in_its_place_alone() {
    let folder = Folder::new();
    let first = sealer(folder.path(), None);
    let sealed = first.seal(b"calvin", "accounts/3/ipmi").unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"calvin"));
    assert_ne!(sealed, first.seal(b"calvin", "accounts/3/ipmi").unwrap());
    let again = sealer(folder.path(), None);
    assert_eq!(
        **again.open(&sealed, "accounts/3/ipmi").unwrap(),
        *b"calvin"
    );
    assert!(again.open(&sealed, "accounts/4/ipmi").is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(again.open(&changed, "accounts/3/ipmi").is_err(), "{at}");
        assert!(again.open(&sealed[..at], "accounts/3/ipmi").is_err());
    }
}

#[test]
fn a_lost_key_is_said_and_none_is_made_to_open_with() {
    let folder = Folder::new();
    let sealed = sealer(folder.path(), None).seal(b"x", "here").unwrap();
    std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    let fault = sealer(folder.path(), None)
        .open(&sealed, "here")
        .unwrap_err();
    assert!(fault.why.ends_with("outband.key: there is none"), "{fault}");
    assert!(!folder.path().join(KEY_FILE).exists());
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let sealed = sealer(folder.path(), None).seal(b"x", "here").unwrap();
    let path = folder.path().join(KEY_FILE);
    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(sealer(folder.path(), None).open(&sealed, "here").is_err());
        assert!(sealer(folder.path(), None).seal(b"x", "here").is_err());
    }
    std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(sealer(folder.path(), None).open(&sealed, "here").is_ok());
}

#[test]
fn a_key_file_of_another_length_is_refused_and_stays() {
    let folder = Folder::new();
    let path = folder.path().join(KEY_FILE);
    std::fs::write(&path, b"short").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let fault = sealer(folder.path(), None).seal(b"x", "here").unwrap_err();
    assert!(fault.why.contains("5 bytes instead of 32"), "{fault}");
    assert_eq!(std::fs::read(&path).unwrap(), b"short");
}

#[test]
fn a_credential_comes_before_the_folders_own_key() {
    let (folder, credentials) = (Folder::new(), Folder::new());
    let path = credentials.path().join(KEY_FILE);
    std::fs::write(&path, [7; KEY_LENGTH]).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
    let with = sealer(folder.path(), Some(credentials.path()));
    let sealed = with.seal(b"x", "here").unwrap();
    assert!(!folder.path().join(KEY_FILE).exists());
    assert!(sealer(folder.path(), None).open(&sealed, "here").is_err());
    assert!(with.open(&sealed, "here").is_ok());
    // Without one of its own, systemd's folder means nothing.
    let empty = Folder::new();
    sealer(folder.path(), Some(empty.path()))
        .seal(b"x", "here")
        .unwrap();
    assert!(folder.path().join(KEY_FILE).exists());
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let folder = Folder::new();
    let sealer = sealer(folder.path(), None);
    let mut sealed = sealer.seal(b"x", "here").unwrap();
    sealed[0] = 2;
    let fault = sealer.open(&sealed, "here").unwrap_err();
    assert!(fault.why.contains("newer version"), "{fault}");
}

#[test]
fn debug_output_shows_no_key() {
    let folder = Folder::new();
    let path = folder.path().join(KEY_FILE);
    std::fs::write(&path, [0xAB; KEY_LENGTH]).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let sealer = sealer(folder.path(), None);
    sealer.seal(b"x", "here").unwrap();
    let shown = format!("{sealer:?}").to_lowercase();
    assert!(
        !shown.contains("171, 171") && !shown.contains("abab"),
        "{shown}"
    );
}
