//! The page, and what else is a file of the program: `/`, the places that the page has, its assets, and
//! `/openapi.json`.
//!
//! A place is an address that the page makes sense of, like `/servers/web1`: each gives the page itself,
//! so that it can be reloaded and passed on. [`files`] has the files, [`negotiation`] which of a file's
//! forms a client takes.

mod files;
mod negotiation;
#[cfg(test)]
mod tests;

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};

use self::{
    files::{Form, Served, file},
    negotiation::{encoding, is_known},
};
use crate::services::body;

/// What the page may do: everything that it needs comes from here, and nothing of it stands in the page
/// itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Answers a request for a file. Nobody needs to be known: there is nothing in it that isn't in every
/// copy of the program.
pub(super) async fn answer(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut response = respond(&head);
    body::discard(&head.headers, Some(body), &mut response).await;
    response
}

fn respond(head: &Parts) -> Response {
    let Some(file) = file(name_of(head.uri.path())) else {
        return text(StatusCode::NOT_FOUND, "There is nothing here.\n");
    };
    if !matches!(head.method, Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This can only be read.\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allow);
        return response;
    }
    give(file, &head.headers, head.method == Method::HEAD)
}

/// The file that an address stands for: a place is the page.
fn name_of(path: &str) -> &str {
    let place = |name: &str| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match path.strip_prefix('/') {
        Some("") => "index.html",
        Some(_) if place("/servers") || place("/settings") => "index.html",
        Some("index.html") | None => "",
        Some(name) => name,
    }
}

/// A file, in the form that the client takes, or that it has it already.
fn give(file: &'static Served, asked: &HeaderMap, head: bool) -> Response {
    let Form {
        encoding,
        bytes,
        tag,
    } = file.form(encoding(asked, &file.encodings()));
    let known = is_known(asked, tag);
    let bytes = if known { &[] } else { *bytes };
    let mut response = Response::new(if head {
        Body::empty()
    } else {
        Body::from(bytes)
    });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::ETAG, tag.clone());
    set(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keep = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    set(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if known {
        return response;
    }
    set(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if let Some(encoding) = encoding {
        let encoding = HeaderValue::from_static(encoding);
        set(header::CONTENT_ENCODING, encoding);
    }
    set(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    response
}

fn text(status: StatusCode, words: &'static str) -> Response {
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
