//! What the daemon's own socket answers beside the services: orders about accounts.
//!
//! Only processes of the daemon's own user and of root get here (see [`crate::listen::Peer::Local`]),
//! whichever services are switched off for the network.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{StatusCode, header};
use outband_core::access::{AccountRefused, Gate};

use super::orders::{Order, carry_out};
use crate::listen::Peer;

/// Where orders about accounts go.
pub const ACCOUNTS: &str = "/local/accounts";

/// The longest order, in bytes.
const ORDER_MAX: usize = 64 << 10;

/// The routes.
pub(super) fn service(gate: Arc<Gate>) -> Router {
    let orders = move |peer: Extension<Peer>, body: Bytes| accounts(gate, peer, body);
    Router::new()
        .route(ACCOUNTS, post(orders))
        .layer(DefaultBodyLimit::max(ORDER_MAX))
}

async fn accounts(gate: Arc<Gate>, Extension(peer): Extension<Peer>, body: Bytes) -> Response {
    let Peer::Local { user } = peer else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let order: Order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(why) => return (StatusCode::BAD_REQUEST, why.to_string()).into_response(),
    };
    let actor = gate.local(&user);
    match carry_out(&gate, &actor, order).await {
        Ok(accounts) => match serde_json::to_vec(&accounts) {
            Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
        },
        Err(refused) => (status(&refused), refused.to_string()).into_response(),
    }
}

/// Core's refusals in HTTP's words.
fn status(refused: &AccountRefused) -> StatusCode {
    match refused {
        AccountRefused::Denied(_) => StatusCode::FORBIDDEN,
        AccountRefused::NoSuchAccount => StatusCode::NOT_FOUND,
        AccountRefused::Invalid { .. } => StatusCode::BAD_REQUEST,
        AccountRefused::NameTaken | AccountRefused::LastAdministrator | AccountRefused::Full => {
            StatusCode::CONFLICT
        }
        AccountRefused::Host(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
