//! Certificates across restarts, renewals and mistakes.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use super::*;

/// A folder of a test's own, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("outband-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A day on which clocks are right.
fn today() -> SystemTime {
    SystemTime::UNIX_EPOCH + 21_000 * DAY
}

fn subject(further: &str) -> Subject {
    Subject::new("rack7", [further], &[])
}

fn open(folder: &Folder, further: &str, now: SystemTime) -> Result<Certificates, TlsFault> {
    Certificates::open(Source::Folder(folder.path().into()), &subject(further), now)
}

fn key_of(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join("key.pem")).unwrap()
}

#[test]
fn it_is_made_once_and_kept() {
    let folder = Folder::new();
    let first = open(&folder, "kvm.example", today()).unwrap();
    let second = open(&folder, "kvm.example", today() + 30 * DAY).unwrap();
    assert_eq!(first.fingerprint(), second.fingerprint());
    let mode = |name| {
        fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("key.pem"), mode("cert.pem")), (0o600, 0o644));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing else is left there"
    );
}

#[test]
fn two_devices_share_nothing() {
    let (a, b) = (Folder::new(), Folder::new());
    let first = open(&a, "kvm.example", today()).unwrap();
    let second = open(&b, "kvm.example", today()).unwrap();
    assert_ne!(first.fingerprint(), second.fingerprint());
    assert_ne!(key_of(&a), key_of(&b));
}

#[test]
fn it_is_made_anew_for_new_names_and_before_it_expires_with_the_key_it_had() {
    let folder = Folder::new();
    let first = open(&folder, "kvm.example", today()).unwrap();
    let key = key_of(&folder);
    let renamed = open(&folder, "other.example", today()).unwrap();
    assert_ne!(first.fingerprint(), renamed.fingerprint());
    let later = open(&folder, "other.example", today() + 800 * DAY).unwrap();
    assert_ne!(renamed.fingerprint(), later.fingerprint());
    assert_eq!(key_of(&folder), key);
}

#[test]
fn it_is_made_anew_when_its_key_is_gone() {
    let folder = Folder::new();
    let first = open(&folder, "kvm.example", today()).unwrap();
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    let second = open(&folder, "kvm.example", today()).unwrap();
    assert_ne!(first.fingerprint(), second.fingerprint());
}

#[test]
fn a_running_daemon_refreshes_it() {
    let certificates = Certificates::open(Source::Memory, &subject("a"), today()).unwrap();
    let first = certificates.fingerprint();
    assert!(!certificates.refresh(&subject("a"), today()).unwrap());
    assert_eq!(certificates.fingerprint(), first);
    assert!(certificates.refresh(&subject("b"), today()).unwrap());
    assert_ne!(certificates.fingerprint(), first);
}

#[test]
fn the_users_own_is_never_touched() {
    let folder = Folder::new();
    open(&folder, "kvm.example", today()).unwrap();
    let kept = fs::read_to_string(folder.path().join("cert.pem")).unwrap();
    let (_, own) = kept.split_at(kept.find("-----BEGIN").unwrap());
    let path = folder.path().join("cert.pem");
    fs::write(&path, own).unwrap();
    open(&folder, "other.example", today() + 2000 * DAY).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), own);

    let files = Source::Files {
        certificate: path.clone(),
        key: folder.path().join("key.pem"),
    };
    let certificates = Certificates::open(files, &subject("other.example"), today()).unwrap();
    assert!(
        !certificates
            .refresh(&subject("more.example"), today())
            .unwrap()
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
}

#[test]
fn what_can_not_be_used_is_one_sentence_and_left_alone() {
    let (a, b) = (Folder::new(), Folder::new());
    open(&a, "kvm.example", today()).unwrap();
    open(&b, "kvm.example", today()).unwrap();
    let source = |certificate: PathBuf, key: PathBuf| Source::Files { certificate, key };
    let (cert, key) = (a.path().join("cert.pem"), a.path().join("key.pem"));
    let nowhere = a.path().join("nowhere.pem");
    let sentence = |source| {
        Certificates::open(source, &subject("x"), today())
            .unwrap_err()
            .to_string()
    };

    let said = sentence(source(nowhere.clone(), key.clone()));
    assert!(
        said.starts_with(&format!("can't read {}: ", nowhere.display())),
        "{said}"
    );
    let other_key = b.path().join("key.pem");
    let said = sentence(source(cert.clone(), other_key.clone()));
    let expected = format!(
        "{}: not the key of the certificate in {}",
        other_key.display(),
        cert.display()
    );
    assert_eq!(said, expected);
    let said = sentence(source(key.clone(), key.clone()));
    assert_eq!(said, format!("{}: no PEM certificate in it", key.display()));

    fs::write(&key, "garbage").unwrap();
    let said = open(&a, "kvm.example", today()).unwrap_err().to_string();
    assert!(said.starts_with(&format!("{}: ", key.display())), "{said}");
    assert_eq!(fs::read_to_string(&key).unwrap(), "garbage");
}
