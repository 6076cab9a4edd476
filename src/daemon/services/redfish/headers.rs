//! What every answer carries (DSP0266 section 12.1).

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{dispatch::is_read, metadata::described_by, reply::Reply, routes::Resource};

/// Makes a reply the response to a request with this method, for this resource.
pub(super) fn finish(
    reply: Reply,
    method: &Method,
    resource: Option<&'static Resource>,
) -> Response {
    let length = reply.body.len();
    let mut response = Response::new(match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from(reply.body),
    });
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if length > 0 {
        let kind = HeaderValue::from_static(reply.content_type);
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if *method == Method::HEAD {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(resource) = resource {
        tell_of(headers, resource, method, reply.status);
    }
    let own = reply.headers.into_iter();
    headers.extend(own.map(|(name, value)| (Some(name), value)));
    response
}

/// Tells of the resource itself: its methods and its schema. Who has not logged in learns neither.
fn tell_of(headers: &mut HeaderMap, resource: &Resource, method: &Method, status: StatusCode) {
    let read = is_read(method);
    let refused = status == StatusCode::METHOD_NOT_ALLOWED;
    if refused || (read && status != StatusCode::UNAUTHORIZED) {
        insert(headers, header::ALLOW, &resource.allow());
    }
    if let Some(schema) = resource.schema.filter(|_| read && status.is_success()) {
        insert(headers, header::LINK, &described_by(&schema));
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
