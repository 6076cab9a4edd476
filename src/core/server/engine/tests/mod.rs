//! The engine against a bench of fakes: buttons and lights, a boot part, a store that can fail.

mod boot;
mod kept;
mod power;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use tokio::sync::oneshot;

use super::*;
use crate::{
    access::Role,
    driver::{BootAbility, BootBy, Parts, Power, Timings},
    faults::FaultBoard,
    host::{Change, HostFault, Key, testing::TestClock},
    server::{
        Accepted, BootOption, BootOverride, BootTarget, Command, Identify, KeepValid, LooseFlags,
        Outcome, OverrideLifetime, PowerAction, Refused, RestorePolicy, ServerHandle,
    },
};

/// A store in memory that can be told to fail.
#[derive(Debug, Default)]
struct TestStore {
    values: Mutex<BTreeMap<Key, Vec<u8>>>,
    fails: Mutex<bool>,
    fails_once: Mutex<bool>,
    /// Decides the next commit, whenever it does.
    held: Mutex<Option<oneshot::Receiver<Result<(), HostFault>>>>,
}

fn disk_full() -> HostFault {
    HostFault {
        doing: "write",
        why: "the disk is full".into(),
    }
}

impl Store for TestStore {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        Ok(self.values.lock().unwrap().get(key).cloned())
    }
    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        let once = std::mem::take(&mut *self.fails_once.lock().unwrap());
        if once || *self.fails.lock().unwrap() {
            return Box::pin(async move { Err(disk_full()) });
        }
        if let Some(held) = self.held.lock().unwrap().take() {
            return Box::pin(async move { held.await.unwrap() });
        }
        let mut values = self.values.lock().unwrap();
        for Change { key, value } in changes {
            if let Some(value) = value {
                values.insert(key, value);
            }
        }
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug, Default)]
struct TestAudit(Mutex<Vec<NewEvent>>);

impl Audit for TestAudit {
    fn record(&self, event: NewEvent) -> u64 {
        let mut events = self.0.lock().unwrap();
        events.push(event);
        events.len() as u64
    }
}

/// Presses as the board saw them.
type Presses = Arc<Mutex<Vec<(Line, bool)>>>;

#[derive(Debug)]
struct TestLines {
    presses: Presses,
    broken: Arc<Mutex<BTreeSet<Line>>>,
    senses: bool,
    sensed: watch::Receiver<Sensed>,
}

impl Lines for TestLines {
    fn present(&self) -> BTreeSet<Line> {
        [
            Line::PowerButton,
            Line::ResetButton,
            Line::Nmi,
            Line::Identify,
        ]
        .into()
    }
    fn drive(&mut self, line: Line, pressed: bool) -> Result<(), DriverFault> {
        self.presses.lock().unwrap().push((line, pressed));
        if self.broken.lock().unwrap().contains(&line) {
            return Err(DriverFault {
                part: "power",
                why: "the relay is gone".into(),
            });
        }
        Ok(())
    }
    fn sensed(&self) -> watch::Receiver<Sensed> {
        self.sensed.clone()
    }
    fn senses_power(&self) -> bool {
        self.senses
    }
    fn sees_boots(&self) -> bool {
        true
    }
    fn timings(&self) -> Timings {
        Timings {
            rest: Duration::ZERO,
            ..Timings::default()
        }
    }
}

#[derive(Debug, Default)]
struct TestBoot {
    given: Mutex<Option<BootOverride>>,
    used: Mutex<Option<u64>>,
}

impl Boot for TestBoot {
    fn ability(&self) -> BootAbility {
        BootAbility {
            targets: [BootTarget::Pxe, BootTarget::Cd].into(),
            ..Default::default()
        }
    }
    fn set_override(&self, wanted: Option<BootOverride>) -> Result<(), DriverFault> {
        *self.given.lock().unwrap() = wanted;
        Ok(())
    }
    fn last_used(&self) -> Option<u64> {
        *self.used.lock().unwrap()
    }
}

