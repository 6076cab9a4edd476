//! A request on its way through the table of resources.
//!
//! Identity comes before everything else: who has not proved it learns nothing but that, whatever
//! path, method or header was sent (DSP0266 section 13.3.2).

use std::time::Duration;

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use outband_core::{
    access::{Denied, Operation, Via},
    faults::FaultKind,
    server::ServerHandle,
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    Redfish, headers,
    messages::{Message, base},
    page::Page,
    patch::Fields,
    refusals,
    reply::{Outcome, Reply},
    routes::{Act, Ask, Change, Found, Need, Read, Visit, find},
};
use crate::{
    listen::Peer,
    services::{
        body::{self, BadBody},
        json::{self, BadJson, Object},
        proof,
    },
};

/// Answers a request.
pub(super) async fn answer(redfish: &Redfish, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut body = Some(body);
    let mut response = respond(redfish, &head, &mut body).await;
    body::discard(&head.headers, body, &mut response).await;
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        body::close(&mut response);
    }
    response
}

/// A request's body, for as long as nobody has read it.
type Unread = Option<Body>;

async fn respond(redfish: &Redfish, head: &Parts, body: &mut Unread) -> Response {
    let path = head.uri.path();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let uri = decoded.strip_suffix('/').unwrap_or(&decoded);
    let found = uri.strip_prefix("/redfish").and_then(find);
    let reply = serve(redfish, head, body, uri, found.as_ref()).await;
    let reply = reply.unwrap_or_else(|reply| *reply);
    headers::finish(reply, &head.method, found.map(|found| found.resource))
}

pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What is looked at in every request, once it is known who asks.
fn common_checks(head: &Parts) -> Outcome<()> {
    let version = head.headers.get("odata-version");
    if version.is_some_and(|version| version != "4.0") {
        let message = Message::new(&base::HEADER_INVALID, ["OData-Version"]);
        return Err(Box::new(Reply::error(
            StatusCode::PRECONDITION_FAILED,
            &[message],
        )));
    }
    // Parameters that begin with `$` change what is answered, and none of them is known; others
    // mean nothing (DSP0266 section 7.3).
    let query = head.uri.query().unwrap_or_default();
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        if name.starts_with('$') {
            let message = Message::new(&base::QUERY_PARAMETER_UNSUPPORTED, [&name]);
            return Err(Box::new(Reply::error(
                StatusCode::NOT_IMPLEMENTED,
                &[message],
            )));
        }
    }
    Ok(())
}

async fn serve(
    redfish: &Redfish,
    head: &Parts,
    body: &mut Unread,
    uri: &str,
    found: Option<&Found<'_>>,
) -> Outcome<Reply> {
    let peer = head.extensions.get::<Peer>();
    if let Some(found) = found {
        match (&head.method, found.resource.get, found.resource.post) {
            (method, Some(Read::Document(document)), _) if is_read(method) => {
                common_checks(head)?;
                return Ok(Reply::document(document()));
            }
            (method, Some(Read::Open(show)), _) if is_read(method) => {
                common_checks(head)?;
                let mut page = page_for(found, &format!("{uri}/"));
                show(redfish, &mut page);
                return Ok(conditional(&head.headers, page));
            }
            (&Method::POST, _, Some(Act::Open(act))) => {
                common_checks(head)?;
                let object = read_object(&head.headers, body).await?;
                let origin = proof::origin(Via::Redfish, peer);
                return act(Visit { redfish, origin }, object).await;
            }
            _ => {}
        }
    }
    let actor = proof::actor(&redfish.bmc.gate, Via::Redfish, head).await;
    let actor = actor.map_err(|refused| Box::new(refusals::no_actor(&refused)))?;
    common_checks(head)?;
    let Some(found) = found else {
        return Err(Box::new(refusals::not_found(uri)));
    };
    let ask = Ask {
        redfish,
        actor: &actor,
        uri,
        id: found.id,
    };
    let server = found.server.map(|id| reach(&ask, id)).transpose()?;
    answer_known(&ask, server.as_ref(), head, body, found).await
}

