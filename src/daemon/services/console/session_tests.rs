//! Signing in by a cookie as browsers do it, over a real gate.

use http::StatusCode;
use outband_core::access::{AccountType, Policy, Role, Scope};
use serde_json::{Value, json};

use crate::services::{
    redfish::Options,
    rig::{Answer, PASSWORD, Rig, somewhere},
};

const SESSION: &str = "/api/v1/session";
const FAULTS: &str = "/api/v1/servers/1/faults";
const SYSTEM: &str = "/redfish/v1/Systems/1";

async fn sign_in(rig: &Rig, user: &str, password: &str) -> Answer {
    let body = json!({"user": user, "password": password});
    rig.ask("POST", SESSION).json(body).send().await
}

/// What a browser sends back of an answer's cookie.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap_or_default().to_owned()
}

async fn signed_in(rig: &Rig, user: &str) -> String {
    let answer = sign_in(rig, user, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    cookie(&answer)
}

async fn who(rig: &Rig, cookie: &str) -> (StatusCode, Value) {
    let answer = rig
        .ask("GET", SESSION)
        .header("cookie", cookie)
        .send()
        .await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn who_signs_in_is_told_who_that_is_and_has_a_cookie_for_everything() {
    let rig = Rig::new().await;
    let answer = sign_in(&rig, "op", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let set = answer.header("set-cookie").to_owned();
    assert!(set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"));
    let (cookie, body) = (cookie(&answer), answer.json());
    assert_eq!(
        (&body["user"], &body["role"]),
        (&json!("op"), &json!("Operator"))
    );
    assert_eq!(body["must_change_password"], false);
    assert_eq!(body["password_bytes"], json!({"min": 8, "max": 128}));
    assert!(
        !body.to_string().contains(cookie.split('=').nth(1).unwrap()),
        "no token in it"
    );
    assert_eq!(who(&rig, &cookie).await, (StatusCode::OK, body));
    let read = rig
        .ask("GET", SYSTEM)
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(read.status, StatusCode::OK, "Redfish takes it as well");
}

#[tokio::test]
async fn what_signs_nobody_in_leaves_no_cookie() {
    let rig = Rig::new().await;
    let wrong = sign_in(&rig, "op", "another password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.header("set-cookie"), "");
    for body in [
        json!({}),
        json!({"user": "op"}),
        json!({"user": "op", "password": 12_345_678}),
        json!({"user": "op", "password": PASSWORD, "role": "Administrator"}),
    ] {
        let refused = rig.ask("POST", SESSION).json(body.clone()).send().await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(!refused.json().to_string().contains("12345678"));
    }
    let form = rig
        .ask("POST", SESSION)
        .raw("user=op")
        .header("content-type", "text/plain")
        .send();
    assert_eq!(form.await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let own = rig.ask("POST", SESSION).from(Some(somewhere(false)));
    let plain = own
        .json(json!({"user": "op", "password": PASSWORD}))
        .send()
        .await;
    assert_eq!(plain.status, StatusCode::FORBIDDEN);
    assert_eq!(plain.json()["error"]["code"], "needs-https");
    assert_eq!(who(&rig, "").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(rig.bmc.gate.sessions(&rig.bmc.gate.local("test")).len(), 0);
}

#[tokio::test]
async fn who_guesses_is_told_how_long_to_wait() {
    let rig = Rig::new().await;
    for _ in 0..11 {
        let wrong = sign_in(&rig, "op", "another password").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let waits = sign_in(&rig, "op", PASSWORD).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waits.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig, "op").await;
    let out = rig.ask("DELETE", SESSION).header("cookie", &cookie);
    let out = out.header("x-outband", "1").send().await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(who(&rig, &cookie).await.0, StatusCode::UNAUTHORIZED);
    let basic = rig.ask("DELETE", SESSION).by("op").send().await;
    assert_eq!(basic.status, StatusCode::NOT_FOUND, "Basic has no session");
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_before() {
    let rig = Rig::new().await;
    let first = signed_in(&rig, "op").await;
    let body = json!({"user": "ro", "password": PASSWORD});
    let again = rig.ask("POST", SESSION).header("cookie", &first).json(body);
    let second = cookie(&again.send().await);
    assert_eq!(who(&rig, &first).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(who(&rig, &second).await.1["user"], "ro");
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_changed_by_the_session() {
    let rig = Rig::new().await;
    let both = vec![AccountType::Redfish, AccountType::IPMI];
    let account = rig
        .account_for(both, "new", Role::Administrator, Scope::All)
        .await;
    rig.must_change(&account).await;
    let answer = sign_in(&rig, "new", PASSWORD).await;
    assert_eq!(answer.json()["must_change_password"], true);
    assert_eq!(
        answer.json()["password_bytes"],
        json!({"min": 8, "max": 20})
    );
    let cookie = cookie(&answer);
    let ask = |method, path| {
        let asked = rig.ask(method, path).header("cookie", &cookie);
        asked.header("x-outband", "1")
    };
    let refused = ask("GET", FAULTS).send().await;
    assert_eq!(refused.json()["error"]["code"], "password-change-required");
    for bad in ["short", PASSWORD, "longer than the twenty bytes"] {
        let refused = ask("PATCH", SESSION)
            .json(json!({"password": bad}))
            .send()
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(
        ask("GET", FAULTS).send().await.status,
        StatusCode::FORBIDDEN
    );
    let changed = ask("PATCH", SESSION).json(json!({"password": "another good one"}));
    let changed = changed.send().await;
    assert_eq!(changed.status, StatusCode::OK, "{:?}", changed.json());
    assert_eq!(changed.json()["must_change_password"], false);
    assert_eq!(
        ask("GET", FAULTS).send().await.status,
        StatusCode::OK,
        "it goes on"
    );
    assert_eq!(who(&rig, &cookie).await.1["must_change_password"], false);
    assert_eq!(
        sign_in(&rig, "new", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_cookie_changes_something_only_for_a_request_that_no_other_page_can_make() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig, "admin").await;
    let fault = json!({"kind": "no-signal"});
    let set = |headers: Vec<(&'static str, &'static str)>| {
        let asked = rig.ask("POST", FAULTS).header("cookie", &cookie);
        let asked = asked.header("host", "bmc:8443").json(fault.clone());
        let asked = headers
            .into_iter()
            .fold(asked, |asked, (name, value)| asked.header(name, value));
        asked.send()
    };
    let (marked, own) = (("x-outband", "1"), ("origin", "https://bmc:8443"));
    let foreign = ("origin", "https://127.0.0.2:8443");
    for headers in [vec![], vec![own], vec![foreign], vec![marked, foreign]] {
        let refused = set(headers.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(refused.json()["error"]["code"], "cross-site");
    }
    let read = |origin: &'static str| {
        let asked = rig.ask("GET", SESSION).header("cookie", &cookie);
        asked
            .header("host", "bmc:8443")
            .header("origin", origin)
            .send()
    };
    assert_eq!(
        read(foreign.1).await.status,
        StatusCode::UNAUTHORIZED,
        "nor reads"
    );
    assert_eq!(read(own.1).await.status, StatusCode::OK);
    assert_eq!(rig.bmc.servers.get("1").unwrap().faults().list(), []);
    for headers in [vec![marked], vec![marked, own]] {
        assert_eq!(set(headers).await.status, StatusCode::CREATED);
    }
    let plain = rig.ask("GET", SESSION).header("cookie", &cookie);
    let plain = plain.from(Some(somewhere(false))).send().await;
    assert_eq!(
        plain.status,
        StatusCode::UNAUTHORIZED,
        "not over plain HTTP"
    );
}

#[tokio::test]
async fn redfish_keeps_to_the_same_rules() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig, "admin").await;
    let patch = |headers: &[(&'static str, &'static str)]| {
        let asked = rig.ask("PATCH", SYSTEM).header("cookie", &cookie);
        let asked = asked.header("host", "bmc").json(json!({"AssetTag": "7"}));
        let asked = headers
            .iter()
            .fold(asked, |asked, (name, value)| asked.header(name, value));
        asked.send()
    };
    let refused = patch(&[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "InsufficientPrivilege");
    let foreign = patch(&[("x-outband", "1"), ("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(patch(&[("x-outband", "1")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_else_a_browser_sends_by_itself_changes_nothing_for_another_page() {
    let foreign = ("origin", "https://evil.example");
    let fault = json!({"kind": "no-signal"});
    let rig = Rig::new().await;
    let basic = rig.ask("POST", FAULTS).by("admin").json(fault.clone());
    let basic = basic.header(foreign.0, foreign.1).send().await;
    assert_eq!(basic.status, StatusCode::FORBIDDEN);
    let open = Policy {
        enabled: false,
        ..Policy::default()
    };
    let rig = Rig::with(open, Options::default()).await;
    let visitor = rig.ask("POST", FAULTS).json(fault.clone());
    let visitor = visitor.header(foreign.0, foreign.1).send().await;
    assert_eq!(visitor.status, StatusCode::FORBIDDEN);
    let visitor = rig.ask("POST", FAULTS).json(fault).send().await;
    assert_eq!(visitor.status, StatusCode::CREATED);
    let (status, who) = who(&rig, "").await;
    assert_eq!((status, &who["access"]), (StatusCode::OK, &json!(false)));
    assert_eq!(
        (&who["user"], &who["account"]),
        (&json!("visitor"), &Value::Null)
    );
}
