//! Sessions: who is logged in, since when, until when.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AccountId, Origin};
use crate::host::Stamp;

/// A session's public name: it stands in URLs and logs and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub Arc<str>);

/// A session, as it is shown.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Its public name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's name.
    pub name: Arc<str>,
    /// Where it was opened from.
    pub origin: Origin,
    /// When it was opened.
    pub since: Stamp,
}
