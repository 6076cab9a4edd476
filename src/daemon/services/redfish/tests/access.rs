//! Who may do what: the table of resources, walked for every role.

use http::StatusCode;
use outband_core::access::{Operation, Policy, Role, Scope};
use serde_json::{Value, json};

use super::super::{
    Options,
    routes::{Act, Change, Need, Read, Resource},
    table::RESOURCES,
};
use crate::{
    listen::Peer,
    services::rig::{PASSWORD, Rig, somewhere},
};

/// Every method that the service knows or might be sent.
const METHODS: [&str; 7] = ["GET", "HEAD", "PATCH", "POST", "DELETE", "PUT", "OPTIONS"];

fn path(resource: &Resource) -> String {
    let path = resource.pattern.replace("{server}", "1");
    format!("/redfish{}", path.replace("{id}", "1"))
}

/// What a method of a resource needs: `None` where it has no such method, or needs nothing.
fn need(resource: &Resource, method: &str) -> Option<Operation> {
    let of = |need: Need| match need {
        Need::To(operation) | Need::OrOwn(operation, _) => operation,
    };
    match method {
        "GET" | "HEAD" => match resource.get? {
            Read::Document(_) | Read::Open(_) => None,
            Read::Daemon(need, _) => Some(of(need)),
            Read::Server(_) => Some(Operation::ReadServer),
        },
        "PATCH" => Some(match resource.patch? {
            Change::Daemon(need, _) => of(need),
            Change::Server(operation, _) => operation,
        }),
        "POST" | "DELETE" => {
            let act = if method == "POST" {
                resource.post?
            } else {
                resource.delete?
            };
            match act {
                Act::Open(_) => None,
                Act::Daemon(need, _) => Some(of(need)),
                Act::Server(operation, _) => Some(operation),
            }
        }
        _ => None,
    }
}

fn is_open(resource: &Resource, method: &str) -> bool {
    let open_read = matches!(resource.get, Some(Read::Document(_) | Read::Open(_)));
    let open_post = matches!(resource.post, Some(Act::Open(_)));
    (open_read && matches!(method, "GET" | "HEAD")) || (open_post && method == "POST")
}

