//! A BMC with a real gate and real engines over servers that are one line of code each.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use outband_core::{
    access::{
        Account, AccountChange, AccountType, Gate, GateHost, NewAccount, Policy, Role, Scope,
    },
    bmc::{Bmc, Identity},
    driver::{
        Boot, BootAbility, DriverFault, Health, Input, Observed, Parts, Power, Sensed, Timings,
        Verb, Verbs,
    },
    events::{EventLog, EventLogSettings},
    faults::{FaultBoard, FaultKind},
    host::{BootId, BoxFuture, Clock, Hasher, HostFault},
    inventory::{Drive, Inventory, MemoryModule, Nic, Processor},
    sensors::{Reading, SensorKind, SensorSpec, Thresholds},
    server::{BootMode, BootOverride, BootTarget, EngineSetup, Servers},
    tasks::Tasks,
};
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tower::ServiceExt;
use zeroize::Zeroizing;

use super::{
    console,
    redfish::{self, Options},
};
use crate::{
    host::{MemoryJournal, MemorySealer, MemoryStore, OsEntropy, SystemClock},
    listen::{LocalAddress, Peer},
};

pub(in crate::services) const PASSWORD: &str = "a good password";

/// A hasher that is as fast as the tests.
#[derive(Debug)]
struct PlainHasher;

impl Hasher for PlainHasher {
    fn hash(&self, password: Zeroizing<String>) -> BoxFuture<Result<String, HostFault>> {
        Box::pin(async move {
            // As the real one does: others go on meanwhile.
            tokio::task::yield_now().await;
            Ok(format!("$plain${}", *password))
        })
    }
    fn verify(
        &self,
        password: Zeroizing<String>,
        verifier: Arc<str>,
    ) -> BoxFuture<Result<bool, HostFault>> {
        Box::pin(async move { Ok(*verifier == format!("$plain${}", *password)) })
    }
}

/// Power that does what it is told, but for a shut-down while it is deaf. Where nothing senses it,
/// there is a diagnostic interrupt too.
#[derive(Debug)]
struct FakePower {
    sensed: watch::Sender<Sensed>,
    deaf: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
    senses: bool,
}

impl Verbs for FakePower {
    fn present(&self) -> BTreeSet<Verb> {
        let mut verbs = BTreeSet::from([Verb::On, Verb::Off, Verb::Reset, Verb::SoftOff]);
        if !self.senses {
            verbs.insert(Verb::Nmi);
        }
        verbs
    }
    fn carry_out(&self, verb: Verb) -> BoxFuture<Result<(), DriverFault>> {
        let on = match verb {
            Verb::On => Some(true),
            Verb::Off => Some(false),
            Verb::SoftOff if !self.deaf.load(SeqCst) => Some(false),
            _ => None,
        };
        if let Some(on) = on.filter(|_| self.senses) {
            self.sensed.send_modify(|sensed| sensed.on = Some(on));
        }
        let slow = self.slow.load(SeqCst);
        Box::pin(async move {
            if slow {
                tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            }
            Ok(())
        })
    }
    fn sensed(&self) -> watch::Receiver<Sensed> {
        self.sensed.subscribe()
    }
    fn senses_power(&self) -> bool {
        self.senses
    }
    fn sees_boots(&self) -> bool {
        false
    }
    /// Found off, it could be switched on only after a rest: that is the sequencer's to test.
    fn timings(&self) -> Timings {
        Timings {
            rest: std::time::Duration::ZERO,
            ..Timings::default()
        }
    }
}

#[derive(Debug)]
struct FakeBoot;

impl Boot for FakeBoot {
    fn ability(&self) -> BootAbility {
        BootAbility {
            targets: [BootTarget::Pxe, BootTarget::Hdd].into(),
            modes: [BootMode::Uefi].into(),
            native_mode: Some(BootMode::Uefi),
        }
    }
    fn set_override(&self, _: Option<BootOverride>) -> Result<(), DriverFault> {
        Ok(())
    }
    fn last_used(&self) -> Option<u64> {
        None
    }
}

/// One sensor of each kind that a chassis shows.
#[derive(Debug)]
struct FakeHealth;

impl Health for FakeHealth {
    fn sensors(&self) -> Arc<[SensorSpec]> {
        let sensor = |id: &str, kind| SensorSpec {
            thresholds: Thresholds {
                upper_caution: Some(80.0),
                ..Thresholds::default()
            },
            ..SensorSpec::new(id, kind, 0.0..=100.0)
        };
        Arc::new([
            sensor("temp", SensorKind::Temperature),
            sensor("fan", SensorKind::Fan),
            sensor("volts", SensorKind::Voltage),
            sensor("watts", SensorKind::Power),
        ])
    }
    fn read(&self, index: usize, _: Instant) -> Reading {
        match index {
            0 => Reading::Analog(85.0),
            _ => Reading::Analog(42.0),
        }
    }
}

