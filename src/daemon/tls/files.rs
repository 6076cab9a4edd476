//! Certificates and keys as files.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use zeroize::Zeroizing;

use super::{TlsFault, provider};

/// No certificate or key is larger.
const FILE_MAX: u64 = 1024 * 1024;

/// Reads a file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, TlsFault> {
    let fault = |why| TlsFault::File {
        doing: "read",
        path: path.to_owned(),
        why,
    };
    let file = match File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(fault)?,
    };
    let mut text = Zeroizing::new(String::new());
    let length = file.take(FILE_MAX + 1).read_to_string(&mut text);
    if length.map_err(fault)? as u64 > FILE_MAX {
        return Err(fault(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(text))
}

/// Reads a file that must be there.
fn read_existing(path: &Path) -> Result<Zeroizing<String>, TlsFault> {
    read(path)?.ok_or_else(|| TlsFault::File {
        doing: "read",
        path: path.to_owned(),
        why: io::ErrorKind::NotFound.into(),
    })
}

/// Writes a file so that it is there whole or not at all, whatever happens meanwhile.
pub(super) fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsFault> {
    let new = path.with_extension("new");
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&new)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|why| TlsFault::File {
        doing: "write",
        path: path.to_owned(),
        why,
    })
}

/// Says so when others may read a key.
pub(super) fn warn_if_shared(key: &Path) {
    if fs::metadata(key).is_ok_and(|found| found.mode() & 0o077 != 0) {
        tracing::warn!(path = %key.display(), "others than its owner may read this private key");
    }
}

/// Reads a certificate chain and its key, which must be there and belong together.
pub(super) fn read_pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsFault> {
    let texts = (read_existing(certificate)?, read_existing(key)?);
    pair((certificate, &texts.0), (key, &texts.1))
}

/// A certificate chain and its key, from their armoured texts.
pub(super) fn pair(
    (certificate_path, certificate): (&Path, &str),
    (key_path, key): (&Path, &str),
) -> Result<CertifiedKey, TlsFault> {
    let fault = |path: &Path, what: String| TlsFault::Content {
        path: path.to_owned(),
        what,
    };
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| fault(certificate_path, format!("not a PEM certificate: {why}")))?;
    if chain.is_empty() {
        return Err(fault(certificate_path, "no PEM certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|why| fault(key_path, format!("not a PEM private key: {why}")))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|why| match why {
        rustls::Error::InconsistentKeys(_) => fault(
            key_path,
            format!(
                "not the key of the certificate in {}",
                certificate_path.display()
            ),
        ),
        why => fault(certificate_path, why.to_string()),
    })
}