#[tokio::test]
async fn without_a_proof_nothing_but_the_open_doors_answers() {
    let rig = Rig::new().await;
    for method in METHODS {
        for resource in RESOURCES {
            let path = path(resource);
            let answer = rig.ask(method, &path).send().await;
            let what = format!("{method} {path}");
            if is_open(resource, method) {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
            } else {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
                assert!(answer.headers.contains_key("www-authenticate"), "{what}");
                assert!(!answer.headers.contains_key("allow"), "{what}");
            }
        }
        let nowhere = rig.ask(method, "/redfish/v1/Nowhere").send().await;
        assert_eq!(nowhere.status, StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn a_role_is_refused_exactly_what_the_gates_table_denies_it() {
    let rig = Rig::new().await;
    // The first account is `admin`: to the others it is somebody else's.
    for (name, role) in [
        ("ro", Role::ReadOnly),
        ("op", Role::Operator),
        ("admin", Role::Administrator),
    ] {
        for resource in RESOURCES {
            for method in ["GET", "PATCH", "POST", "DELETE"] {
                let Some(operation) = need(resource, method) else {
                    continue;
                };
                // The Administrator may: that it is carried out is another test's.
                if method == "DELETE" && role == Role::Administrator {
                    continue;
                }
                let path = path(resource);
                let asked = rig.ask(method, &path).by(name);
                let asked = if method == "GET" {
                    asked
                } else {
                    asked.json(json!({}))
                };
                let answer = asked.send().await;
                let denied = answer.status == StatusCode::FORBIDDEN;
                assert_eq!(
                    denied,
                    !role.has(operation.needs()),
                    "{name}: {method} {path}"
                );
                if denied {
                    assert_eq!(answer.message(), "InsufficientPrivilege");
                }
            }
        }
    }
}

#[tokio::test]
async fn everybody_reads_and_changes_their_own_account_and_password_alone() {
    let rig = Rig::new().await;
    let accounts = "/redfish/v1/AccountService/Accounts";
    let list = rig.ask("GET", accounts).by("ro").send().await.json();
    assert_eq!(list["Members@odata.count"], 1);
    let own = list["Members"][0]["@odata.id"].as_str().unwrap().to_owned();
    let shown = rig.ask("GET", &own).by("ro").send().await;
    assert_eq!(shown.json()["UserName"], "ro");

    let role = json!({"RoleId": "Administrator"});
    let refused = rig.ask("PATCH", &own).by("ro").json(role).send().await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let body = json!({"Password": "another password"});
    let changed = rig.ask("PATCH", &own).by("ro").json(body).send().await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["Password"], Value::Null);
    let old = rig.ask("GET", &own).by("ro").send().await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let new = rig.ask("GET", &own).with_password("ro", "another password");
    assert_eq!(new.send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_must_change_a_password_can_do_nothing_else() {
    let rig = Rig::new().await;
    let account = rig.account("new", Role::Administrator, Scope::All).await;
    rig.must_change(&account).await;
    let own = format!("/redfish/v1/AccountService/Accounts/{}", account.id);
    for resource in RESOURCES {
        for method in ["GET", "PATCH", "POST", "DELETE"] {
            if need(resource, method).is_none() {
                continue;
            }
            let path = path(resource);
            let asked = rig.ask(method, &path).by("new");
            let asked = if method == "GET" {
                asked
            } else {
                asked.json(json!({}))
            };
            let answer = asked.send().await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            assert_eq!(
                answer.message(),
                "PasswordChangeRequired",
                "{method} {path}"
            );
            let body = answer.json();
            let info = &body["error"]["@Message.ExtendedInfo"][0];
            assert_eq!(info["MessageArgs"][0], own.as_str());
        }
    }
    // Logging in works, and says so; then the way out.
    let body = json!({"UserName": "new", "Password": PASSWORD});
    let sessions = "/redfish/v1/SessionService/Sessions";
    let opened = rig.ask("POST", sessions).json(body).send().await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let info = &opened.json()["@Message.ExtendedInfo"][0];
    assert_eq!(info["MessageArgs"][0], own.as_str());
    let token = opened.header("x-auth-token").to_owned();
    let session = opened.header("location").to_owned();
    let ended = rig.ask("DELETE", &session).header("x-auth-token", &token);
    assert_eq!(ended.send().await.status, StatusCode::NO_CONTENT);

    let shown = rig.ask("GET", &own).by("new").send().await;
    assert_eq!(shown.json()["PasswordChangeRequired"], true);
    let body = json!({"Password": "another password"});
    let changed = rig.ask("PATCH", &own).by("new").json(body).send().await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["PasswordChangeRequired"], false);
    let free = rig.ask("GET", "/redfish/v1/Systems");
    let free = free.with_password("new", "another password").send().await;
    assert_eq!(free.status, StatusCode::OK);
}

#[tokio::test]
async fn a_server_out_of_reach_is_not_there() {
    let rig = Rig::new().await;
    let scope = Scope::Servers(vec!["2".parse().unwrap()]);
    rig.account("narrow", Role::Operator, scope).await;
    for collection in ["Systems", "Chassis", "Managers"] {
        let path = format!("/redfish/v1/{collection}");
        let list = rig.ask("GET", &path).by("narrow").send().await.json();
        let text = list["Members"].to_string();
        assert!(!text.contains(&format!("{collection}/1\"")), "{text}");
        let (hidden, absent) = (format!("{path}/1"), format!("{path}/9"));
        let hidden = rig.ask("GET", &hidden).by("narrow").send().await;
        let absent = rig.ask("GET", &absent).by("narrow").send().await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND);
        let same =
            |answer: &crate::services::rig::Answer| answer.json().to_string().replace('9', "1");
        assert_eq!(same(&hidden), same(&absent));
    }
    let reset = "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset";
    let body = json!({"ResetType": "On"});
    let refused = rig.ask("POST", reset).by("narrow").json(body.clone());
    assert_eq!(refused.send().await.status, StatusCode::NOT_FOUND);
    let reset = "/redfish/v1/Systems/2/Actions/ComputerSystem.Reset";
    let done = rig.ask("POST", reset).by("narrow").json(body).send().await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    let firmware = rig.ask("GET", "/redfish/v1/UpdateService/FirmwareInventory");
    let firmware = firmware.by("narrow").send().await.json();
    assert_eq!(firmware["Members@odata.count"], 2);
}

#[tokio::test]
async fn a_tree_of_one_server_shows_that_one() {
    let options = Options {
        only: Some("2".parse().unwrap()),
        ..Options::default()
    };
    let rig = Rig::with(Policy::default(), options).await;
    let systems = rig.get("/redfish/v1/Systems").await;
    assert_eq!(
        systems["Members"],
        json!([{"@odata.id": "/redfish/v1/Systems/2"}])
    );
    let other = rig.ask("GET", "/redfish/v1/Systems/1").by("admin").send();
    assert_eq!(other.await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        rig.get("/redfish/v1/Managers").await["Members@odata.count"],
        2
    );
}

#[tokio::test]
async fn with_access_off_every_visitor_over_tls_is_an_administrator() {
    let policy = Policy {
        enabled: false,
        ..Policy::default()
    };
    let rig = Rig::with(policy, Options::default()).await;
    let accounts = "/redfish/v1/AccountService/Accounts";
    let visitor = rig.ask("GET", accounts).send().await;
    assert_eq!(visitor.json()["Members@odata.count"], 3);
    let plain = rig.ask("GET", accounts).from(Some(somewhere(false)));
    assert_eq!(plain.send().await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn where_a_request_comes_from_is_not_the_clients_to_say() {
    let rig = Rig::new().await;
    let system = "/redfish/v1/Systems/1";
    for header in [
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "x-server-addr",
        "host",
    ] {
        let spoofed = rig.ask("GET", system).header(header, "127.0.0.1");
        assert_eq!(
            spoofed.send().await.status,
            StatusCode::UNAUTHORIZED,
            "{header}"
        );
    }
    // A request that nobody vouches for has no actor, whatever it proves.
    let unknown = rig.ask("GET", system).by("admin").from(None);
    assert_eq!(unknown.send().await.status, StatusCode::UNAUTHORIZED);
    let user = "root".into();
    let local = rig.ask("GET", system).from(Some(Peer::Local { user }));
    assert_eq!(local.send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended() {
    let rig = Rig::new().await;
    let sessions = "/redfish/v1/SessionService/Sessions";
    let body = json!({"UserName": "op", "Password": PASSWORD});
    for path in [sessions, "/redfish/v1/SessionService/Sessions/Members"] {
        let opened = rig.ask("POST", path).json(body.clone()).send().await;
        assert_eq!(opened.status, StatusCode::CREATED);
        let session = opened.header("location").to_owned();
        assert_eq!(opened.json()["@odata.id"], session.as_str());
        assert_eq!(opened.json()["UserName"], "op");
        let token = opened.header("x-auth-token").to_owned();
        assert!(!String::from_utf8_lossy(&opened.bytes).contains(&token));
        let with_token = |method, path| rig.ask(method, path).header("x-auth-token", &token);
        let system = "/redfish/v1/Systems/1";
        assert_eq!(
            with_token("GET", system).send().await.status,
            StatusCode::OK
        );
        assert_eq!(
            with_token("GET", &session).send().await.status,
            StatusCode::OK
        );
        let others = rig.ask("DELETE", &session).by("ro").send().await;
        assert_eq!(others.status, StatusCode::FORBIDDEN);
        let ended = with_token("DELETE", &session).send().await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        let after = with_token("GET", system).send().await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED);
        assert_eq!(after.message(), "NoValidSession");
    }
    let wrong = json!({"UserName": "op", "Password": "wrong password"});
    let wrong = rig.ask("POST", sessions).json(wrong).send().await;
    let nobody = json!({"UserName": "nobody", "Password": "wrong password"});
    let nobody = rig.ask("POST", sessions).json(nobody).send().await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!((wrong.status, wrong.bytes), (nobody.status, nobody.bytes));
}

#[tokio::test]
async fn who_guesses_is_made_to_wait() {
    let rig = Rig::new().await;
    let guess = || {
        rig.ask("GET", "/redfish/v1/Systems")
            .with_password("op", "wrong password")
    };
    for _ in 0..11 {
        assert_eq!(guess().send().await.status, StatusCode::UNAUTHORIZED);
    }
    let slowed = guess().send().await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.header("retry-after"), "1");
    assert_eq!(slowed.message(), "ServiceTemporarilyUnavailable");
}
