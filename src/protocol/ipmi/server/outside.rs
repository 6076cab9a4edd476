//! The commands that are answered without a session (section 13.5, appendix G).
//!
//! Nothing is remembered for them, and answers are hardly longer than questions.

use super::Config;
use crate::ipmi::{
    Completion, Privilege, Suite,
    frame::{self, Framing, payload},
    message::{Request, net_fn, respond},
};

pub(super) const GET_SYSTEM_GUID: u8 = 0x37;
pub(super) const GET_AUTHENTICATION_CAPABILITIES: u8 = 0x38;
pub(super) const GET_CIPHER_SUITES: u8 = 0x54;

/// The channel on which the question came.
const THIS_CHANNEL: u8 = 0x0E;
/// How much of the list of suites goes into one answer.
const LIST_PART: usize = 16;

/// Answers a message outside of a session in the framing in which it was asked. What is no request
/// to the BMC gets no answer; what needs a session gets D4h.
pub(super) fn answer(config: &Config, framing: Framing, message: &[u8], out: &mut Vec<u8>) {
    let Some(request) = Request::parse(message) else {
        return;
    };
    frame::write_outside(out, framing, payload::MESSAGE, |out| {
        respond(out, &request.envelope, |out| {
            carry_out(config, &request, out).unwrap_or(Completion::PRIVILEGE)
        });
    });
}

/// Carries out a command that needs no session; `None` when it is another one.
pub(super) fn carry_out(
    config: &Config,
    request: &Request<'_>,
    out: &mut Vec<u8>,
) -> Option<Completion> {
    let named = &request.envelope;
    if (named.net_fn, named.lun) != (net_fn::APP, 0) {
        return None;
    }
    match named.command {
        GET_SYSTEM_GUID => Some(system_guid(config, request.data, out)),
        GET_AUTHENTICATION_CAPABILITIES => Some(capabilities(config, request.data, out)),
        GET_CIPHER_SUITES => Some(cipher_suites(config, request.data, out)),
        _ => None,
    }
}

/// Get System GUID (section 22.14).
fn system_guid(config: &Config, data: &[u8], out: &mut Vec<u8>) -> Completion {
    if !data.is_empty() {
        return Completion::LENGTH;
    }
    out.extend_from_slice(&config.guid);
    Completion::OK
}

/// Get Channel Authentication Capabilities (section 22.13).
fn capabilities(config: &Config, data: &[u8], out: &mut Vec<u8>) -> Completion {
    const WANTS_V20: u8 = 0x80;
    const KNOWS_V20: u8 = 0x80;
    const TWO_KEYS: u8 = 0x20;
    const NAMED_USERS: u8 = 0x04;
    const RMCP_PLUS: u8 = 0x02;
    let &[channel, privilege] = data else {
        return Completion::LENGTH;
    };
    let named = channel & 0x0F;
    if (named != THIS_CHANNEL && named != config.channel)
        || Privilege::from_wire(privilege & 0x0F).is_none()
    {
        return Completion::INVALID_FIELD;
    }
    let two_keys = if config.bmc_key.is_some() {
        TWO_KEYS
    } else {
        0
    };
    // No authentication type of IPMI 1.5. Every message is authenticated (bit 4 is 0), and so are
    // those of User level (bit 3 is 0); there is no null user (bits 1 and 0 are 0).
    let (types, status, extended) = if channel & WANTS_V20 == 0 {
        (0, NAMED_USERS, 0)
    } else {
        (KNOWS_V20, two_keys | NAMED_USERS, RMCP_PLUS)
    };
    out.extend_from_slice(&[config.channel, types, status, extended]);
    out.extend_from_slice(&config.oem);
    Completion::OK
}

/// Get Channel Cipher Suites (section 22.15).
fn cipher_suites(config: &Config, data: &[u8], out: &mut Vec<u8>) -> Completion {
    const BY_SUITE: u8 = 0x80;
    let &[channel, kind, part] = data else {
        return Completion::LENGTH;
    };
    let channel = channel & 0x0F;
    let known = matches!(kind & 0x3F, payload::MESSAGE | payload::SOL);
    if (channel != THIS_CHANNEL && channel != config.channel) || !known {
        return Completion::INVALID_FIELD;
    }
    out.push(config.channel);
    let from = usize::from(part & 0x3F) * LIST_PART;
    let suites = Suite::ALL
        .into_iter()
        .filter(|suite| suite_is_on(config, *suite));
    let part_of = |list: &mut dyn Iterator<Item = u8>, out: &mut Vec<u8>| {
        out.extend(list.skip(from).take(LIST_PART));
    };
    if part & BY_SUITE != 0 {
        part_of(&mut suites.flat_map(Suite::record), out);
    } else {
        // The algorithms alone, those of authentication first. Both suites encrypt alike.
        let authentication = suites.clone().map(|suite| suite.record()[2]);
        let integrity = suites.clone().map(|suite| suite.record()[3]);
        let confidentiality = suites.take(1).map(|suite| suite.record()[4]);
        part_of(
            &mut authentication.chain(integrity).chain(confidentiality),
            out,
        );
    }
    Completion::OK
}

/// Whether sessions may have a suite.
pub(super) fn suite_is_on(config: &Config, suite: Suite) -> bool {
    match suite {
        Suite::Sha256 => true,
        Suite::Sha1 => config.sha1,
    }
}
