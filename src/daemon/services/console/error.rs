//! Core's refusals in the native API's words: the one place where they are translated.
//!
//! An error's body is `{"error": {"code": "...", "message": "..."}}`: a word for programs, a sentence
//! for people.

use std::{fmt::Display, time::Duration};

use axum::{body::Body, extract::ws::rejection::WebSocketUpgradeRejection, response::Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use outband_core::{
    access::{AccountRefused, Denied, LoginRefused},
    console::{BadStroke, InputRefused, NoPicture},
    faults::FaultRefused,
    server::Refused,
};
use serde_json::json;

use crate::services::{body::BadBody, json::BadJson, proof::NoActor};

/// Why a request was not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, String)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Display) -> Self {
        Self {
            status,
            code,
            message: message.to_string(),
            header: None,
        }
    }

    fn with(mut self, name: HeaderName, value: impl Display) -> Self {
        self.header = Some((name, value.to_string()));
        self
    }

    /// There is no such thing, or none that the asker may know of.
    pub(super) fn not_found(message: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    /// The path has no such method.
    pub(super) fn method(allow: &str) -> Self {
        let message = format!("this path takes {allow}");
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message);
        refusal.with(header::ALLOW, allow)
    }

    /// A value is not what it may be.
    pub(super) fn invalid(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// A browser would not keep the cookie.
    pub(super) fn needs_https() -> Self {
        let message = "nobody signs in by a cookie but over HTTPS";
        Self::new(StatusCode::FORBIDDEN, "needs-https", message)
    }

    /// The server is in no state to do it, or what reaches it isn't.
    fn unavailable(code: &'static str, message: impl Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// A keyboard did not take what was to be typed. `off`: the server is known to be off.
    pub(super) fn input(refused: InputRefused, off: bool) -> Self {
        match refused {
            InputRefused::Denied(denied) => denied.into(),
            InputRefused::Busy => Self::unavailable("busy", refused),
            InputRefused::Driver(_) if off => Self::unavailable("off", "the server is off"),
            InputRefused::Driver(_) => Self::unavailable("input", refused),
        }
    }

    /// It could be another page's doing.
    pub(super) fn cross_site(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross-site", why)
    }

    /// There is no room for one more.
    pub(super) fn full(message: impl Display) -> Self {
        Self::unavailable("full", message)
    }

    /// What should become a WebSocket can't.
    #[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
    pub(super) fn upgrade(why: WebSocketUpgradeRejection) -> Self {
        let refusal = Self::new(StatusCode::UPGRADE_REQUIRED, "upgrade", why);
        refusal.with(header::UPGRADE, "websocket")
    }

    /// The service itself failed.
    pub(super) fn internal(why: &dyn Display) -> Self {
        tracing::error!(%why, "a request failed");
        let message = "the service failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The refusal as a response.
    pub(super) fn response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let kind = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            headers.insert(name, value);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, &message);
        match refused {
            Refused::Denied(denied) => denied.into(),
            Refused::Absent(_) | Refused::Gone => Self::not_found(message),
            Refused::Unsupported { .. } => conflict("unsupported"),
            Refused::WrongState { .. } => conflict("state"),
            Refused::SetInProgress => conflict("busy"),
            Refused::Busy { at_most, .. } => {
                conflict("busy").with(header::RETRY_AFTER, seconds(at_most))
            }
            Refused::Invalid { .. } => Self::invalid(message),
            Refused::QueueFull => Self::unavailable("busy", message),
            Refused::Host(fault) => Self::internal(&fault),
        }
    }
}

/// Whole seconds, rounded up, 1 at least.
fn seconds(time: Duration) -> u64 {
    (time + Duration::from_millis(999)).as_secs().max(1)
}

impl From<NoActor> for Refusal {
    fn from(refused: NoActor) -> Self {
        let message = refused.to_string();
        match refused {
            NoActor::NoProof | NoActor::Refused(LoginRefused::Wrong | LoginRefused::NoSession) => {
                let refusal = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
                refusal.with(header::WWW_AUTHENTICATE, "Basic realm=\"Outband\"")
            }
            NoActor::CrossSite(why) => Self::cross_site(why),
            NoActor::Refused(LoginRefused::TooMany { retry_after }) => {
                let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", message);
                refusal.with(header::RETRY_AFTER, seconds(retry_after))
            }
            NoActor::Refused(LoginRefused::TooManySessions) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-many", message)
            }
            NoActor::Refused(LoginRefused::Host(fault)) => Self::internal(&fault),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Server => Self::not_found("there is no such server"),
            Denied::Ended => NoActor::Refused(LoginRefused::NoSession).into(),
            Denied::Privilege(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", denied),
            Denied::PasswordChangeRequired => {
                Self::new(StatusCode::FORBIDDEN, "password-change-required", denied)
            }
        }
    }
}

