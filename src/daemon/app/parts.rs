//! From a server's settings to its parts: opens the driver and takes away what was switched off.

use std::{fmt::Display, sync::Arc};

use outband_core::{driver::Parts, faults::FaultBoard};

use super::{AppFault, boot::Foundations};
use crate::{
    drivers::{qemu, sim},
    host::files::make_private_folder,
    settings::{DriverName, Server, Start, profile::Profile},
};

/// Opens a server's parts; its driver looks at the board.
///
/// A machine that can outlive the daemon comes with the way to stop it.
pub(super) async fn open(
    base: &Foundations,
    server: &Server,
    board: &Arc<FaultBoard>,
) -> Result<(Parts, Option<qemu::Closing>), AppFault> {
    let fail = |why: &dyn Display| AppFault::new(format!("server {}: {why}", server.id));
    let profile = server.own_profile();
    let profile = profile.ok_or_else(|| fail(&"its profile was not read"))?;
    let (mut parts, closing) = match server.driver {
        DriverName::Sim => (open_sim(base, server, profile, board)?, None),
        DriverName::Qemu => {
            let all = match &base.state {
                Some(state) => state.join("qemu"),
                None => base.scratch.path()?,
            };
            let setup = qemu::Setup {
                id: server.id.clone(),
                settings: server.qemu.clone(),
                identity: profile.inventory.as_ref().clone(),
                folder: all.join(server.id.as_str()),
                kept: base.state.is_some(),
            };
            let opened = qemu::open(setup).await.map_err(|why| fail(&why))?;
            (opened.parts, Some(opened.closing))
        }
    };
    switch_off(server, &mut parts);
    Ok((parts, closing))
}

/// Opens a simulated machine. What outlives the daemon stands below `sim` in the state folder: a
/// folder for each machine, and beside it what the machine saw.
fn open_sim(
    base: &Foundations,
    server: &Server,
    profile: Arc<Profile>,
    board: &Arc<FaultBoard>,
) -> Result<Parts, AppFault> {
    let fail = |why: &dyn Display| AppFault::new(format!("server {}: {why}", server.id));
    let all = base.state.as_deref().map(|state| state.join("sim"));
    let own = all.as_deref().map(|all| all.join(server.id.as_str()));
    if let Some(own) = &own {
        make_private_folder(own).map_err(|why| fail(&why))?;
    }
    let journal = all.filter(|_| server.sim.journal);
    let settings = sim::SimSettings {
        cd: server.sim.cd.clone(),
        disk: server.sim.disk,
        journal: journal.map(|all| all.join(format!("{}.journal", server.id))),
        start: match server.sim.start {
            Start::Off => sim::Start::Off,
            Start::On => sim::Start::On,
        },
    };
    let (clock, boot) = (base.bmc.clock.clone(), base.host.boot);
    sim::open(settings, profile, board.clone(), clock, boot, own).map_err(|why| fail(&why))
}

/// Takes away the parts that the settings switch off, and the faults that only they could have.
fn switch_off(server: &Server, parts: &mut Parts) {
    if server.power.is_off() {
        parts.power = None;
    }
    if server.display.is_off() {
        parts.display = None;
    }
    if server.input.is_off() {
        parts.input = None;
    }
    if server.serial.is_off() {
        parts.serial = None;
    }
    if server.health.is_off() {
        parts.health = None;
    }
    if server.boot.is_off() {
        parts.boot = None;
    }
    parts
        .faults
        .retain(|kind| server.part_missing_for(*kind).is_none());
}
