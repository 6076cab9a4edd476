//! Starting a server's engine: what is kept meets what is sensed, and the restore policy is asked.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};

use super::{Commits, Engine, Hand};
use crate::{
    access::Actor,
    console::{InputHub, ScreenHub, SerialHub},
    driver::{Abilities, Parts, Power, Sensed, Timings},
    events::{EventKind, OffCause},
    faults::FaultBoard,
    host::{Audit, BootId, Clock, HostFault, Store},
    power::{Hands, Restore, Sequencer, Sight, actions, restore},
    sensors::SensorSpec,
    server::{
        IdentifyState, PowerAction, RestartCause, ServerHandle, ServerId, Snapshot,
        durable::Durable, handle::Inner,
    },
};

/// How many commands may wait for the engine; one more is refused.
const QUEUE: usize = 64;

/// What an engine is made from.
#[derive(Debug)]
pub struct EngineSetup {
    /// The server's id.
    pub id: ServerId,
    /// Its parts, as the drivers opened them.
    pub parts: Parts,
    /// Its fault board, which the drivers may hold too.
    pub faults: Arc<FaultBoard>,
    /// Where its settings are kept.
    pub store: Arc<dyn Store>,
    /// Where it is written down what happens.
    pub events: Arc<dyn Audit>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The present run of the device.
    pub device: BootId,
    /// Who acts for the restore policy: the gate's actor of that name.
    pub policy: Arc<Actor>,
}

impl EngineSetup {
    /// Starts: gives the handle for services and the future to be run for as long as the server is
    /// managed. The future ends when the last handle is dropped.
    ///
    /// # Errors
    /// [`HostFault`] when what is kept of the server can't be read.
    pub fn start(
        self,
    ) -> Result<(ServerHandle, impl Future<Output = ()> + Send + 'static), HostFault> {
        let mut durable = Durable::load(self.store.as_ref(), &self.id)?;
        let kept = durable.clone();
        let abilities = Arc::new(abilities(&self.parts));
        let Parts {
            power,
            display,
            input,
            serial,
            health,
            boot,
            inventory,
            observed,
            ..
        } = self.parts;
        let specs: Arc<[SensorSpec]> = health
            .as_ref()
            .map_or_else(|| Arc::from([]), |health| health.sensors());
        let sensors = durable.number_sensors(&specs);

        let (hand, hands, timings, sensed) = match power {
            Some(Power::Lines(lines)) => {
                let (timings, sensed) = (lines.timings(), lines.sensed());
                let hands = Hands::Lines(lines.present());
                (Hand::Lines(lines), hands, timings, Some(sensed))
            }
            Some(Power::Verbs(verbs)) => {
                let (timings, sensed) = (verbs.timings(), verbs.sensed());
                let hands = Hands::Verbs(verbs.present());
                (Hand::Verbs(verbs), hands, timings, Some(sensed))
            }
            None => (
                Hand::None,
                Hands::Verbs([].into()),
                Timings::default(),
                None,
            ),
        };
        let mut sensed = sensed;
        let now_sensed = sensed
            .as_mut()
            .map_or(Sensed::default(), |sensed| *sensed.borrow_and_update());
        let inventory = inventory.unwrap_or_default();
        let now = self.clock.now();
        let on_since = (now_sensed.on == Some(true)).then_some(now);
        let known_before = durable
            .was_on
            .filter(|_| durable.device == Some(self.device));
        let known_on = now_sensed.on.or(known_before);
        let sight = Sight {
            power: abilities.senses_power,
            boots: abilities.sees_boots,
        };
        let sequencer = Sequencer::new(hands, timings, sight, now_sensed.on, now);

        let screen = display.map(ScreenHub::new);
        let input = input.map(|input| {
            let (events, clock) = (self.events.clone(), self.clock.clone());
            InputHub::new(self.id.clone(), input, events, clock)
        });

        let (command_sender, commands) = mpsc::channel(QUEUE);
        let mut engine = Engine {
            id: self.id.clone(),
            clock: self.clock,
            store: self.store,
            events: self.events,
            device: self.device,
            commands,
            observed,
            sensed,
            snapshots: watch::Sender::new(Arc::new(Snapshot::unseen(&abilities, &inventory))),
            hand,
            boot,
            sequencer,
            carried: FuturesUnordered::new(),
            commits: Commits::default(),
            abilities,
            inventory,
            durable,
            now_sensed,
            known_on,
            on_since,
            counted: on_since,
            progress: Default::default(),
            identify: IdentifyState {
                lit: false,
                until: None,
            },
            running: Vec::new(),
            last_outcome: None,
            expected: None,
            off_by_itself: None,
            override_until: None,
            writing_until: None,
            generation: 0,
            changed: true,
        };
        engine.apply_cycle_interval();
        engine.meet_override();
        engine.meet_power(&self.policy);
        if engine.durable != kept {
            engine.keep();
        }
        engine.publish();

        let handle = ServerHandle(Arc::new(Inner {
            id: self.id,
            commands: command_sender,
            snapshot: engine.snapshots.subscribe(),
            faults: self.faults,
            sensors,
            health,
            screen,
            input,
            serial: serial.map(SerialHub::attach),
            clock: engine.clock.clone(),
            people: OnceLock::new(),
        }));
        Ok((handle, async move { engine.run().await }))
    }
}

