//! The doors: which addresses are listened on, what answers there, and changing that while others
//! go on.
//!
//! [`wanted`] says which doors the settings want, [`answer`] what is behind them. A change is
//! planned first, which does all that can fail, and carried out then.

mod answer;
mod wanted;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::Router;
use futures_util::future::join_all;
use outband_core::server::ServerId;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tower::Layer;

use self::{
    answer::{Current, Ports, Shown},
    wanted::{Wanted, What, source, wanted},
};
use super::{AppFault, boot::Foundations};
use crate::{
    listen::{
        self, AnswerHeadersLayer, Bound, HostCheckLayer, HostNames, Kind, LocalSocket, Rules,
    },
    settings::{Address, Settings},
    tls::{Certificates, Source, Subject, TlsHandle},
};

/// How long a closed door may take until its address is free: what requests under way get to end,
/// and a little more.
const CLOSING: Duration = Duration::from_secs(6);

/// A door that is open.
struct Door {
    wanted: Wanted,
    bound: SocketAddr,
    /// What answers, where that is one server alone.
    own: Option<watch::Sender<Router>>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// What has to be done so that the doors are as the settings want them.
pub(super) struct Plan {
    /// Doors to be opened; those whose address is still taken by a door that closes have none yet.
    open: Vec<(Wanted, Option<Bound>)>,
    /// What the open doors are to be.
    wanted: Vec<Wanted>,
    certificates: Option<Kept>,
    settings: Settings,
}

/// A certificate, and where it comes from.
#[derive(Clone)]
struct Kept {
    source: Source,
    certificates: Arc<Certificates>,
}

/// All doors.
pub(super) struct Doors {
    base: Arc<Foundations>,
    open: Vec<Door>,
    rules: Rules,
    names: HostNames,
    shown: Shown,
    current: watch::Sender<Router>,
    certificates: Option<Kept>,
    keeper: Option<JoinHandle<()>>,
}

/// The addresses that answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) https: Vec<SocketAddr>,
    pub(super) plain: Vec<SocketAddr>,
    pub(super) redirect: Vec<SocketAddr>,
    pub(super) own: Vec<(ServerId, SocketAddr)>,
    pub(super) ipmi: Vec<(ServerId, SocketAddr)>,
}

impl Doors {
    /// No door yet.
    pub(super) fn new(base: &Arc<Foundations>) -> Self {
        Self {
            base: base.clone(),
            open: Vec::new(),
            rules: Rules::default(),
            names: HostNames::new(&base.bmc.identity.host_name, [""; 0]),
            shown: Shown::default(),
            current: watch::Sender::new(Router::new()),
            certificates: None,
            keeper: None,
        }
    }

    /// Does all that can fail: binds the addresses and reads the certificate. Nothing has changed
    /// yet, and a plan that is dropped leaves nothing behind.
    pub(super) fn plan(&self, settings: &Settings) -> Result<Plan, AppFault> {
        let source = source(settings, self.base.state.as_deref());
        let wanted = wanted(settings, &source);
        let closing: Vec<Address> = self
            .open
            .iter()
            .filter(|door| !wanted.contains(&door.wanted))
            .map(|door| Address(door.bound))
            .collect();
        let mut open = Vec::new();
        for new in &wanted {
            if self.open.iter().any(|door| door.wanted == *new) {
                continue;
            }
            let taken = closing.iter().any(|old| old.collides(new.address));
            let bound = if taken {
                None
            } else {
                let bound = Bound::new(new.address.0);
                Some(bound.map_err(|why| AppFault::new(why.to_string()))?)
            };
            open.push((new.clone(), bound));
        }
        let kept = self.certificates.as_ref();
        let certificates = match kept.filter(|kept| kept.source == source) {
            _ if !wanted.iter().any(Wanted::is_tls) => None,
            Some(kept) => Some(kept.clone()),
            None => {
                let mut listened = self.tls_addresses();
                let new = open.iter().filter(|(new, _)| new.is_tls());
                listened.extend(new.filter_map(|(_, bound)| Some(bound.as_ref()?.local_addr())));
                let subject = self.subject(settings, &listened);
                let opened = Certificates::open(source.clone(), &subject, SystemTime::now());
                let opened = opened.map_err(|why| AppFault::new(why.to_string()))?;
                let certificates = Arc::new(opened);
                Some(Kept {
                    source,
                    certificates,
                })
            }
        };
        Ok(Plan {
            open,
            wanted,
            certificates,
            settings: settings.clone(),
        })
    }

