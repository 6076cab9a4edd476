//! Redfish: `/redfish` (DSP0266).
//!
//! One [`table`] has all resources: where each is, what it can be asked, and what right that needs,
//! in the words of [`routes`]. [`dispatch`] takes a request through it: proof of identity, right,
//! precondition, and only then the resource's own function in [`resources`]. Reads write a [`page`]
//! from a snapshot; changes read their [`patch`] to the end before they do anything. Core's refusals
//! become [`messages`] in [`refusals`]; every answer leaves with the same [`headers`].

mod dispatch;
mod etag;
mod headers;
mod health;
mod messages;
mod metadata;
mod page;
mod patch;
mod refusals;
mod reply;
mod resources;
mod routes;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod words;

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use axum::{Router, extract::Request, routing::any};
use outband_core::{
    access::Actor,
    bmc::Bmc,
    server::{ServerHandle, ServerId},
};
use tokio::sync::{Mutex, MutexGuard};

/// What the service shows, beside the BMC itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Shows this server alone: the tree of a fleet in which each server has its own address.
    pub only: Option<ServerId>,
    /// The port that HTTPS is on, where it is.
    pub https_port: Option<u16>,
    /// The port that plain HTTP is on, where it is.
    pub http_port: Option<u16>,
    /// The port that IPMI reaches a server at, where it does.
    pub ipmi_ports: Arc<BTreeMap<ServerId, u16>>,
}

/// The service's state.
#[derive(Debug)]
struct Redfish {
    bmc: Arc<Bmc>,
    options: Options,
    /// Held from the check of a precondition to the end of the change, by resource: of two changes
    /// with one `If-Match`, one is refused.
    changes: [Mutex<()>; 64],
}

impl Redfish {
    /// The server of this id, where the actor reaches it and this tree shows it.
    fn server(&self, actor: &Actor, id: &str) -> Option<ServerHandle> {
        let server = self.bmc.servers.get(id)?;
        self.shows(actor, server.id()).then_some(server)
    }

    fn shows(&self, actor: &Actor, id: &ServerId) -> bool {
        self.options.only.as_ref().is_none_or(|only| only == id) && actor.reaches(id)
    }

    /// The turn to change the resource at this path.
    async fn turn(&self, uri: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        uri.hash(&mut hasher);
        let stripe = hasher.finish() as usize % self.changes.len();
        self.changes[stripe].lock().await
    }
}

/// The service: all that is below `/redfish`. Every request must carry a [`crate::listen::Peer`].
pub fn service(bmc: Arc<Bmc>, options: Options) -> Router {
    let redfish = Arc::new(Redfish {
        bmc,
        options,
        changes: std::array::from_fn(|_| Mutex::new(())),
    });
    let answer = move |request: Request| {
        let redfish = redfish.clone();
        async move { dispatch::answer(&redfish, request).await }
    };
    Router::new()
        .route("/redfish", any(answer.clone()))
        .route("/redfish/", any(answer.clone()))
        .route("/redfish/{*rest}", any(answer))
}
