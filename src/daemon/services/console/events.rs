//! What happened: `GET /api/v1/events`, `GET /api/v1/servers/{id}/events`.
//!
//! With `Accept: text/event-stream` it is a stream of server-sent events (WHATWG HTML section 9.2) that
//! goes on until the session ends: each event's `id` is its number, `data` is JSON. A browser that lost
//! the stream asks for what follows by `Last-Event-ID`; without it the stream begins with what happens
//! next. A number whose event is no longer kept is followed by the oldest that is.
//!
//! Else it is a page of the log, newest first: `?before=N` for those before an event, `?limit=N` for at
//! most so many (1 to 200, 50 otherwise), `?severity=warning` for that and worse.
//!
//! What is about a server is shown to whoever may read the server; what is about the daemon, its
//! accounts and log-ins, to whoever may read other people's accounts.

use std::{convert::Infallible, sync::Arc};

use axum::{body::Body, extract, response::Response};
use bytes::Bytes;
use futures_util::{
    future::BoxFuture,
    stream::{self, Stream},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use outband_core::{
    access::{Actor, Operation},
    bmc::Bmc,
    events::{Event, Severity},
    server::ServerId,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Duration, timeout},
};

use super::{
    Answer, Console,
    error::Refusal,
    routes::{Ask, Call, Reply},
};

/// How many events are read at once.
const BATCH: usize = 200;

/// How often a stream without events says that it lives: proxies close what is silent for a minute.
const ALIVE: Duration = Duration::from_secs(20);

/// Which part of the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    before: Option<u64>,
    limit: Option<usize>,
    severity: Option<Severity>,
}

/// Whose events, for whom.
#[derive(Debug, Clone)]
struct Shown {
    bmc: Arc<Bmc>,
    actor: Arc<Actor>,
    /// The daemon shows this server alone.
    only: Option<ServerId>,
    /// This server's alone are asked for.
    server: Option<ServerId>,
}

impl Shown {
    /// Whether an event is to be shown. Asked for each event anew: rights may end meanwhile.
    fn shows(&self, event: &Event) -> bool {
        match &event.server {
            Some(server) => {
                self.only.as_ref().is_none_or(|only| only == server)
                    && self.server.as_ref().is_none_or(|wanted| wanted == server)
                    && self.actor.may(Operation::ReadServer, Some(server)).is_ok()
            }
            None => {
                self.server.is_none()
                    && self.only.is_none()
                    && self.actor.may(Operation::ReadAccounts, None).is_ok()
            }
        }
    }

    /// A page, newest first.
    fn page(&self, query: &Query) -> Result<Value, Refusal> {
        let log = &self.bmc.events;
        let limit = query.limit.unwrap_or(50);
        if !(1..=BATCH).contains(&limit) {
            return Err(Refusal::invalid(format_args!(
                "limit: {limit} is not 1 to {BATCH}"
            )));
        }
        let mut before = query.before.unwrap_or(u64::MAX);
        let mut page = Vec::new();
        // A batch at a time, until there are enough.
        while page.len() < limit {
            let events = log.before(before, BATCH, self.server.as_ref());
            let events = events.map_err(|why| Refusal::internal(&why))?;
            let Some(last) = events.last() else { break };
            before = last.seq;
            let shown = events
                .iter()
                .filter(|event| self.shows(event))
                .filter(|event| query.severity.is_none_or(|least| event.severity >= least));
            page.extend(shown.take(limit - page.len()).map(words));
        }
        Ok(json!({ "events": page }))
    }
}

