//! Servers, power and events as the native API tells them, over a real gate and real engines.

use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use http_body_util::BodyExt;
use outband_core::{
    access::{Role, Scope},
    events::{EventKind, NewEvent},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::services::rig::Rig;

/// How long anything may take before it has hung.
const HANG: Duration = Duration::from_secs(30);

async fn get(rig: &Rig, path: &str, by: &str) -> Value {
    let answer = rig.ask("GET", path).by(by).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

async fn act(rig: &Rig, by: &str, body: Value) -> (StatusCode, Value) {
    let path = "/api/v1/servers/1/power";
    let answer = rig.ask("POST", path).by(by).json(body).send().await;
    (answer.status, answer.json())
}

/// Waits until a server's last command ended.
async fn ended(rig: &Rig) -> Value {
    let mut states = rig.bmc.servers.get("1").unwrap().watch();
    let over = states.wait_for(|now| now.pending.is_none() && now.last_outcome.is_some());
    timeout(HANG, over).await.unwrap().unwrap();
    get(rig, "/api/v1/servers/1", "admin").await
}

#[tokio::test]
async fn an_account_sees_the_servers_that_it_reaches_and_what_it_may_do_there() {
    let rig = Rig::new().await;
    let two = Scope::Servers(vec!["2".parse().unwrap()]);
    rig.account("guest", Role::ReadOnly, two).await;
    let ids = |list: Value| -> Vec<Value> {
        let servers = list["servers"].as_array().unwrap().clone();
        servers.iter().map(|server| server["id"].clone()).collect()
    };
    assert_eq!(ids(get(&rig, "/api/v1/servers", "op").await), ["1", "2"]);
    assert_eq!(ids(get(&rig, "/api/v1/servers", "guest").await), ["2"]);
    let beyond = rig.ask("GET", "/api/v1/servers/1").by("guest").send().await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
    let shown = get(&rig, "/api/v1/servers/2", "guest").await;
    assert_eq!(
        shown["may"],
        json!({"power": false, "type": false, "identify": false, "boot": false})
    );
    assert_eq!(shown["has"]["screen"], false);
    assert_eq!(
        (&shown["power"], &shown["on_for_s"]),
        (&json!("off"), &Value::Null)
    );
}

#[tokio::test]
async fn a_command_is_accepted_and_its_end_is_told() {
    let rig = Rig::new().await;
    let (status, accepted) = act(&rig, "op", json!({"action": "on"})).await;
    assert_eq!(
        (status, &accepted["accepted"]),
        (StatusCode::ACCEPTED, &json!("on"))
    );
    let server = ended(&rig).await;
    assert_eq!(server["power"], "on");
    let last = &server["last_outcome"];
    assert_eq!(
        (&last["action"], &last["outcome"]),
        (&json!("on"), &json!("done"))
    );
    assert!(server["on_for_s"].is_number());
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_in_words() {
    let rig = Rig::new().await;
    for (by, body, status, code) in [
        (
            "ro",
            json!({"action": "on"}),
            StatusCode::FORBIDDEN,
            "forbidden",
        ),
        (
            "op",
            json!({"action": "reset"}),
            StatusCode::CONFLICT,
            "state",
        ),
        (
            "op",
            json!({"action": "nmi"}),
            StatusCode::CONFLICT,
            "unsupported",
        ),
        (
            "op",
            json!({"action": "explode"}),
            StatusCode::BAD_REQUEST,
            "invalid",
        ),
        (
            "op",
            json!({"action": "on", "now": 1}),
            StatusCode::BAD_REQUEST,
            "invalid",
        ),
        ("op", json!({}), StatusCode::BAD_REQUEST, "invalid"),
    ] {
        let (got, answer) = act(&rig, by, body.clone()).await;
        assert_eq!(
            (got, &answer["error"]["code"]),
            (status, &json!(code)),
            "{body}"
        );
    }
    let now = get(&rig, "/api/v1/servers/1", "ro").await;
    assert_eq!(now["power"], "off");
}

fn numbers(page: &Value) -> Vec<u64> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_shows_to_each_what_is_theirs() {
    let rig = Rig::new().await;
    for at in 0..500 {
        rig.bmc.events.record(NewEvent {
            server: Some(if at % 5 == 0 { "2" } else { "1" }.parse().unwrap()),
            kind: match at {
                250 => EventKind::Fault {
                    what: "a disk".into(),
                },
                _ => EventKind::OverrideLapsed,
            },
            actor: None,
            sel: None,
        });
    }
    let path = "/api/v1/servers/2/events?limit=60";
    let first = numbers(&get(&rig, path, "ro").await);
    assert_eq!(first.len(), 60);
    let rest = format!("{path}&before={}", first.last().unwrap());
    let rest = numbers(&get(&rig, &rest, "ro").await);
    let mut all = [first, rest].concat();
    assert!(all.len() >= 100, "{}", all.len());
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    all.dedup();

    let bad = "/api/v1/events?severity=warning&limit=200";
    let bad = get(&rig, bad, "ro").await;
    let words: Vec<_> = bad["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["message"])
        .collect();
    assert_eq!(words, ["Something failed: a disk."]);
    // Who logged in is shown to those who may read accounts.
    let of_daemon = |page: &Value| {
        let events = page["events"].as_array().unwrap().iter();
        events.filter(|event| event["server"].is_null()).count()
    };
    let everything = "/api/v1/events?limit=200";
    let mine = of_daemon(&get(&rig, everything, "admin").await);
    let theirs = of_daemon(&get(&rig, everything, "op").await);
    assert!(mine > 0 && theirs == 0, "{mine} {theirs}");
    for wrong in ["limit=0", "limit=201", "before=x", "since=1"] {
        let path = format!("/api/v1/events?{wrong}");
        let answer = rig.ask("GET", &path).by("ro").send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

/// A stream of events as somebody reads it.
struct Reader {
    body: Body,
    text: String,
}

impl Reader {
    async fn open(rig: &Rig, by: &str, last: Option<&str>) -> Self {
        let asked = rig
            .ask("GET", "/api/v1/events")
            .by(by)
            .header("accept", "text/event-stream");
        let asked = match last {
            Some(last) => asked.header("last-event-id", last),
            None => asked,
        };
        let response = asked.open().await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let data = data.map(|data| serde_json::from_str(data).unwrap());
                self.text = rest.to_owned();
                if data.is_some() {
                    return data;
                }
                continue;
            }
            let frame = timeout(HANG, self.body.frame()).await.unwrap()?;
            let data = frame.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
}

#[tokio::test]
async fn a_stream_tells_what_happens_and_goes_on_where_it_was_lost() {
    let rig = Rig::new().await;
    let mut reader = Reader::open(&rig, "op", None).await;
    act(&rig, "op", json!({"action": "on"})).await;
    let mut seen = Vec::new();
    while seen
        .last()
        .is_none_or(|last: &Value| last["kind"]["is"] != "ended")
    {
        seen.push(reader.next().await.unwrap());
    }
    assert!(seen.iter().all(|event| event["server"] == "1"), "{seen:?}");
    drop(reader);
    let first = seen[0]["seq"].to_string();
    let mut again = Reader::open(&rig, "op", Some(&first)).await;
    for before in &seen[1..] {
        assert_eq!(again.next().await.as_ref(), Some(before));
    }
    let long_gone = Reader::open(&rig, "admin", Some("0")).await.next().await;
    assert_eq!(long_gone.unwrap()["seq"], 1);
    let wrong = rig
        .ask("GET", "/api/v1/events")
        .by("op")
        .header("accept", "text/event-stream")
        .header("last-event-id", "now");
    assert_eq!(wrong.send().await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stream_ends_with_the_rights_of_who_reads_it() {
    let rig = Rig::new().await;
    let guest = rig.account("guest", Role::ReadOnly, Scope::All).await;
    let mut reader = Reader::open(&rig, "guest", None).await;
    rig.must_change(&guest).await;
    assert_eq!(reader.next().await, None);
}
