//! What answers behind the doors: whatever services are switched on at the moment, for all servers
//! or for one.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, body::Body, response::Response, routing::future::RouteFuture};
use http::Request;
use outband_core::{bmc::Bmc, server::ServerId};
use tokio::sync::watch;

use crate::{
    app::local,
    services::{self, console, redfish},
    settings::Settings,
};

/// What the services behind the doors are made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shown {
    pub(super) redfish: bool,
    pub(super) console: bool,
    pub(super) ports: Ports,
    /// The port that IPMI reaches a server at.
    pub(super) ipmi: Arc<BTreeMap<ServerId, u16>>,
}

/// The ports that Redfish tells its clients of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ports {
    pub(super) https: Option<u16>,
    pub(super) http: Option<u16>,
}

impl Shown {
    /// What the settings switch on.
    pub(super) fn new(
        settings: &Settings,
        ports: Ports,
        ipmi: &Arc<BTreeMap<ServerId, u16>>,
    ) -> Self {
        Self {
            redfish: settings.service.redfish.enabled,
            console: settings.service.console.enabled,
            ports,
            ipmi: ipmi.clone(),
        }
    }

    /// The services for all servers.
    pub(super) fn all(&self, bmc: &Arc<Bmc>) -> Router {
        self.router(bmc, None)
    }

    /// The services for one server at its own HTTPS port.
    pub(super) fn own(&self, bmc: &Arc<Bmc>, server: &ServerId, port: u16) -> Router {
        let mut own = self.clone();
        own.ports = Ports {
            https: Some(port),
            http: None,
        };
        own.router(bmc, Some(server))
    }

    /// What answers on the daemon's own socket, whatever is switched off for the network.
    pub(super) fn local(&self, bmc: &Arc<Bmc>) -> Router {
        let mut all = self.clone();
        all.redfish = true;
        all.console = true;
        all.all(bmc).merge(local::service(bmc.gate.clone()))
    }

    fn router(&self, bmc: &Arc<Bmc>, only: Option<&ServerId>) -> Router {
        let mut router = Router::new();
        if self.redfish {
            let options = redfish::Options {
                only: only.cloned(),
                https_port: self.ports.https,
                http_port: self.ports.http,
                ipmi_ports: self.ipmi.clone(),
            };
            router = router.merge(redfish::service(bmc.clone(), options));
        }
        if self.console {
            router.merge(console::service(bmc.clone(), only.cloned()))
        } else {
            router.fallback(services::nowhere)
        }
    }
}

/// Answers with the router that is current when the request comes.
#[derive(Debug, Clone)]
pub(super) struct Current(pub(super) watch::Receiver<Router>);

impl tower::Service<Request<Body>> for Current {
    type Response = Response;
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
