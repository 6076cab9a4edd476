//! The engine against a bench of fakes: buttons and lights, a boot part, a store that can fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use super::*;
use crate::{
    access::Role,
    driver::{BootAbility, BootBy, Parts, Power, Timings},
    faults::FaultBoard,
    host::{Change, HostFault, Key, Stamp},
    server::{
        Accepted, BootOverride, BootTarget, Command, Identify, OverrideLifetime, Refused,
        RestorePolicy, ServerHandle,
    },
};

#[derive(Debug)]
struct TestClock;

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
    fn wall(&self) -> Stamp {
        Stamp {
            unix_ms: 1_000,
            synchronised: true,
        }
    }
}

/// A store in memory that can be told to fail.
#[derive(Debug, Default)]
struct TestStore {
    values: Mutex<BTreeMap<Key, Vec<u8>>>,
    fails: Mutex<bool>,
    fails_once: Mutex<bool>,
}

impl Store for TestStore {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        Ok(self.values.lock().unwrap().get(key).cloned())
    }
    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        let once = std::mem::take(&mut *self.fails_once.lock().unwrap());
        if once || *self.fails.lock().unwrap() {
            let fault = HostFault {
                doing: "write",
                why: "the disk is full".into(),
            };
            return Box::pin(async move { Err(fault) });
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
    sensed: watch::Sender<Sensed>,
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
        Ok(())
    }
    fn sensed(&self) -> watch::Receiver<Sensed> {
        self.sensed.subscribe()
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
}

/// A running engine on a bench.
struct Run {
    server: ServerHandle,
    light: watch::Sender<Sensed>,
    observed: mpsc::Sender<Observed>,
    task: tokio::task::JoinHandle<()>,
}

fn lit(on: bool) -> Sensed {
    Sensed {
        on: Some(on),
        disk_active: None,
    }
}

