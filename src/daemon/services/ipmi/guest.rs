//! A datagram's view of the house: where it came from, and what that means to the gate.

use std::{net::IpAddr, ops::DerefMut, sync::Arc};

use outband_core::{
    access::{self, Claim, LoginRefused, Origin, Role, Via},
    server::ServerId,
};
use outband_protocol::ipmi::{
    Privilege,
    server::{Ask, Ended, Happened, Host, Lookup, Proofs, Refusal, SessionId, User},
};

use super::house::House;

/// Whose a session is, and at which of the device's addresses its packets come and go.
#[derive(Debug, Clone)]
pub(super) struct Whose {
    pub(super) claim: Arc<Claim>,
    pub(super) local: Option<IpAddr>,
}

/// The house, for one datagram.
#[derive(Debug)]
pub(super) struct Guest<'a> {
    pub(super) house: &'a House,
    pub(super) server: &'a ServerId,
    /// The device's address that the datagram came to.
    pub(super) local: Option<IpAddr>,
    /// The session that another one closed.
    pub(super) closed: Option<Closed>,
}

/// A session that another one closed.
#[derive(Debug)]
pub(super) struct Closed {
    session: u32,
    claim: Arc<Claim>,
    pub(super) by: SessionId,
}

impl Closed {
    /// Writes down whose doing it was.
    pub(super) fn record(&self, house: &House, by: &Whose) {
        let id = access::SessionId(format!("ipmi-{:08x}", self.session).into());
        if let Some(actor) = by.claim.actor() {
            house.bmc.gate.closed_by(&self.claim, &id, actor);
        }
    }
}

/// The highest level that a role may have in a session.
fn limit(role: Role) -> Privilege {
    match role {
        Role::Administrator => Privilege::Administrator,
        Role::Operator => Privilege::Operator,
        Role::ReadOnly => Privilege::User,
    }
}

/// Where a datagram came from, in the gate's words.
fn origin(source: IpAddr) -> Origin {
    Origin {
        via: Via::Ipmi,
        source: Some(source.to_canonical()),
    }
}

impl<'a> Guest<'a> {
    pub(super) fn new(house: &'a House, server: &'a ServerId, local: Option<IpAddr>) -> Self {
        Self {
            house,
            server,
            local,
            closed: None,
        }
    }

    fn failed(&self, source: IpAddr, name: &[u8], why: &'static str) {
        let name = String::from_utf8_lossy(name);
        self.house
            .bmc
            .gate
            .attempt_failed(&origin(source), &name, why);
    }
}

impl Host for Guest<'_> {
    type User = Whose;

    fn fill(&mut self, buffer: &mut [u8]) -> bool {
        let filled = self.house.entropy.fill(buffer);
        filled.inspect_err(|why| tracing::error!("{why}")).is_ok()
    }

    fn proofs(&mut self) -> impl DerefMut<Target = Proofs> {
        self.house.proofs()
    }

    fn user(&mut self, ask: &Ask<'_>) -> Lookup<Whose> {
        let origin = origin(ask.peer.ip());
        match self.house.bmc.gate.claim(&origin, ask.name, self.server) {
            Ok(Some((claim, key))) => Lookup::User(User {
                key,
                limit: limit(claim.role()),
                id: claim.slot(),
                account: Whose {
                    claim,
                    local: self.local,
                },
            }),
            Ok(None) => Lookup::Nobody,
            Err(LoginRefused::TooMany { .. }) => Lookup::Later,
            // The client can't tell it from a wrong name.
            Err(why) => {
                tracing::error!(server = %self.server, "IPMI: {why}");
                Lookup::Nobody
            }
        }
    }

    fn still_stands(&mut self, user: &Whose) -> bool {
        self.house.bmc.gate.still_stands(&user.claim)
    }

    fn happened(&mut self, what: Happened<'_, Whose>) {
        let gate = &self.house.bmc.gate;
        match what {
            Happened::LoggedIn(session) => {
                // Where the account has changed this very moment the session opens nothing, and ends when
                // the channel hears of the change.
                if let Err(why) = gate.enter(&session.account.claim) {
                    tracing::debug!(server = %self.server, "IPMI: {why}");
                }
            }
            Happened::Refused { peer, name, why } => match why {
                Refusal::Key => self.failed(peer.ip(), name, "wrong IPMI password"),
                Refusal::GaveUp => {
                    self.failed(peer.ip(), name, "gave up after it got IPMI's proof");
                }
                // The password was right: nobody guessed.
                Refusal::Privilege | Refusal::Full | Refusal::Changed => {
                    let name = String::from_utf8_lossy(name);
                    tracing::info!(server = %self.server, %peer, %name, ?why, "IPMI: no session");
                }
            },
            Happened::Throttled { source, name } => {
                self.failed(source, name, "asks for too many of IPMI's proofs");
            }
            Happened::Ended(session, Ended::ClosedBy(by)) => {
                self.closed = Some(Closed {
                    session: session.id.to_wire(),
                    claim: session.account.claim.clone(),
                    by,
                });
            }
            Happened::Ended(session, Ended::Outranked) => {
                let (name, peer) = (session.account.claim.name(), session.peer);
                tracing::info!(
                    server = %self.server, %name, %peer,
                    "IPMI: session ended, as it was in the way of an administrator",
                );
            }
            // An event for each would be one for each call of ipmitool.
            Happened::Ended(session, why) => {
                let (name, peer) = (session.account.claim.name(), session.peer);
                tracing::debug!(server = %self.server, %name, %peer, ?why, "IPMI: session ended");
            }
            _ => {}
        }
    }
}
