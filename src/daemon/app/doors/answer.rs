//! What answers behind the doors: whatever services are switched on at the moment, for all servers
//! or for one.

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

/// What the services behind the doors are made from.
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

    /// The services for all servers.
    pub(super) fn all(self, bmc: &Arc<Bmc>) -> Router {
        self.router(bmc, None)
    }

    /// The services for one server at its own HTTPS port.
    pub(super) fn own(mut self, bmc: &Arc<Bmc>, server: &ServerId, port: u16) -> Router {
        self.ports = Ports {
            https: Some(port),
            http: None,
        };
        self.router(bmc, Some(server))
    }

    /// What answers on the daemon's own socket, whatever is switched off for the network.
    pub(super) fn local(mut self, bmc: &Arc<Bmc>) -> Router {
        self.redfish = true;
        self.console = true;
        self.all(bmc).merge(local::service(bmc.gate.clone()))
    }

    fn router(self, bmc: &Arc<Bmc>, only: Option<&ServerId>) -> Router {
        let mut router = Router::new();
        if self.redfish {
            let options = redfish::Options {
                only: only.cloned(),
                https_port: self.ports.https,
                http_port: self.ports.http,
            };
            router = router.merge(redfish::service(bmc.clone(), options));
        }
        if self.console {
            router = router.merge(console::service(bmc.clone(), only.cloned()));
        }
        router
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
