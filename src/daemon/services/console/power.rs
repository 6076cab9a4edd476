//! A server's power: `POST /api/v1/servers/{id}/power`.
//!
//! ```json
//! {"action": "soft-off"}
//! ```
//!
//! `action` is one of those that the server `has` under `power`. The answer is 202 once the command is
//! accepted; how it ends stands in the server's `last_outcome`, and is an event.

use futures_util::future::BoxFuture;
use http::StatusCode;
use outband_core::server::{Command, PowerAction};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, error::Refusal, routes::Ask};
use crate::services::{body, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    action: PowerAction,
}

/// Does what a body says.
pub(super) fn act(ask: Ask<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let bytes = body::read(ask.headers, ask.body.take().unwrap_or_default()).await?;
        let body = Value::Object(json::object(&bytes)?);
        let wanted: Wanted = serde_path_to_error::deserialize(body).map_err(Refusal::invalid)?;
        let command = Command::Power(wanted.action);
        let accepted = ask.server.submit(ask.actor, command).await?;
        let body = json!({"accepted": wanted.action, "generation": accepted.generation});
        Answer::json(StatusCode::ACCEPTED, &body)
    })
}
