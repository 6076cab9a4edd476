//! Where the certificate comes from, and how it stays fit to serve.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rcgen::KeyPair;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    Subject, TlsFault, TlsHandle, files,
    own::{self, Facts},
};

/// How often [`Certificates::keep`] looks.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The user's own files in PEM, chain and key; read and never written.
    Files {
        /// The certificate, then those that signed it, if any.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made at first start and kept in this folder as `cert.pem` and `key.pem` (mode 0600). The key
    /// is made once; the certificate is made anew when it must be.
    Folder(PathBuf),
    /// Made at each start and kept in memory.
    Memory,
}

/// The certificate and what keeps it fit to serve.
#[derive(Debug)]
pub struct Certificates {
    keeper: Mutex<Keeper>,
    handle: TlsHandle,
}

/// The source, with what the source `Memory` stands for.
#[derive(Debug)]
struct Keeper {
    source: Source,
    memory: Memory,
}

#[derive(Default)]
struct Memory {
    certificate: Option<String>,
    key: Option<Zeroizing<String>>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// A certificate ready to serve.
struct Ready {
    key: CertifiedKey,
    /// It was made just now.
    new: bool,
}

impl Certificates {
    /// Reads the certificate, or makes it for the subject.
    ///
    /// # Errors
    /// [`TlsFault`] when a file can't be read, written or used. Nothing that is there is replaced
    /// for being unusable.
    pub fn open(source: Source, subject: &Subject, now: SystemTime) -> Result<Self, TlsFault> {
        let mut keeper = Keeper {
            source,
            memory: Memory::default(),
        };
        let ready = keeper.ready(subject, now.into())?;
        Ok(Self {
            handle: TlsHandle::new(ready.key)?,
            keeper: Mutex::new(keeper),
        })
    }

    /// For the listeners.
    #[must_use]
    pub fn handle(&self) -> TlsHandle {
        self.handle.clone()
    }

    /// Reads the certificate again, and makes it anew when it is the daemon's own and isn't for all
    /// of the subject or expires soon. The listeners use it from then on. Says whether a new one was
    /// made. Blocks on the disk.
    ///
    /// # Errors
    /// [`TlsFault`]; the listeners keep what they have.
    pub fn refresh(&self, subject: &Subject, now: SystemTime) -> Result<bool, TlsFault> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = keeper.ready(subject, now.into())?;
        self.handle.swap(ready.key);
        Ok(ready.new)
    }

    /// Refreshes once an hour, for ever: addresses come and go, clocks are set late, and a daemon
    /// may run for longer than a certificate is valid.
    pub async fn keep(self: Arc<Self>, subject: impl Fn() -> Subject + Send + Sync + 'static) {
        let subject = Arc::new(subject);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let (this, subject) = (Arc::clone(&self), Arc::clone(&subject));
            let look = move || this.refresh(&subject(), SystemTime::now());
            match tokio::task::spawn_blocking(look).await {
                Ok(Ok(true)) => tracing::info!("the certificate was made anew"),
                Ok(Err(why)) => tracing::warn!(%why, "the certificate can't be refreshed"),
                Ok(Ok(false)) | Err(_) => {}
            }
        }
    }

    /// The SHA-256 of the certificate in use, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let current = self.handle.current();
        current
            .cert
            .first()
            .map(|der| own::fingerprint(der))
            .unwrap_or_default()
    }
}

impl Keeper {
    fn ready(&mut self, subject: &Subject, now: OffsetDateTime) -> Result<Ready, TlsFault> {
        match &self.source {
            Source::Files { certificate, key } => {
                files::warn_if_shared(key);
                Ok(Ready {
                    key: files::read_pair(certificate, key)?,
                    new: false,
                })
            }
            Source::Folder(folder) => in_folder(folder, subject, now),
            Source::Memory => self.memory.ready(subject, now),
        }
    }
}

fn in_folder(folder: &Path, subject: &Subject, now: OffsetDateTime) -> Result<Ready, TlsFault> {
    let certificate_path = folder.join("cert.pem");
    let key_path = folder.join("key.pem");
    let key = match files::read(&key_path)? {
        Some(key) => {
            files::warn_if_shared(&key_path);
            key
        }
        None => {
            // A certificate whose key is gone is of no use; ours is made anew below.
            let key = new_key()?;
            files::write(&key_path, 0o600, &key)?;
            key
        }
    };
    if let Some(kept) = files::read(&certificate_path)? {
        let pair = files::pair((&certificate_path, &kept), (&key_path, &key));
        let still_good = match Facts::read(&kept) {
            // Not of our making: used as it is, or complained of.
            None => Some(pair?),
            // Ours, unless its key went or another came.
            Some(facts) => pair.ok().filter(|_| facts.serves(subject, now)),
        };
        if let Some(key) = still_good {
            return Ok(Ready { key, new: false });
        }
    }
    let made = own::make(subject, &key_pair(&key_path, &key)?, now)?;
    let pair = files::pair((&certificate_path, &made), (&key_path, &key))?;
    files::write(&certificate_path, 0o644, &made)?;
    Ok(Ready {
        key: pair,
        new: true,
    })
}

impl Memory {
    fn ready(&mut self, subject: &Subject, now: OffsetDateTime) -> Result<Ready, TlsFault> {
        let nowhere = Path::new("(memory)");
        let key = match &self.key {
            Some(key) => key.clone(),
            None => self.key.insert(new_key()?).clone(),
        };
        let kept = self
            .certificate
            .take()
            .filter(|kept| Facts::read(kept).is_some_and(|facts| facts.serves(subject, now)));
        let new = kept.is_none();
        let certificate = match kept {
            Some(kept) => kept,
            None => own::make(subject, &key_pair(nowhere, &key)?, now)?,
        };
        let pair = files::pair((nowhere, &certificate), (nowhere, &key))?;
        self.certificate = Some(certificate);
        Ok(Ready { key: pair, new })
    }
}

fn new_key() -> Result<Zeroizing<String>, TlsFault> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    Ok(Zeroizing::new(key.serialize_pem()))
}

fn key_pair(path: &Path, key: &str) -> Result<KeyPair, TlsFault> {
    KeyPair::from_pem(key).map_err(|why| TlsFault::Content {
        path: path.to_owned(),
        what: format!("a certificate can't be made with this key: {why}"),
    })
}
