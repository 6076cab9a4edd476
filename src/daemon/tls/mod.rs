//! Certificates: made at first start, kept, handed to the listeners.
//!
//! TLS 1.2 and 1.3 with the AEAD suites of rustls and ring. Sessions are resumed by tickets whose
//! keys live in memory and change by themselves; there is no early data, for it can be replayed.

mod certificates;
mod files;
mod interfaces;
mod own;
mod subject;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

pub use self::{
    certificates::{Certificates, Source},
    subject::Subject,
};

/// Why there is no certificate to serve with, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file can't be read or written.
    #[error("can't {doing} {}: {why}", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        why: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{}: {what}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The cryptography failed.
    #[error("can't make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The TLS library refused.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// Whether two files are a certificate chain and its key (PEM) that can be served with.
///
/// # Errors
/// [`TlsFault`], which names the file.
pub fn check_files(certificate: &Path, key: &Path) -> Result<(), TlsFault> {
    files::read_pair(certificate, key).map(drop)
}

/// What a listener speaks TLS with. Clones share the certificate, which can be changed while
/// connections are served: new handshakes get the new one.
#[derive(Clone)]
pub struct TlsHandle {
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

impl TlsHandle {
    fn new(key: CertifiedKey) -> Result<Self, TlsFault> {
        let current = Arc::new(Current(RwLock::new(Arc::new(key))));
        let resolver = Arc::clone(&current);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.ticketer = ring::Ticketer::new()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            current,
            config: Arc::new(config),
        })
    }

    /// For the acceptor of a listener.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    pub(crate) fn current(&self) -> Arc<CertifiedKey> {
        self.current.get()
    }

    fn swap(&self, key: CertifiedKey) {
        *self
            .current
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
    }
}

impl fmt::Debug for TlsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsHandle").finish_non_exhaustive()
    }
}

/// The certificate that the next handshake gets.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
