//! The faults of a simulated server: `/api/v1/servers/{id}/faults`.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, StatusCode};
use outband_core::{
    access::{Actor, Operation},
    bmc::Bmc,
    events::{EventKind, NewEvent},
    faults::{ActiveFault, Fault, FaultScope},
    server::ServerHandle,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Answer, Console, error::Refusal};
use crate::services::{
    body,
    json::{self, Object},
};

/// The fault board of a server, for an actor who may use it.
#[derive(Debug)]
pub(super) struct Board<'a> {
    bmc: &'a Bmc,
    actor: &'a Arc<Actor>,
    server: ServerHandle,
}

#[derive(Serialize)]
struct Faults {
    faults: Vec<ActiveFault>,
}

impl<'a> Board<'a> {
    /// The board of a server.
    ///
    /// # Errors
    /// [`Refusal`] when the actor may not, or there is no such server that it reaches.
    pub(super) fn of(
        console: &'a Console,
        actor: &'a Arc<Actor>,
        id: &str,
    ) -> Result<Self, Refusal> {
        let server = console.reach(actor, id, Operation::SetFaults)?;
        Ok(Self {
            bmc: &console.bmc,
            actor,
            server,
        })
    }

    /// The faults in force, oldest first.
    pub(super) fn list(&self) -> Result<Answer, Refusal> {
        let faults = self.server.faults().list();
        Answer::json(StatusCode::OK, &Faults { faults })
    }

    /// Sets a fault: its kind and values, and a `scope`.
    pub(super) async fn set(&self, headers: &HeaderMap, body: Body) -> Result<Answer, Refusal> {
        let bytes = body::read(headers, body).await?;
        let (fault, scope) = read(json::object(&bytes)?)?;
        let allowed = self.server.snapshot();
        let allowed = &allowed.abilities.faults;
        let board = self.server.faults();
        let id = board.set(allowed, fault.clone(), scope.clone())?;
        let shown = ActiveFault {
            id,
            fault,
            scope,
            struck: 0,
        };
        let text = serde_json::to_string(&shown).map_err(|why| Refusal::internal(&why))?;
        self.record(EventKind::FaultSet { fault: text.into() });
        let server = self.server.id();
        let location = format!("/api/v1/servers/{server}/faults/{id}");
        Ok(Answer {
            location: Some(location),
            ..Answer::json(StatusCode::CREATED, &shown)?
        })
    }

    /// Clears a fault.
    pub(super) fn clear(&self, id: &str) -> Result<Answer, Refusal> {
        let id = id.parse().ok().filter(|id| self.server.faults().clear(*id));
        let id = id.ok_or_else(|| Refusal::not_found("there is no such fault"))?;
        self.record(EventKind::FaultCleared { id });
        Ok(Answer::done())
    }

    /// Clears all faults.
    pub(super) fn clear_all(&self) -> Result<Answer, Refusal> {
        for fault in self.server.faults().list() {
            if self.server.faults().clear(fault.id) {
                self.record(EventKind::FaultCleared { id: fault.id });
            }
        }
        Ok(Answer::done())
    }

    fn record(&self, kind: EventKind) {
        self.bmc.events.record(NewEvent {
            server: Some(self.server.id().clone()),
            kind,
            actor: Some((&**self.actor).into()),
            sel: None,
        });
    }
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
