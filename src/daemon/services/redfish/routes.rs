//! What the table of resources is made of: reads, changes and acts, and the right that each needs;
//! and how a path leads to a resource.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use outband_core::{
    access::{Actor, Operation, Origin},
    server::ServerHandle,
};

use super::{
    Redfish,
    page::Page,
    patch::Fields,
    reply::{Outcome, Reply},
    table::RESOURCES,
};
use crate::services::json::Object;

/// A schema of the DMTF, in the version that a resource follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    /// Its name.
    pub(super) name: &'static str,
    /// Its version; collections have none.
    pub(super) version: Option<&'static str>,
}

impl Schema {
    /// A schema in a version.
    pub(super) const fn of(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version: Some(version),
        }
    }

    /// The schema of a collection.
    pub(super) const fn collection(name: &'static str) -> Self {
        Self {
            name,
            version: None,
        }
    }

    /// The value of `@odata.type`.
    pub(super) fn odata_type(&self) -> String {
        let name = self.name;
        match self.version {
            Some(version) => format!("#{name}.{version}.{name}"),
            None => format!("#{name}.{name}"),
        }
    }
}

/// What a handler is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The service.
    pub(super) redfish: &'a Redfish,
    /// Who asks.
    pub(super) actor: &'a Arc<Actor>,
    /// The path, without a slash at its end.
    pub(super) uri: &'a str,
    /// The last variable part of the path.
    pub(super) id: &'a str,
}

/// Somebody who has not logged in yet.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    /// The service.
    pub(super) redfish: &'a Redfish,
    /// Where from.
    pub(super) origin: Origin,
}

/// What a right is needed for.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// For this.
    To(Operation),
    /// For this, or to configure oneself where it is the asker's own.
    OrOwn(Operation, fn(&Ask<'_>) -> bool),
}

/// A read.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// The same document for everybody, known or not.
    Document(fn() -> &'static Document),
    /// The service root, for everybody.
    Open(fn(&Redfish, &mut Page)),
    /// A resource of the daemon.
    Daemon(Need, fn(&Ask<'_>, &mut Page) -> Outcome<()>),
    /// A resource of a server; needs the right to read it.
    Server(fn(&Ask<'_>, &ServerHandle, &mut Page) -> Outcome<()>),
}

/// A document that isn't a resource.
#[derive(Debug)]
pub(super) struct Document {
    /// Its type.
    pub(super) content_type: &'static str,
    /// Its bytes.
    pub(super) body: Vec<u8>,
}

/// A change of a resource: gets the properties that were sent and an empty page, and gives the page
/// with the resource as it is then.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// Of the daemon's.
    Daemon(
        Need,
        for<'a> fn(Ask<'a>, Fields<'a>, Page) -> BoxFuture<'a, Outcome<Page>>,
    ),
    /// Of a server's. The right is the least that any of its properties needs; each asks for its own.
    Server(
        Operation,
        for<'a> fn(Ask<'a>, &'a ServerHandle, Fields<'a>, Page) -> BoxFuture<'a, Outcome<Page>>,
    ),
}

/// Something to be done: an action, a new member, a removal.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// By somebody who has not logged in: to log in.
    Open(for<'a> fn(Visit<'a>, Object) -> BoxFuture<'a, Outcome<Reply>>),
    /// With the daemon.
    Daemon(
        Need,
        for<'a> fn(Ask<'a>, Object) -> BoxFuture<'a, Outcome<Reply>>,
    ),
    /// With a server.
    Server(
        Operation,
        for<'a> fn(Ask<'a>, &'a ServerHandle, Object) -> BoxFuture<'a, Outcome<Reply>>,
    ),
}

/// A resource, or an action of one.
pub(super) struct Resource {
    /// Its path below `/redfish`; `{...}` stands for any one segment, `{server}` for a server's id.
    pub(super) pattern: &'static str,
    /// What it is; `None` for actions and documents.
    pub(super) schema: Option<Schema>,
    /// GET and HEAD.
    pub(super) get: Option<Read>,
    /// PATCH.
    pub(super) patch: Option<Change>,
    /// POST.
    pub(super) post: Option<Act>,
    /// DELETE.
    pub(super) delete: Option<Act>,
}

impl Resource {
    /// A resource that can be read.
    pub(super) const fn at(pattern: &'static str, schema: Schema, get: Read) -> Self {
        Self {
            pattern,
            schema: Some(schema),
            get: Some(get),
            patch: None,
            post: None,
            delete: None,
        }
    }

    /// A document.
    pub(super) const fn document(pattern: &'static str, get: fn() -> &'static Document) -> Self {
        Self {
            pattern,
            schema: None,
            get: Some(Read::Document(get)),
            patch: None,
            post: None,
            delete: None,
        }
    }

    /// Something that can be posted to and not be read.
    pub(super) const fn action(pattern: &'static str, act: Act) -> Self {
        Self {
            pattern,
            schema: None,
            get: None,
            patch: None,
            post: Some(act),
            delete: None,
        }
    }

    /// It can be changed.
    pub(super) const fn patch(mut self, change: Change) -> Self {
        self.patch = Some(change);
        self
    }

    /// It can be posted to.
    pub(super) const fn post(mut self, act: Act) -> Self {
        self.post = Some(act);
        self
    }

    /// It can be removed.
    pub(super) const fn delete(mut self, act: Act) -> Self {
        self.delete = Some(act);
        self
    }

    /// The methods it knows, for `Allow`.
    pub(super) fn allow(&self) -> String {
        let mut methods = Vec::with_capacity(5);
        if self.get.is_some() {
            methods.extend([Method::GET, Method::HEAD]);
        }
        for (method, there) in [
            (Method::PATCH, self.patch.is_some()),
            (Method::POST, self.post.is_some()),
            (Method::DELETE, self.delete.is_some()),
        ] {
            if there {
                methods.push(method);
            }
        }
        let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
        methods.join(", ")
    }
}

/// Where a path led.
pub(super) struct Found<'a> {
    /// The resource.
    pub(super) resource: &'static Resource,
    /// The server's id in the path.
    pub(super) server: Option<&'a str>,
    /// The last variable part of the path.
    pub(super) id: &'a str,
}

/// The resource at a path below `/redfish` (`/v1/Systems/1`), without a slash at its end.
pub(super) fn find(path: &str) -> Option<Found<'_>> {
    RESOURCES.iter().find_map(|resource| follow(resource, path))
}

fn follow<'a>(resource: &'static Resource, path: &'a str) -> Option<Found<'a>> {
    let mut found = Found {
        resource,
        server: None,
        id: "",
    };
    let mut segments = path.split('/');
    for wanted in resource.pattern.split('/') {
        let segment = segments.next()?;
        if wanted.starts_with('{') && !segment.is_empty() {
            found.id = segment;
            if wanted == "{server}" {
                found.server = Some(segment);
            }
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(found)
}
