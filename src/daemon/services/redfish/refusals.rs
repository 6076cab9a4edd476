//! Core's refusals in Redfish's words: the one place where they are translated.

use std::time::Duration;

use http::{StatusCode, header};
use outband_core::{
    access::{AccountId, AccountRefused, Denied, LoginRefused},
    host::HostFault,
    server::{Outcome, PowerState, Refused},
};

use super::{
    messages::{Message, base},
    reply::Reply,
};
use crate::services::proof::NoActor;

/// Whole seconds, rounded up, and at least one: what `Retry-After` can say.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// There is nothing at this path, or nothing that the asker may know of.
pub(super) fn not_found(uri: &str) -> Reply {
    let mut segments = uri.rsplit('/');
    let name = segments.next().unwrap_or_default();
    let kind = segments.next().unwrap_or_default();
    let message = Message::new(&base::RESOURCE_NOT_FOUND, [kind, name]);
    Reply::error(StatusCode::NOT_FOUND, &[message])
}

/// Not for a while.
pub(super) fn unavailable(status: StatusCode, after: Duration) -> Reply {
    let after = seconds(after);
    let args = [after.to_string()];
    let message = Message::new(
        &base::SERVICE_TEMPORARILY_UNAVAILABLE,
        args.each_ref().map(String::as_str),
    );
    Reply::error(status, &[message]).retry_after(after)
}

/// The machine beneath failed; what exactly is the log's to know.
pub(super) fn internal(fault: &HostFault) -> Reply {
    tracing::error!(%fault, "a request failed");
    let message = Message::new(&base::INTERNAL_ERROR, []);
    Reply::error(StatusCode::INTERNAL_SERVER_ERROR, &[message])
}

/// Nobody was let in.
pub(super) fn login(refused: &LoginRefused) -> Reply {
    let unauthorized = |definition| {
        Reply::error(StatusCode::UNAUTHORIZED, &[Message::new(definition, [])])
            .with(header::WWW_AUTHENTICATE, "Basic realm=\"Outband\"")
    };
    match refused {
        LoginRefused::Wrong => unauthorized(&base::ACCESS_UNAUTHORIZED),
        LoginRefused::NoSession => unauthorized(&base::NO_VALID_SESSION),
        LoginRefused::TooMany { retry_after } => {
            unavailable(StatusCode::TOO_MANY_REQUESTS, *retry_after)
        }
        LoginRefused::TooManySessions => {
            let message = Message::new(&base::SESSION_LIMIT_EXCEEDED, []);
            Reply::error(StatusCode::SERVICE_UNAVAILABLE, &[message])
        }
        LoginRefused::Host(fault) => internal(fault),
    }
}

/// A request without an actor.
pub(super) fn no_actor(refused: &NoActor) -> Reply {
    match refused {
        NoActor::NoProof => login(&LoginRefused::Wrong),
        NoActor::CrossSite(why) => {
            let message = Message::new(&base::INSUFFICIENT_PRIVILEGE, []);
            let message = message.saying(format!("{}.", capital(why)));
            Reply::error(StatusCode::FORBIDDEN, &[message])
        }
        NoActor::Refused(refused) => login(refused),
    }
}

/// Somebody may not do this to the resource at this path. `who` is whose password must be changed.
pub(super) fn denied(denied: Denied, who: Option<AccountId>, uri: &str) -> Reply {
    let forbidden = |message| Reply::error(StatusCode::FORBIDDEN, &[message]);
    match denied {
        Denied::Privilege(_) => forbidden(Message::new(&base::INSUFFICIENT_PRIVILEGE, [])),
        Denied::Server => not_found(uri),
        Denied::PasswordChangeRequired => forbidden(password_change_required(who)),
        Denied::Ended => login(&LoginRefused::NoSession),
    }
}

/// Names the account whose password must be changed (DSP0266 section 13.3.7).
pub(super) fn password_change_required(who: Option<AccountId>) -> Message {
    let account = who.map(|id| id.to_string()).unwrap_or_default();
    let uri = format!("/redfish/v1/AccountService/Accounts/{account}");
    Message::new(&base::PASSWORD_CHANGE_REQUIRED, [&uri])
}

/// A command was not accepted. `property` is what asked for it, where it was a property.
pub(super) fn refused(
    refused: &Refused,
    who: Option<AccountId>,
    uri: &str,
    property: &str,
) -> Reply {
    let conflict = |message| Reply::error(StatusCode::CONFLICT, &[message]);
    let words = || format!("{}.", capital(&refused.to_string()));
    match refused {
        Refused::Denied(why) => denied(*why, who, uri),
        Refused::Absent(_) | Refused::Gone => not_found(uri),
        Refused::Unsupported { .. } | Refused::Invalid { .. } => {
            let message = Message::new(&base::PROPERTY_VALUE_ERROR, [property]);
            Reply::bad(&[message.about(&format!("/{property}")).saying(words())])
        }
        Refused::WrongState {
            state: PowerState::Off,
        } => conflict(Message::new(&base::RESOURCE_IN_STANDBY, []).saying(words())),
        Refused::WrongState { .. } | Refused::SetInProgress => {
            conflict(Message::new(&base::RESOURCE_IN_USE, []).saying(words()))
        }
        Refused::Busy { at_most, .. } => {
            conflict(Message::new(&base::RESOURCE_IN_USE, []).saying(words()))
                .retry_after(seconds(*at_most))
        }
        Refused::QueueFull => unavailable(StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO),
        Refused::Host(fault) => internal(fault),
    }
}