/// The whole thing.
pub(in crate::services) struct Rig {
    pub(in crate::services) bmc: Arc<Bmc>,
    /// Makes every server deaf to a shut-down.
    pub(in crate::services) deaf: Arc<AtomicBool>,
    /// Makes whatever every server is told take three seconds.
    pub(in crate::services) slow: Arc<AtomicBool>,
    /// What the drivers see, for each server in turn.
    observed: Vec<mpsc::Sender<Observed>>,
    router: Router,
}

/// What was answered.
#[derive(Debug)]
pub(in crate::services) struct Answer {
    pub(in crate::services) status: StatusCode,
    pub(in crate::services) headers: http::HeaderMap,
    pub(in crate::services) bytes: Vec<u8>,
}

impl Answer {
    pub(in crate::services) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub(in crate::services) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The name of the first message.
    pub(in crate::services) fn message(&self) -> String {
        let body = self.json();
        let id = &body["error"]["@Message.ExtendedInfo"][0]["MessageId"];
        let id = id.as_str().unwrap_or_default();
        id.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

/// A request to be sent.
pub(in crate::services) struct Asked<'a> {
    rig: &'a Rig,
    request: http::request::Builder,
    body: Body,
}

impl Asked<'_> {
    /// By HTTP Basic, with the password that every account has.
    pub(in crate::services) fn by(self, name: &str) -> Self {
        self.with_password(name, PASSWORD)
    }

    pub(in crate::services) fn with_password(self, name: &str, password: &str) -> Self {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let proof = STANDARD.encode(format!("{name}:{password}"));
        self.header("authorization", &format!("Basic {proof}"))
    }

    pub(in crate::services) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(in crate::services) fn json(mut self, body: Value) -> Self {
        self.body = Body::from(body.to_string());
        self.header("content-type", "application/json")
    }

    pub(in crate::services) fn raw(mut self, body: &'static str) -> Self {
        self.body = Body::from(body);
        self.header("content-type", "application/json")
    }

    pub(in crate::services) fn from(mut self, peer: Option<Peer>) -> Self {
        let extensions = self.request.extensions_mut().unwrap();
        extensions.insert(LocalAddress(([192, 0, 2, 1], 8443).into()));
        extensions.remove::<Peer>();
        if let Some(peer) = peer {
            extensions.insert(peer);
        }
        self
    }

    /// Sends it, and reads no more than the head of the answer.
    pub(in crate::services) async fn open(self) -> http::Response<Body> {
        let request = self.request.body(self.body).unwrap();
        self.rig.router.clone().oneshot(request).await.unwrap()
    }

    pub(in crate::services) async fn send(self) -> Answer {
        let response = self.open().await;
        let (head, body) = response.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            bytes: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }
}

impl Rig {
    /// A BMC with the servers `1` and `2`, and the accounts `admin`, `op` and `ro`.
    pub(in crate::services) async fn new() -> Self {
        Self::with(Policy::default(), Options::default()).await
    }

    pub(in crate::services) async fn with(policy: Policy, options: Options) -> Self {
        Self::made(policy, options, true, None).await
    }

    /// The same with a keyboard at every server.
    pub(in crate::services) async fn with_keyboard(keyboard: Arc<dyn Input>) -> Self {
        Self::made(Policy::default(), Options::default(), true, Some(keyboard)).await
    }

    /// The same over servers whose power nothing senses.
    pub(in crate::services) async fn blind() -> Self {
        Self::made(Policy::default(), Options::default(), false, None).await
    }

