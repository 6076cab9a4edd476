//! What there is below `/api/v1`: where it is, which right is needed to know of it, and what it can be
//! asked.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, request::Parts};
use outband_core::{
    access::{Actor, Operation},
    server::ServerHandle,
};

use super::{
    Answer, Console, error::Refusal, events, faults, keys, power, screen, servers, session, ws,
};

/// Every path. What it can be asked stands in the order of `Allow`.
static ROUTES: &[Route] = &[
    Route {
        path: "session",
        takes: Takes::Daemon(&[
            (Method::GET, Own::Known(session::show)),
            (Method::POST, Own::Open(session::open)),
            (Method::PATCH, Own::Known(session::change)),
            (Method::DELETE, Own::Known(session::end)),
        ]),
    },
    Route {
        path: "events",
        takes: Takes::Daemon(&[(Method::GET, Own::Long(events::all))]),
    },
    Route {
        path: "servers",
        takes: Takes::Daemon(&[(Method::GET, Own::Known(servers::list))]),
    },
    Route {
        path: "servers/{server}",
        takes: Takes::Server(
            Operation::ReadServer,
            &[(Method::GET, Handler::Now(servers::show))],
        ),
    },
    Route {
        path: "servers/{server}/power",
        takes: Takes::Server(
            Operation::ReadServer,
            &[(Method::POST, Handler::Later(power::act))],
        ),
    },
    Route {
        path: "servers/{server}/events",
        takes: Takes::Server(
            Operation::ReadServer,
            &[(Method::GET, Handler::Long(events::of_server))],
        ),
    },
    Route {
        path: "servers/{server}/faults",
        takes: Takes::Server(
            Operation::SetFaults,
            &[
                (Method::GET, Handler::Now(faults::list)),
                (Method::POST, Handler::Later(faults::set)),
                (Method::DELETE, Handler::Now(faults::clear_all)),
            ],
        ),
    },
    Route {
        path: "servers/{server}/faults/{id}",
        takes: Takes::Server(
            Operation::SetFaults,
            &[(Method::DELETE, Handler::Now(faults::clear))],
        ),
    },
    Route {
        path: "servers/{server}/screen.png",
        takes: Takes::Server(
            Operation::SeeScreen,
            &[(Method::GET, Handler::Later(screen::png))],
        ),
    },
    Route {
        path: "servers/{server}/keys",
        takes: Takes::Server(
            Operation::SeeScreen,
            &[
                (Method::GET, Handler::Now(keys::state)),
                (Method::POST, Handler::Later(keys::press)),
            ],
        ),
    },
    Route {
        path: "servers/{server}/ws",
        takes: Takes::Server(
            Operation::SeeScreen,
            &[(Method::GET, Handler::Long(ws::open))],
        ),
    },
];

/// A path and what it can be asked.
struct Route {
    /// Below `/api/v1/`; `{...}` stands for any one segment.
    path: &'static str,
    takes: Takes,
}

/// What can be asked of whom.
enum Takes {
    /// The daemon itself: each handler asks for the right that it needs.
    Daemon(&'static [(Method, Own)]),
    /// The server of the path; the operation is what one must be allowed to do with it to be told
    /// anything else.
    Server(Operation, &'static [(Method, Handler)]),
}

/// What carries a request to the daemon itself out.
#[derive(Clone, Copy)]
enum Own {
    /// For somebody who is known.
    Known(for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Answer, Refusal>>),
    /// For somebody who is known, and perhaps by more than an answer.
    Long(for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Reply, Refusal>>),
    /// For anybody.
    Open(for<'a> fn(Visit<'a>) -> BoxFuture<'a, Result<Answer, Refusal>>),
}

/// What carries a request to a server out.
#[derive(Clone, Copy)]
enum Handler {
    /// At once, without the body.
    Now(fn(&Ask<'_>) -> Result<Answer, Refusal>),
    /// In its time.
    Later(for<'a> fn(Ask<'a>) -> BoxFuture<'a, Result<Answer, Refusal>>),
    /// In its time, and perhaps by more than an answer.
    Long(for<'a> fn(Ask<'a>) -> BoxFuture<'a, Result<Reply, Refusal>>),
}

/// What a request comes to.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Answer),
    /// What goes on: a stream, or another protocol on the same connection.
    Response(Response),
}

/// A request of nobody in particular.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    /// The service.
    pub(super) console: &'a Console,
    /// The request without its body.
    pub(super) head: &'a Parts,
    /// The request's body, until somebody reads it.
    pub(super) body: &'a mut Option<Body>,
}

/// A request to the daemon itself.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The service.
    pub(super) console: &'a Console,
    /// Who asks.
    pub(super) actor: &'a Arc<Actor>,
    /// The request without its body.
    pub(super) head: &'a Parts,
    /// The request's headers.
    pub(super) headers: &'a HeaderMap,
    /// The request's body, until somebody reads it.
    pub(super) body: &'a mut Option<Body>,
}

/// A request to a server.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// The service.
    pub(super) console: &'a Console,
    /// Who asks.
    pub(super) actor: &'a Arc<Actor>,
    /// The server of the path.
    pub(super) server: ServerHandle,
    /// The path's segment for `{id}`; empty without one.
    pub(super) id: &'a str,
    /// The request without its body.
    pub(super) head: &'a Parts,
    /// The request's headers.
    pub(super) headers: &'a HeaderMap,
    /// The request's body, until somebody reads it.
    pub(super) body: &'a mut Option<Body>,
}