impl From<AccountRefused> for Refusal {
    fn from(refused: AccountRefused) -> Self {
        match refused {
            AccountRefused::Denied(denied) => denied.into(),
            AccountRefused::NoSuchAccount => Self::not_found(refused),
            AccountRefused::Invalid { .. } => Self::invalid(refused),
            AccountRefused::NameTaken
            | AccountRefused::LastAdministrator
            | AccountRefused::Full => Self::new(StatusCode::CONFLICT, "conflict", refused),
            AccountRefused::Host(fault) => Self::internal(&fault),
        }
    }
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Self {
        let (status, code) = match bad {
            BadBody::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            BadBody::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json"),
            BadBody::Incomplete => (StatusCode::BAD_REQUEST, "incomplete"),
        };
        Self::new(status, code, bad)
    }
}

impl From<BadJson> for Refusal {
    fn from(bad: BadJson) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "not-json", bad)
    }
}

impl From<NoPicture> for Refusal {
    fn from(none: NoPicture) -> Self {
        match none {
            NoPicture::NoDisplay => Self::not_found(none),
            NoPicture::Gone => Self::not_found("there is no such server"),
            NoPicture::Off => Self::unavailable("off", none),
            NoPicture::NoSignal => Self::unavailable("no-signal", none),
            NoPicture::NoFrame(_) => Self::unavailable("no-frame", none),
        }
    }
}

impl From<(Option<usize>, BadStroke)> for Refusal {
    fn from((at, bad): (Option<usize>, BadStroke)) -> Self {
        let message = match at {
            Some(at) => format!("keys[{at}]: {bad}"),
            None => format!("keys: {bad}"),
        };
        match bad {
            BadStroke::Unknown(_) => Self::new(StatusCode::CONFLICT, "unsupported", message),
            _ => Self::invalid(message),
        }
    }
}

impl From<FaultRefused> for Refusal {
    fn from(refused: FaultRefused) -> Self {
        match refused {
            FaultRefused::Unsupported(_) => Self::new(StatusCode::CONFLICT, "unsupported", refused),
            FaultRefused::Invalid { .. } | FaultRefused::NoSensor(_) => Self::invalid(refused),
            FaultRefused::Full(_) => Self::new(StatusCode::CONFLICT, "full", refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use outband_core::driver::DriverFault;
    use outband_protocol::hid::Usage;

    use super::*;

    #[test]
    fn who_has_not_logged_in_is_told_how_to() {
        let response = Refusal::from(NoActor::NoProof).response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn who_guesses_is_told_when_to_come_again() {
        let retry_after = Duration::from_millis(1200);
        let refused = NoActor::Refused(LoginRefused::TooMany { retry_after });
        let response = Refusal::from(refused).response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }

    #[test]
    fn a_server_out_of_reach_looks_as_if_it_were_not_there() {
        let hidden = Refusal::from(Denied::Server);
        assert_eq!(hidden, Refusal::not_found("there is no such server"));
    }

    #[test]
    fn why_there_is_no_picture_is_told_apart() {
        for (none, status, code) in [
            (NoPicture::NoDisplay, 404, "not-found"),
            (NoPicture::Gone, 404, "not-found"),
            (NoPicture::Off, 503, "off"),
            (NoPicture::NoSignal, 503, "no-signal"),
            (NoPicture::NoFrame(Duration::from_secs(5)), 503, "no-frame"),
        ] {
            let refusal = Refusal::from(none);
            assert_eq!((refusal.status.as_u16(), refusal.code), (status, code));
        }
    }

    #[test]
    fn a_keyboard_that_takes_nothing_says_whether_the_server_is_off() {
        let (part, why) = ("input", Arc::from("the cable is out"));
        let refused = InputRefused::Driver(DriverFault { part, why });
        let off = Refusal::input(refused.clone(), true);
        assert_eq!((off.status.as_u16(), off.code), (503, "off"));
        let broken = Refusal::input(refused, false);
        assert_eq!((broken.status.as_u16(), broken.code), (503, "input"));
        assert!(broken.message.contains("the cable is out"));
    }

    #[test]
    fn a_bad_stroke_is_named_by_its_place_in_the_list() {
        let bad = Refusal::from((Some(3), BadStroke::NoKey));
        assert_eq!(bad, Refusal::invalid("keys[3]: no key is named"));
        let lacking = Refusal::from((Some(0), BadStroke::Unknown(Usage::A)));
        assert_eq!(lacking.status, StatusCode::CONFLICT);
    }
}
