//! Unpredictable bytes.

use outband_core::host::{Entropy, HostFault};
use ring::rand::{SecureRandom, SystemRandom};

use super::fault;

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), HostFault> {
        let none = |_| fault("draw random bytes", "the operating system has none to give");
        SystemRandom::new().fill(buffer).map_err(none)
    }
}
