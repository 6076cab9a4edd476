//! What all channels of a daemon share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outband_core::{bmc::Bmc, host::Entropy};
use outband_protocol::ipmi::server::Proofs;

/// The house around the channels.
#[derive(Debug)]
pub struct House {
    pub(super) bmc: Arc<Bmc>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Whoever guesses at one server's channel has guessed at all of them.
    proofs: Mutex<Proofs>,
}

impl House {
    /// The house of a daemon.
    #[must_use]
    pub fn new(bmc: Arc<Bmc>, entropy: Arc<dyn Entropy>) -> Arc<Self> {
        Arc::new(Self {
            bmc,
            entropy,
            proofs: Mutex::default(),
        })
    }

    pub(super) fn proofs(&self) -> MutexGuard<'_, Proofs> {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The daemon.
    #[must_use]
    pub fn bmc(&self) -> &Bmc {
        &self.bmc
    }
}
