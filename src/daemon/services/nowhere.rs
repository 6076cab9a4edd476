//! Where no service has anything.

use axum::{body::Body, extract::Request, response::Response};
use http::StatusCode;

use super::body;

/// Answers 404. The body that nobody asked for is put out of the way: a connection that goes on has
/// the next request behind it.
pub async fn nowhere(request: Request) -> Response {
    let (head, asked) = request.into_parts();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    body::discard(&head.headers, Some(asked), &mut response).await;
    response
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::{Request, header};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_away_or_the_connection_is_said_to_end() {
        let asked = |body| Request::post("/nowhere").body(body).unwrap();
        let answer = nowhere(asked(Body::from("{}"))).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(!answer.headers().contains_key(header::CONNECTION));
        let never = stream::pending::<Result<&str, std::io::Error>>();
        let answer = nowhere(asked(Body::from_stream(never))).await;
        assert_eq!(answer.headers()[header::CONNECTION], "close");
    }
}
