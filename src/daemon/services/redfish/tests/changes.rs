//! Changes: all or nothing, and never over somebody else's.

use http::StatusCode;
use outband_core::access::Role;
use serde_json::{Value, json};

use crate::services::rig::Rig;

const SYSTEM: &str = "/redfish/v1/Systems/1";

async fn patch(rig: &Rig, path: &str, body: Value) -> crate::services::rig::Answer {
    rig.ask("PATCH", path).by("admin").json(body).send().await
}

#[tokio::test]
async fn a_change_is_answered_with_the_resource_as_it_is_then() {
    let rig = Rig::new().await;
    let body = json!({
        "AssetTag": "rack 7", "PowerRestorePolicy": "LastState",
        "Boot": {"BootSourceOverrideTarget": "Pxe"},
    });
    let changed = patch(&rig, SYSTEM, body).await;
    assert_eq!(changed.status, StatusCode::OK);
    let shown = changed.json();
    assert_eq!(shown["AssetTag"], "rack 7");
    assert_eq!(shown["PowerRestorePolicy"], "LastState");
    assert_eq!(shown["Boot"]["BootSourceOverrideEnabled"], "Once");
    assert_eq!(shown["Boot"]["BootSourceOverrideTarget"], "Pxe");
    assert_eq!(rig.get(SYSTEM).await, shown);
}

#[tokio::test]
async fn an_asset_tag_that_is_taken_back_is_null() {
    let rig = Rig::new().await;
    for (tag, shown) in [
        (json!("rack 7"), json!("rack 7")),
        (Value::Null, Value::Null),
        (json!("rack 8"), json!("rack 8")),
        (json!(""), Value::Null),
    ] {
        let changed = patch(&rig, SYSTEM, json!({ "AssetTag": tag })).await;
        assert_eq!(changed.json()["AssetTag"], shown);
    }
}

#[tokio::test]
async fn one_mistake_undoes_the_whole_change() {
    let rig = Rig::new().await;
    for (body, message) in [
        (json!({"AssetTag": "x", "Bogus": 1}), "PropertyUnknown"),
        (
            json!({"AssetTag": "x", "Model": "y"}),
            "PropertyNotWritable",
        ),
        (
            json!({"AssetTag": "x", "PowerRestorePolicy": "Never"}),
            "PropertyValueNotInList",
        ),
        (
            json!({"AssetTag": "x", "IndicatorLED": "Lit"}),
            "PropertyUnknown",
        ),
        (
            json!({"AssetTag": "x", "Boot": {"BootSourceOverrideEnabled": "Enabled"}}),
            "PropertyValueNotInList",
        ),
    ] {
        let refused = patch(&rig, SYSTEM, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.message(), message, "{body}");
    }
    let tag = json!({"AssetTag": "x".repeat(64)});
    let refused = patch(&rig, SYSTEM, tag).await;
    assert_eq!(refused.message(), "PropertyValueError");
    assert_eq!(rig.get(SYSTEM).await["AssetTag"], Value::Null);
}

#[tokio::test]
async fn a_change_over_a_change_that_was_not_seen_is_refused() {
    let rig = Rig::new().await;
    let seen = rig.get(SYSTEM).await["@odata.etag"]
        .as_str()
        .unwrap()
        .to_owned();
    let ask = |tag: &str| {
        let body = json!({"AssetTag": tag});
        rig.ask("PATCH", SYSTEM)
            .by("admin")
            .header("if-match", &seen)
            .json(body)
    };
    assert_eq!(ask("first").send().await.status, StatusCode::OK);
    let refused = ask("second").send().await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(refused.message(), "PreconditionFailed");
    assert_eq!(rig.get(SYSTEM).await["AssetTag"], "first");
}