    async fn made(
        policy: Policy,
        options: Options,
        senses: bool,
        keyboard: Option<Arc<dyn Input>>,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy = Arc::new(OsEntropy);
        let store = Arc::new(MemoryStore::default());
        let device = BootId([1; 16]);
        let events = EventLog::open(EventLogSettings {
            journal: Arc::new(MemoryJournal::default()),
            store: None,
            clock: clock.clone(),
            boot: device,
            max_bytes: 1 << 20,
        })
        .unwrap();
        let gate = Gate::open(
            GateHost {
                store: store.clone(),
                hasher: Arc::new(PlainHasher),
                sealer: Arc::new(MemorySealer::new(&*entropy).unwrap()),
                entropy,
                clock: clock.clone(),
                events: events.clone(),
            },
            policy,
        )
        .unwrap();
        let servers = Servers::default();
        let deaf = Arc::new(AtomicBool::new(false));
        let slow = Arc::new(AtomicBool::new(false));
        let mut observed = Vec::new();
        for id in ["1", "2"] {
            let (sees, seen) = mpsc::channel(1);
            observed.push(sees);
            let faults = Arc::new(FaultBoard::new(clock.clone()));
            let sensed = watch::Sender::new(Sensed {
                on: senses.then_some(false),
                disk_active: None,
            });
            let power = FakePower {
                sensed,
                deaf: deaf.clone(),
                slow: slow.clone(),
                senses,
            };
            let setup = EngineSetup {
                id: id.parse().unwrap(),
                parts: Parts {
                    power: Some(Power::Verbs(Arc::new(power))),
                    boot: Some(Arc::new(FakeBoot)),
                    input: keyboard.clone(),
                    health: Some(Arc::new(FakeHealth)),
                    inventory: Some(Arc::new(inventory())),
                    faults: [
                        FaultKind::HttpUnavailable,
                        FaultKind::LateDatagrams,
                        FaultKind::LostDatagrams,
                        FaultKind::NoSignal,
                        FaultKind::SensorValue,
                    ]
                    .into(),
                    observed: Some(seen),
                    ..Parts::default()
                },
                faults,
                store: store.clone(),
                events: events.clone(),
                clock: clock.clone(),
                device,
                policy: gate.system("restore-policy"),
            };
            let (handle, engine) = setup.start().unwrap();
            tokio::spawn(engine);
            servers.add([handle]);
        }
        let bmc = Arc::new(Bmc {
            identity: Identity {
                uuid: "92384634-2938-2342-8820-489239905423".into(),
                version: "0.1.0".into(),
                host_name: "bmc".into(),
            },
            servers,
            gate,
            events,
            tasks: Arc::new(Tasks::new(clock.clone())),
            clock,
        });
        let only = options.only.clone();
        let router = redfish::service(bmc.clone(), options);
        let router = router.merge(console::service(bmc.clone(), only));
        let rig = Self {
            bmc,
            deaf,
            slow,
            observed,
            router,
        };
        for (name, role) in [
            ("admin", Role::Administrator),
            ("op", Role::Operator),
            ("ro", Role::ReadOnly),
        ] {
            rig.account(name, role, Scope::All).await;
        }
        rig
    }

    /// Makes the first server another one inside: waits until its snapshot says so.
    pub(in crate::services) async fn first_is(&self, inventory: Inventory) {
        let inventory = Arc::new(inventory);
        let mut watch = self.bmc.servers.get("1").unwrap().watch();
        let seen = Observed::Inventory(inventory.clone());
        self.observed[0].send(seen).await.unwrap();
        let shown = watch.wait_for(|snapshot| Arc::ptr_eq(&snapshot.inventory, &inventory));
        shown.await.unwrap();
    }

    pub(in crate::services) async fn account(
        &self,
        name: &str,
        role: Role,
        scope: Scope,
    ) -> Account {
        self.account_for(vec![AccountType::Redfish], name, role, scope)
            .await
    }

    /// An account that may be used for these: each of its secrets is [`PASSWORD`].
    pub(in crate::services) async fn account_for(
        &self,
        types: Vec<AccountType>,
        name: &str,
        role: Role,
        scope: Scope,
    ) -> Account {
        let new = NewAccount {
            name: name.into(),
            password: PASSWORD.to_owned().into(),
            role,
            enabled: true,
            types,
            scope,
            must_change_password: false,
            one_time: false,
        };
        let admin = self.bmc.gate.local("test");
        self.bmc.gate.create(&admin, new).await.unwrap()
    }

    /// Makes an account need another password.
    pub(in crate::services) async fn must_change(&self, account: &Account) {
        let change = AccountChange {
            must_change_password: Some(true),
            ..AccountChange::default()
        };
        self.change(account, change).await;
    }

    /// Changes an account.
    pub(in crate::services) async fn change(&self, account: &Account, change: AccountChange) {
        let admin = self.bmc.gate.local("test");
        let changed = self.bmc.gate.change(&admin, account.id, change);
        changed.await.unwrap();
    }

    /// A request over HTTPS from somewhere.
    pub(in crate::services) fn ask(&self, method: &str, path: &str) -> Asked<'_> {
        let method: Method = method.parse().unwrap();
        let asked = Asked {
            rig: self,
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
        };
        asked.from(Some(somewhere(true)))
    }

    pub(in crate::services) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path).by("admin").send().await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(
            answer.header("etag"),
            answer.json()["@odata.etag"].as_str().unwrap()
        );
        assert!(answer.headers.contains_key(header::ALLOW));
        answer.json()
    }
}

/// A client on the network.
pub(in crate::services) fn somewhere(tls: bool) -> Peer {
    Peer::Network {
        source: [192, 0, 2, 7].into(),
        tls,
    }
}

fn inventory() -> Inventory {
    Inventory {
        model: Some("Fake".into()),
        bios_version: Some("1.0".into()),
        processors: vec![Processor::default()],
        memory: vec![MemoryModule::default()],
        nics: vec![Nic::default()],
        drives: vec![Drive::default()],
        ..Inventory::default()
    }
}
