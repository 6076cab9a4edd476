//! What is answered to a request.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{
    messages::{Message, error_body, success_body},
    page::Page,
    routes::Document,
};

/// The type of every body but `$metadata`.
pub(super) const JSON: &str = "application/json;charset=utf-8";

/// An answer, but for the headers that all answers share.
#[derive(Debug)]
pub(super) struct Reply {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its own headers.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body's type.
    pub(super) content_type: &'static str,
    /// Its body, or nothing.
    pub(super) body: Cow<'static, [u8]>,
}

/// What a handler gives, or what is answered instead.
pub(super) type Outcome<T> = Result<T, Box<Reply>>;

impl Reply {
    /// An answer without a body.
    pub(super) fn bare(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: JSON,
            body: Cow::Borrowed(&[]),
        }
    }

    /// Done, and nothing to say (204).
    pub(super) fn done() -> Self {
        Self::bare(StatusCode::NO_CONTENT)
    }

    /// Done, and there is something to say of it (200).
    pub(super) fn done_but(messages: &[Message]) -> Self {
        Self {
            body: success_body(messages).into(),
            ..Self::bare(StatusCode::OK)
        }
    }

    /// A document.
    pub(super) fn document(document: &'static Document) -> Self {
        Self {
            content_type: document.content_type,
            body: Cow::Borrowed(&document.body),
            ..Self::bare(StatusCode::OK)
        }
    }

    /// A resource.
    pub(super) fn page(status: StatusCode, page: Page) -> Self {
        let etag = page.etag().to_string();
        let body = page.tagged(&etag);
        Self {
            body: body.into(),
            ..Self::bare(status)
        }
        .with(header::ETAG, &etag)
    }

    /// A resource that was made at this path (201).
    pub(super) fn created(uri: &str, page: Page) -> Self {
        Self::page(StatusCode::CREATED, page).with(header::LOCATION, uri)
    }

    /// An error with its messages.
    pub(super) fn error(status: StatusCode, messages: &[Message]) -> Self {
        Self {
            body: error_body(messages).into(),
            ..Self::bare(status)
        }
    }

    /// A bad request with its messages (400).
    pub(super) fn bad(messages: &[Message]) -> Self {
        Self::error(StatusCode::BAD_REQUEST, messages)
    }

    /// Adds a header. One that can't be written is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Asks the client to come again after so many seconds.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        self.with(header::RETRY_AFTER, &seconds.to_string())
    }
}
