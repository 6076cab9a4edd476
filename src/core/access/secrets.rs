//! The secrets that must be recoverable: sealed, and bound to the account that they belong to. Ids
//! never come back, so no secret fits a later account.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    Account, AccountId, AccountType, Gate,
    book::{Record, Sealed},
};
use crate::host::HostFault;

/// An account's IPMI secret.
pub struct IpmiSecret {
    /// Whose it is.
    pub account: Account,
    /// The secret, 1 to 20 bytes.
    pub secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for IpmiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpmiSecret")
            .field("account", &self.account.id)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// The IPMI secret of a name, where the account may use IPMI now: it is
    /// enabled, has the type, and needs no new password first (IPMI has no way to say so).
    ///
    /// # Errors
    /// [`HostFault`] when the secret can't be unsealed.
    pub fn ipmi_secret(&self, name: &str) -> Result<Option<IpmiSecret>, HostFault> {
        let record = self.inside.lock().book.named(name).cloned();
        let usable = |record: &Record| {
            let ipmi = record.types.contains(&AccountType::IPMI);
            record.enabled && ipmi && !record.must_change_password
        };
        let Some(record) = record.filter(usable) else {
            return Ok(None);
        };
        let Some(sealed) = &record.ipmi else {
            return Ok(None);
        };
        let context = ipmi_context(record.id);
        let secret = self.host.sealer.open(&sealed.0, &context)?;
        let account = record.view();
        Ok(Some(IpmiSecret { account, secret }))
    }

    pub(super) fn seal_ipmi(&self, id: AccountId, secret: &[u8]) -> Result<Sealed, HostFault> {
        let sealed = self.host.sealer.seal(secret, &ipmi_context(id));
        sealed.map(Sealed)
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
