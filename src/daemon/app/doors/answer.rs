//! What answers behind the doors: whatever services are switched on at the moment.

use std::{
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
    services::{console, redfish},
    settings::Settings,
};

/// What the services behind the shared doors are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shown {
    redfish: bool,
    console: bool,
    pub(super) ports: Ports,
}

/// The ports that Redfish tells its clients of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ports {
    pub(super) https: Option<u16>,
    pub(super) http: Option<u16>,
}

impl Shown {
    /// What the settings switch on.
    pub(super) fn new(settings: &Settings, ports: Ports) -> Self {
        Self {
            redfish: settings.service.redfish.enabled,
            console: settings.service.console.enabled,
            ports,
        }
    }

    /// The services.
    pub(super) fn router(self, bmc: &Arc<Bmc>) -> Router {
        let mut router = Router::new();
        if self.redfish {
            router = router.merge(redfish_of(bmc, None, self.ports));
        }
        if self.console {
            router = router.merge(console::service(bmc.clone()));
        }
        router
    }
}

/// Redfish, for all servers or for one.
pub(super) fn redfish_of(bmc: &Arc<Bmc>, only: Option<ServerId>, ports: Ports) -> Router {
    let options = redfish::Options {
        only,
        https_port: ports.https,
        http_port: ports.http,
    };
    redfish::service(bmc.clone(), options)
}

/// What answers on the daemon's own socket, whatever the network has.
pub(super) fn local(bmc: &Arc<Bmc>, ports: Ports) -> Router {
    redfish_of(bmc, None, ports)
        .merge(console::service(bmc.clone()))
        .merge(local::service(bmc.gate.clone()))
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
