//! The doors: which addresses are listened on, what answers there, and changing that while others
//! go on.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, routing::future::RouteFuture};
use futures_util::future::join_all;
use http::Request;
use outband_core::server::ServerId;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tower::Layer;

use super::{AppFault, boot::Foundations, local};
use crate::{
    listen::{self, Bound, HostCheckLayer, HostNames, Kind, Limits, LocalSocket, Rules},
    services::{console, redfish},
    settings::{Address, Settings},
    tls::{Certificates, Source, Subject, TlsHandle},
};

/// How long a closed door may take until its address is free: what requests under way get to end,
/// and a little more.
const CLOSING: Duration = Duration::from_secs(6);

/// What answers at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Everything, over TLS with this certificate.
    Https(Source),
    /// One server's Redfish, over TLS with this certificate.
    Own(ServerId, Source),
    /// Everything, in the clear.
    Plain,
    /// Where to go instead, for the HTTPS door that is set to this port.
    Redirect(u16),
}

/// A door that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    what: What,
    address: Address,
}

/// A door that is open.
struct Door {
    wanted: Wanted,
    bound: SocketAddr,
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

/// All doors.
pub(super) struct Doors {
    base: Arc<Foundations>,
    open: Vec<Door>,
    rules: Rules,
    names: HostNames,
    everything: watch::Sender<Router>,
    certificates: Option<Kept>,
    keeper: Option<JoinHandle<()>>,
}

/// A certificate, and where it comes from.
#[derive(Clone)]
struct Kept {
    source: Source,
    certificates: Arc<Certificates>,
}

/// The addresses that answer.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) https: Vec<SocketAddr>,
    pub(super) plain: Vec<SocketAddr>,
    pub(super) redirect: Vec<SocketAddr>,
    pub(super) own: Vec<(ServerId, SocketAddr)>,
}

impl Doors {
    /// No door yet.
    pub(super) fn new(base: &Arc<Foundations>, settings: &Settings) -> Self {
        let host_name = &base.bmc.identity.host_name;
        Self {
            base: base.clone(),
            open: Vec::new(),
            rules: Rules {
                limits: Arc::new(limits(settings)),
                ..Rules::default()
            },
            names: HostNames::new(host_name, &settings.service.https.names),
            everything: watch::Sender::new(everything(base, settings)),
            certificates: None,
            keeper: None,
        }
    }

    /// Does all that can fail: binds the addresses and reads the certificate. Nothing has changed
    /// yet, and a plan that is dropped leaves nothing behind.
    pub(super) fn plan(&self, settings: &Settings) -> Result<Plan, AppFault> {
        let source = self.source(settings);
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
        let tls = |wanted: &Wanted| matches!(wanted.what, What::Https(_) | What::Own(..));
        let kept = self.certificates.as_ref();
        let certificates = match kept.filter(|kept| kept.source == source) {
            _ if !wanted.iter().any(tls) => None,
            Some(kept) => Some(kept.clone()),
            None => {
                let mut listened: Vec<SocketAddr> = self.tls_addresses();
                let new = open.iter().filter(|(new, _)| tls(new));
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
        drop(
            self.everything
                .send_replace(everything(&self.base, &settings)),
        );

        let (kept, gone) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|door| wanted.contains(&door.wanted));
        self.open = kept;
        join_all(gone.into_iter().map(Door::close)).await;
        self.certificates = certificates;
        for (new, bound) in open {
            let bound = bound.map_or_else(|| Bound::new(new.address.0), Ok);
            match bound {
                Ok(bound) => self.serve(new, bound),
                Err(why) => tracing::error!("{why}"),
            }
        }
        self.keep_certificate(settings);
    }

    /// Closes every door: no request comes in any more, those under way end.
    pub(super) async fn close_all(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let open = std::mem::take(&mut self.open);
        join_all(open.into_iter().map(Door::close)).await;
    }

    /// The addresses that answer, in the order of the settings.
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

    /// What serves the daemon's own socket, whichever services the network has.
    pub(super) fn serve_local(
        &self,
        socket: LocalSocket,
    ) -> impl Future<Output = ()> + Send + 'static {
        let bmc = &self.base.bmc;
        let service = redfish::service(bmc.clone(), redfish::Options::default())
            .merge(console::service(bmc.clone()))
            .merge(local::service(bmc.gate.clone()));
        // A flood from the network must not lock out who sits at the device.
        let rules = Rules {
            limits: Arc::default(),
            deadlines: self.rules.deadlines,
        };
        listen::serve_local(socket, service, rules, std::future::pending())
    }

