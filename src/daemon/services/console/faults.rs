//! The faults of a simulated server: `/api/v1/servers/{id}/faults`.

use futures_util::future::BoxFuture;
use http::StatusCode;
use outband_core::{
    events::{EventKind, NewEvent},
    faults::{ActiveFault, Fault, FaultScope},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Answer, error::Refusal, routes::Ask};
use crate::services::{
    body,
    json::{self, Object},
};

#[derive(Serialize)]
struct Faults {
    faults: Vec<ActiveFault>,
}

/// The faults in force, oldest first.
pub(super) fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let faults = ask.server.faults().list();
    Answer::json(StatusCode::OK, &Faults { faults })
}

/// Sets a fault: its kind and values, and a `scope`.
pub(super) fn set(ask: Ask<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let bytes = body::read(ask.headers, ask.body.take().unwrap_or_default()).await?;
        let (fault, scope) = read(json::object(&bytes)?)?;
        let id = ask.server.set_fault(fault.clone(), scope.clone())?;
        let shown = ActiveFault {
            id,
            fault,
            scope,
            struck: 0,
        };
        let text = serde_json::to_string(&shown).map_err(|why| Refusal::internal(&why))?;
        record(&ask, EventKind::FaultSet { fault: text.into() });
        let server = ask.server.id();
        let location = format!("/api/v1/servers/{server}/faults/{id}");
        Ok(Answer {
            location: Some(location),
            ..Answer::json(StatusCode::CREATED, &shown)?
        })
    })
}

/// Clears a fault.
pub(super) fn clear(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.id.parse().ok();
    let id = id.filter(|id| ask.server.faults().clear(*id));
    let id = id.ok_or_else(|| Refusal::not_found("there is no such fault"))?;
    record(ask, EventKind::FaultCleared { id });
    Ok(Answer::done())
}

/// Clears all faults.
pub(super) fn clear_all(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    for fault in ask.server.faults().list() {
        if ask.server.faults().clear(fault.id) {
            record(ask, EventKind::FaultCleared { id: fault.id });
        }
    }
    Ok(Answer::done())
}

fn record(ask: &Ask<'_>, kind: EventKind) {
    ask.console.bmc.events.record(NewEvent {
        server: Some(ask.server.id().clone()),
        kind,
        actor: Some((&**ask.actor).into()),
        sel: None,
    });
}

/// The fault and the scope in a body.
fn read(mut body: Object) -> Result<(Fault, FaultScope), Refusal> {
    let scope = match body.remove("scope") {
        Some(scope) => typed(scope)?,
        None => FaultScope::default(),
    };
    let names: Vec<String> = body.keys().cloned().collect();
    let fault: Fault = typed(Value::Object(body))?;
    // A kind without values takes any; what it doesn't have is a mistake all the same.
    let known = serde_json::to_value(&fault).map_err(|why| Refusal::internal(&why))?;
    match names.iter().find(|name| known.get(name.as_str()).is_none()) {
        Some(name) => Err(Refusal::invalid(format!(
            "a fault of this kind has no `{name}`"
        ))),
        None => Ok((fault, scope)),
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(Refusal::invalid)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_body(body: Value) -> Result<(Fault, FaultScope), Refusal> {
        let Value::Object(body) = body else {
            panic!("no object")
        };
        read(body)
    }

    #[test]
    fn a_fault_is_its_kind_its_values_and_a_scope() {
        let body = json!({"kind": "slow-post", "factor": 10, "scope": {"times": 3, "seed": 7}});
        let (fault, scope) = read_body(body).unwrap();
        assert_eq!(fault, Fault::SlowPost { factor: 10 });
        assert_eq!((scope.times, scope.seed, scope.percent), (Some(3), 7, 100));
        let (fault, scope) = read_body(json!({"kind": "no-signal"})).unwrap();
        assert_eq!(fault, Fault::NoSignal);
        assert_eq!(scope, FaultScope::default());
        let unknown = json!({"kind": "sensor-value", "sensor": "cpu", "value": null});
        let (fault, _) = read_body(unknown).unwrap();
        let sensor = "cpu".to_owned();
        assert_eq!(
            fault,
            Fault::SensorValue {
                sensor,
                value: None
            }
        );
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for body in [
            json!({}),
            json!({"kind": "no-such-fault"}),
            json!({"kind": "slow-post"}),
            json!({"kind": "slow-post", "factor": "ten"}),
            json!({"kind": "slow-post", "factor": -1}),
            json!({"kind": "slow-post", "factor": 10, "speed": 1}),
            json!({"kind": "no-signal", "factor": 10}),
            json!({"kind": "no-signal", "scope": {"time": 3}}),
            json!({"kind": "no-signal", "scope": 3}),
            json!({"kind": "no-signal", "scope": {"percent": 300}}),
        ] {
            assert!(read_body(body.clone()).is_err(), "{body}");
        }
    }
}
