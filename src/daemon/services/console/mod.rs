//! The native API and, later, the page: `/api/v1`.

mod error;
mod faults;
mod keys;
mod screen;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use outband_core::{
    access::{Actor, Operation, Via},
    bmc::Bmc,
    server::{ServerHandle, ServerId},
};
use serde::Serialize;
use tokio::sync::Semaphore;

use self::error::Refusal;
use super::{body, proof};
use crate::listen::Peer;

/// An answer: its status, where something new is, and its body.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    location: Option<String>,
    /// The media type of the body.
    kind: &'static str,
    body: Vec<u8>,
}

impl Answer {
    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|why| Refusal::internal(&why))?;
        Ok(Self {
            status,
            location: None,
            kind: "application/json",
            body,
        })
    }

    fn png(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            kind: "image/png",
            body,
        }
    }

    fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            location: None,
            kind: "",
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

/// The service: all that is below `/api/v1`, for all servers or for one. Every request must carry a
/// [`Peer`].
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
        ["servers", server, "screen.png"] => {
            let server = console.reach(&actor, server, Operation::SeeScreen)?;
            match head.method {
                Method::GET => screen::png(&server, &console.encoders).await,
                _ => Err(Refusal::method("GET")),
            }
        }
        ["servers", server, "keys"] => {
            let server = console.reach(&actor, server, Operation::SeeScreen)?;
            let keyboard = keys::Keyboard::of(&server)?;
            match head.method {
                Method::GET => keyboard.state(),
                Method::POST => keyboard.press(&actor, &head.headers, body).await,
                _ => Err(Refusal::method("GET, POST")),
            }
        }
        _ => Err(Refusal::not_found("there is nothing at this path")),
    }
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
    response
}