/// The server of a path, if the actor reaches it and it isn't made unavailable by a fault.
fn reach(ask: &Ask<'_>, id: &str) -> Outcome<ServerHandle> {
    let server = ask.redfish.server(ask.actor, id);
    let server = server.ok_or_else(|| Box::new(refusals::not_found(ask.uri)))?;
    if server
        .faults()
        .strikes(FaultKind::HttpUnavailable)
        .is_some()
    {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Box::new(refusals::unavailable(status, Duration::ZERO)));
    }
    Ok(server)
}

async fn answer_known(
    ask: &Ask<'_>,
    server: Option<&ServerHandle>,
    head: &Parts,
    body: &mut Unread,
    found: &Found<'_>,
) -> Outcome<Reply> {
    let resource = found.resource;
    match head.method {
        Method::GET | Method::HEAD if resource.get.is_some() => {
            let page = read(ask, server, found)?;
            Ok(conditional(&head.headers, page))
        }
        Method::PATCH => match resource.patch {
            Some(change) => patch(ask, server, head, body, found, change).await,
            None => Err(not_allowed()),
        },
        Method::POST => match resource.post {
            Some(act) => {
                permitted(ask, server, act_need(act)?)?;
                let object = read_object(&head.headers, body).await?;
                carry_out(ask, server, act, object).await
            }
            None => Err(not_allowed()),
        },
        Method::DELETE => match resource.delete {
            Some(act) => {
                permitted(ask, server, act_need(act)?)?;
                let _turn = ask.redfish.turn(ask.uri).await;
                if head.headers.contains_key(header::IF_MATCH) {
                    precondition(&head.headers, &read(ask, server, found)?)?;
                }
                carry_out(ask, server, act, Object::new()).await
            }
            None => Err(not_allowed()),
        },
        _ => Err(not_allowed()),
    }
}

fn not_allowed() -> Box<Reply> {
    let message = Message::new(&base::OPERATION_NOT_ALLOWED, []);
    Box::new(Reply::error(StatusCode::METHOD_NOT_ALLOWED, &[message]))
}

/// An act that is open was answered before; it never comes here.
fn act_need(act: Act) -> Outcome<Need> {
    match act {
        Act::Daemon(need, _) => Ok(need),
        Act::Server(operation, _) => Ok(Need::To(operation)),
        Act::Open(_) => Err(not_allowed()),
    }
}

/// Asks the gate's table.
fn permitted(ask: &Ask<'_>, server: Option<&ServerHandle>, need: Need) -> Outcome<()> {
    let id = server.map(ServerHandle::id);
    let may = |operation| ask.actor.may(operation, id);
    match need {
        Need::To(operation) => may(operation),
        Need::OrOwn(operation, is_own) => match may(operation) {
            Err(Denied::Privilege(_) | Denied::PasswordChangeRequired) if is_own(ask) => {
                may(Operation::ConfigureSelf)
            }
            asked => asked,
        },
    }
    .map_err(|denied| Box::new(refusals::denied(denied, ask.actor.account(), ask.uri)))
}

/// The resource as it is.
fn read(ask: &Ask<'_>, server: Option<&ServerHandle>, found: &Found<'_>) -> Outcome<Page> {
    let mut page = page_for(found, ask.uri);
    match (found.resource.get, server) {
        (Some(Read::Daemon(need, show)), _) => {
            permitted(ask, None, need)?;
            show(ask, &mut page)?;
        }
        (Some(Read::Server(show)), Some(server)) => {
            permitted(ask, Some(server), Need::To(Operation::ReadServer))?;
            show(ask, server, &mut page)?;
        }
        _ => return Err(not_allowed()),
    }
    Ok(page)
}

fn page_for(found: &Found<'_>, uri: &str) -> Page {
    match &found.resource.schema {
        Some(schema) => Page::new(uri, schema),
        None => Page::bare(),
    }
}