#[tokio::test]
async fn a_change_of_state_is_no_change_of_settings() {
    let rig = Rig::new().await;
    let seen = rig.get(SYSTEM).await["@odata.etag"]
        .as_str()
        .unwrap()
        .to_owned();
    let reset = format!("{SYSTEM}/Actions/ComputerSystem.Reset");
    let on = rig
        .ask("POST", &reset)
        .by("op")
        .json(json!({"ResetType": "On"}));
    assert_eq!(on.send().await.status, StatusCode::NO_CONTENT);
    let now = rig.get(SYSTEM).await;
    assert_eq!(now["PowerState"], "On");
    assert_ne!(now["@odata.etag"], seen.as_str());
    let asked = rig.ask("PATCH", SYSTEM).by("op").header("if-match", &seen);
    let changed = asked.json(json!({"AssetTag": "x"})).send().await;
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn of_many_changes_with_one_precondition_one_is_made() {
    let rig = Rig::new().await;
    let account = rig
        .account("race", Role::ReadOnly, outband_core::access::Scope::All)
        .await;
    let path = format!("/redfish/v1/AccountService/Accounts/{}", account.id);
    let seen = rig.get(&path).await["@odata.etag"]
        .as_str()
        .unwrap()
        .to_owned();
    let writers = (0..8).map(|writer| {
        let body = json!({"Password": format!("password {writer}")});
        rig.ask("PATCH", &path)
            .by("admin")
            .header("if-match", &seen)
            .json(body)
            .send()
    });
    let answers = futures_util::future::join_all(writers).await;
    let with = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!(with(StatusCode::OK), 1);
    assert_eq!(with(StatusCode::PRECONDITION_FAILED), 7);
}

#[tokio::test]
async fn an_account_is_made_changed_and_removed() {
    let rig = Rig::new().await;
    let accounts = "/redfish/v1/AccountService/Accounts";
    let body = json!({"UserName": "new", "Password": "a good password", "RoleId": "Operator"});
    let made = rig
        .ask("POST", accounts)
        .by("admin")
        .json(body.clone())
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = made.header("location").to_owned();
    assert_eq!(made.json()["@odata.id"], path.as_str());
    assert_eq!(made.json()["AccountTypes"], json!(["Redfish", "WebUI"]));
    let again = rig
        .ask("POST", accounts)
        .by("admin")
        .json(body)
        .send()
        .await;
    assert_eq!(
        (again.status, again.message().as_str()),
        (StatusCode::CONFLICT, "ResourceAlreadyExists")
    );

    let body = json!({"RoleId": "ReadOnly", "Enabled": false, "UserName": "newer"});
    let changed = patch(&rig, &path, body).await.json();
    assert_eq!(
        (&changed["RoleId"], &changed["Enabled"]),
        (&json!("ReadOnly"), &json!(false))
    );
    assert_eq!(changed["UserName"], "newer");

    let short = patch(&rig, &path, json!({"Password": "short"})).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(!String::from_utf8_lossy(&short.bytes).contains("'short'"));

    let stale = rig
        .ask("DELETE", &path)
        .by("admin")
        .header("if-match", "\"0.0\"");
    assert_eq!(stale.send().await.status, StatusCode::PRECONDITION_FAILED);
    let removed = rig.ask("DELETE", &path).by("admin").send().await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let gone = rig.ask("GET", &path).by("admin").send().await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_an_account_lacks_is_told_at_once() {
    let rig = Rig::new().await;
    let accounts = "/redfish/v1/AccountService/Accounts";
    let body = json!({"Enabled": true});
    let refused = rig
        .ask("POST", accounts)
        .by("admin")
        .json(body)
        .send()
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let info = &refused.json()["error"]["@Message.ExtendedInfo"];
    assert_eq!(info.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let rig = Rig::new().await;
    let path = "/redfish/v1/AccountService/Accounts/1";
    for (method, body) in [
        ("PATCH", json!({"RoleId": "Operator"})),
        ("PATCH", json!({"Enabled": false})),
        ("DELETE", json!({})),
    ] {
        let refused = rig.ask(method, path).by("admin").json(body).send().await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{method}");
    }
    assert_eq!(rig.get(path).await["RoleId"], "Administrator");
}

#[tokio::test]
async fn the_idle_time_of_sessions_is_bounded() {
    let rig = Rig::new().await;
    let path = "/redfish/v1/SessionService";
    let changed = patch(&rig, path, json!({"SessionTimeout": 600})).await;
    assert_eq!(changed.json()["SessionTimeout"], 600);
    for wrong in [29, 86_401] {
        let refused = patch(&rig, path, json!({"SessionTimeout": wrong})).await;
        assert_eq!(refused.message(), "PropertyValueOutOfRange");
    }
    assert_eq!(rig.get(path).await["SessionTimeout"], 600);
}
