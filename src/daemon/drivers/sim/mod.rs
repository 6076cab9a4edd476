//! The driver `sim`: a small computer that behaves.
//!
//! It has everything that the contract knows: buttons and lights, a screen, a keyboard with
//! lights, a serial port, sensors, firmware with a boot order, and a system that one can log in
//! to. What it is like stands in a [`Profile`]; what goes wrong with it, on the server's fault
//! board. [`machine`] is the computer, without time and world; [`shared`], [`parts`] and [`task`]
//! put it into them; [`screen`] draws what it shows.
//!
//! With a folder the machine has a memory: the daemon finds it again as it was, and off when the
//! device has lost its power in between.

#[cfg(test)]
mod fake;
mod faults;
mod journal;
mod machine;
mod memory;
mod parts;
#[cfg(test)]
mod scratch;
mod screen;
mod shared;
mod task;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use outband_core::{
    driver::{DriverFault, Parts, Power},
    faults::FaultBoard,
    host::{BootId, Clock},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub use faults::possible_faults;

use self::{
    faults::Faults,
    journal::Journal,
    machine::Beginning,
    parts::{Hold, Panel},
    shared::{Shared, Surroundings},
    task::Task,
};
use crate::settings::profile::Profile;

/// How many observations wait for their reader.
const OBSERVED: usize = 16;

/// What a simulated machine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimSettings {
    /// An ISO 9660 image, the medium in its drive. It is looked at when the machine boots from it.
    pub cd: Option<PathBuf>,
    /// Whether there is a system on its disk; a blank disk boots nothing.
    pub disk: bool,
    /// A file to which the machine writes what it saw at its own connectors, one JSON object a
    /// line: `{"at_ms":...,"saw":"power-button-down"}`.
    pub journal: Option<PathBuf>,
    /// Whether it is on when it has no memory of an earlier time.
    pub start: Start,
}

/// How a machine begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// Off.
    #[default]
    Off,
    /// On.
    On,
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            cd: None,
            disk: true,
            journal: None,
            start: Start::Off,
        }
    }
}

/// Opens a simulated machine and starts its task on the present runtime. The task ends when every
/// part was dropped.
///
/// `folder` is where the machine keeps its memory; without one it forgets everything.
///
/// # Errors
/// [`DriverFault`] with the file's name when the medium, the evidence file or the memory can't be
/// opened, and outside of a runtime.
pub fn open(
    settings: SimSettings,
    profile: Arc<Profile>,
    faults: Arc<FaultBoard>,
    clock: Arc<dyn Clock>,
    boot: BootId,
    folder: Option<PathBuf>,
) -> Result<Parts, DriverFault> {
    open_with(settings, profile, faults, clock, boot, folder).map(|(parts, _)| parts)
}

/// [`open`], with whatever tells of faults; gives the shared machine, too, for tests to watch.
fn open_with(
    settings: SimSettings,
    profile: Arc<Profile>,
    faults: Arc<dyn Faults>,
    clock: Arc<dyn Clock>,
    boot: BootId,
    folder: Option<PathBuf>,
) -> Result<(Parts, std::sync::Weak<Shared>), DriverFault> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|why| fault(&why))?;
    let named = |path: &Path, why: &dyn std::fmt::Display| {
        let path = path.display();
        fault(&format_args!("{path}: {why}"))
    };
    if let Some(cd) = &settings.cd {
        std::fs::File::open(cd).map_err(|why| named(cd, &why))?;
    }
    let journal = match &settings.journal {
        Some(path) => Some(Journal::open(path).map_err(|why| named(path, &why))?),
        None => None,
    };
    let memory = folder.map(|folder| folder.join(memory::FILE));
    let record = match &memory {
        Some(path) => memory::load(path).map_err(|why| named(path, &why))?,
        None => None,
    };

    let beginning = Beginning {
        record,
        boot_id: boot,
        on: settings.start == Start::On,
        disk: settings.disk,
    };
    let machine = machine::Machine::new(profile.clone(), faults.clone(), beginning, clock.now());
    let (events, observed) = mpsc::channel(OBSERVED);
    let board = faults.changed();
    let around = Surroundings {
        profile: profile.clone(),
        faults,
        clock,
        has_memory: memory.is_some(),
        has_drive: settings.cd.is_some(),
        journal,
        events: events.clone(),
    };
    let shared = Arc::new(Shared::new(machine, around));
    let mut task = Task::new(shared.clone(), memory, settings.cd, boot, events, board);
    runtime.spawn(async move { task.run().await });

    let weak = Arc::downgrade(&shared);
    let hold = Hold::new(shared);
    let machine = Arc::new(parts::Machine(hold.clone()));
    let parts = Parts {
        power: Some(Power::Lines(Box::new(Panel(hold)))),
        display: Some(machine.clone()),
        input: Some(machine.clone()),
        serial: Some(machine.clone()),
        health: Some(machine.clone()),
        boot: Some(machine),
        inventory: Some(profile.inventory.clone()),
        faults: possible_faults(&profile.blueprint.front),
        observed: Some(observed),
    };
    Ok((parts, weak))
}

fn fault(why: &dyn std::fmt::Display) -> DriverFault {
    DriverFault {
        part: "sim",
        why: why.to_string().into(),
    }
}
