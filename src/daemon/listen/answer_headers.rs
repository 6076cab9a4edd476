//! What every answer carries, whichever service gives it: that a browser shows it inside no other page,
//! takes it for nothing but what it says to be, gives it to no other site and tells no other site of
//! it. A service that knows better says so itself.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use tower::{Layer, Service};

/// The headers, each put where an answer has none of that name.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// A request with this header comes from the page, which asks for names and passwords itself. A page of
/// another origin can't send it.
pub const FROM_PAGE: HeaderName = HeaderName::from_static("x-outband");

/// Puts [`AnswerHeaders`] around a service.
#[derive(Debug, Clone, Copy)]
pub struct AnswerHeadersLayer;

impl<S> Layer<S> for AnswerHeadersLayer {
    type Service = AnswerHeaders<S>;

    fn layer(&self, inner: S) -> AnswerHeaders<S> {
        AnswerHeaders { inner }
    }
}

/// Gives every answer of a service the headers.
#[derive(Debug, Clone)]
pub struct AnswerHeaders<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for AnswerHeaders<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let asks_nobody = asks_nobody(request.headers());
        Answering {
            answer: self.inner.call(request),
            asks_nobody,
        }
    }
}

/// Whether a request is one for which a browser should not ask for a name and a password in a window of
/// its own: our page asks by itself, and another page must not be able to make it ask. It may for who
/// goes to an address, as one who looks around in Redfish does.
fn asks_nobody(headers: &HeaderMap) -> bool {
    let is = |name, value: &str| {
        headers
            .get(name)
            .is_some_and(|it| it.as_bytes() == value.as_bytes())
    };
    let by_browser = headers.contains_key("sec-fetch-dest");
    headers.contains_key(FROM_PAGE) || (by_browser && !is("sec-fetch-dest", "document"))
}

/// An answer on its way.
#[derive(Debug)]
pub struct Answering<F> {
    answer: F,
    asks_nobody: bool,
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = ready!(Pin::new(&mut self.answer).poll(cx))?;
        let headers = answer.headers_mut();
        for (name, value) in HEADERS {
            headers.entry(name).or_insert(value);
        }
        if self.asks_nobody {
            headers.remove(header::WWW_AUTHENTICATE);
        }
        Poll::Ready(Ok(answer))
    }
}

#[cfg(test)]
mod tests {
    use tower::{ServiceExt, service_fn};

    use super::*;

    async fn answered(request: Request<()>, csp: Option<&'static str>) -> Response<Body> {
        let inner = service_fn(move |_| {
            let mut answer = Response::builder().header(header::WWW_AUTHENTICATE, "Basic");
            if let Some(csp) = csp {
                answer = answer.header(header::CONTENT_SECURITY_POLICY, csp);
            }
            std::future::ready(Ok(answer.body(Body::empty()).unwrap()))
        });
        AnswerHeadersLayer
            .layer(inner)
            .oneshot(request)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn every_answer_has_them_and_a_services_own_word_stays() {
        let answer = answered(Request::new(()), None).await;
        for (name, value) in HEADERS {
            assert_eq!(answer.headers().get(&name), Some(&value), "{name}");
        }
        let own = answered(Request::new(()), Some("default-src 'self'")).await;
        let policies = own.headers().get_all(header::CONTENT_SECURITY_POLICY);
        assert_eq!(policies.iter().collect::<Vec<_>>(), ["default-src 'self'"]);
    }

    #[tokio::test]
    async fn a_browser_asks_for_a_password_only_who_goes_to_an_address() {
        for (header, asks) in [
            (("accept", "*/*"), true),
            (("sec-fetch-dest", "document"), true),
            (("sec-fetch-dest", "empty"), false),
            (("sec-fetch-dest", "image"), false),
            (("sec-fetch-dest", "iframe"), false),
            (("x-outband", "1"), false),
        ] {
            let request = Request::builder().header(header.0, header.1);
            let answer = answered(request.body(()).unwrap(), None).await;
            let told = answer.headers().contains_key(header::WWW_AUTHENTICATE);
            assert_eq!(told, asks, "{header:?}");
        }
    }
}