/// A command was carried out, and nothing tells whether it had its effect.
pub(super) fn unconfirmed() -> Reply {
    Reply::done_but(&[Message::new(&base::EFFECT_NOT_SENSED, [])])
}

/// A command was accepted and ended badly.
pub(super) fn failed(outcome: &Outcome) -> Reply {
    let (status, words) = match outcome {
        Outcome::Superseded { .. } => (StatusCode::CONFLICT, outcome_words(outcome)),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, outcome_words(outcome)),
    };
    let message = Message::new(&base::OPERATION_FAILED, []).saying(words);
    Reply::error(status, &[message])
}

/// How a command ended, for people.
pub(super) fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "The state agrees.".to_owned(),
        Outcome::Unconfirmed => {
            "It was carried out; whether it had its effect could not be sensed.".to_owned()
        }
        Outcome::Failed { seen } => format!("{}.", capital(seen.trim_end_matches('.'))),
        Outcome::Superseded { by } => format!("Its place was taken by the command {by}."),
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// An account was not made, changed or removed.
pub(super) fn account(
    refused: &AccountRefused,
    who: Option<AccountId>,
    uri: &str,
    name: &str,
) -> Reply {
    let words = || format!("{}.", capital(&refused.to_string()));
    match refused {
        AccountRefused::Denied(why) => denied(*why, who, uri),
        AccountRefused::NoSuchAccount => not_found(uri),
        AccountRefused::NameTaken => {
            let args = ["ManagerAccount", "UserName", name];
            let message = Message::new(&base::RESOURCE_ALREADY_EXISTS, args);
            Reply::error(StatusCode::CONFLICT, &[message.about("/UserName")])
        }
        AccountRefused::Invalid { what, .. } => {
            // The registry's other messages would repeat the value, which may be a password.
            let message = Message::new(&base::PROPERTY_VALUE_ERROR, [what]);
            Reply::bad(&[message.about(&format!("/{what}")).saying(words())])
        }
        AccountRefused::LastAdministrator => {
            let message = Message::new(&base::RESOURCE_CANNOT_BE_DELETED, []).saying(words());
            Reply::error(StatusCode::CONFLICT, &[message])
        }
        AccountRefused::Full => {
            let message = Message::new(&base::CREATE_LIMIT_REACHED_FOR_RESOURCE, []);
            Reply::error(StatusCode::CONFLICT, &[message])
        }
        AccountRefused::Host(fault) => internal(fault),
    }
}

#[cfg(test)]
mod tests {
    use outband_core::server::PowerAction;
    use serde_json::Value;

    use super::*;

    fn first(reply: &Reply) -> Value {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["error"]["@Message.ExtendedInfo"][0].clone()
    }

    #[test]
    fn a_missing_resource_is_named_by_type_and_name() {
        let reply = not_found("/redfish/v1/Systems/web1");
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(
            first(&reply)["MessageArgs"],
            serde_json::json!(["Systems", "web1"])
        );
    }

    #[test]
    fn waiting_is_rounded_up_to_a_second_that_can_be_waited() {
        let after = |ms| {
            let retry_after = Duration::from_millis(ms);
            let reply = login(&LoginRefused::TooMany { retry_after });
            assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
            let (name, value) = reply.headers[0].clone();
            assert_eq!(name, header::RETRY_AFTER);
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(
            [after(0), after(1), after(1000), after(1001)],
            ["1", "1", "1", "2"]
        );
    }

    #[test]
    fn who_is_refused_is_told_how_to_log_in_and_nothing_else() {
        let reply = login(&LoginRefused::Wrong);
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.headers[0].0, header::WWW_AUTHENTICATE);
        assert_eq!(first(&reply)["MessageArgs"], serde_json::json!([]));
    }

    #[test]
    fn an_outcome_is_a_sentence() {
        let seen = "still on after 120 s".to_owned();
        let words = outcome_words(&Outcome::Failed { seen });
        assert_eq!(words, "Still on after 120 s.");
        let by = PowerAction::Off;
        let reply = failed(&Outcome::Superseded { by });
        assert_eq!(reply.status, StatusCode::CONFLICT);
    }

    #[test]
    fn a_refused_password_says_why_and_is_not_repeated() {
        let refused = AccountRefused::Invalid {
            what: "Password",
            why: "8 bytes or more are needed".into(),
        };
        let reply = account(
            &refused,
            None,
            "/redfish/v1/AccountService/Accounts/1",
            "secret",
        );
        let message = first(&reply);
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(message["RelatedProperties"][0], "#/Password");
        assert!(
            message["Message"]
                .as_str()
                .unwrap()
                .contains("8 bytes or more")
        );
        assert!(!String::from_utf8_lossy(&reply.body).contains("secret"));
    }

    #[test]
    fn who_must_change_a_password_is_told_where() {
        let who = Some(AccountId(7));
        let reply = denied(Denied::PasswordChangeRequired, who, "/redfish/v1/Systems");
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert_eq!(
            first(&reply)["MessageArgs"][0],
            "/redfish/v1/AccountService/Accounts/7"
        );
    }

    #[test]
    fn a_server_out_of_reach_looks_as_if_it_were_not_there() {
        let uri = "/redfish/v1/Systems/web1";
        let (hidden, absent) = (denied(Denied::Server, None, uri), not_found(uri));
        assert_eq!((hidden.status, hidden.body), (absent.status, absent.body));
    }
}