impl Bench {
    fn start(&self, on: Option<bool>, device: u8) -> Run {
        let (light, _) = watch::channel(Sensed {
            on,
            disk_active: None,
        });
        let (observed, receiver) = mpsc::channel(16);
        let lines = TestLines {
            presses: self.presses.clone(),
            sensed: light.clone(),
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

    async fn submit(&self, command: Command) -> Result<Accepted, Refused> {
        self.submit_as(Role::Administrator, command).await
    }

    async fn seen(&self, what: impl FnMut(&Arc<Snapshot>) -> bool) -> Arc<Snapshot> {
        let mut watch = self.server.watch();
        watch.wait_for(what).await.unwrap().clone()
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

#[tokio::test(start_paused = true)]
async fn on_is_accepted_at_once_and_ends_when_the_light_comes_on() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let accepted = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    assert_eq!(
        run.server.snapshot().pending.unwrap().action,
        PowerAction::On
    );
    run.light.send_replace(lit(true));
    assert_eq!(accepted.outcome().await, Outcome::Done);
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.power, PowerState::On);
    assert_eq!(snapshot.restart_cause, RestartCause::ChassisControl);
    assert_eq!(
        bench.presses(),
        [(Line::PowerButton, true), (Line::PowerButton, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_press_by_hand_is_told_from_a_command() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(snapshot.restart_cause, RestartCause::PowerButton);
    assert_eq!(bench.presses(), []);
}

#[tokio::test(start_paused = true)]
async fn a_deaf_system_fails_the_soft_off_and_off_still_works() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run
        .submit(Command::Power(PowerAction::SoftOff))
        .await
        .unwrap();
    let Outcome::Failed { seen } = soft.outcome().await else {
        panic!()
    };
    assert!(seen.contains("still on"), "{seen}");
    let ended = bench.events().into_iter().any(|kind| {
        matches!(
            kind,
            EventKind::Ended {
                outcome: Outcome::Failed { .. },
                ..
            }
        )
    });
    assert!(ended, "the failure is no event");
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    run.light.send_replace(lit(false));
    assert_eq!(off.outcome().await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_superseded_command_learns_by_what() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run
        .submit(Command::Power(PowerAction::SoftOff))
        .await
        .unwrap();
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    assert_eq!(
        soft.outcome().await,
        Outcome::Superseded {
            by: PowerAction::Off
        }
    );
    run.light.send_replace(lit(false));
    assert_eq!(off.outcome().await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn the_same_command_again_waits_for_the_same_end() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let first = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    let second = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(first.outcome().await, Outcome::Done);
    assert_eq!(second.outcome().await, Outcome::Done);
    assert_eq!(bench.presses().len(), 2, "one press and one release");
}

#[tokio::test(start_paused = true)]
async fn a_role_without_the_privilege_presses_nothing_and_is_written_down() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let refused = run
        .submit_as(Role::ReadOnly, Command::Power(PowerAction::Off))
        .await;
    assert!(matches!(refused, Err(Refused::Denied(_))));
    assert_eq!(bench.presses(), []);
    assert!(matches!(&bench.events()[..], [EventKind::Refused { .. }]));
}

#[tokio::test(start_paused = true)]
async fn a_once_override_is_gone_after_exactly_one_boot() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    let held = run.server.snapshot().boot_override.unwrap();
    assert_eq!(bench.boot.given.lock().unwrap().unwrap(), held);
    // A boot that used another override leaves it.
    let boot = |used| Observed::Booted {
        target: None,
        label: None,
        used,
    };
    run.observed.send(boot(Some(held.id + 1))).await.unwrap();
    run.observed.send(boot(None)).await.unwrap();
    run.observed
        .send(Observed::BootBegan {
            by: BootBy::Software,
        })
        .await
        .unwrap();
    run.seen(|s| s.restart_cause == RestartCause::SoftReset)
        .await;
    assert!(run.server.snapshot().boot_override.is_some());
    run.observed.send(boot(Some(held.id))).await.unwrap();
    run.seen(|s| s.boot_override.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn an_override_used_while_no_daemon_looked_is_not_used_again() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Cd)).await.unwrap();
    let held = run.server.snapshot().boot_override.unwrap();
    run.stop().await;

    let run = bench.start(Some(true), 1);
    assert_eq!(
        run.server.snapshot().boot_override,
        Some(held),
        "it survives a restart"
    );
    run.stop().await;

    *bench.boot.used.lock().unwrap() = Some(held.id);
    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().boot_override, None);
    assert_eq!(*bench.boot.given.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_made_durable_is_refused_and_taken_back() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::AssetTag("first".into())).await.unwrap();
    *bench.store.fails.lock().unwrap() = true;
    let refused = run.submit(Command::AssetTag("second".into())).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    let refused = run.submit(once(BootTarget::Cd)).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    run.seen(|s| &*s.asset_tag == "first" && s.boot_override.is_none())
        .await;
    assert_eq!(*bench.boot.given.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_setting_does_not_come_back_with_a_later_one() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::AssetTag("first".into())).await.unwrap();
    *bench.store.fails_once.lock().unwrap() = true;
    let (refused, accepted) = tokio::join!(
        run.submit(Command::AssetTag("second".into())),
        run.submit(Command::RestorePolicy(RestorePolicy::AlwaysOn)),
    );
    assert!(matches!(refused, Err(Refused::Host(_))));
    accepted.unwrap();
    run.stop().await;
    let run = bench.start(Some(true), 1);
    let snapshot = run.server.snapshot();
    assert_eq!(&*snapshot.asset_tag, "first");
    assert_eq!(snapshot.restore_policy, RestorePolicy::AlwaysOn);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_when_the_server_goes_has_an_outcome() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run.submit(Command::Power(PowerAction::SoftOff));
    let soft = soft.await.unwrap();
    run.stop().await;
    assert!(matches!(soft.outcome().await, Outcome::Failed { .. }));
    let ended = |kind: &EventKind| matches!(kind, EventKind::Ended { .. });
    assert_eq!(bench.events().iter().filter(|kind| ended(kind)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_killed_before_the_restored_start_tries_it_again() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let policy = Command::RestorePolicy(RestorePolicy::AlwaysOn);
    run.submit(policy).await.unwrap();
    run.stop().await;
    let killed = bench.start(Some(false), 2);
    killed.task.abort();
    bench.presses();
    let run = bench.start(Some(false), 2);
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(bench.presses()[0], (Line::PowerButton, true));
    tokio::time::sleep(Duration::from_secs(10)).await;
    run.stop().await;
    bench.presses();
    // Once it was on, it is a restart again.
    let run = bench.start(Some(false), 2);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.presses(), []);
    drop(run);
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_daemon_presses_nothing_whatever_the_policy() {
    for policy in [
        RestorePolicy::AlwaysOff,
        RestorePolicy::Previous,
        RestorePolicy::AlwaysOn,
    ] {
        for on in [true, false] {
            let bench = Bench::default();
            let run = bench.start(Some(on), 1);
            run.submit(Command::RestorePolicy(policy)).await.unwrap();
            run.stop().await;
            let run = bench.start(Some(on), 1);
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(run.server.snapshot().restore_policy, policy);
            assert_eq!(bench.presses(), [], "{policy:?} {on}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_of_power_previous_returns_to_on_and_says_why() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::RestorePolicy(RestorePolicy::Previous))
        .await
        .unwrap();
    run.stop().await;
    let run = bench.start(Some(false), 2);
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(snapshot.restart_cause, RestartCause::RestorePrevious);
    assert_eq!(bench.presses()[0], (Line::PowerButton, true));
}

#[tokio::test(start_paused = true)]
async fn the_identify_light_goes_out_by_itself() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::Identify(Identify::For(15)))
        .await
        .unwrap();
    assert!(run.server.snapshot().identify.unwrap().lit);
    let start = Instant::now();
    run.seen(|s| !s.identify.unwrap().lit).await;
    assert_eq!(start.elapsed().as_secs(), 15);
    assert_eq!(
        bench.presses(),
        [(Line::Identify, true), (Line::Identify, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_time_on_is_counted_over_restarts() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;
    tokio::time::sleep(Duration::from_secs(90 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 1);
    run.light.send_replace(lit(false));
    run.seen(|s| s.power == PowerState::Off).await;
    tokio::time::sleep(Duration::from_secs(90 * 60)).await;
    run.stop().await;
    let run = bench.start(Some(true), 1);
    tokio::time::sleep(Duration::from_secs(31 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 2);
    // Nor does a server that stays on lose what was not yet an hour.
    run.stop().await;
    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 2);
    tokio::time::sleep(Duration::from_secs(59 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 3);
}

#[tokio::test(start_paused = true)]
async fn a_removed_server_answers_that_it_is_gone() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let server = run.server.clone();
    run.task.abort();
    let _ = run.task.await;
    let actor = Arc::new(Actor::of_role(Role::Administrator));
    let refused = server
        .submit(&actor, Command::Power(PowerAction::Off))
        .await;
    assert!(matches!(refused, Err(Refused::Gone)));
}

#[tokio::test(start_paused = true)]
async fn why_a_server_went_off_is_known_although_the_light_is_looked_at_first() {
    for (observed, cause) in [
        (Observed::ShutDown, OffCause::ShutDown),
        (
            Observed::Failed {
                why: "its process died".into(),
            },
            OffCause::Failed,
        ),
    ] {
        let bench = Bench::default();
        let run = bench.start(Some(true), 1);
        run.observed.send(observed).await.unwrap();
        run.light.send_replace(lit(false));
        run.seen(|s| s.power == PowerState::Off).await;
        let causes = bench.events().into_iter().filter_map(|kind| match kind {
            EventKind::PowerChanged { off_cause, .. } => off_cause,
            _ => None,
        });
        assert_eq!(causes.collect::<Vec<_>>(), [cause]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_override_is_gone_once_a_boot_was_given_it() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let set = run.submit(once(BootTarget::Cd)).await.unwrap();
    assert_eq!(set.outcome().await, Outcome::Done);
    let id = run.server.snapshot().boot_override.unwrap().id;
    let used = |id| Observed::OverrideUsed { id };
    run.observed.send(used(id + 1)).await.unwrap();
    run.observed.send(used(id)).await.unwrap();
    run.seen(|s| s.boot_override.is_none()).await;
    let booted = |kind: &EventKind| matches!(kind, EventKind::Booted { .. });
    assert!(!bench.events().iter().any(booted), "nobody saw what booted");
}
