//! How services reach a server: its snapshot, its command queue, its parts.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{Command, Outcome, Refused, ServerId, Snapshot};
use crate::{
    access::Actor,
    console::{InputHub, NoPicture, People, ScreenHub, SerialHub},
    driver::{Frame, Health},
    faults::{Fault, FaultBoard, FaultRefused, FaultScope},
    host::Clock,
    sensors::{Reading, SensorSpec},
};

/// A command on its way to the engine.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) actor: Arc<Actor>,
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<Result<Accepted, Refused>>,
}

/// The first answer of a command: it was admitted, and is durable where it changes a setting.
#[derive(Debug)]
pub struct Accepted {
    /// The snapshot that shows it.
    pub generation: u64,
    pub(super) outcome: oneshot::Receiver<Outcome>,
}

impl Accepted {
    /// The second answer: how it ended. Waits as long as that takes; every command ends.
    pub async fn outcome(self) -> Outcome {
        self.outcome.await.unwrap_or_else(|_| Outcome::Failed {
            seen: "the server was removed".to_owned(),
        })
    }

    /// The second answer, by reference: safe to give up and to ask again.
    pub async fn wait(&mut self) -> Outcome {
        (&mut self.outcome)
            .await
            .unwrap_or_else(|_| Outcome::Failed {
                seen: "the server was removed".to_owned(),
            })
    }
}

/// A sensor with the number it keeps for good.
#[derive(Debug, Clone)]
pub struct SensorEntry {
    /// Its sensor number, 1 to 254.
    pub number: u8,
    /// Its place in the driver's list.
    pub index: usize,
    /// What it is.
    pub spec: SensorSpec,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) id: ServerId,
    pub(super) commands: mpsc::Sender<Box<Envelope>>,
    pub(super) snapshot: watch::Receiver<Arc<Snapshot>>,
    pub(super) faults: Arc<FaultBoard>,
    pub(super) sensors: Arc<[SensorEntry]>,
    pub(super) health: Option<Arc<dyn Health>>,
    pub(super) screen: Option<Arc<ScreenHub>>,
    pub(super) input: Option<Arc<InputHub>>,
    pub(super) serial: Option<Arc<SerialHub>>,
    pub(super) clock: Arc<dyn Clock>,
    /// Made when somebody first comes: most servers of a large fleet are never looked at.
    pub(super) people: OnceLock<Arc<People>>,
}

/// A server, as services hold it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ServerHandle(pub(super) Arc<Inner>);

impl ServerHandle {
    /// Whether both are the same opening of a server: one that was opened anew is another.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ServerId {
        &self.0.id
    }

    /// Its state now. Never queues, never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.borrow().clone()
    }

    /// Its state, now and from now on. The sender is gone once the server was removed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.snapshot.clone()
    }

    /// Asks for a change. The gate's table is asked first; then the engine admits or refuses.
    ///
    /// # Errors
    /// [`Refused`]; nothing has changed then. What the engine refuses stands in the audit log.
    pub async fn submit(&self, actor: &Arc<Actor>, command: Command) -> Result<Accepted, Refused> {
        let (reply, answer) = oneshot::channel();
        let envelope = Box::new(Envelope {
            actor: actor.clone(),
            command,
            reply,
        });
        self.0
            .commands
            .try_send(envelope)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Refused::QueueFull,
                mpsc::error::TrySendError::Closed(_) => Refused::Gone,
            })?;
        answer.await.unwrap_or(Err(Refused::Gone))
    }

    /// Its fault board.
    #[must_use]
    pub fn faults(&self) -> &Arc<FaultBoard> {
        &self.0.faults
    }

    /// Sets a fault that this server can have, and gives its number.
    ///
    /// # Errors
    /// [`FaultRefused`]; nothing has changed then.
    pub fn set_fault(&self, fault: Fault, scope: FaultScope) -> Result<u64, FaultRefused> {
        let abilities = self.snapshot().abilities.clone();
        if let Fault::SensorValue { sensor, .. } = &fault
            && abilities.faults.contains(&fault.kind())
            && !self.sensors().iter().any(|has| *has.spec.id == **sensor)
        {
            let shown = sensor.chars().take(64).collect::<String>();
            let shown = shown.escape_debug().to_string();
            return Err(FaultRefused::NoSensor(shown.into()));
        }
        self.faults().set(&abilities.faults, fault, scope)
    }

    /// Its sensors in ascending order of number.
    #[must_use]
    pub fn sensors(&self) -> &Arc<[SensorEntry]> {
        &self.0.sensors
    }

    /// Reads a sensor. A sensor that needs power reads unknown while the server isn't on.
    #[must_use]
    pub fn read_sensor(&self, sensor: &SensorEntry, now: Instant) -> Reading {
        let on = self.0.snapshot.borrow().power == super::PowerState::On;
        match &self.0.health {
            Some(health) if on || !sensor.spec.needs_power => health.read(sensor.index, now),
            _ => Reading::Unknown,
        }
    }

    /// Its screen.
    #[must_use]
    pub fn screen(&self) -> Option<&Arc<ScreenHub>> {
        self.0.screen.as_ref()
    }

    /// What its screen shows now. The first frame of a screen that nobody watched is waited for, at
    /// most so long.
    ///
    /// # Errors
    /// [`NoPicture`] with the plainest reason that there is.
    pub async fn picture(&self, patience: Duration) -> Result<Arc<Frame>, NoPicture> {
        let screen = self.screen().ok_or(NoPicture::NoDisplay)?;
        let frame = screen.watch().frame(patience).await;
        frame.map_err(|none| match self.snapshot().power {
            super::PowerState::Off => NoPicture::Off,
            _ => none,
        })
    }

    /// Its keyboard.
    #[must_use]
    pub fn input(&self) -> Option<&Arc<InputHub>> {
        self.0.input.as_ref()
    }

    /// Its serial port.
    #[must_use]
    pub fn serial(&self) -> Option<&Arc<SerialHub>> {
        self.0.serial.as_ref()
    }

    /// Who is at its console.
    #[must_use]
    pub fn people(&self) -> &Arc<People> {
        let Inner {
            id, input, clock, ..
        } = &*self.0;
        self.0
            .people
            .get_or_init(|| People::new(id.clone(), input.clone(), clock.clone()))
    }
}
