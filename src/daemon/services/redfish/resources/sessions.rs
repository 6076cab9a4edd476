//! The session service and its sessions (DSP0266 section 13.3.4).

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use outband_core::{
    access::{AccountType, SessionId, SessionView, Via},
    host::Stamp,
};

use super::{
    super::{
        Redfish,
        health::{Health, status},
        messages::annotate_as,
        page::Page,
        patch::Fields,
        refusals,
        reply::{Outcome, Reply},
        routes::{Ask, Schema, Visit},
        time::iso,
        words::{ACCOUNT_TYPES, word},
    },
    absent, collection,
};
use crate::services::{json::Object, proof};

const SESSION: Schema = Schema {
    name: "Session",
    version: Some("v1_8_0"),
};
const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";
const TIMEOUT: &str = "SessionTimeout";

/// The session service.
pub(in super::super) fn service(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let policy = ask.redfish.bmc.gate.policy();
    page.text("Id", "SessionService");
    page.text("Name", "Session service");
    page.plain("ServiceEnabled", true);
    page.setting(|page| page.plain(TIMEOUT, policy.session_idle.as_secs()));
    page.plain("AbsoluteSessionTimeoutEnabled", true);
    page.plain("AbsoluteSessionTimeout", policy.session_absolute.as_secs());
    status(page, Some("Enabled"), Some(Health::Ok));
    page.link("Sessions", SESSIONS);
    Ok(())
}

/// Changes how long a session may be idle.
pub(in super::super) fn change_service<'a>(
    ask: Ask<'a>,
    mut fields: Fields<'a>,
    mut page: Page,
) -> BoxFuture<'a, Outcome<Page>> {
    Box::pin(async move {
        let idle = fields.whole(TIMEOUT, 30..=86_400);
        fields.finish()?;
        if let Some(idle) = idle {
            let gate = &ask.redfish.bmc.gate;
            let who = ask.actor.account();
            gate.set_session_idle(ask.actor, Duration::from_secs(idle))
                .await
                .map_err(|why| Box::new(refusals::account(&why, who, ask.uri, "")))?;
        }
        service(&ask, &mut page)?;
        Ok(page)
    })
}

/// The sessions that the actor may see.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let sessions = ask.redfish.bmc.gate.sessions(ask.actor);
    let ids = sessions.iter().map(|session| session.id.0.as_ref());
    collection(page, ask.uri, "Sessions", ids);
    Ok(())
}

/// Whether a session is the actor's.
pub(in super::super) fn is_own(ask: &Ask<'_>) -> bool {
    let Some(own) = ask.actor.account() else {
        return false;
    };
    let sessions = ask.redfish.bmc.gate.sessions(ask.actor);
    sessions
        .iter()
        .any(|session| session.id.0.as_ref() == ask.id && session.account == own)
}

/// A session.
pub(in super::super) fn show(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let sessions = ask.redfish.bmc.gate.sessions(ask.actor);
    let session = sessions.iter().find(|each| each.id.0.as_ref() == ask.id);
    write(ask.redfish, page, session.ok_or_else(|| absent(ask))?);
    Ok(())
}

fn write(redfish: &Redfish, page: &mut Page, session: &SessionView) {
    let kind = match session.origin.via {
        Via::Redfish => Some(AccountType::Redfish),
        Via::Console => Some(AccountType::WebUI),
        Via::Ipmi => Some(AccountType::IPMI),
        Via::Vnc => Some(AccountType::KVMIP),
        Via::Local | Via::Internal => None,
    };
    let absolute = redfish.bmc.gate.policy().session_absolute;
    let absolute = i64::try_from(absolute.as_millis()).unwrap_or(i64::MAX);
    let ends = Stamp {
        unix_ms: session.since.unix_ms.saturating_add(absolute),
        ..session.since
    };
    page.text("Id", &session.id.0);
    page.text("Name", "Session");
    page.text("UserName", &session.name);
    page.maybe(
        "SessionType",
        kind.and_then(|kind| word(ACCOUNT_TYPES, &kind)),
    );
    page.maybe("CreatedTime", iso(session.since).as_deref());
    page.maybe("ExpirationTime", iso(ends).as_deref());
    let source = session.origin.source.map(|source| source.to_string());
    page.maybe("ClientOriginIPAddress", source.as_deref());
}

/// Opens a session.
pub(in super::super) fn open(visit: Visit<'_>, body: Object) -> BoxFuture<'_, Outcome<Reply>> {
    Box::pin(async move {
        let gate = &visit.redfish.bmc.gate;
        let mut fields = Fields::of_new(body)?;
        let (name, password) = (fields.text("UserName"), fields.secret("Password"));
        if name.is_none() {
            fields.missing("UserName");
        }
        if password.is_none() {
            fields.missing("Password");
        }
        fields.finish()?;
        let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default());
        let opened = gate.open_session(visit.origin, &name, password).await;
        let opened = opened.map_err(|refused| Box::new(refusals::login(&refused)))?;

        let uri = format!("{SESSIONS}/{}", opened.id.0);
        let mut page = Page::new(&uri, &SESSION);
        let sessions = gate.sessions(&opened.actor);
        if let Some(session) = sessions.iter().find(|session| session.id == opened.id) {
            write(visit.redfish, &mut page, session);
        }
        if opened.actor.must_change_password() {
            let message = refusals::password_change_required(opened.actor.account());
            annotate_as(&mut page, "@Message.ExtendedInfo", &[message]);
        }
        let mut reply = Reply::created(&uri, page);
        if let Ok(mut token) = HeaderValue::from_str(&opened.token) {
            token.set_sensitive(true);
            let name = HeaderName::from_static(proof::TOKEN);
            reply.headers.push((name, token));
        }
        Ok(reply)
    })
}

/// Ends a session.
pub(in super::super) fn end(ask: Ask<'_>, _: Object) -> BoxFuture<'_, Outcome<Reply>> {
    Box::pin(async move {
        let id = SessionId(ask.id.into());
        match ask.redfish.bmc.gate.end_session(ask.actor, &id) {
            Some(Ok(())) => Ok(Reply::done()),
            Some(Err(why)) => {
                let who = ask.actor.account();
                Err(Box::new(refusals::denied(why, who, ask.uri)))
            }
            None => Err(absent(&ask)),
        }
    })
}
