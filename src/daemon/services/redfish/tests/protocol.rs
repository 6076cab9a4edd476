//! HTTP as DSP0266 wants it.

use std::collections::{BTreeSet, VecDeque};

use http::StatusCode;
use outband_core::{
    access::Policy,
    faults::{Fault, FaultKind, FaultScope},
};
use serde_json::{Value, json};

use crate::services::{redfish::Options, rig::Rig};

const SYSTEM: &str = "/redfish/v1/Systems/1";

/// Every `@odata.id` in a value.
fn links(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(uri)) = members.get("@odata.id") {
                found.push(uri.clone());
            }
            members.values().for_each(|member| links(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| links(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_link_leads_to_the_resource_that_it_names() {
    let rig = Rig::new().await;
    let mut seen = BTreeSet::new();
    let mut next = VecDeque::from(["/redfish/v1/".to_owned()]);
    while let Some(uri) = next.pop_front() {
        if uri.contains('#') || !seen.insert(uri.clone()) {
            continue;
        }
        let page = rig.get(&uri).await;
        assert_eq!(page["@odata.id"], uri.as_str());
        assert!(
            page["@odata.type"].as_str().unwrap().starts_with('#'),
            "{uri}"
        );
        assert!(page["Name"].is_string(), "{uri}");
        let mut found = Vec::new();
        links(&page, &mut found);
        next.extend(found);
        if let Some(members) = page["Members"].as_array() {
            assert_eq!(page["Members@odata.count"], members.len(), "{uri}");
        }
    }
    // All that a server has was found.
    for path in [
        "/redfish/v1/Chassis/2/Drives/Drive1",
        "/redfish/v1/Systems/1/EthernetInterfaces/NIC1",
        "/redfish/v1/Systems/1/Memory/DIMM1",
        "/redfish/v1/Chassis/1/Sensors/temp",
        "/redfish/v1/Chassis/1/Thermal",
        "/redfish/v1/Chassis/1/Power",
        "/redfish/v1/Managers/1/NetworkProtocol",
        "/redfish/v1/Managers/outband",
        "/redfish/v1/AccountService/Roles/ReadOnly",
        "/redfish/v1/UpdateService/FirmwareInventory/bios.1",
    ] {
        assert!(seen.contains(path), "{path} in {seen:?}");
    }
}

#[tokio::test]
async fn both_forms_of_a_path_are_one() {
    let rig = Rig::new().await;
    for (path, id) in [
        ("/redfish/v1", "/redfish/v1/"),
        ("/redfish/v1/", "/redfish/v1/"),
        (SYSTEM, SYSTEM),
        ("/redfish/v1/Systems/1/", SYSTEM),
        ("/redfish/v1/Systems/%31", SYSTEM),
    ] {
        assert_eq!(rig.get(path).await["@odata.id"], id, "{path}");
    }
    for path in [
        "/redfish/v1//",
        "/redfish/v1/Systems/1//",
        "/redfish/v1/Systems/..%2f1",
    ] {
        let answer = rig.ask("GET", path).by("admin").send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_documents_are_what_the_specification_says() {
    let rig = Rig::new().await;
    for path in ["/redfish", "/redfish/"] {
        let versions = rig.ask("GET", path).send().await;
        assert_eq!(versions.json(), json!({"v1": "/redfish/v1/"}));
        assert_eq!(versions.header("odata-version"), "4.0");
    }
    let metadata = rig.ask("GET", "/redfish/v1/$metadata").send().await;
    assert_eq!(
        metadata.header("content-type"),
        "application/xml;charset=utf-8"
    );
    let odata = rig.ask("GET", "/redfish/v1/odata").send().await.json();
    assert_eq!(odata["@odata.context"], "/redfish/v1/$metadata");
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_the_protocol() {
    let rig = Rig::new().await;
    let system = rig.ask("GET", SYSTEM).by("admin").send().await;
    assert_eq!(system.header("odata-version"), "4.0");
    assert_eq!(system.header("cache-control"), "no-store");
    assert_eq!(system.header("allow"), "GET, HEAD, PATCH");
    assert_eq!(
        system.header("content-type"),
        "application/json;charset=utf-8"
    );
    let described = system.header("link");
    assert!(
        described.contains("ComputerSystem.v1_27_0.json"),
        "{described}"
    );
    assert!(described.ends_with("rel=describedby"), "{described}");

    let head = rig.ask("HEAD", SYSTEM).by("admin").send().await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.bytes, b"");
    assert_eq!(
        head.header("content-length"),
        system.bytes.len().to_string()
    );
    assert_eq!(head.header("etag"), system.header("etag"));
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_there_are() {
    let rig = Rig::new().await;
    for (method, path, allow) in [
        ("POST", "/redfish/v1/", "GET, HEAD"),
        ("DELETE", "/redfish/v1/", "GET, HEAD"),
        ("PUT", SYSTEM, "GET, HEAD, PATCH"),
        ("FAKEMETHOD", SYSTEM, "GET, HEAD, PATCH"),
        (
            "GET",
            "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset",
            "POST",
        ),
        (
            "PATCH",
            "/redfish/v1/AccountService/Roles/ReadOnly",
            "GET, HEAD",
        ),
        ("POST", "/redfish", "GET, HEAD"),
    ] {
        let answer = rig
            .ask(method, path)
            .by("admin")
            .json(json!({}))
            .send()
            .await;
        assert_eq!(
            answer.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert_eq!(answer.message(), "OperationNotAllowed");
    }
}

#[tokio::test]
async fn a_reader_who_has_it_gets_nothing_again() {
    let rig = Rig::new().await;
    let ask = |etag: &str| {
        rig.ask("GET", SYSTEM)
            .by("admin")
            .header("if-none-match", etag)
    };
    let etag = rig.get(SYSTEM).await["@odata.etag"]
        .as_str()
        .unwrap()
        .to_owned();
    let same = ask(&etag).send().await;
    assert_eq!(
        (same.status, same.bytes.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(same.header("etag"), etag);
    assert_eq!(ask("\"other\"").send().await.status, StatusCode::OK);
    // Who has not logged in learns nothing of whether it changed.
    let stranger = rig.ask("GET", SYSTEM).header("if-none-match", &etag);
    assert_eq!(stranger.send().await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_the_service_does_not_speak_is_refused() {
    let rig = Rig::new().await;
    let version = |version: &str| {
        rig.ask("GET", "/redfish/v1/")
            .header("odata-version", version)
    };
    assert_eq!(version("4.0").send().await.status, StatusCode::OK);
    assert_eq!(
        version("4.1").send().await.status,
        StatusCode::PRECONDITION_FAILED
    );
    for (query, status) in [
        ("?$expand=.", StatusCode::NOT_IMPLEMENTED),
        ("?$filter=x", StatusCode::NOT_IMPLEMENTED),
        ("?%24select=Name", StatusCode::NOT_IMPLEMENTED),
        ("?a=b&$top=1", StatusCode::NOT_IMPLEMENTED),
        ("?only", StatusCode::OK),
        ("?anything=$top", StatusCode::OK),
    ] {
        let path = format!("{SYSTEM}{query}");
        let answer = rig.ask("GET", &path).by("admin").send().await;
        assert_eq!(answer.status, status, "{query}");
        if !status.is_success() {
            assert_eq!(answer.message(), "QueryParameterUnsupported");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_and_told_why() {
    let rig = Rig::new().await;
    let patch = || rig.ask("PATCH", SYSTEM).by("admin");
    for (body, status, message) in [
        ("{", StatusCode::BAD_REQUEST, "MalformedJSON"),
        ("[]", StatusCode::BAD_REQUEST, "UnrecognizedRequestBody"),
        (
            r#"{"AssetTag":"a","AssetTag":"b"}"#,
            StatusCode::BAD_REQUEST,
            "PropertyDuplicate",
        ),
        ("{}", StatusCode::BAD_REQUEST, "EmptyJSON"),
        (
            r#"{"@odata.id":"/x"}"#,
            StatusCode::BAD_REQUEST,
            "NoOperation",
        ),
    ] {
        let answer = patch().raw(body).send().await;
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (status, message),
            "{body}"
        );
    }
    let form = patch()
        .header("content-type", "text/plain")
        .header("content-length", "2");
    let mut form = form.raw("{}");
    form = form.header("content-type", "text/plain");
    assert_eq!(form.send().await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = patch().header("content-length", "1000000").raw("{}");
    assert_eq!(huge.send().await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(rig.get(SYSTEM).await["AssetTag"], Value::Null);
}

#[tokio::test]
async fn a_server_made_unavailable_answers_503_and_the_service_is_well() {
    let rig = Rig::new().await;
    let server = rig.bmc.servers.get("1").unwrap();
    let scope = FaultScope {
        times: Some(3),
        ..FaultScope::default()
    };
    let allowed = [FaultKind::HttpUnavailable].into();
    server
        .faults()
        .set(&allowed, Fault::HttpUnavailable, scope)
        .unwrap();
    for path in [
        SYSTEM,
        "/redfish/v1/Chassis/1/Power",
        "/redfish/v1/Managers/1",
    ] {
        // Strangers are no occasion.
        let stranger = rig.ask("GET", path).send().await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        for well in [
            "/redfish/v1/",
            "/redfish/v1/Systems",
            "/redfish/v1/Systems/2",
        ] {
            rig.get(well).await;
        }
        let answer = rig.ask("GET", path).by("ro").send().await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.message(), "ServiceTemporarilyUnavailable");
    }
    rig.get(SYSTEM).await;
}

#[tokio::test]
async fn health_is_what_the_sensors_say() {
    let rig = Rig::new().await;
    let warning = json!("Warning");
    assert_eq!(rig.get(SYSTEM).await["Status"]["Health"], warning);
    let temperature = rig.get("/redfish/v1/Chassis/1/Thermal").await;
    let temperature = &temperature["Temperatures"][0];
    assert_eq!(temperature["Status"]["Health"], warning);
    assert_eq!(temperature["ReadingCelsius"], 85.0);
    let power = rig.get("/redfish/v1/Chassis/1/Power").await;
    assert_eq!(power["PowerControl"][0]["PowerConsumedWatts"], 42.0);
}

#[tokio::test]
async fn the_ports_that_answer_are_told_and_no_others() {
    let options = Options {
        https_port: Some(8443),
        ipmi_ports: std::sync::Arc::new([("1".parse().unwrap(), 623)].into()),
        ..Options::default()
    };
    let rig = Rig::with(Policy::default(), options).await;
    let protocol = rig
        .get("/redfish/v1/Managers/outband/NetworkProtocol")
        .await;
    assert_eq!(
        protocol["HTTPS"],
        json!({"ProtocolEnabled": true, "Port": 8443})
    );
    assert_eq!(protocol["HTTP"], json!({"ProtocolEnabled": false}));
    let server = rig.get("/redfish/v1/Managers/1/NetworkProtocol").await;
    assert_eq!(server["IPMI"]["ProtocolEnabled"], true);
    assert_eq!(server["IPMI"]["Port"], 623);
    assert!(
        protocol.get("IPMI").is_none(),
        "the daemon's own has no server"
    );
}
