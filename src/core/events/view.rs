//! Views of the log that are not the SEL.

use super::index::{Entry, Index};
use crate::server::ServerId;

/// A way to look at the log. The SEL, which can be cleared, is [`super::SelView`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Every event.
    Event,
    /// What the audit log shows ([`super::EventKind::is_audit`]).
    Audit,
}

impl View {
    /// Whether this view of a server (`None`: of all and the daemon) shows an entry.
    pub(super) fn filter(
        self,
        index: &Index,
        server: Option<&ServerId>,
    ) -> impl Fn(&Entry) -> bool + use<> {
        // No entry has the last number: a server without events has none of them.
        let server = server.map(|server| index.server(server).unwrap_or(u32::MAX));
        move |entry| {
            server.is_none_or(|server| entry.server == server)
                && (self == Self::Event || entry.audit)
        }
    }
}