/// A server's surroundings, which outlive its engine as a machine outlives its daemon.
#[derive(Default)]
struct Bench {
    store: Arc<TestStore>,
    audit: Arc<TestAudit>,
    boot: Arc<TestBoot>,
    presses: Presses,
    /// Lines that can't be driven.
    broken: Arc<Mutex<BTreeSet<Line>>>,
    /// Nothing senses power.
    blind: bool,
}

/// A running engine on a bench.
struct Run {
    server: ServerHandle,
    light: watch::Sender<Sensed>,
    observed: mpsc::Sender<Observed>,
    task: tokio::task::JoinHandle<()>,
}

/// The light can't be read.
const DARK: Sensed = Sensed {
    on: None,
    disk_active: None,
};

fn lit(on: bool) -> Sensed {
    Sensed {
        on: Some(on),
        disk_active: None,
    }
}

impl Bench {
    fn start(&self, on: Option<bool>, device: u8) -> Run {
        let (light, sensed) = watch::channel(Sensed {
            on,
            disk_active: None,
        });
        let (observed, receiver) = mpsc::channel(16);
        let lines = TestLines {
            presses: self.presses.clone(),
            broken: self.broken.clone(),
            senses: !self.blind,
            sensed,
        };
        let parts = Parts {
            power: Some(Power::Lines(Box::new(lines))),
            boot: Some(self.boot.clone()),
            observed: Some(receiver),
            ..Parts::default()
        };
        let clock: Arc<dyn Clock> = Arc::new(TestClock);
        let setup = EngineSetup {
            id: "1".parse().unwrap(),
            parts,
            faults: Arc::new(FaultBoard::new(clock.clone())),
            store: self.store.clone(),
            events: self.audit.clone(),
            clock,
            device: BootId([device; 16]),
            policy: Arc::new(Actor::of_role(Role::Administrator)),
        };
        let (server, engine) = setup.start().unwrap();
        Run {
            server,
            light,
            observed,
            task: tokio::spawn(engine),
        }
    }

    /// Waits until the boot part was given an override of this target.
    async fn given(&self, target: BootTarget) {
        let is = |held: Option<BootOverride>| held.is_some_and(|held| held.target == target);
        while !is(*self.boot.given.lock().unwrap()) {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until these were the presses so far.
    async fn pressed(&self, presses: &[(Line, bool)]) {
        while *self.presses.lock().unwrap() != *presses {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn presses(&self) -> Vec<(Line, bool)> {
        std::mem::take(&mut self.presses.lock().unwrap())
    }

    fn events(&self) -> Vec<EventKind> {
        let mut events = self.audit.0.lock().unwrap();
        std::mem::take(&mut *events)
            .into_iter()
            .map(|event| event.kind)
            .collect()
    }
}

impl Run {
    async fn submit_as(&self, role: Role, command: Command) -> Result<Accepted, Refused> {
        self.server
            .submit(&Arc::new(Actor::of_role(role)), command)
            .await
    }

    async fn submit_by_ipmi(&self, command: Command) -> Result<Accepted, Refused> {
        let actor = Actor::of_role(Role::Administrator).through(Via::Ipmi);
        self.server.submit(&Arc::new(actor), command).await
    }

    async fn submit(&self, command: Command) -> Result<Accepted, Refused> {
        self.submit_as(Role::Administrator, command).await
    }

    async fn seen(&self, what: impl FnMut(&Arc<Snapshot>) -> bool) -> Arc<Snapshot> {
        let mut watch = self.server.watch();
        // The paused clock jumps there when nothing else is left to happen.
        let day = Duration::from_secs(24 * 60 * 60);
        let seen = tokio::time::timeout(day, watch.wait_for(what)).await;
        seen.expect("never seen").unwrap().clone()
    }

    /// Ends the engine as a restart of the daemon does.
    async fn stop(self) {
        let Self { server, task, .. } = self;
        drop(server);
        task.await.unwrap();
    }
}

fn once(target: BootTarget) -> Command {
    let lifetime = OverrideLifetime::Once;
    Command::BootOverride(Some(BootOverride {
        id: 0,
        target,
        lifetime,
        mode: None,
    }))
}
