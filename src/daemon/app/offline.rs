//! Orders about accounts while no daemon runs: the state folder itself is opened.

use std::path::Path;

use outband_core::access::Policy;

use super::{
    AppFault, gate,
    orders::{Listed, Order, carry_out},
};
use crate::{host::Host, settings::Bytes};

/// Carries an order out on the state folder; `events_max` is how much of the log is kept.
///
/// # Errors
/// [`AppFault`] in one sentence; nothing has changed then.
pub async fn accounts(
    folder: &Path,
    events_max: Bytes,
    order: Order,
) -> Result<Vec<Listed>, AppFault> {
    if !folder.exists() {
        // Made here, it would belong to whoever gives the order, not to the daemon's user.
        return Err(AppFault::new(format!(
            "there is no state folder {}: start the daemon once, or make the folder for its user",
            folder.display()
        )));
    }
    super::folder::prepare(folder)?;
    let host = Host::open(Some(folder), events_max.get())?;
    let (gate, _) = gate::open(&host, events_max.get(), Policy::default())?;
    let user = rustix::process::getuid().as_raw();
    let actor = gate.local(&format!("uid {user}"));
    let accounts = carry_out(&gate, &actor, order).await?;
    host.journal.sync().await?;
    Ok(accounts)
}
