//! Secrets that must be recoverable: AES-256-GCM under a key that lies apart from the store.
//!
//! A sealed secret is a version byte (1), a random nonce of 12 bytes, and the ciphertext with its
//! tag; the context is authenticated with it.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use outband_core::host::{Entropy, HostFault, Sealer};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{OsEntropy, fault, fault_at, files};

/// The key file's name, in the state folder and among systemd's credentials.
const KEY_FILE: &str = "outband.key";
const KEY_LENGTH: usize = 32;
const VERSION: u8 = 1;

const SEAL: &str = "seal a secret";
const OPEN: &str = "open a sealed secret";
const READ_KEY: &str = "read the key file";

/// Seals with a key from a file: `outband.key` of systemd's credentials where there is one, else of
/// the state folder, where it is made when the first secret is sealed. The file holds 32 random
/// bytes; one in the folder that others than its owner can read is refused.
#[derive(Debug)]
pub struct KeyFileSealer {
    credential: Option<PathBuf>,
    own: PathBuf,
    entropy: Arc<dyn Entropy>,
    /// Read at first use.
    key: Mutex<Option<Arc<LessSafeKey>>>,
}

impl KeyFileSealer {
    /// A sealer for a state folder. Nothing is read yet.
    #[must_use]
    pub fn new(folder: &Path, entropy: Arc<dyn Entropy>) -> Self {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        Self::with_credentials(folder, credentials.as_ref().map(Path::new), entropy)
    }

    fn with_credentials(
        folder: &Path,
        credentials: Option<&Path>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let credential = credentials.map(|folder| folder.join(KEY_FILE));
        Self {
            credential: credential.filter(|path| path.exists()),
            own: folder.join(KEY_FILE),
            entropy,
            key: Mutex::new(None),
        }
    }

    /// The key; made where there is none and `make` says so.
    fn key(&self, make: bool) -> Result<Arc<LessSafeKey>, HostFault> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*kept {
            return Ok(key.clone());
        }
        let bytes = match &self.credential {
            // systemd lets the service's user in by an access list, which shows as a group's right.
            Some(credential) => read_key(credential, 0o037)?,
            None => match read_key(&self.own, 0o077)? {
                None if make => Some(self.make_key()?),
                found => found,
            },
        };
        let path = self.credential.as_ref().unwrap_or(&self.own);
        let bytes = bytes.ok_or_else(|| fault_at(READ_KEY, path, "there is none"))?;
        Ok(kept.insert(Arc::new(key_from(&bytes)?)).clone())
    }

    fn make_key(&self) -> Result<Zeroizing<[u8; KEY_LENGTH]>, HostFault> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        self.entropy.fill(&mut *bytes)?;
        files::write_atomically(&self.own, &*bytes)?;
        Ok(bytes)
    }
}

impl Sealer for KeyFileSealer {
    fn seal(&self, secret: &[u8], context: &str) -> Result<Vec<u8>, HostFault> {
        seal(&*self.key(true)?, &*self.entropy, secret, context)
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<Zeroizing<Vec<u8>>, HostFault> {
        open(&*self.key(false)?, sealed, context)
    }
}

/// Seals with a key that is gone with the process, for fleets that keep nothing.
#[derive(Debug)]
pub struct MemorySealer {
    key: LessSafeKey,
}

impl MemorySealer {
    /// A sealer with a new random key.
    ///
    /// # Errors
    /// [`HostFault`] when there are no random bytes.
    pub fn new(entropy: &dyn Entropy) -> Result<Self, HostFault> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        entropy.fill(&mut *bytes)?;
        Ok(Self {
            key: key_from(&bytes)?,
        })
    }
}

impl Sealer for MemorySealer {
    fn seal(&self, secret: &[u8], context: &str) -> Result<Vec<u8>, HostFault> {
        seal(&self.key, &OsEntropy, secret, context)
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<Zeroizing<Vec<u8>>, HostFault> {
        open(&self.key, sealed, context)
    }
}

/// Reads a key file; `None` when there is none. `forbidden` are the permissions that make it
/// unsafe.
fn read_key(path: &Path, forbidden: u32) -> Result<Option<Zeroizing<[u8; KEY_LENGTH]>>, HostFault> {
    let at = |why| fault_at(READ_KEY, path, why);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(at(why)),
    };
    let about = file.metadata().map_err(at)?;
    if about.permissions().mode() & forbidden != 0 {
        let why = "others than its owner may use it; make it yours alone with `chmod 600`";
        return Err(fault_at(READ_KEY, path, why));
    }
    if about.len() != KEY_LENGTH as u64 {
        let why = format!("{} bytes instead of {KEY_LENGTH}", about.len());
        return Err(fault_at(READ_KEY, path, why));
    }
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    file.read_exact(&mut *bytes).map_err(at)?;
    Ok(Some(bytes))
}

fn key_from(bytes: &[u8; KEY_LENGTH]) -> Result<LessSafeKey, HostFault> {
    let key = UnboundKey::new(&AES_256_GCM, bytes);
    let key = key.map_err(|_| fault(READ_KEY, "it is no key of AES-256"))?;
    Ok(LessSafeKey::new(key))
}

fn seal(
    key: &LessSafeKey,
    entropy: &dyn Entropy,
    secret: &[u8],
    context: &str,
) -> Result<Vec<u8>, HostFault> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce)?;
    let mut body = Zeroizing::new(secret.to_vec());
    let nonce_used = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce_used, Aad::from(context), &mut body)
        .map_err(|_| fault(SEAL, "the secret is too long"))?;
    Ok([&[VERSION], &nonce[..], &body[..], tag.as_ref()].concat())
}

fn open(key: &LessSafeKey, sealed: &[u8], context: &str) -> Result<Zeroizing<Vec<u8>>, HostFault> {
    let parts = sealed
        .split_first()
        .and_then(|(version, rest)| Some((*version, rest.split_first_chunk::<NONCE_LEN>()?)));
    let Some((version, (nonce, body))) = parts else {
        return Err(fault(OPEN, "it is cut short"));
    };
    if version != VERSION {
        let why = format!("written by a newer version (format {version}, known up to {VERSION})");
        return Err(fault(OPEN, why));
    }
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key
        .open_in_place(nonce, Aad::from(context), &mut body)
        .map_err(|_| fault(OPEN, "it was sealed with another key or for another place"))?
        .len();
    body.truncate(length);
    Ok(body)
}

#[cfg(test)]
#[path = "sealer_tests.rs"]
mod tests;
