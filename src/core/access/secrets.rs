//! The secrets that must be recoverable: sealed, and bound to the account that they belong to. Ids
//! never come back, so no secret fits a later account.

use zeroize::Zeroizing;

use super::{AccountId, Gate, book::Sealed};
use crate::host::HostFault;

impl Gate {
    pub(super) fn seal_ipmi(&self, id: AccountId, secret: &[u8]) -> Result<Sealed, HostFault> {
        let sealed = self.host.sealer.seal(secret, &ipmi_context(id));
        sealed.map(Sealed)
    }

    /// The IPMI secret that was sealed for an account.
    pub(super) fn open_ipmi(
        &self,
        id: AccountId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, HostFault> {
        self.host.sealer.open(&sealed.0, &ipmi_context(id))
    }

    pub(super) fn seal_vnc(&self, id: AccountId, secret: &[u8]) -> Result<Sealed, HostFault> {
        let sealed = self.host.sealer.seal(secret, &vnc_context(id));
        sealed.map(Sealed)
    }
}

/// What an account's sealed IPMI secret is bound to.
fn ipmi_context(id: AccountId) -> String {
    format!("ipmi/{id}")
}

/// What an account's sealed VNC secret is bound to.
fn vnc_context(id: AccountId) -> String {
    format!("vnc/{id}")
}
