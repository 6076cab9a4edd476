//! What the server needs of the house around it, and what it tells it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::DerefMut,
    time::Instant,
};

use zeroize::Zeroizing;

use super::Proofs;
use crate::ipmi::{Privilege, Suite};

/// A key of up to 20 bytes, filled up with zeros: a user's password, or K_g. Whether a shorter one
/// was filled up or not makes no difference to its codes.
pub type Key = Zeroizing<[u8; 20]>;

/// The house around a server: entropy, users, counts that servers share, and a listener.
pub trait Host {
    /// What the house knows a user by: an account, an actor. Sessions carry it.
    type User: Clone;

    /// Fills the buffer with entropy; `false` where there is none, and then nobody logs in.
    fn fill(&mut self, buffer: &mut [u8]) -> bool;

    /// Who may log in under a name. An unknown name, a disabled account and one that may not use
    /// IPMI are all [`Lookup::Nobody`]: the console can't tell them from a wrong password. To keep
    /// it so, each answer should take the house the same work.
    fn user(&mut self, ask: &Ask<'_>) -> Lookup<Self::User>;

    /// Whether a user may still log in as it was given by [`user`](Self::user): asked when the console
    /// has proved to know the key. Accounts may have changed between the two.
    fn still_stands(&mut self, user: &Self::User) -> bool;

    /// The counts that limit how many codes to try passwords against the house gives away: one for
    /// all servers that know the same users. Held for moments, and never while another method is
    /// called.
    fn proofs(&mut self) -> impl DerefMut<Target = Proofs>;

    /// Something happened that the house may log, count or act upon.
    fn happened(&mut self, what: Happened<'_, Self::User>);
}

/// A question for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The name: 1 to 16 bytes of any kind.
    pub name: &'a [u8],
    /// From where.
    pub peer: SocketAddr,
    /// The privilege level that the console asks for.
    pub role: Privilege,
    /// Whether the user is to be found by the name alone (else by name and level). Where names are
    /// unique it makes no difference: whether the level may be had is decided by the server, after
    /// the proof.
    pub name_only: bool,
}

/// The answer.
#[derive(Debug)]
pub enum Lookup<U> {
    /// This user.
    User(User<U>),
    /// Nobody who may log in.
    Nobody,
    /// It is not the time to say: too many tries. The console hears that resources lack,
    /// whatever the name; so the house must ask this before it looks whether there is such a user.
    Later,
}

/// A user as the server needs it.
#[derive(Clone)]
pub struct User<U> {
    /// The key that the console must know.
    pub key: Key,
    /// The highest privilege level.
    pub limit: Privilege,
    /// The user's id on this BMC, 1 to 63.
    pub id: u8,
    /// What the house knows the user by.
    pub account: U,
}

impl<U: fmt::Debug> fmt::Debug for User<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("limit", &self.limit)
            .field("id", &self.id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// A session, from outside.
#[derive(Debug)]
pub struct SessionView<'a, U> {
    /// Which.
    pub id: SessionId,
    /// Its handle, 1 to 63.
    pub handle: u8,
    /// Whose.
    pub account: &'a U,
    /// The user's id.
    pub user: u8,
    /// From where.
    pub peer: SocketAddr,
    /// Its cipher suite.
    pub suite: Suite,
    /// Its privilege level now.
    pub privilege: Privilege,
    /// The highest that it can get.
    pub limit: Privilege,
    /// Since when.
    pub since: Instant,
}

/// Which session: the id that the BMC gave it, never 0. Random, so that it is of no use to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub(super) u32);

impl SessionId {
    /// As it stands on the wire.
    #[must_use]
    pub fn to_wire(self) -> u32 {
        self.0
    }
}

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Happened<'a, U> {
    /// A user proved to know the key, and the session stands.
    LoggedIn(SessionView<'a, U>),
    /// A login ended without a session.
    Refused {
        /// From where.
        peer: SocketAddr,
        /// Under which name, of any bytes.
        name: &'a [u8],
        /// Why.
        why: Refusal,
    },
    /// A source gets no more proofs for this name for a while: it took [`PROOFS_A_MINUTE`] within
    /// a minute, and no login followed. Told once a minute for each source and name.
    ///
    /// [`PROOFS_A_MINUTE`]: super::PROOFS_A_MINUTE
    Throttled {
        /// The source.
        source: IpAddr,
        /// The name, of any bytes.
        name: &'a [u8],
    },
    /// A session ended.
    Ended(SessionView<'a, U>, Ended),
}

/// Why a login ended without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The console does not know the key, or nobody may log in under the name.
    Key,
    /// The console gave up after message 2, or fell silent: so does a client that was given a wrong
    /// password.
    GaveUp,
    /// The key was right, but not for that privilege level.
    Privilege,
    /// The key was right, but there are as many sessions as may be.
    Full,
    /// The key was right when the login began, but the account has changed since.
    Changed,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It closed itself.
    Closed,
    /// Another session closed it, which is still among [`Server::sessions`].
    ///
    /// [`Server::sessions`]: super::Server::sessions
    ClosedBy(SessionId),
    /// Nothing came for [`IDLE`](super::IDLE).
    Idle,
    /// Its user logged in once more and had as many as a user may: this was the one that had been
    /// silent longest.
    Replaced,
    /// An Administrator logged in and found no room: this was the one that had been silent longest
    /// among those of lower users.
    Outranked,
    /// The house ended it.
    Revoked,
    /// It ran out of sequence numbers.
    Exhausted,
}