/// The daemon's and all servers' events.
pub(super) fn all(call: Call<'_>) -> BoxFuture<'_, Result<Reply, Refusal>> {
    Box::pin(async move { answer(call.console, call.actor, None, call.head) })
}

/// A server's events.
pub(super) fn of_server(ask: Ask<'_>) -> BoxFuture<'_, Result<Reply, Refusal>> {
    Box::pin(async move {
        let server = Some(ask.server.id().clone());
        answer(ask.console, ask.actor, server, ask.head)
    })
}

fn answer(
    console: &Console,
    actor: &Arc<Actor>,
    server: Option<ServerId>,
    head: &Parts,
) -> Result<Reply, Refusal> {
    let shown = Shown {
        bmc: console.bmc.clone(),
        actor: actor.clone(),
        only: console.only.clone(),
        server,
    };
    let accepts = head.headers.get(header::ACCEPT);
    let accepts = accepts.and_then(|accepts| accepts.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.starts_with("text/event-stream")) {
        return Ok(Reply::Response(streamed(shown, head)?));
    }
    let query = extract::Query::<Query>::try_from_uri(&head.uri);
    let query = query.map_err(|why| Refusal::invalid(why.body_text()))?;
    Answer::json(StatusCode::OK, &shown.page(&query)?).map(Reply::Answer)
}

/// What follows, as it happens.
fn streamed(shown: Shown, head: &Parts) -> Result<Response, Refusal> {
    let newest = shown.bmc.events.newest();
    let next = match head.headers.get("last-event-id") {
        Some(last) => {
            let last = last.to_str().ok().and_then(|last| last.parse::<u64>().ok());
            let last =
                last.ok_or_else(|| Refusal::invalid("Last-Event-ID is no event's number"))?;
            last.saturating_add(1)
        }
        None => *newest.borrow() + 1,
    };
    let flow = Flow {
        shown,
        newest,
        next,
        begun: false,
    };
    let mut response = Response::new(Body::from_stream(flow.stream()));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A stream under way.
struct Flow {
    shown: Shown,
    newest: watch::Receiver<u64>,
    next: u64,
    begun: bool,
}

impl Flow {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut flow| async move {
            let bytes = flow.more().await?;
            Some((Ok(bytes), flow))
        })
    }

    /// The next piece; `None` at the end.
    async fn more(&mut self) -> Option<Bytes> {
        if !self.begun {
            self.begun = true;
            // The head goes out with the first bytes.
            return Some(Bytes::from_static(b": Outband\n\n"));
        }
        loop {
            let came = timeout(ALIVE, self.newest.wait_for(|newest| *newest >= self.next));
            let came = tokio::select! {
                biased;
                () = self.shown.actor.until_ended() => return None,
                came = came => came.map(|came| came.map(drop)),
            };
            match came {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(Bytes::from_static(b": \n\n")),
            }
            let text = self.batch()?;
            if !text.is_empty() {
                return Some(text.into());
            }
        }
    }

    /// What of the next events is shown.
    fn batch(&mut self) -> Option<String> {
        let log = &self.shown.bmc.events;
        // Looked at first: what is recorded meanwhile comes next time.
        let newest = *self.newest.borrow_and_update();
        // A client may name a number that is long gone.
        self.next = self.next.max(log.oldest());
        let server = self.shown.server.as_ref();
        let events = match log.read(self.next, BATCH, server) {
            Ok(events) => events,
            Err(why) => {
                tracing::error!(%why, "a stream of events ended");
                return None;
            }
        };
        self.next = match events.last() {
            // There may be more than were read at once.
            Some(last) if events.len() == BATCH => last.seq + 1,
            last => last.map_or(newest, |last| last.seq.max(newest)) + 1,
        };
        let shown = events.iter().filter(|event| self.shown.shows(event));
        Some(shown.map(framed).collect())
    }
}

fn framed(event: &Event) -> String {
    // JSON has no line break of its own, so this is one line.
    format!("id: {}\ndata: {}\n\n", event.seq, words(event))
}

/// An event in words.
fn words(event: &Event) -> Value {
    json!({
        "seq": event.seq,
        "server": event.server.as_ref().map(ServerId::as_str),
        "at_ms": event.at.unix_ms,
        "synchronised": event.at.synchronised,
        "severity": event.severity,
        "message": event.kind.message(),
        "kind": event.kind,
        "actor": event.actor,
    })
}
