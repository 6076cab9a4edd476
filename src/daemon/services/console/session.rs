//! The session of a browser: `/api/v1/session`.
//!
//! `POST {"user": "...", "password": "..."}` signs in. The session's token goes into a cookie that no
//! script reads, which Redfish takes as well; a session that the cookie had before ends. Over plain
//! HTTP a browser keeps no such cookie, so nobody signs in there. `GET` says who one is, `DELETE` signs
//! out, and `PATCH {"password": "..."}` gives one's account another password: the session goes on, all
//! others of the account end. It is how the first password is changed.

use futures_util::future::BoxFuture;
use http::StatusCode;
use outband_core::access::{Account, AccountChange, AccountType, Actor, Via, rules};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Answer, Console,
    error::Refusal,
    routes::{Call, Visit},
};
use crate::{
    listen::Peer,
    services::{
        body,
        cookie::{self, Page},
        json::{self, Object},
        proof,
    },
};

/// The members of an object, each of which is a text; nothing else may stand in it. What is wrong is
/// said without a value: it may be a password.
fn texts<const N: usize>(
    mut object: Object,
    names: [&str; N],
) -> Result<[Zeroizing<String>; N], Refusal> {
    let mut texts = std::array::from_fn(|_| Zeroizing::default());
    for (text, name) in texts.iter_mut().zip(names) {
        match object.remove(name) {
            Some(Value::String(value)) => *text = Zeroizing::new(value),
            Some(_) => return Err(Refusal::invalid(format!("`{name}` must be a text"))),
            None => return Err(Refusal::invalid(format!("`{name}` is missing"))),
        }
    }
    match object.keys().next() {
        Some(name) => Err(Refusal::invalid(format!("there is no `{name}` here"))),
        None => Ok(texts),
    }
}

/// Signs in.
pub(super) fn open(visit: Visit<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let Visit {
            console,
            head,
            body,
        } = visit;
        let peer = head.extensions.get::<Peer>();
        if !cookie::over_tls(head) {
            return Err(Refusal::needs_https());
        }
        if cookie::page_of(head) == Page::Foreign {
            let why = "a page of another origin can't sign anybody in here";
            return Err(proof::NoActor::CrossSite(why).into());
        }
        let bytes = body::read(&head.headers, body.take().unwrap_or_default()).await?;
        let [user, password] = texts(json::object(&bytes)?, ["user", "password"])?;
        let origin = proof::origin(Via::Console, peer);
        let gate = &console.bmc.gate;
        let opened = gate.open_session(origin.clone(), &user, password).await;
        let opened = opened.map_err(proof::NoActor::Refused)?;
        // The browser forgets the session that its cookie had: nobody could end it any more.
        if let Some(before) = cookie::token(&head.headers)
            && let Ok(before) = gate.token(origin, before)
            && let Some(id) = before.session()
        {
            // Gone already, or ended now.
            let _ = gate.end_session(&before, &id);
        }
        let mut answer = who(console, &opened.actor)?;
        answer.status = StatusCode::CREATED;
        answer.cookie = cookie::give(&opened.token);
        Ok(answer)
    })
}

/// Who one is.
pub(super) fn show(call: Call<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move { who(call.console, call.actor) })
}

/// Gives one's account another password.
pub(super) fn change(call: Call<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let Some(account) = call.actor.account() else {
            return Err(Refusal::not_found(
                "there is no account whose password this is",
            ));
        };
        let bytes = body::read(call.headers, call.body.take().unwrap_or_default()).await?;
        let [password] = texts(json::object(&bytes)?, ["password"])?;
        let change = AccountChange {
            password: Some(password),
            ..AccountChange::default()
        };
        let gate = &call.console.bmc.gate;
        let changed = gate.change(call.actor, account, change).await?;
        let mut body = words(call.console, call.actor, Some(&changed));
        // The actor is from before; its session may go on without a change now.
        body["must_change_password"] = changed.must_change_password.into();
        Answer::json(StatusCode::OK, &body)
    })
}

/// Signs out.
pub(super) fn end(call: Call<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let Some(session) = call.actor.session() else {
            return Err(Refusal::not_found("there is no session to be ended"));
        };
        // Somebody else may have ended it a moment ago, which is as good.
        if let Some(ended) = call.console.bmc.gate.end_session(call.actor, &session) {
            ended?;
        }
        let mut answer = Answer::done();
        answer.cookie = cookie::take();
        Ok(answer)
    })
}

fn who(console: &Console, actor: &Actor) -> Result<Answer, Refusal> {
    let accounts = console.bmc.gate.accounts(actor);
    let own = accounts
        .iter()
        .find(|account| Some(account.id) == actor.account());
    Answer::json(StatusCode::OK, &words(console, actor, own))
}

fn words(console: &Console, actor: &Actor, own: Option<&Account>) -> Value {
    let bmc = &console.bmc;
    json!({
        "user": **actor.name(),
        "account": actor.account().map(|account| account.0),
        "role": actor.role().name(),
        "session": actor.session().map(|session| session.0.to_string()),
        "must_change_password": actor.must_change_password(),
        "password_bytes": own.map(password_bytes),
        "access": bmc.gate.policy().enabled,
        "bmc": {"name": *bmc.identity.host_name, "version": *bmc.identity.version},
    })
}

/// How long an account's password may be: with IPMI it is the IPMI secret too.
fn password_bytes(account: &Account) -> Value {
    let most = if account.types.contains(&AccountType::IPMI) {
        rules::IPMI_SECRET_BYTES.end()
    } else {
        rules::PASSWORD_BYTES.end()
    };
    json!({"min": rules::PASSWORD_BYTES.start(), "max": most})
}
