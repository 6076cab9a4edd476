//! The native API and the page that uses it. What there is below `/api/v1` stands in the table of
//! [`routes`], and in `schemas/openapi.json` in words; [`page`] answers everywhere else.

mod error;
mod events;
mod faults;
mod keys;
#[cfg(test)]
mod openapi_tests;
mod page;
mod power;
mod routes;
mod screen;
mod servers;
#[cfg(test)]
mod servers_tests;
mod session;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
mod ws;

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use http::{HeaderValue, StatusCode, header, request::Parts};
use outband_core::{
    access::{Actor, Operation, Via},
    bmc::Bmc,
    server::{ServerHandle, ServerId},
};
use serde::Serialize;
use tokio::sync::Semaphore;

use self::{error::Refusal, routes::Reply};
use super::{body, proof};

/// An answer: its status, where something new is, and its body.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    location: Option<String>,
    /// The media type of the body.
    kind: &'static str,
    body: Vec<u8>,
    /// A `Set-Cookie`.
    cookie: Option<HeaderValue>,
}

impl Answer {
    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|why| Refusal::internal(&why))?;
        Ok(Self {
            status,
            location: None,
            kind: "application/json",
            body,
            cookie: None,
        })
    }

    fn png(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            kind: "image/png",
            body,
            cookie: None,
        }
    }

    fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            location: None,
            kind: "",
            body: Vec::new(),
            cookie: None,
        }
    }
}

/// The service's state.
#[derive(Debug)]
struct Console {
    bmc: Arc<Bmc>,
    /// Shows this server alone.
    only: Option<ServerId>,
    /// Whose turn it is to encode a picture.
    encoders: Arc<Semaphore>,
}

impl Console {
    /// The server of this id, where it is shown, for an actor who may do this to it.
    fn reach(
        &self,
        actor: &Actor,
        id: &str,
        operation: Operation,
    ) -> Result<ServerHandle, Refusal> {
        let shown =
            |server: &ServerHandle| self.only.as_ref().is_none_or(|only| only == server.id());
        let server = self.bmc.servers.get(id).filter(shown);
        // Asked first, so that who may not learns nothing of which servers there are.
        actor.may(operation, server.as_ref().map(ServerHandle::id))?;
        server.ok_or_else(|| Refusal::not_found("there is no such server"))
    }
}

/// The service: all that is below `/api/v1`, for all servers or for one, and the page. Every request must carry a
/// [`crate::listen::Peer`].
pub fn service(bmc: Arc<Bmc>, only: Option<ServerId>) -> Router {
    let encoders = Arc::new(Semaphore::new(screen::AT_ONCE));
    let console = Arc::new(Console {
        bmc,
        only,
        encoders,
    });
    let answer = move |request: Request| {
        let console = console.clone();
        async move {
            let (head, body) = request.into_parts();
            let mut body = Some(body);
            let mut response = match serve(&console, &head, &mut body).await {
                Ok(Reply::Answer(answer)) => finish(answer),
                Ok(Reply::Response(response)) => response,
                Err(refusal) => refusal.response(),
            };
            body::discard(&head.headers, body, &mut response).await;
            if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
                body::close(&mut response);
            }
            response
        }
    };
    Router::new()
        .route("/api/v1", any(answer.clone()))
        .route("/api/v1/{*rest}", any(answer))
        .fallback(page::answer)
}

/// Identity comes before everything else, but for what is there to prove it: who has not learns nothing
/// but that.
async fn serve(console: &Console, head: &Parts, body: &mut Option<Body>) -> Result<Reply, Refusal> {
    if let Some(answer) = routes::answer_anybody(console, head, body).await {
        return answer.map(Reply::Answer);
    }
    let actor = proof::actor(&console.bmc.gate, Via::Console, head).await?;
    routes::answer(console, &actor, head, body).await
}

fn finish(answer: Answer) -> Response {
    let has_body = !answer.body.is_empty();
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if has_body {
        let kind = HeaderValue::from_static(answer.kind);
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(location) = answer.location
        && let Ok(location) = HeaderValue::from_str(&location)
    {
        headers.insert(header::LOCATION, location);
    }
    if let Some(cookie) = answer.cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
