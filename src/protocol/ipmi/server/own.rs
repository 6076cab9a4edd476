//! The commands about sessions that a session may send, and that the server answers itself.

use std::net::IpAddr;

use super::{Ended, Server, SessionId, outside};
use crate::ipmi::{
    Completion, Privilege,
    message::{Request, net_fn},
};

const SET_SESSION_PRIVILEGE: u8 = 0x3B;
const CLOSE_SESSION: u8 = 0x3C;
const GET_SESSION_INFO: u8 = 0x3D;

/// What comes of one of them.
pub(super) struct Done {
    pub(super) completion: Completion,
    /// The session that ends when the answer is sealed, and why.
    pub(super) ends: Option<(SessionId, Ended)>,
}

impl From<Completion> for Done {
    fn from(completion: Completion) -> Self {
        Self {
            completion,
            ends: None,
        }
    }
}

/// Whether the server carries a command out itself.
pub(super) fn is_own(request: &Request<'_>) -> bool {
    let named = &request.envelope;
    let own = matches!(
        named.command,
        SET_SESSION_PRIVILEGE
            | CLOSE_SESSION
            | GET_SESSION_INFO
            | outside::GET_SYSTEM_GUID
            | outside::GET_AUTHENTICATION_CAPABILITIES
            | outside::GET_CIPHER_SUITES
    );
    own && (named.net_fn, named.lun) == (net_fn::APP, 0)
}

impl<U: Clone> Server<U> {
    /// Carries out a command of the session with this index.
    pub(super) fn own(&mut self, by: usize, request: &Request<'_>, out: &mut Vec<u8>) -> Done {
        match request.envelope.command {
            SET_SESSION_PRIVILEGE => self.set_privilege(by, request.data, out).into(),
            CLOSE_SESSION => self.close(by, request.data),
            GET_SESSION_INFO => self.session_info(by, request.data, out).into(),
            _ => outside::carry_out(&self.config, request, out)
                .unwrap_or(Completion::INVALID_COMMAND)
                .into(),
        }
    }

    /// Set Session Privilege Level (section 22.18).
    fn set_privilege(&mut self, by: usize, data: &[u8], out: &mut Vec<u8>) -> Completion {
        const NOT_FOR_SESSION: Completion = Completion(0x80);
        const ABOVE_LIMIT: Completion = Completion(0x81);
        let &[asked] = data else {
            return Completion::LENGTH;
        };
        let Some(session) = self.sessions.get_mut(by) else {
            return Completion::UNSPECIFIED;
        };
        match (asked, Privilege::from_wire(asked)) {
            (0, _) => {}
            (_, None | Some(Privilege::Callback)) => return Completion::INVALID_FIELD,
            (_, Some(asked)) if asked > session.user_limit => return ABOVE_LIMIT,
            (_, Some(asked)) if asked > session.limit => return NOT_FOR_SESSION,
            (_, Some(asked)) => session.privilege = asked,
        }
        out.push(session.privilege.to_wire());
        Completion::OK
    }

    /// Close Session (section 22.19): its own at any level, another one as Administrator.
    fn close(&self, by: usize, data: &[u8]) -> Done {
        const NO_SUCH_ID: Completion = Completion(0x87);
        const NO_SUCH_HANDLE: Completion = Completion(0x88);
        let Some(session) = self.sessions.get(by) else {
            return Completion::UNSPECIFIED.into();
        };
        let all = || self.sessions.iter();
        let (found, missing) = match data {
            [0, 0, 0, 0, handle] => (all().find(|s| s.handle == *handle), NO_SUCH_HANDLE),
            [0, 0, 0, 0] => return Completion::LENGTH.into(),
            [a, b, c, d] => {
                let id = SessionId(u32::from_le_bytes([*a, *b, *c, *d]));
                (all().find(|s| s.id == id), NO_SUCH_ID)
            }
            _ => return Completion::LENGTH.into(),
        };
        let own = found.is_some_and(|found| found.id == session.id);
        if !own && session.privilege < Privilege::Administrator {
            return Completion::PRIVILEGE.into();
        }
        let Some(found) = found else {
            return missing.into();
        };
        let why = if own {
            Ended::Closed
        } else {
            Ended::ClosedBy(session.id)
        };
        Done {
            completion: Completion::OK,
            ends: Some((found.id, why)),
        }
    }

    /// Get Session Info (section 22.20).
    fn session_info(&self, by: usize, data: &[u8], out: &mut Vec<u8>) -> Completion {
        const BY_HANDLE: u8 = 0xFE;
        const BY_ID: u8 = 0xFF;
        const RMCP_PLUS: u8 = 0x10;
        let Some(session) = self.sessions.get(by) else {
            return Completion::UNSPECIFIED;
        };
        if session.privilege < Privilege::User {
            return Completion::PRIVILEGE;
        }
        let all = || self.sessions.iter();
        let found = match data {
            [0] => Some(session),
            [BY_HANDLE, handle] => all().find(|s| s.handle == *handle),
            [BY_ID, a, b, c, d] => {
                let id = SessionId(u32::from_le_bytes([*a, *b, *c, *d]));
                all().find(|s| s.id == id)
            }
            [BY_HANDLE | BY_ID] => return Completion::LENGTH,
            [nth] => all().nth(usize::from(*nth) - 1),
            _ => return Completion::LENGTH,
        };
        let handle = found.map_or(0, |found| found.handle);
        out.extend([handle, self.most_sessions(), self.sessions.len() as u8]);
        let Some(found) = found else {
            return Completion::OK;
        };
        out.extend([
            found.user,
            found.privilege.to_wire(),
            RMCP_PLUS | self.config.channel,
        ]);
        // There is no room for an IPv6 address, and the hardware's address is not known.
        let address = match found.peer.ip().to_canonical() {
            IpAddr::V4(address) => address.octets(),
            IpAddr::V6(_) => [0; 4],
        };
        out.extend(address);
        out.extend([0; 6]);
        out.extend(found.peer.port().to_le_bytes());
        Completion::OK
    }
}
