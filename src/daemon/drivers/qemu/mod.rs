//! A virtual machine under QEMU as the managed server.
//!
//! Power is literal: on is a process, off is none. [`open`] looks for a machine that an earlier
//! daemon left ([`found`]) and gives the parts; [`machine`] is the task that owns it. The pure pieces are
//! [`plan`] (what to boot), [`command_line`] (the arguments) and [`reaction`] (what an event means).

mod command_line;
mod connections;
mod definition;
mod disks;
mod ending;
mod fault;
mod firmware;
mod folder;
mod found;
mod health;
mod machine;
mod monitor;
mod plan;
mod probe;
mod process;
mod rates;
mod reaction;
mod screen;
mod serial;
mod settings;
mod shared;
mod starting;
mod sys;

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use outband_core::{
    driver::{Boot, BootAbility, DriverFault, Parts, Power, Sensed, Timings, Verb, Verbs},
    host::BoxFuture,
    inventory::Inventory,
    server::{BootMode, BootOverride, BootTarget, ServerId},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

pub use fault::Fault;
pub use settings::{Accelerator, Bad, Bus, Disk, Firmware, Interface, Mac, Network, Nic, Settings};

use definition::Definition;
use folder::Folder;
use machine::{Ask, Machine};
use reaction::Reactions;
use screen::Screen;
use serial::Port;
use shared::{Alive, Shared, Told};

/// How many requests may wait for a machine, and how many observations for core.
const QUEUE: usize = 64;

/// What a machine is opened from.
#[derive(Debug)]
pub struct Setup {
    /// The server's id; it stands in the process's name.
    pub id: ServerId,
    /// `[server.qemu]`, checked.
    pub settings: Settings,
    /// Maker, model and numbers, as the machine shows them to its operating system. Processors,
    /// memory, cards and drives are those of the settings.
    pub identity: Inventory,
    /// The machine's own folder, which is made private.
    pub folder: PathBuf,
    /// Whether the folder is kept: then it finds the machine again. Else nobody could find it, and the
    /// machine ends with the daemon, however that ends.
    pub kept: bool,
}

/// An opened machine.
#[derive(Debug)]
pub struct Opened {
    /// Its parts.
    pub parts: Parts,
    /// For stopping it with the daemon. Dropped together with the parts, the machine runs on.
    pub closing: Closing,
}

/// The way to stop a machine.
#[derive(Debug)]
pub struct Closing {
    asks: mpsc::Sender<Ask>,
    alive: watch::Receiver<Option<Alive>>,
    task: JoinHandle<()>,
}

impl Closing {
    /// The process that the machine is; `None` while it is off.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.alive.borrow().map(|alive| alive.pid)
    }

    /// Switches the machine off and waits until no process is left of it.
    pub async fn stop(self) {
        // Where the task has ended there is nothing to stop.
        let _ = self.asks.send(Ask::Stop).await;
        let _ = self.task.await;
    }

    /// Lets go of the machine and leaves it as it is: a machine that runs is found again.
    pub async fn leave(self) {
        drop(self.asks);
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Opens a machine: finds it as an earlier daemon left it, or finds it off.
///
/// # Errors
/// [`Fault`] when QEMU is missing or too old, the folder can't be used or is another daemon's, or a
/// process is there that can't be told apart.
pub async fn open(setup: Setup) -> Result<Opened, Fault> {
    let Setup {
        id,
        settings,
        identity,
        folder,
        kept,
    } = setup;
    probe::version(&settings.program).await?;
    let definition = Definition::new(id, settings, identity)?;
    let folder = Folder::open(&folder)?;

    let (asks_to, asks) = mpsc::channel(QUEUE);
    let (observed_to, observed) = mpsc::channel(QUEUE);
    let told = watch::Sender::new(None);
    let shared = Arc::new(Shared::new(folder.used()));
    let screen = Screen::new();
    let port = Port::new(asks_to.downgrade());
    let vitals = health::Vitals::new(shared.clone(), &definition.settings);
    let ability = definition.boot_ability();

    let mut machine = Machine {
        definition,
        folder,
        kept,
        screen: screen.clone(),
        port: port.clone(),
        shared: shared.clone(),
        asks,
        told: told.subscribe(),
        observed: observed_to,
        running: None,
        earlier: None,
        firmware: None,
        kvm: None,
        stopped_at_reset: None,
        reactions: Reactions::default(),
    };
    machine.find().await?;
    let inventory = machine.inventory();
    let task = tokio::spawn(machine.run());

    let alive = shared.alive.subscribe();
    let parts = Parts {
        power: Some(Power::Verbs(Arc::new(Switch {
            asks: asks_to.clone(),
            shared: shared.clone(),
        }))),
        display: Some(screen.clone()),
        input: Some(screen),
        serial: Some(port),
        health: Some(Arc::new(vitals)),
        boot: Some(Arc::new(BootOrder {
            ability,
            told,
            shared,
        })),
        inventory: Some(inventory),
        faults: BTreeSet::new(),
        observed: Some(observed),
    };
    let closing = Closing {
        asks: asks_to,
        alive,
        task,
    };
    Ok(Opened { parts, closing })
}

/// The machine's power.
#[derive(Debug)]
struct Switch {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
}

impl Verbs for Switch {
    fn present(&self) -> BTreeSet<Verb> {
        [Verb::On, Verb::Off, Verb::Reset, Verb::SoftOff, Verb::Nmi].into()
    }

    fn carry_out(&self, verb: Verb) -> BoxFuture<Result<(), DriverFault>> {
        let asks = self.asks.clone();
        Box::pin(async move {
            let gone = || DriverFault {
                part: "power",
                why: "the machine is gone".into(),
            };
            let (reply, done) = oneshot::channel();
            let asked = asks.send(Ask::Verb(verb, reply)).await;
            asked.map_err(|_| gone())?;
            done.await.map_err(|_| gone())?
        })
    }

    fn sensed(&self) -> watch::Receiver<Sensed> {
        self.shared.sensed.subscribe()
    }

    fn senses_power(&self) -> bool {
        true
    }

    fn sees_boots(&self) -> bool {
        true
    }

    fn timings(&self) -> Timings {
        Timings {
            // Nothing has to cool down or discharge.
            rest: Duration::ZERO,
            ..Timings::default()
        }
    }
}

/// What the machine boots from.
#[derive(Debug)]
struct BootOrder {
    ability: BootAbility,
    told: watch::Sender<Told>,
    shared: Arc<Shared>,
}

impl Boot for BootOrder {
    fn ability(&self) -> BootAbility {
        self.ability.clone()
    }

    fn set_override(&self, boot_override: Option<BootOverride>) -> Result<(), DriverFault> {
        let wanted = boot_override.map(|wanted| (wanted.target, wanted.mode));
        if let Some((BootTarget::BiosSetup | BootTarget::UefiHttp, Some(BootMode::Legacy))) = wanted
        {
            return Err(DriverFault {
                part: "boot",
                why: "only UEFI has a set-up and boots from a URL".into(),
            });
        }
        self.told.send_replace(Some(boot_override));
        Ok(())
    }

    fn last_used(&self) -> Option<u64> {
        self.shared.used()
    }
}
