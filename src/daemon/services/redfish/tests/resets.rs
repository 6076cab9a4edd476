//! `ComputerSystem.Reset`, from the request to the outcome.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use http::StatusCode;
use serde_json::{Value, json};

use crate::services::rig::{Answer, Rig};

const SYSTEM: &str = "/redfish/v1/Systems/1";

async fn reset(rig: &Rig, kind: &str) -> Answer {
    let path = format!("{SYSTEM}/Actions/ComputerSystem.Reset");
    let body = json!({ "ResetType": kind });
    rig.ask("POST", &path).by("op").json(body).send().await
}

#[tokio::test(start_paused = true)]
async fn what_agrees_in_time_is_done() {
    let rig = Rig::new().await;
    for (kind, state) in [
        ("On", "On"),
        ("ForceOn", "On"),
        ("GracefulShutdown", "Off"),
        ("ForceOff", "Off"),
    ] {
        assert_eq!(
            reset(&rig, kind).await.status,
            StatusCode::NO_CONTENT,
            "{kind}"
        );
        assert_eq!(rig.get(SYSTEM).await["PowerState"], state, "{kind}");
    }
}

#[tokio::test]
async fn what_the_server_can_do_is_what_is_allowable() {
    let rig = Rig::new().await;
    let system = rig.get(SYSTEM).await;
    let action = &system["Actions"]["#ComputerSystem.Reset"];
    let allowable = action["ResetType@Redfish.AllowableValues"]
        .as_array()
        .unwrap();
    assert!(allowable.contains(&json!("On")) && allowable.contains(&json!("ForceOn")));
    for absent in ["Nmi", "PushPowerButton", "FullPowerCycle", "Reset"] {
        assert!(!allowable.contains(&json!(absent)), "{absent}");
        let refused = reset(&rig, absent).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "ActionParameterValueNotInList");
        let text = refused.json()["error"]["message"].to_string();
        for value in allowable {
            assert!(text.contains(value.as_str().unwrap()), "{value} in {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_of_a_server_that_is_off_is_a_conflict() {
    let rig = Rig::new().await;
    let refused = reset(&rig, "ForceRestart").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.message(), "ResourceInStandby");
}

/// Asks a deaf server to shut down; gives the answer.
async fn deaf_shutdown(rig: &Rig) -> Answer {
    assert_eq!(reset(rig, "On").await.status, StatusCode::NO_CONTENT);
    rig.deaf.store(true, SeqCst);
    let accepted = reset(rig, "GracefulShutdown").await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    accepted
}

async fn ended(rig: &Rig, task: &str) -> Value {
    loop {
        let task = rig.get(task).await;
        if task["TaskState"] != "Running" {
            return task;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_is_a_task_and_a_failure_ends_in_exception() {
    let rig = Rig::new().await;
    let accepted = deaf_shutdown(&rig).await;
    let task = accepted.json();
    assert_eq!(task["TaskState"], "Running");
    let monitor = accepted.header("location").to_owned();
    assert_eq!(task["TaskMonitor"], monitor.as_str());
    let watched = rig.ask("GET", &monitor).by("op").send().await;
    assert_eq!(watched.status, StatusCode::ACCEPTED);
    assert_eq!(watched.header("location"), monitor);
    // Until it is off it is on.
    assert_eq!(rig.get(SYSTEM).await["PowerState"], "On");

    let task = ended(&rig, task["@odata.id"].as_str().unwrap()).await;
    assert_eq!(task["TaskState"], "Exception");
    assert_eq!(task["TaskStatus"], "Critical");
    let watched = rig.ask("GET", &monitor).by("op").send().await;
    assert_eq!(watched.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(watched.message(), "OperationFailed");
    assert_eq!(rig.get(SYSTEM).await["PowerState"], "On");
}

#[tokio::test(start_paused = true)]
async fn off_takes_the_place_of_a_pending_shutdown() {
    let rig = Rig::new().await;
    let accepted = deaf_shutdown(&rig).await;
    let busy = reset(&rig, "On").await;
    assert_eq!(busy.status, StatusCode::CONFLICT);
    assert_eq!(busy.message(), "ResourceInUse");
    assert!(busy.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(reset(&rig, "ForceOff").await.status, StatusCode::NO_CONTENT);
    let path = accepted.json()["@odata.id"].as_str().unwrap().to_owned();
    assert_eq!(ended(&rig, &path).await["TaskState"], "Cancelled");
    let monitor = accepted.header("location").to_owned();
    let watched = rig.ask("GET", &monitor).by("op").send().await;
    assert_eq!(watched.status, StatusCode::CONFLICT);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_works_out_ends_without_content() {
    let rig = Rig::new().await;
    assert_eq!(reset(&rig, "On").await.status, StatusCode::NO_CONTENT);
    rig.slow.store(true, SeqCst);
    let accepted = reset(&rig, "PowerCycle").await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let path = accepted.json()["@odata.id"].as_str().unwrap().to_owned();
    assert_eq!(ended(&rig, &path).await["TaskState"], "Completed");
    let monitor = accepted.header("location").to_owned();
    let watched = rig.ask("GET", &monitor).by("op").send().await;
    assert_eq!(watched.status, StatusCode::NO_CONTENT);
    assert_eq!(rig.get(SYSTEM).await["PowerState"], "On");
}

fn not_sensed(messages: &Value) {
    let message = &messages[0];
    assert_eq!(message["MessageId"], "Outband.1.0.EffectNotSensed");
    assert_eq!(message["MessageSeverity"], "Warning");
    assert_eq!(messages.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_nothing_senses_is_answered_with_a_word_of_it() {
    let rig = Rig::blind().await;
    for kind in ["On", "ForceOff", "PowerCycle", "ForceRestart"] {
        let answer = reset(&rig, kind).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}");
        let body = answer.json();
        assert_eq!(body.get("error"), None, "{kind}");
        not_sensed(&body["@Message.ExtendedInfo"]);
    }
    // A pulse is all that is promised, and it was given.
    assert_eq!(reset(&rig, "Nmi").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_effect_nothing_senses_says_so() {
    let rig = Rig::blind().await;
    rig.slow.store(true, SeqCst);
    let accepted = reset(&rig, "ForceOff").await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let path = accepted.json()["@odata.id"].as_str().unwrap().to_owned();
    let task = ended(&rig, &path).await;
    assert_eq!(task["TaskState"], "Completed");
    assert_eq!(task["TaskStatus"], "Warning");
    not_sensed(&task["Messages"]);
    let monitor = accepted.header("location").to_owned();
    let watched = rig.ask("GET", &monitor).by("op").send().await;
    assert_eq!(watched.status, StatusCode::OK);
    not_sensed(&watched.json()["@Message.ExtendedInfo"]);
}
