//! A machine beneath the gate that does what the tests say.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{sync::Semaphore, task::JoinHandle, time::Instant};
use zeroize::Zeroizing;

use crate::{
    access::{
        Account, AccountType, Actor, Gate, GateHost, LoginRefused, NewAccount, NewSession, Origin,
        Policy, Role, Scope, Via,
    },
    events::{EventKind, NewEvent},
    host::{
        Audit, BoxFuture, Change, Clock, Entropy, Hasher, HostFault, Key, Sealer, Stamp, Store,
    },
    server::ServerId,
};

pub(crate) fn fault(doing: &'static str) -> HostFault {
    let why = "as the test says".into();
    HostFault { doing, why }
}

/// The clock of tokio's tests, which stands still until it is moved.
#[derive(Debug)]
pub(crate) struct FakeClock;

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Stamp {
        Stamp {
            unix_ms: 1_700_000_000_000,
            synchronised: true,
        }
    }
}

/// A door that work waits at while it is shut.
#[derive(Debug)]
pub(crate) struct Door(Semaphore);

impl Default for Door {
    fn default() -> Self {
        Self(Semaphore::new(Semaphore::MAX_PERMITS))
    }
}

impl Door {
    pub(crate) fn shut(&self) {
        self.0.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open(&self) {
        self.0.add_permits(Semaphore::MAX_PERMITS);
    }

    async fn pass(&self) {
        drop(self.0.acquire().await.unwrap());
    }
}

/// A store that can fail, and that writes nothing before its door is open.
#[derive(Debug, Default)]
pub(crate) struct FakeStore {
    pub(crate) values: Mutex<HashMap<Key, Vec<u8>>>,
    pub(crate) fails: AtomicBool,
    pub(crate) commits: AtomicUsize,
    pub(crate) loads: AtomicUsize,
    pub(crate) door: Arc<Door>,
}

/// The store as the gate holds it.
#[derive(Debug, Clone)]
pub(crate) struct Shared(pub(crate) Arc<FakeStore>);

impl Store for Shared {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        self.0.loads.fetch_add(1, SeqCst);
        Ok(self.0.values.lock().unwrap().get(key).cloned())
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        let store = self.0.clone();
        Box::pin(async move {
            store.commits.fetch_add(1, SeqCst);
            store.door.pass().await;
            if store.fails.load(SeqCst) {
                return Err(fault("write"));
            }
            let mut values = store.values.lock().unwrap();
            for change in changes {
                match change.value {
                    Some(value) => values.insert(change.key, value),
                    None => values.remove(&change.key),
                };
            }
            Ok(())
        })
    }
}

/// A hasher that hides nothing, counts, and can be made to wait.
#[derive(Debug, Default)]
pub(crate) struct FakeHasher {
    salt: AtomicU64,
    pub(crate) verified: AtomicUsize,
    /// The longest password that was verified, in bytes.
    pub(crate) longest: AtomicUsize,
    pub(crate) fails: AtomicBool,
    pub(crate) door: Arc<Door>,
}

impl Hasher for FakeHasher {
    fn hash(&self, password: Zeroizing<String>) -> BoxFuture<Result<String, HostFault>> {
        let salt = self.salt.fetch_add(1, SeqCst);
        // Turned around, so that tests can look for the password itself.
        let turned: String = password.chars().rev().collect();
        Box::pin(async move { Ok(format!("$fake${salt}${turned}")) })
    }

    fn verify(
        &self,
        password: Zeroizing<String>,
        verifier: Arc<str>,
    ) -> BoxFuture<Result<bool, HostFault>> {
        self.verified.fetch_add(1, SeqCst);
        self.longest.fetch_max(password.len(), SeqCst);
        let (door, fails) = (self.door.clone(), self.fails.load(SeqCst));
        Box::pin(async move {
            door.pass().await;
            if fails {
                return Err(fault("hash"));
            }
            let turned: String = password.chars().rev().collect();
            Ok(verifier.splitn(4, '$').nth(3) == Some(&turned))
        })
    }
}

/// Seals by turning bits over, and holds on to the context. Notes how much was opened, each time.
#[derive(Debug, Default)]
pub(crate) struct FakeSealer {
    pub(crate) opened: Mutex<Vec<usize>>,
    pub(crate) fails: AtomicBool,
}

impl Sealer for FakeSealer {
    fn seal(&self, secret: &[u8], context: &str) -> Result<Vec<u8>, HostFault> {
        let whole = [context.as_bytes(), b"\n", secret].concat();
        Ok(whole.iter().map(|byte| !byte).collect())
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<Zeroizing<Vec<u8>>, HostFault> {
        self.opened.lock().unwrap().push(sealed.len());
        if self.fails.load(SeqCst) {
            return Err(fault("unseal"));
        }
        let whole: Vec<u8> = sealed.iter().map(|byte| !byte).collect();
        let mark = format!("{context}\n");
        let secret = whole.strip_prefix(mark.as_bytes());
        let secret = secret.ok_or_else(|| fault("unseal"))?;
        Ok(Zeroizing::new(secret.to_vec()))
    }
}

/// Bytes that differ from call to call.
#[derive(Debug, Default)]
struct FakeEntropy(AtomicU64);

impl Entropy for FakeEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), HostFault> {
        for chunk in buffer.chunks_mut(8) {
            let n = self.0.fetch_add(1, SeqCst) + 1;
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
        Ok(())
    }
}

