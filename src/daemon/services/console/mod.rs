//! The native API and, later, the page: `/api/v1`.

mod error;
mod faults;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use outband_core::{
    access::Via,
    bmc::Bmc,
    server::{ServerHandle, ServerId},
};
use serde::Serialize;

use self::error::Refusal;
use super::{body, proof};
use crate::listen::Peer;

/// An answer: its status, where something new is, and its JSON.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|why| Refusal::internal(&why))?;
        Ok(Self {
            status,
            location: None,
            body,
        })
    }

    fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            location: None,
            body: Vec::new(),
        }
    }
}

/// The service's state.
#[derive(Debug)]
struct Console {
    bmc: Arc<Bmc>,
    /// Shows this server alone.
    only: Option<ServerId>,
}

impl Console {
    /// The server of this id, where it is shown.
    fn server(&self, id: &str) -> Option<ServerHandle> {
        let shown =
            |server: &ServerHandle| self.only.as_ref().is_none_or(|only| only == server.id());
        self.bmc.servers.get(id).filter(shown)
    }
}

/// The service: all that is below `/api/v1`, for all servers or for one. Every request must carry a
/// [`Peer`].
pub fn service(bmc: Arc<Bmc>, only: Option<ServerId>) -> Router {
    let console = Arc::new(Console { bmc, only });
    let answer = move |request: Request| {
        let console = console.clone();
        async move {
            let (head, body) = request.into_parts();
            let mut body = Some(body);
            let mut response = match serve(&console, &head, &mut body).await {
                Ok(answer) => finish(answer),
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
}

async fn serve(
    console: &Console,
    head: &Parts,
    body: &mut Option<Body>,
) -> Result<Answer, Refusal> {
    let peer = head.extensions.get::<Peer>();
    let actor = proof::actor(&console.bmc.gate, Via::Console, peer, &head.headers).await?;
    let path = head.uri.path().strip_prefix("/api/v1/").unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    match segments[..] {
        ["servers", server, "faults"] => {
            let board = faults::Board::of(console, &actor, server)?;
            match head.method {
                Method::GET => board.list(),
                Method::POST => {
                    board
                        .set(&head.headers, body.take().unwrap_or_default())
                        .await
                }
                Method::DELETE => board.clear_all(),
                _ => Err(Refusal::method("GET, POST, DELETE")),
            }
        }
        ["servers", server, "faults", fault] => {
            let board = faults::Board::of(console, &actor, server)?;
            match head.method {
                Method::DELETE => board.clear(fault),
                _ => Err(Refusal::method("DELETE")),
            }
        }
        _ => Err(Refusal::not_found("there is nothing at this path")),
    }
}

fn finish(answer: Answer) -> Response {
    let json = !answer.body.is_empty();
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if json {
        let kind = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(location) = answer.location
        && let Ok(location) = HeaderValue::from_str(&location)
    {
        headers.insert(header::LOCATION, location);
    }
    response
}
