//! The life of the daemon: foundations, servers, doors, then whatever signals say.

use std::{path::PathBuf, sync::Arc};

use outband_core::{
    bmc::{Bmc, Identity},
    events::{EventKind, NewEvent},
    host::{Change, Key, unversioned, versioned},
    sensors::Monitor,
    server::Servers,
    tasks::Tasks,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{task::JoinSet, time::sleep};
use zeroize::Zeroizing;

use super::{
    AppFault, Mode,
    doors::{Doors, Open},
    first_start, folder, gate,
    lan::Lan,
    notify,
    opening::TRY_AGAIN,
    ready,
    scratch::Scratch,
    servers::{Machines, ServerSet},
    stop::Signals,
};
use crate::{host::Host, listen::LocalSocket, settings::Settings};

/// The format of the stored identity.
const IDENTITY_FORMAT: u8 = 1;

/// What everything else stands on.
pub(super) struct Foundations {
    pub(super) host: Host,
    pub(super) bmc: Arc<Bmc>,
    /// The state folder; `None` when all is in memory.
    pub(super) state: Option<PathBuf>,
    /// Where machines run when all is in memory.
    pub(super) scratch: Scratch,
}

/// The daemon, alive.
pub(super) struct Daemon {
    pub(super) settings: Settings,
    pub(super) base: Arc<Foundations>,
    pub(super) servers: ServerSet,
    pub(super) doors: Doors,
    pub(super) lan: Lan,
    background: JoinSet<()>,
}

/// Starts, serves, ends.
pub(super) async fn live(settings: Settings, mode: Mode) -> Result<(), AppFault> {
    let mut signals = Signals::new()?;
    let (mut daemon, first) = Daemon::start(settings, &mode).await?;
    ready::say(&daemon, &mode, first.as_ref().map(|first| first.as_str()));
    notify::tell("READY=1");
    // What was said need not be kept.
    drop(first);
    let (mut stop, hang_up) = signals.split();
    loop {
        tokio::select! {
            () = stop.asked() => break,
            () = daemon.lan.accounts_changed() => daemon.look_at_lan().await,
            () = sleep(TRY_AGAIN), if daemon.lacks_any() => daemon.try_again().await,
            _ = hang_up.recv() => match &mode {
                Mode::Serve { reload } => daemon.reload(reload).await,
                Mode::Bench(bench) => {
                    tracing::warn!("{} has no settings file to read again", bench.what);
                }
            },
        }
    }
    notify::tell("STOPPING=1");
    daemon.stop(&mode).await;
    Ok(())
}

impl Daemon {
    /// Starts; gives the password that was made up for the first account, where one was.
    pub(super) async fn start(
        settings: Settings,
        mode: &Mode,
    ) -> Result<(Self, Option<Zeroizing<String>>), AppFault> {
        // A connection each, a few files for each server, and what else is open.
        let servers = settings.server.len() as u64;
        raise_file_limit(u64::from(settings.limits.connections) + 4 * servers + 256);
        let base = Arc::new(lay(&settings).await?);
        // Ports come first: a daemon that can't listen must not make accounts or start machines.
        let mut doors = Doors::new(&base);
        let plan = doors.plan(&settings)?;
        let mut lan = Lan::new(&base);
        // The account of a demo may use everything.
        let let_in = matches!(mode, Mode::Bench(_)) || lan.lets_in();
        let lan_plan = lan.plan(&settings, let_in)?;
        let socket = match &base.state {
            Some(state) => Some(
                LocalSocket::new(&state.join(folder::SOCKET))
                    .map_err(|why| AppFault::new(why.to_string()))?,
            ),
            None => None,
        };
        let mut servers = ServerSet::new(base.clone());
        let opened = match mode {
            // One server's trouble must not take the BMC from all the others.
            Mode::Serve { .. } => servers.open_each(&settings.server).await,
            // Whoever tries something out sees at once what is missing.
            Mode::Bench(_) => servers.open_all(&settings.server).await?,
        };
        // After all that can fail: a password that was made up is shown once, at the end.
        let first = match mode {
            Mode::Serve { .. } => first_start::serve(&base.bmc.gate, &settings.access).await?,
            Mode::Bench(bench) => {
                first_start::bench(&base.bmc.gate, &bench.password).await?;
                None
            }
        };
        servers.take(opened);
        doors.carry_out(plan).await;
        lan.carry_out(lan_plan).await;
        doors.tell_ipmi(&lan.open());

        let mut background = JoinSet::new();
        background.spawn(base.bmc.gate.clone().run());
        background.spawn(Monitor::default().run(base.bmc.clone()));
        if let Some(socket) = socket {
            background.spawn(doors.serve_local(socket));
        }
        if let Some(pings) = notify::watchdog() {
            background.spawn(pings);
        }
        let daemon = Self {
            settings,
            base,
            servers,
            doors,
            lan,
            background,
        };
        daemon.record(EventKind::DaemonStarted {
            version: daemon.base.bmc.identity.version.clone(),
        });
        Ok((daemon, first))
    }

    /// Ends it all; `demo` and `fleet` stop their machines.
    pub(super) async fn stop(mut self, mode: &Mode) {
        self.lan.close_all().await;
        self.doors.close_all().await;
        if let Mode::Bench(_) = mode {
            self.servers.stop_machines().await;
        }
        self.record(EventKind::DaemonStopped);
        // What is kept nowhere could not be found again.
        let machines = match (mode, &self.base.state) {
            (Mode::Serve { .. }, Some(_)) => Machines::Leave,
            _ => Machines::Stop,
        };
        self.servers.let_go(machines).await;
        self.background.shutdown().await;
        // The process ends in any case: what can't be made durable now was said before.
        if let Err(why) = self.base.host.journal.sync().await {
            tracing::error!("{why}");
        }
    }

    /// Whether a server or an address is wanted that could not be had: [`Daemon::try_again`].
    fn lacks_any(&self) -> bool {
        self.servers.lacks_any() || self.lan.lacks_any()
    }

    /// Opens and closes IPMI's channels as accounts and servers are now.
    pub(super) async fn look_at_lan(&mut self) {
        self.lan.look(&self.settings).await;
        self.doors.tell_ipmi(&self.lan.open());
    }

    /// The addresses that answer.
    pub(super) fn open(&self) -> Open {
        Open {
            ipmi: self.lan.open(),
            ..self.doors.open()
        }
    }

    /// Writes down what the daemon itself did.
    pub(super) fn record(&self, kind: EventKind) {
        self.base.bmc.events.record(NewEvent {
            server: None,
            kind,
            actor: None,
            sel: None,
        });
    }
}

/// State, event log, gate.
async fn lay(settings: &Settings) -> Result<Foundations, AppFault> {
    let state = settings.state.dir.clone();
    if let Some(state) = &state {
        folder::prepare(state)?;
    }
    let log_bytes = settings.state.events_max.get();
    let host = Host::open(state.as_deref(), log_bytes)?;
    let (gate, events) = gate::open(&host, log_bytes, gate::policy(&settings.access))?;
    let bmc = Arc::new(Bmc {
        identity: identity(&host).await?,
        servers: Servers::default(),
        gate,
        events,
        tasks: Arc::new(Tasks::new(host.clock.clone())),
        clock: host.clock.clone(),
    });
    Ok(Foundations {
        host,
        bmc,
        state,
        scratch: Scratch::default(),
    })
}

/// Who the daemon is: a UUID made at first start and kept.
async fn identity(host: &Host) -> Result<Identity, AppFault> {
    let key = Key {
        server: None,
        kind: "identity",
    };
    let uuid: String = match host.store.load(&key)? {
        Some(kept) => unversioned(IDENTITY_FORMAT, &kept, "read the daemon's identity")?,
        None => {
            let mut bytes = [0; 16];
            host.entropy.fill(&mut bytes)?;
            let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
            let uuid = uuid.hyphenated().to_string();
            let value = Some(versioned(IDENTITY_FORMAT, &uuid));
            host.store.commit(vec![Change { key, value }]).await?;
            uuid
        }
    };
    Ok(Identity {
        uuid: uuid.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        host_name: rustix::system::uname().nodename().to_string_lossy().into(),
    })
}

/// Allows so many open files, as far as the system lets it.
fn raise_file_limit(wanted: u64) {
    let now = getrlimit(Resource::Nofile);
    let allowed = now.maximum.map_or(wanted, |most| most.min(wanted));
    if now.current.is_some_and(|current| current < allowed) {
        let raised = Rlimit {
            current: Some(allowed),
            maximum: now.maximum,
        };
        if let Err(why) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!("open files stay limited to {:?}: {why}", now.current);
        }
    }
}
