//! The console's WebSocket: `/api/v1/servers/{id}/ws`, subprotocol `outband.v1`.
//!
//! A viewer sits down at the server's console ([`outband_core::console::People`]), is told who else
//! is there, and may have the keyboard; [`words`] has what is said, [`hands`] how keys are held.

mod hands;
mod pictures;
mod talk;
#[cfg(test)]
mod tests;
mod words;

use axum::extract::{FromRequestParts, ws::WebSocketUpgrade};
use futures_util::future::BoxFuture;
use http::{HeaderValue, header, request::Parts};
use outband_core::console::NoSeat;

use super::{
    error::Refusal,
    routes::{Ask, Reply},
};
use crate::services::cookie::{self, Page};

/// The name of what is spoken (RFC 6455 section 1.9).
const PROTOCOL: &str = "outband.v1";

/// Lets a viewer in.
pub(super) fn open(ask: Ask<'_>) -> BoxFuture<'_, Result<Reply, Refusal>> {
    Box::pin(async move {
        let Ask {
            console,
            actor,
            server,
            head,
            ..
        } = ask;
        // A browser lets every page open a WebSocket to everywhere, with the cookies it has; it only
        // says which page it was.
        if cookie::page_of(head) == Page::Foreign {
            let why = "a page of another origin may open nothing here";
            return Err(Refusal::cross_site(why));
        }
        let upgrade = WebSocketUpgrade::from_request_parts(&mut head.clone(), &()).await;
        let upgrade = upgrade.map_err(Refusal::upgrade)?;
        if !asks_for_ours(head) {
            let why = format_args!("the subprotocol {PROTOCOL} must be asked for");
            return Err(Refusal::invalid(why));
        }
        let seat = server.people().sit(actor).map_err(|none| match none {
            NoSeat::Denied(denied) => Refusal::from(denied),
            NoSeat::Full => Refusal::full(none),
        })?;
        let upgrade = upgrade
            .protocols([PROTOCOL])
            .max_message_size(words::SAID_MAX)
            .max_frame_size(words::SAID_MAX);
        let (bmc, actor) = (console.bmc.clone(), actor.clone());
        let response = upgrade.on_upgrade(async move |socket| {
            talk::talk(socket, &bmc.gate, &server, &actor, seat).await;
        });
        Ok(Reply::Response(response))
    })
}

fn asks_for_ours(head: &Parts) -> bool {
    let offered = head.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let names = |offered: &HeaderValue| offered.to_str().unwrap_or_default().to_owned();
    offered
        .iter()
        .map(names)
        .any(|names| names.split(',').any(|name| name.trim() == PROTOCOL))
}
