//! The native API as its clients see it, over a real gate and real engines.

use http::StatusCode;
use outband_core::{
    access::{Policy, Role, Scope},
    events::EventKind,
};
use serde_json::json;

use crate::services::{redfish::Options, rig::Rig};

const FAULTS: &str = "/api/v1/servers/1/faults";

#[tokio::test]
async fn a_fault_is_set_listed_and_cleared() {
    let rig = Rig::new().await;
    let body = json!({"kind": "no-signal", "scope": {"times": 3, "seed": 7}});
    let set = rig.ask("POST", FAULTS).by("admin").json(body).send().await;
    assert_eq!(set.status, StatusCode::CREATED);
    let shown = set.json();
    let path = format!("{FAULTS}/{}", shown["id"]);
    assert_eq!(set.header("location"), path);
    assert_eq!(
        (&shown["kind"], &shown["scope"]["times"]),
        (&json!("no-signal"), &json!(3))
    );

    let list = rig.ask("GET", FAULTS).by("admin").send().await.json();
    assert_eq!(list, json!({ "faults": [shown] }));
    let other = rig
        .ask("GET", "/api/v1/servers/2/faults")
        .by("admin")
        .send()
        .await;
    assert_eq!(other.json(), json!({"faults": []}));

    let cleared = rig.ask("DELETE", &path).by("admin").send().await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
    let again = rig.ask("DELETE", &path).by("admin").send().await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let list = rig.ask("GET", FAULTS).by("admin").send().await.json();
    assert_eq!(list, json!({"faults": []}));

    let events = rig.bmc.events.read(0, 100, None).unwrap();
    let kinds = events.iter().filter(|event| event.server.is_some());
    let kinds: Vec<_> = kinds.map(|event| &event.kind).collect();
    let set = |kind: &&EventKind| matches!(kind, EventKind::FaultSet { .. });
    assert_eq!(kinds.iter().filter(|kind| set(kind)).count(), 1);
    assert!(
        kinds.contains(&&EventKind::FaultCleared { id: 1 }),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn all_faults_are_cleared_at_once() {
    let rig = Rig::new().await;
    for kind in ["no-signal", "http-unavailable"] {
        let set = rig
            .ask("POST", FAULTS)
            .by("admin")
            .json(json!({ "kind": kind }));
        assert_eq!(set.send().await.status, StatusCode::CREATED);
    }
    let cleared = rig.ask("DELETE", FAULTS).by("admin").send().await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
    assert_eq!(rig.bmc.servers.get("1").unwrap().faults().list(), []);
}

#[tokio::test]
async fn faults_are_an_administrators_to_see_and_to_set() {
    let rig = Rig::new().await;
    let one = format!("{FAULTS}/1");
    for (method, path) in [
        ("GET", FAULTS),
        ("POST", FAULTS),
        ("DELETE", FAULTS),
        ("DELETE", &one),
    ] {
        let stranger = rig.ask(method, path).send().await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{method}");
        for name in ["op", "ro"] {
            let answer = rig.ask(method, path).by(name).json(json!({})).send().await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {name}");
            assert_eq!(answer.json()["error"]["code"], "forbidden");
        }
    }
    let scope = Scope::Servers(vec!["2".parse().unwrap()]);
    rig.account("narrow", Role::Administrator, scope).await;
    let hidden = rig.ask("GET", FAULTS).by("narrow").send().await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_fault_of_this_server_is_refused_in_words() {
    let rig = Rig::new().await;
    for (body, status) in [
        (json!({"kind": "no-such-fault"}), StatusCode::BAD_REQUEST),
        (
            json!({"kind": "no-signal", "bogus": 1}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"kind": "no-signal", "scope": {"percent": 0}}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"kind": "stuck-reset"}), StatusCode::CONFLICT),
    ] {
        let refused = rig
            .ask("POST", FAULTS)
            .by("admin")
            .json(body.clone())
            .send()
            .await;
        assert_eq!(refused.status, status, "{body}");
        let message = refused.json()["error"]["message"].to_string();
        assert!(message.len() > 10, "{message}");
    }
    let nowhere = rig
        .ask("GET", "/api/v1/servers/9/faults")
        .by("admin")
        .send()
        .await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let put = rig.ask("PUT", FAULTS).by("admin").send().await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(put.header("allow"), "GET, POST, DELETE");
}

#[tokio::test]
async fn a_value_is_for_a_sensor_that_the_server_has() {
    let rig = Rig::new().await;
    let set = |sensor| {
        let body = json!({"kind": "sensor-value", "sensor": sensor, "value": 90});
        rig.ask("POST", FAULTS).by("admin").json(body).send()
    };
    let refused = set("warp-core\n").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let message = &refused.json()["error"]["message"];
    assert_eq!(message, r"sensor: this server has no sensor `warp-core\n`");
    assert_eq!(rig.bmc.servers.get("1").unwrap().faults().list(), []);
    assert_eq!(set("temp").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn at_an_address_of_its_own_there_is_one_server_alone() {
    let options = Options {
        only: Some("1".parse().unwrap()),
        ..Options::default()
    };
    let rig = Rig::with(Policy::default(), options).await;
    let body = json!({"kind": "no-signal"});
    for (server, status) in [("1", StatusCode::CREATED), ("2", StatusCode::NOT_FOUND)] {
        let path = format!("/api/v1/servers/{server}/faults");
        let set = rig.ask("POST", &path).by("admin").json(body.clone());
        assert_eq!(set.send().await.status, status, "{server}");
    }
    assert_eq!(rig.bmc.servers.get("2").unwrap().faults().list(), []);
}