/// The path below `/api/v1/`.
fn below(head: &Parts) -> &str {
    head.uri.path().strip_prefix("/api/v1/").unwrap_or_default()
}

/// Answers a request that needs nobody to be known; `None` where somebody has to be.
pub(super) async fn answer_anybody(
    console: &Console,
    head: &Parts,
    body: &mut Option<Body>,
) -> Option<Result<Answer, Refusal>> {
    let (route, ..) = find(below(head)).ok()?;
    let Takes::Daemon(methods) = &route.takes else {
        return None;
    };
    let Own::Open(handler) = of(methods, &head.method)? else {
        return None;
    };
    let visit = Visit {
        console,
        head,
        body,
    };
    Some(handler(visit).await)
}

/// Answers a request of somebody who is known.
pub(super) async fn answer(
    console: &Console,
    actor: &Arc<Actor>,
    head: &Parts,
    body: &mut Option<Body>,
) -> Result<Reply, Refusal> {
    let (route, server, id) = find(below(head))?;
    let headers = &head.headers;
    let no_method = || Refusal::method(&route.allow());
    let answer = match &route.takes {
        Takes::Daemon(methods) => {
            let call = Call {
                console,
                actor,
                head,
                headers,
                body,
            };
            match of(methods, &head.method).ok_or_else(no_method)? {
                Own::Known(handler) => handler(call).await,
                Own::Long(handler) => return handler(call).await,
                // Answered before anybody was asked for.
                Own::Open(_) => Err(no_method()),
            }
        }
        Takes::Server(right, methods) => {
            let ask = Ask {
                console,
                actor,
                server: console.reach(actor, server, *right)?,
                id,
                head,
                headers,
                body,
            };
            match of(methods, &head.method).ok_or_else(no_method)? {
                Handler::Now(handler) => handler(&ask),
                Handler::Later(handler) => handler(ask).await,
                Handler::Long(handler) => return handler(ask).await,
            }
        }
    };
    answer.map(Reply::Answer)
}

/// What carries out a method.
fn of<H: Copy>(methods: &[(Method, H)], method: &Method) -> Option<H> {
    let mut methods = methods.iter();
    let (_, handler) = methods.find(|(known, _)| known == method)?;
    Some(*handler)
}

impl Route {
    /// The methods, in the order of `Allow`.
    fn methods(&self) -> Vec<&'static str> {
        match &self.takes {
            Takes::Daemon(methods) => methods.iter().map(|(method, _)| method.as_str()).collect(),
            Takes::Server(_, methods) => {
                methods.iter().map(|(method, _)| method.as_str()).collect()
            }
        }
    }

    /// The methods, as `Allow` has them.
    fn allow(&self) -> String {
        self.methods().join(", ")
    }

    /// The segments of a path that stand for `{server}` and `{id}`, if it is this route's.
    fn follow<'a>(&self, path: &'a str) -> Option<(&'a str, &'a str)> {
        let (mut server, mut id) = ("", "");
        let mut segments = path.split('/');
        for wanted in self.path.split('/') {
            let segment = segments.next()?;
            match wanted {
                "{server}" => server = segment,
                "{id}" => id = segment,
                _ if wanted == segment => {}
                _ => return None,
            }
        }
        segments.next().is_none().then_some((server, id))
    }
}

/// The route of a path, and the segments that its pattern leaves open.
fn find(path: &str) -> Result<(&'static Route, &str, &str), Refusal> {
    let mut found = ROUTES.iter().filter_map(|route| {
        let (server, id) = route.follow(path)?;
        Some((route, server, id))
    });
    let nothing = || Refusal::not_found("there is nothing at this path");
    found.next().ok_or_else(nothing)
}

/// Every path with what it can be asked.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (String, Vec<&'static str>)> {
    ROUTES
        .iter()
        .map(|route| (format!("/api/v1/{}", route.path), route.methods()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<(&'static str, &str, &str)> {
        let (route, server, id) = find(path).ok()?;
        Some((route.path, server, id))
    }

    #[test]
    fn a_path_leads_to_its_route_and_says_what_stands_in_it() {
        let faults = "servers/{server}/faults";
        assert_eq!(at("servers/web1/faults"), Some((faults, "web1", "")));
        let fault = "servers/{server}/faults/{id}";
        assert_eq!(at("servers/1/faults/7"), Some((fault, "1", "7")));
        for nowhere in [
            "",
            "server",
            "servers/1/",
            "servers/1/faults/7/8",
            "servers/1/screen",
            "server/1/keys",
            "/servers/1/keys",
        ] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn a_route_is_about_a_server_when_it_names_one_and_has_a_method() {
        for route in ROUTES {
            let server = matches!(route.takes, Takes::Server(..));
            assert_eq!(route.path.contains("{server}"), server, "{}", route.path);
            assert!(!route.allow().is_empty(), "{}", route.path);
        }
    }
}
