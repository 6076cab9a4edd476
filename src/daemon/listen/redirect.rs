//! Sends clients of plain HTTP to HTTPS, by the name they came by and to nowhere else.

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};

use super::host::{Host, HostFault, host_of};

/// Which port the client is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The port that HTTPS is on.
    Port(u16),
    /// The port that the client named, for it is the one it came to (perhaps forwarded on the way);
    /// the given one where it named none.
    Same(u16),
}

/// The answer to any request: 308 (RFC 9110 section 15.4.9) to the same path over HTTPS; 400 when
/// the request doesn't say under which name it found us.
pub(super) fn answer<B>(request: &Request<B>, to: To) -> Response<Body> {
    let location = host_of(request)
        .and_then(|host| host.ok_or(HostFault::NotOne))
        .and_then(|host| {
            HeaderValue::try_from(target(&host, request, to)).map_err(|_| HostFault::NotAHost)
        });
    let mut response = match location {
        Ok(location) => {
            let line = "This is served over HTTPS.\n".to_owned();
            let mut response = text(StatusCode::PERMANENT_REDIRECT, line);
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(fault) => text(StatusCode::BAD_REQUEST, format!("{fault}\n")),
    };
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// An answer of one line of text.
pub(super) fn text(status: StatusCode, line: String) -> Response<Body> {
    let mut response = Response::new(Body::from(line));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn target<B>(host: &Host, request: &Request<B>, to: To) -> String {
    let port = match to {
        To::Port(port) => port,
        To::Same(port) => host.port.unwrap_or(port),
    };
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    // `OPTIONS *` has no place of its own.
    let path = if path.starts_with('/') { path } else { "/" };
    let name = &host.name;
    if port == 443 {
        format!("https://{name}{path}")
    } else {
        format!("https://{name}:{port}{path}")
    }
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn request(host: &str, path: &str) -> Request<()> {
        Request::builder()
            .uri(path)
            .header(HOST, host)
            .body(())
            .unwrap()
    }

    fn location(host: &str, path: &str, to: To) -> String {
        let response = answer(&request(host, path), to);
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT, "{host}");
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_path_is_kept_and_the_standard_port_left_out() {
        assert_eq!(
            location("bmc", "/redfish/v1?x=1", To::Port(443)),
            "https://bmc/redfish/v1?x=1"
        );
        assert_eq!(location("bmc:80", "/", To::Port(8443)), "https://bmc:8443/");
        assert_eq!(location("[::1]:80", "/", To::Port(443)), "https://[::1]/");
    }

    #[test]
    fn on_the_https_port_itself_the_port_that_the_client_named_is_kept() {
        assert_eq!(
            location("bmc:9443", "/a", To::Same(443)),
            "https://bmc:9443/a"
        );
        assert_eq!(location("bmc", "/a", To::Same(8443)), "https://bmc:8443/a");
    }

    #[test]
    fn a_path_can_not_name_another_place() {
        for path in ["//evil.example/", "/\\evil.example", "/@evil.example"] {
            let location = location("bmc", path, To::Port(443));
            assert_eq!(location, format!("https://bmc{path}"));
        }
        // The absolute form names a host itself; it is that host's own business then.
        let absolute = request("evil.example", "http://bmc/a");
        let response = answer(&absolute, To::Port(443));
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn without_a_proper_host_there_is_no_redirect() {
        for host in [
            "",
            "a b",
            "user@evil.example",
            "bmc/evil",
            "bmc:99999",
            "bmc,evil",
        ] {
            let response = answer(&request(host, "/"), To::Port(443));
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{host:?}");
            assert!(!response.headers().contains_key(LOCATION));
        }
        let response = answer(
            &Request::builder().uri("/").body(()).unwrap(),
            To::Port(443),
        );
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
}
