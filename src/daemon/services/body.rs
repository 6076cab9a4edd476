//! The body of a request: JSON, of a bounded length that is looked at before anything is read.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use zeroize::Zeroizing;

/// The longest body, in bytes.
pub(super) const MAX: usize = 64 << 10;

/// How long a body that nobody wants is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBody {
    /// It is longer than [`MAX`], or says that it will be.
    #[error("the body is longer than {MAX} bytes")]
    TooLarge,
    /// It is something else than JSON. Browsers send such bodies from any page without asking, so
    /// nothing but the type itself will do.
    #[error("the body must be of the type application/json")]
    NotJson,
    /// The client stopped in the middle.
    #[error("the body is incomplete")]
    Incomplete,
}

/// Reads a body to its end. One without a byte needs no type.
///
/// # Errors
/// [`BadBody`].
pub(super) async fn read(
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Zeroizing<Vec<u8>>, BadBody> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX as u64) {
        return Err(BadBody::TooLarge);
    }
    // Passwords come this way: the one buffer never grows, and is wiped in the end.
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BadBody::Incomplete)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX {
            return Err(BadBody::TooLarge);
        }
        if bytes.capacity() == 0 {
            bytes.reserve_exact(announced.map_or(MAX, |length| length as usize).min(MAX));
        }
        bytes.extend_from_slice(&data);
    }
    if bytes.is_empty() || is_json(headers) {
        Ok(bytes)
    } else {
        Err(BadBody::NotJson)
    }
}

/// Ends a request whose answer came before its body was asked for. A connection goes on only once
/// the body is out of its way: a client that isn't told otherwise sends its next request into a
/// connection that closes. So the body is read away where it is short and on its way, else the
/// answer says that the connection ends.
pub(super) async fn discard(headers: &HeaderMap, body: Option<Body>, response: &mut Response) {
    let Some(mut body) = body.filter(|body| !body.is_end_stream()) else {
        return;
    };
    // A client that waits to be asked for its body is not asked.
    let gone = !headers.contains_key(header::EXPECT)
        && tokio::time::timeout(PATIENCE, read_away(&mut body)).await == Ok(true);
    if !gone {
        close(response);
    }
}

/// Says that the connection ends with this answer.
pub(super) fn close(response: &mut Response) {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
}

/// Whether a body ended within what is taken of one.
async fn read_away(body: &mut Body) -> bool {
    let mut left = MAX;
    while let Some(frame) = body.frame().await {
        let length = frame.ok().and_then(|frame| frame.into_data().ok());
        match left.checked_sub(length.map_or(0, |data| data.len())) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

/// Whether a body is said to be JSON, and nothing else.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (types.next(), types.next()) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn json_is_read_whatever_its_parameters() {
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let headers = headers(&[(header::CONTENT_TYPE, kind)]);
            assert_eq!(&**read(&headers, Body::from("{}")).await.unwrap(), b"{}");
        }
    }

    #[tokio::test]
    async fn another_type_or_none_is_refused() {
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let headers = headers(&[(header::CONTENT_TYPE, kind)]);
            let refused = read(&headers, Body::from("{}")).await;
            assert_eq!(refused, Err(BadBody::NotJson), "{kind}");
        }
        let none = read(&HeaderMap::new(), Body::from("{}")).await;
        assert_eq!(none, Err(BadBody::NotJson));
        assert!(
            read(&HeaderMap::new(), Body::empty())
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn a_length_that_is_too_much_is_refused_before_a_byte_is_read() {
        let unread = Body::from_stream(futures_util::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<bytes::Bytes, std::io::Error>>> {
                panic!("the body was read")
            },
        ));
        let headers = headers(&[
            (header::CONTENT_TYPE, "application/json"),
            (header::CONTENT_LENGTH, "4000000000"),
        ]);
        assert_eq!(read(&headers, unread).await, Err(BadBody::TooLarge));
    }

    /// Whether the connection goes on after a body that nobody wanted.
    async fn goes_on(headers: &HeaderMap, body: Body) -> bool {
        let mut response = Response::new(Body::empty());
        discard(headers, Some(body), &mut response).await;
        !response.headers().contains_key(header::CONNECTION)
    }

    #[tokio::test(start_paused = true)]
    async fn an_unwanted_body_is_read_away_or_ends_the_connection() {
        let none = HeaderMap::new();
        assert!(goes_on(&none, Body::empty()).await);
        assert!(goes_on(&none, Body::from("{}")).await);
        assert!(!goes_on(&none, Body::from(vec![0; MAX + 1])).await);
        let stuck = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        assert!(!goes_on(&none, Body::from_stream(stuck)).await);
        let waits = headers(&[(header::EXPECT, "100-continue")]);
        assert!(!goes_on(&waits, Body::from("{}")).await);
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_off() {
        let headers = headers(&[(header::CONTENT_TYPE, "application/json")]);
        let chunk = bytes::Bytes::from(vec![b' '; 1 << 10]);
        let endless =
            futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        let refused = read(&headers, Body::from_stream(endless)).await;
        assert_eq!(refused, Err(BadBody::TooLarge));
    }
}