/// The resource, or that the client has it already.
fn conditional(headers: &HeaderMap, page: Page) -> Reply {
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|tags| tags.to_str().ok());
    let etag = page.etag();
    if known.is_some_and(|tags| etag.is_known_by(tags)) {
        return Reply::bare(StatusCode::NOT_MODIFIED).with(header::ETAG, &etag.to_string());
    }
    Reply::page(StatusCode::OK, page)
}

/// Refuses a change whose client has not seen the settings as they are.
fn precondition(headers: &HeaderMap, current: &Page) -> Outcome<()> {
    let Some(tags) = headers.get(header::IF_MATCH) else {
        return Ok(());
    };
    if tags.to_str().is_ok_and(|tags| current.etag().allows(tags)) {
        return Ok(());
    }
    let message = Message::new(&base::PRECONDITION_FAILED, []);
    Err(Box::new(Reply::error(
        StatusCode::PRECONDITION_FAILED,
        &[message],
    )))
}

async fn patch(
    ask: &Ask<'_>,
    server: Option<&ServerHandle>,
    head: &Parts,
    body: &mut Unread,
    found: &Found<'_>,
    change: Change,
) -> Outcome<Reply> {
    let need = match change {
        Change::Daemon(need, _) => need,
        Change::Server(operation, _) => Need::To(operation),
    };
    permitted(ask, server, need)?;
    // Read before the turn is taken, so that a slow client makes nobody wait.
    let object = read_object(&head.headers, body).await?;
    let _turn = ask.redfish.turn(ask.uri).await;
    let current = read(ask, server, found)?;
    precondition(&head.headers, &current)?;
    let current: Value = serde_json::from_slice(&current.bare_bytes()).unwrap_or_default();
    let fields = Fields::of(object, &current)?;
    let page = page_for(found, ask.uri);
    let page = match (change, server) {
        (Change::Daemon(_, change), _) => change(*ask, fields, page).await?,
        (Change::Server(_, change), Some(server)) => change(*ask, server, fields, page).await?,
        (Change::Server(..), None) => return Err(Box::new(refusals::not_found(ask.uri))),
    };
    Ok(Reply::page(StatusCode::OK, page))
}

async fn carry_out(
    ask: &Ask<'_>,
    server: Option<&ServerHandle>,
    act: Act,
    object: Object,
) -> Outcome<Reply> {
    match (act, server) {
        (Act::Daemon(_, act), _) => act(*ask, object).await,
        (Act::Server(_, act), Some(server)) => act(*ask, server, object).await,
        (Act::Server(..), None) => Err(Box::new(refusals::not_found(ask.uri))),
        (Act::Open(_), _) => Err(not_allowed()),
    }
}

/// The JSON object in a body; an empty one without a body.
async fn read_object(headers: &HeaderMap, body: &mut Unread) -> Outcome<Object> {
    let refuse = |status, message| Box::new(Reply::error(status, &[message]));
    let body = body.take().unwrap_or_default();
    let bytes = body::read(headers, body).await.map_err(|bad| match bad {
        BadBody::TooLarge => refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            Message::new(&base::PAYLOAD_TOO_LARGE, []),
        ),
        BadBody::NotJson => refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Message::new(&base::HEADER_INVALID, ["Content-Type"]),
        ),
        BadBody::Incomplete => refuse(
            StatusCode::BAD_REQUEST,
            Message::new(&base::UNRECOGNIZED_REQUEST_BODY, []),
        ),
    })?;
    if bytes.is_empty() {
        return Ok(Object::new());
    }
    json::object(&bytes).map_err(|bad| {
        let message = match &bad {
            BadJson::Malformed(_) => Message::new(&base::MALFORMED_JSON, []),
            BadJson::Duplicate(name) => Message::new(&base::PROPERTY_DUPLICATE, [name]),
            BadJson::NoObject => Message::new(&base::UNRECOGNIZED_REQUEST_BODY, []),
        };
        refuse(StatusCode::BAD_REQUEST, message)
    })
}
