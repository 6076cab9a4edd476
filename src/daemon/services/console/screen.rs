//! What a server's screen shows: `GET /api/v1/servers/{id}/screen.png`.
//!
//! The picture is as the server sent it, without loss. A screen that nobody watched is looked at for
//! this one picture. Without a picture the answer is 404 for a server that has no screen, else 503
//! with a code that says why: `off`, `no-signal`, or `no-frame` when none came in five seconds.

use std::time::Duration;

use futures_util::future::BoxFuture;
use outband_core::console::ScreenHub;

use super::{Answer, error::Refusal, routes::Ask};
use crate::codecs::png;

/// How many pictures are encoded at once; the next waits.
pub(super) const AT_ONCE: usize = 2;

/// How long the first frame is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The picture as a file.
pub(super) fn png(ask: Ask<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let Ask {
            console, server, ..
        } = ask;
        // Whoever waits for an encoder keeps the screen looked at, and no frame in memory.
        let _lease = server.screen().map(|screen| ScreenHub::watch(screen));
        drop(server.picture(PATIENCE).await?);
        let turn = console.encoders.clone().acquire_owned().await;
        let turn = turn.map_err(|why| Refusal::internal(&why))?;
        let frame = server.picture(PATIENCE).await?;
        let encoding = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            png::encode(&frame)
        });
        let file = encoding.await.map_err(|why| Refusal::internal(&why))?;
        Ok(Answer::png(file.map_err(|why| Refusal::internal(&why))?))
    })
}
