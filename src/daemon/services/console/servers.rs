//! The servers as the page shows them: `GET /api/v1/servers`, `GET /api/v1/servers/{id}`.
//!
//! An account sees the servers that it reaches. Times that count on the monotonic clock are told as
//! seconds from the answer on: a page's clock may be any.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::StatusCode;
use outband_core::{
    access::{Actor, Operation},
    host::Clock,
    server::{Outcome, Pending, ServerHandle, Snapshot},
};
use serde_json::{Map, Value, json};

use super::{
    Answer,
    error::Refusal,
    routes::{Ask, Call},
};

/// All servers that one reaches.
pub(super) fn list(call: Call<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let console = call.console;
        let only = console.only.as_ref();
        let all = console.bmc.servers.all();
        let servers: Vec<Value> = all
            .values()
            .filter(|server| only.is_none_or(|only| only == server.id()))
            .filter(|server| {
                let may = call.actor.may(Operation::ReadServer, Some(server.id()));
                may.is_ok()
            })
            .map(|server| words(server, call.actor, &*console.bmc.clock))
            .collect();
        Answer::json(StatusCode::OK, &json!({ "servers": servers }))
    })
}

/// One server.
pub(super) fn show(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let words = words(&ask.server, ask.actor, &*ask.console.bmc.clock);
    Answer::json(StatusCode::OK, &words)
}

/// A server in words.
fn words(server: &ServerHandle, actor: &Actor, clock: &dyn Clock) -> Value {
    let now = clock.now();
    let snapshot = server.snapshot();
    let Snapshot {
        abilities,
        inventory,
        ..
    } = &*snapshot;
    let on_for = snapshot
        .power_on_since
        .map(|since| now.saturating_duration_since(since).as_secs());
    let identify = snapshot.identify.map(|light| {
        json!({
            "lit": light.lit,
            "for_s": light.until.map(|until| until.saturating_duration_since(now).as_secs()),
        })
    });
    let boot = snapshot
        .boot_override
        .map(|held| json!({"target": held.target, "lifetime": held.lifetime, "mode": held.mode}));
    let may = |operation| actor.may(operation, Some(server.id())).is_ok();
    json!({
        "id": server.id().as_str(),
        "power": snapshot.power,
        "on_for_s": on_for,
        "pending": snapshot.pending.map(|pending| {
            let Pending { action, since, until } = pending;
            json!({
                "action": action,
                "for_s": tenths(now.saturating_duration_since(since)),
                "at_most_s": tenths(until.saturating_duration_since(now)),
            })
        }),
        "last_outcome": snapshot.last_outcome.as_ref().map(|last| {
            let mut words = outcome(&last.outcome);
            words.insert("action".to_owned(), json!(last.action));
            words.insert("at_ms".to_owned(), last.at.unix_ms.into());
            words
        }),
        "boot_progress": snapshot.boot_progress,
        "boot_override": boot,
        "identify": identify,
        "asset_tag": *snapshot.asset_tag,
        "manufacturer": inventory.manufacturer,
        "model": inventory.model,
        "serial_number": inventory.serial_number,
        "host_name": inventory.host_name,
        "has": {
            "power": abilities.power,
            "senses_power": abilities.senses_power,
            "screen": abilities.display,
            "keyboard": abilities.input,
            "lights": abilities.reads_leds,
            "serial": abilities.serial,
            "sensors": !server.sensors().is_empty(),
            "identify": abilities.identify,
            "boot_targets": abilities.boot.as_ref().map(|boot| &boot.targets),
        },
        "may": {
            "power": may(Operation::ControlPower),
            "type": may(Operation::UseKeyboard),
            "identify": may(Operation::Identify),
            "boot": may(Operation::SetBootOverride),
        },
    })
}

/// How a command ended, in words.
pub(super) fn outcome(outcome: &Outcome) -> Map<String, Value> {
    let words = match outcome {
        Outcome::Done => json!({"outcome": "done"}),
        Outcome::Unconfirmed => json!({"outcome": "unconfirmed"}),
        Outcome::Failed { seen } => json!({"outcome": "failed", "seen": seen}),
        Outcome::Superseded { by } => json!({"outcome": "superseded", "by": by}),
    };
    match words {
        Value::Object(words) => words,
        _ => Map::new(),
    }
}

/// Seconds with one decimal.
fn tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}