impl Engine {
    /// Asks the restore policy, then notes what is sensed as what the policy will ask of next time.
    fn meet_power(&mut self, policy: &Arc<Actor>) {
        let Durable {
            device,
            restore_policy,
            was_on,
            ..
        } = self.durable;
        let is_on = self.now_sensed.on;
        if device.is_some_and(|device| device != self.device)
            && (was_on, is_on) == (Some(true), Some(false))
        {
            self.durable.last_off = Some(OffCause::SupplyLost);
        }
        match restore(device, self.device, restore_policy, was_on, is_on) {
            Restore::NotLost => {}
            Restore::Leave(why) => {
                let kind = EventKind::PowerReturned {
                    policy: restore_policy,
                    did: why.into(),
                };
                self.record(None, kind);
            }
            Restore::SwitchOn(cause) if self.abilities.power.contains(&PowerAction::On) => {
                let did = "the server is switched on".into();
                let kind = EventKind::PowerReturned {
                    policy: restore_policy,
                    did,
                };
                self.record(None, kind);
                self.begin(PowerAction::On, policy, cause);
                // Until the server is seen on, power counts as lost: who is killed now tries again.
                return;
            }
            Restore::SwitchOn(_) => {
                let did = "nothing, since this server can't be switched on".into();
                let kind = EventKind::PowerReturned {
                    policy: restore_policy,
                    did,
                };
                self.record(None, kind);
            }
        }
        if was_on == Some(false) && is_on == Some(true) {
            // It was started while nobody looked.
            self.durable.restart_cause = RestartCause::Unknown;
            self.durable.restarted_via = None;
            self.durable.on_by_command = false;
            self.durable.last_reset = None;
        }
        self.durable.device = Some(self.device);
        if is_on.is_some() {
            self.durable.was_on = is_on;
        }
    }
}

/// What a server's parts can do, as data.
fn abilities(parts: &Parts) -> Abilities {
    let mut abilities = Abilities {
        boot: parts.boot.as_ref().map(|boot| boot.ability()),
        display: parts.display.is_some(),
        input: parts.input.is_some(),
        reads_leds: parts
            .input
            .as_ref()
            .is_some_and(|input| input.leds().is_some()),
        serial: parts.serial.is_some(),
        faults: parts.faults.clone(),
        ..Abilities::default()
    };
    let hands = match &parts.power {
        Some(Power::Lines(lines)) => {
            abilities.senses_power = lines.senses_power();
            abilities.sees_boots = lines.sees_boots();
            let present = lines.present();
            abilities.identify = present.contains(&crate::driver::Line::Identify);
            Hands::Lines(present)
        }
        Some(Power::Verbs(verbs)) => {
            abilities.senses_power = verbs.senses_power();
            abilities.sees_boots = verbs.sees_boots();
            Hands::Verbs(verbs.present())
        }
        None => return abilities,
    };
    abilities.has_power = true;
    abilities.power = actions(&hands, abilities.senses_power);
    abilities
}
