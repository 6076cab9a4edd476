//! The files as clients see them, whatever page was built in.

use http::StatusCode;

use super::files::names;
use crate::services::rig::{Answer, Rig};

async fn get(rig: &Rig, path: &str, accepts: &str) -> Answer {
    let asked = rig.ask("GET", path).header("accept-encoding", accepts);
    asked.send().await
}

#[tokio::test]
async fn every_place_is_the_page() {
    let rig = Rig::new().await;
    let page = get(&rig, "/", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'self';")
    );
    for place in [
        "/servers",
        "/servers/web1",
        "/settings",
        "/settings/accounts/2",
    ] {
        let answer = get(&rig, place, "").await;
        assert_eq!(
            (answer.status, &answer.bytes),
            (StatusCode::OK, &page.bytes),
            "{place}"
        );
    }
    for nothing in [
        "/server",
        "/serversx",
        "/index.html",
        "/assets/",
        "/assets/../index.html",
        "//",
    ] {
        let answer = get(&rig, nothing, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
        assert_ne!(answer.bytes, page.bytes);
    }
}

#[tokio::test]
async fn every_file_comes_in_the_form_that_is_asked_for() {
    let rig = Rig::new().await;
    for name in names().filter(|name| *name != "index.html") {
        let path = format!("/{name}");
        let plain = get(&rig, &path, "").await;
        assert_eq!(plain.status, StatusCode::OK, "{name}");
        assert_eq!(plain.header("content-encoding"), "", "{name}");
        assert_eq!(
            plain.header("content-length"),
            plain.bytes.len().to_string()
        );
        let immutable = plain.header("cache-control").ends_with("immutable");
        assert_eq!(immutable, name.starts_with("assets/"), "{name}");
        for coding in ["br", "gzip"] {
            let small = get(&rig, &path, coding).await;
            if small.header("content-encoding") == coding {
                assert!(small.bytes.len() < plain.bytes.len(), "{name} {coding}");
                assert_ne!(small.header("etag"), plain.header("etag"));
            }
            let tag = small.header("etag");
            let again = rig.ask("GET", &path).header("accept-encoding", coding);
            let again = again.header("if-none-match", tag).send().await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{name}");
            assert!(again.bytes.is_empty());
        }
    }
}

#[tokio::test]
async fn the_head_alone_says_how_long_it_is_and_nothing_can_be_written() {
    let rig = Rig::new().await;
    let whole = get(&rig, "/", "").await;
    let head = rig.ask("HEAD", "/").send().await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.header("content-length"), whole.bytes.len().to_string());
    assert!(head.bytes.is_empty());
    for method in ["POST", "PUT", "DELETE"] {
        let refused = rig.ask(method, "/servers/1").send().await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.header("allow"), "GET, HEAD");
    }
}

#[tokio::test]
async fn the_api_says_what_it_is_to_anybody() {
    let rig = Rig::new().await;
    let answer = get(&rig, "/openapi.json", "gzip").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["openapi"], "3.1.0");
}