/// A log in memory.
#[derive(Debug, Default)]
pub(crate) struct FakeAudit(Mutex<Vec<NewEvent>>);

impl Audit for FakeAudit {
    fn record(&self, event: NewEvent) -> u64 {
        let mut events = self.0.lock().unwrap();
        events.push(event);
        events.len() as u64
    }
}

pub(crate) const PASSWORD: &str = "right horse";

/// A gate with its machine.
pub(crate) struct House {
    pub(crate) gate: Arc<Gate>,
    pub(crate) store: Arc<FakeStore>,
    pub(crate) hasher: Arc<FakeHasher>,
    pub(crate) sealer: Arc<FakeSealer>,
    pub(crate) audit: Arc<FakeAudit>,
}

impl House {
    /// A gate over an empty store.
    pub(crate) fn empty() -> Self {
        Self::over(Arc::default(), Policy::default()).unwrap()
    }

    /// A gate over a store.
    pub(crate) fn over(store: Arc<FakeStore>, policy: Policy) -> Result<Self, HostFault> {
        let (hasher, audit) = (Arc::<FakeHasher>::default(), Arc::<FakeAudit>::default());
        let sealer = Arc::<FakeSealer>::default();
        let host = GateHost {
            store: Arc::new(Shared(store.clone())),
            hasher: hasher.clone(),
            sealer: sealer.clone(),
            entropy: Arc::<FakeEntropy>::default(),
            clock: Arc::new(FakeClock),
            events: audit.clone(),
        };
        Ok(Self {
            gate: Gate::open(host, policy)?,
            store,
            hasher,
            sealer,
            audit,
        })
    }

    /// A gate with the Administrator `root` and one account of each lesser role.
    pub(crate) async fn furnished() -> Self {
        let house = Self::empty();
        house.add("root", Role::Administrator).await;
        house.add("op", Role::Operator).await;
        house.add("guest", Role::ReadOnly).await;
        house
    }

    /// Runs the sweeper, and lets it fall asleep once.
    pub(crate) async fn run(&self) -> JoinHandle<()> {
        let running = tokio::spawn(self.gate.clone().run());
        tokio::task::yield_now().await;
        running
    }

    pub(crate) fn system(&self) -> Arc<Actor> {
        self.gate.system("test")
    }

    pub(crate) async fn add(&self, name: &str, role: Role) -> Account {
        let new = new_account(name, role);
        self.gate.create(&self.system(), new).await.unwrap()
    }

    pub(crate) async fn session(&self, name: &str) -> NewSession {
        self.try_session(name, PASSWORD, 1).await.unwrap()
    }

    pub(crate) async fn try_session(
        &self,
        name: &str,
        password: &str,
        from: u8,
    ) -> Result<NewSession, LoginRefused> {
        let password = secret(password);
        self.gate
            .open_session(from_host(from), name, password)
            .await
    }

    pub(crate) async fn basic(
        &self,
        name: &str,
        password: &str,
        from: u8,
    ) -> Result<Arc<Actor>, LoginRefused> {
        let password = secret(password);
        self.gate.password(from_host(from), name, password).await
    }

    pub(crate) fn token(&self, session: &NewSession) -> Result<Arc<Actor>, LoginRefused> {
        self.gate.token(from_host(1), &session.token)
    }

    pub(crate) fn hashes(&self) -> usize {
        self.hasher.verified.load(SeqCst)
    }

    /// The events since the last time, in words.
    pub(crate) fn heard(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.audit.0.lock().unwrap());
        events.iter().map(say).collect()
    }
}

fn say(event: &NewEvent) -> String {
    let by = event.actor.as_ref().map_or("nobody", |mark| &mark.name);
    match &event.kind {
        EventKind::LoggedIn { via } => format!("{by} came in by {via:?}"),
        EventKind::LoginFailed { name, why, times } => format!("{name} failed {times}x: {why}"),
        EventKind::SessionEnded { why, .. } => format!("session over by {by}: {why}"),
        EventKind::AccountChanged { account, change } => format!("{account} by {by}: {change}"),
        EventKind::Accepted { command } => {
            let server = event.server.as_ref().map_or("all", ServerId::as_str);
            format!("{server} by {by}: {command}")
        }
        EventKind::SettingsReloaded { what } => format!("settings by {by}: {what}"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// By Redfish, from `127.0.0.host`.
pub(crate) fn from_host(host: u8) -> Origin {
    by(Via::Redfish, host)
}

pub(crate) fn by(via: Via, host: u8) -> Origin {
    let source = Some([127, 0, 0, host].into());
    Origin { via, source }
}

pub(crate) fn new_account(name: &str, role: Role) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        password: secret(PASSWORD),
        role,
        enabled: true,
        types: vec![AccountType::Redfish],
        scope: Scope::All,
        must_change_password: false,
        one_time: false,
    }
}