    /// Makes the doors as planned. What fails now is said and left out.
    pub(super) async fn carry_out(&mut self, plan: Plan) {
        let Plan {
            open,
            wanted,
            certificates,
            settings,
        } = plan;
        let host_name = &self.base.bmc.identity.host_name;
        self.names.set(host_name, &settings.service.https.names);
        let limits = &settings.limits;
        self.rules.limits.set(
            limits.connections as usize,
            limits.connections_per_address as usize,
        );

        let (kept, gone) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|door| wanted.contains(&door.wanted));
        self.open = kept;
        join_all(gone.into_iter().map(Door::close)).await;
        let open: Vec<(Wanted, Bound)> = open
            .into_iter()
            .filter_map(|(new, bound)| {
                let bound = bound.map_or_else(|| Bound::new(new.address.0), Ok);
                let bound = bound.inspect_err(|why| tracing::error!("{why}"));
                Some((new, bound.ok()?))
            })
            .collect();
        self.show(Shown::new(&settings, self.ports(&open), &self.shown.ipmi));
        self.certificates = certificates;
        for (new, bound) in open {
            self.serve(new, bound);
        }
        self.keep_certificate(settings);
    }

    /// Lets the services tell where IPMI reaches the servers.
    pub(super) fn tell_ipmi(&mut self, open: &[(ServerId, SocketAddr)]) {
        let mut ipmi = BTreeMap::new();
        for (id, address) in open {
            ipmi.entry(id.clone()).or_insert(address.port());
        }
        self.show(Shown {
            ipmi: Arc::new(ipmi),
            ..self.shown.clone()
        });
    }

    /// Closes every door: no request comes in any more, those under way end.
    pub(super) async fn close_all(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let open = std::mem::take(&mut self.open);
        join_all(open.into_iter().map(Door::close)).await;
    }

    /// The addresses that answer, in the order in which they were opened.
    pub(super) fn open(&self) -> Open {
        let mut open = Open::default();
        for door in &self.open {
            match &door.wanted.what {
                What::Https(_) => open.https.push(door.bound),
                What::Own(id, _) => open.own.push((id.clone(), door.bound)),
                What::Plain => open.plain.push(door.bound),
                What::Redirect(_) => open.redirect.push(door.bound),
            }
        }
        open
    }

    /// The SHA-256 fingerprint of the certificate in use, and the file that clients are told to
    /// trust; none when it is in memory.
    pub(super) fn certificate(&self) -> Option<(String, Option<PathBuf>)> {
        let kept = self.certificates.as_ref()?;
        let file = match &kept.source {
            Source::Files { certificate, .. } => Some(certificate.clone()),
            Source::Folder(folder) => Some(folder.join("cert.pem")),
            Source::Memory => None,
        };
        Some((kept.certificates.fingerprint(), file))
    }

    /// Serves the daemon's own socket, whichever services the network has.
    pub(super) fn serve_local(
        &self,
        socket: LocalSocket,
    ) -> impl Future<Output = ()> + Send + 'static {
        let service = self.shown.local(&self.base.bmc);
        // Its limits are its own: a flood from the network must not lock out who sits at the device.
        listen::serve_local(socket, service, Rules::default(), std::future::pending())
    }

    /// Puts other services behind the doors, if they are others.
    fn show(&mut self, shown: Shown) {
        if self.shown == shown {
            return;
        }
        self.shown = shown;
        let (shown, bmc) = (&self.shown, &self.base.bmc);
        drop(self.current.send_replace(shown.all(bmc)));
        for door in &self.open {
            if let (What::Own(id, _), Some(own)) = (&door.wanted.what, &door.own) {
                drop(own.send_replace(shown.own(bmc, id, door.bound.port())));
            }
        }
    }

    /// The ports that Redfish tells of, with these doors beside those that are open.
    fn ports(&self, new: &[(Wanted, Bound)]) -> Ports {
        let open = self.open.iter().map(|door| (&door.wanted, door.bound));
        let new = new.iter().map(|(new, bound)| (new, bound.local_addr()));
        let mut ports = Ports::default();
        for (wanted, bound) in open.chain(new) {
            match wanted.what {
                What::Https(_) => ports.https = ports.https.or(Some(bound.port())),
                What::Plain => ports.http = ports.http.or(Some(bound.port())),
                What::Own(..) | What::Redirect(_) => {}
            }
        }
        ports
    }

    fn serve(&mut self, wanted: Wanted, bound: Bound) {
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            // Either way it is the end: told to stop, or the daemon is gone.
            let _ = stopped.await;
        };
        let own = match &wanted.what {
            What::Own(id, _) => {
                let one = self.shown.own(&self.base.bmc, id, address.port());
                Some(watch::Sender::new(one))
            }
            What::Https(_) | What::Plain | What::Redirect(_) => None,
        };
        let kind = match (&wanted.what, self.tls()) {
            (What::Https(_) | What::Own(..), Some(tls)) => Kind::Tls(tls),
            // A plan with such doors has a certificate.
            (What::Https(_) | What::Own(..), None) => return,
            (What::Plain, _) => {
                tracing::warn!("plain HTTP on {address}: passwords can be read on the way");
                Kind::Plain
            }
            (What::Redirect(port), _) => Kind::Redirect {
                https_port: self.https_port(*port),
            },
        };
        let current = own.as_ref().unwrap_or(&self.current).subscribe();
        let service = HostCheckLayer(self.names.clone()).layer(Current(current));
        let service = AnswerHeadersLayer.layer(service);
        let (listeners, rules) = (vec![bound], self.rules.clone());
        let serving = tokio::spawn(listen::serve(listeners, kind, service, rules, stopped));
        self.open.push(Door {
            wanted,
            bound: address,
            own,
            stop,
            serving,
        });
    }

    fn tls(&self) -> Option<TlsHandle> {
        let kept = self.certificates.as_ref()?;
        Some(kept.certificates.handle())
    }

    /// The port that the HTTPS door got which is set to this one.
    fn https_port(&self, port: u16) -> u16 {
        let https = self.open.iter().find(|door| {
            matches!(door.wanted.what, What::Https(_)) && door.wanted.address.0.port() == port
        });
        https.map_or(port, |door| door.bound.port())
    }

    fn tls_addresses(&self) -> Vec<SocketAddr> {
        let tls = self.open.iter().filter(|door| door.wanted.is_tls());
        tls.map(|door| door.bound).collect()
    }

    fn subject(&self, settings: &Settings, listened: &[SocketAddr]) -> Subject {
        let host_name = &self.base.bmc.identity.host_name;
        Subject::new(host_name, &settings.service.https.names, listened)
    }

    /// Sees that the certificate fits what is listened on, now and from now on.
    fn keep_certificate(&mut self, settings: Settings) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let Some(Kept { certificates, .. }) = self.certificates.clone() else {
            return;
        };
        let listened = self.tls_addresses();
        let subject = self.subject(&settings, &listened);
        if let Err(why) = certificates.refresh(&subject, SystemTime::now()) {
            tracing::error!("{why}");
        }
        let host_name = self.base.bmc.identity.host_name.clone();
        let names = settings.service.https.names;
        // Interfaces come and go: the addresses are asked for anew each time.
        let subject = move || Subject::new(&host_name, &names, &listened);
        self.keeper = Some(tokio::spawn(certificates.keep(subject)));
    }
}

impl Door {
    async fn close(self) {
        let _ = self.stop.send(());
        if timeout(CLOSING, self.serving).await.is_err() {
            tracing::warn!("requests on {} did not end in time", self.bound);
        }
    }
}