    fn serve(&mut self, wanted: Wanted, bound: Bound) {
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            // Either way it is the end: told to stop, or the daemon is gone.
            let _ = stopped.await;
        };
        let (listeners, rules) = (vec![bound], self.rules.clone());
        let checked = HostCheckLayer(self.names.clone());
        let all = checked.layer(Current(self.everything.subscribe()));
        let serving = match &wanted.what {
            What::Https(_) => {
                let Some(tls) = self.tls() else { return };
                let kind = Kind::Tls(tls);
                tokio::spawn(listen::serve(listeners, kind, all, rules, stopped))
            }
            What::Own(id, _) => {
                let Some(tls) = self.tls() else { return };
                let options = redfish::Options {
                    only: Some(id.clone()),
                };
                let own = checked.layer(redfish::service(self.base.bmc.clone(), options));
                let kind = Kind::Tls(tls);
                tokio::spawn(listen::serve(listeners, kind, own, rules, stopped))
            }
            What::Plain => {
                tracing::warn!("plain HTTP on {address}: passwords can be read on the way");
                tokio::spawn(listen::serve(listeners, Kind::Plain, all, rules, stopped))
            }
            What::Redirect(port) => {
                let https_port = self.https_port(*port);
                let kind = Kind::Redirect { https_port };
                tokio::spawn(listen::serve(listeners, kind, all, rules, stopped))
            }
        };
        self.open.push(Door {
            wanted,
            bound: address,
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
        let tls = |door: &&Door| matches!(door.wanted.what, What::Https(_) | What::Own(..));
        self.open
            .iter()
            .filter(tls)
            .map(|door| door.bound)
            .collect()
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
        // Interfaces come and go: the names are asked for anew each time.
        let subject = move || Subject::new(&host_name, &names, &listened);
        self.keeper = Some(tokio::spawn(certificates.keep(subject)));
    }

    /// Where the certificate comes from.
    fn source(&self, settings: &Settings) -> Source {
        let https = &settings.service.https;
        match (&https.certificate, &https.key, &self.base.state) {
            (Some(certificate), Some(key), _) => Source::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            },
            (_, _, Some(state)) => Source::Folder(certificate_folder(state)),
            _ => Source::Memory,
        }
    }
}

/// Where the daemon keeps its own certificate.
fn certificate_folder(state: &std::path::Path) -> PathBuf {
    state.join("tls")
}

impl Door {
    async fn close(self) {
        let _ = self.stop.send(());
        if timeout(CLOSING, self.serving).await.is_err() {
            tracing::warn!("requests on {} did not end in time", self.bound);
        }
    }
}

/// The doors that the settings want. HTTPS comes first: redirects ask where it is.
fn wanted(settings: &Settings, source: &Source) -> Vec<Wanted> {
    let service = &settings.service;
    let mut wanted = Vec::new();
    let mut add = |what: What, address: &Address| {
        wanted.push(Wanted {
            what,
            address: *address,
        });
    };
    if service.https.enabled {
        for address in &service.https.listen {
            add(What::Https(source.clone()), address);
        }
        for server in &settings.server {
            if let Some(address) = &server.listen.https {
                add(What::Own(server.id.clone(), source.clone()), address);
            }
        }
    }
    if service.plain_http.enabled {
        for address in &service.plain_http.listen {
            add(What::Plain, address);
        }
    }
    let https = service.https.listen.first();
    if let Some(https) = https.filter(|_| service.http.enabled && service.https.enabled) {
        for address in &service.http.listen {
            add(What::Redirect(https.0.port()), address);
        }
    }
    wanted
}

/// How much may be asked at once.
fn limits(settings: &Settings) -> Limits {
    Limits::new(
        settings.limits.connections as usize,
        settings.limits.connections_per_address as usize,
    )
}

/// All services that are switched on.
fn everything(base: &Foundations, settings: &Settings) -> Router {
    let mut router = Router::new();
    if settings.service.redfish.enabled {
        let redfish = redfish::service(base.bmc.clone(), redfish::Options::default());
        router = router.merge(redfish);
    }
    if settings.service.console.enabled {
        router = router.merge(console::service(base.bmc.clone()));
    }
    router
}

/// Answers with whatever services are switched on at the moment.
#[derive(Clone)]
struct Current(watch::Receiver<Router>);

impl tower::Service<Request<Body>> for Current {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut router = self.0.borrow().clone();
        tower::Service::call(&mut router, request)
    }
}
