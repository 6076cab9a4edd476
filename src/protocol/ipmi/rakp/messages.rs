//! RAKP messages 1 to 4 (sections 13.20 to 13.23).

use super::{Bytes16, Status};

/// The longest name (section 13.20).
const NAME_MAX: usize = 16;

/// A user's name as RAKP carries it: up to 16 bytes of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    len: u8,
}

impl Name {
    /// The name of these bytes; `None` when they are more than 16.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; NAME_MAX];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        let len = name.len() as u8;
        Some(Self { bytes, len })
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

/// The console says who wants to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rakp1 {
    /// Matches the answer to the message.
    pub tag: u8,
    /// The BMC's id of the session.
    pub managed: u32,
    /// The console's random number.
    pub random: Bytes16,
    /// The highest privilege level asked for (bits 3:0), and how the user is looked up (bit 4: by
    /// the name alone), as received: it goes into the codes as it is.
    pub role: u8,
    /// Who.
    pub name: Name,
}

impl Rakp1 {
    /// Reads the message.
    ///
    /// # Errors
    /// `None`: it is too short to be answered. Else its tag, and why it is refused.
    pub fn parse(payload: &[u8]) -> Result<Self, Option<(u8, Status)>> {
        let (&[tag, _, _, _, m0, m1, m2, m3], rest) =
            payload.split_first_chunk::<8>().ok_or(None)?;
        let short = Some((tag, Status::PARAMETER));
        let (&random, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
        let (&[role, _, _, length], rest) = rest.split_first_chunk::<4>().ok_or(short)?;
        // Some clients fill the field up to its 16 bytes.
        let name = rest.get(..length.into()).filter(|_| rest.len() <= NAME_MAX);
        let name = name.and_then(Name::new);
        Ok(Self {
            tag,
            managed: u32::from_le_bytes([m0, m1, m2, m3]),
            random,
            role,
            name: name.ok_or(Some((tag, Status::NAME_LENGTH)))?,
        })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, 0, 0, 0]);
        out.extend(self.managed.to_le_bytes());
        out.extend(self.random);
        out.extend([self.role, 0, 0, self.name.len]);
        out.extend_from_slice(self.name.as_bytes());
    }
}

/// The BMC proves that it knows the user's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rakp2<'a> {
    /// The console's id of the session.
    pub console: u32,
    /// The BMC's random number.
    pub random: Bytes16,
    /// The BMC's GUID.
    pub guid: Bytes16,
    /// The proof.
    pub code: &'a [u8],
}

impl<'a> Rakp2<'a> {
    /// Reads the message and its tag; the inner `Err` is the BMC's refusal, `None` means that it
    /// makes no sense.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<(u8, Result<Self, Status>)> {
        let (tag, status, console, rest) = head(payload)?;
        if status != Status::OK {
            return Some((tag, Err(status)));
        }
        let (&random, rest) = rest.split_first_chunk()?;
        let (&guid, code) = rest.split_first_chunk()?;
        let message = Self {
            console,
            random,
            guid,
            code,
        };
        Some((tag, Ok(message)))
    }

    /// Appends the message.
    pub fn write(&self, tag: u8, out: &mut Vec<u8>) {
        write_head(out, tag, Status::OK, self.console);
        out.extend(self.random);
        out.extend(self.guid);
        out.extend_from_slice(self.code);
    }
}

/// The console proves that it knows the user's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rakp3<'a> {
    /// Matches the answer to the message.
    pub tag: u8,
    /// The BMC's id of the session.
    pub managed: u32,
    /// The proof, or why the console gives up.
    pub code: Result<&'a [u8], Status>,
}

impl<'a> Rakp3<'a> {
    /// Reads the message; `None` when it is cut short.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (tag, status, managed, rest) = head(payload)?;
        let code = if status == Status::OK {
            Ok(rest)
        } else {
            Err(status)
        };
        Some(Self { tag, managed, code })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let status = self.code.err().unwrap_or(Status::OK);
        write_head(out, self.tag, status, self.managed);
        out.extend_from_slice(self.code.unwrap_or_default());
    }
}

/// The BMC says that the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rakp4<'a> {
    /// The tag of message 3.
    pub tag: u8,
    /// The console's id of the session.
    pub console: u32,
    /// The proof, or why there is no session.
    pub check: Result<&'a [u8], Status>,
}

impl<'a> Rakp4<'a> {
    /// Reads the message; `None` when it is cut short.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (tag, status, console, rest) = head(payload)?;
        let check = if status == Status::OK {
            Ok(rest)
        } else {
            Err(status)
        };
        Some(Self {
            tag,
            console,
            check,
        })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let status = self.check.err().unwrap_or(Status::OK);
        write_head(out, self.tag, status, self.console);
        out.extend_from_slice(self.check.unwrap_or_default());
    }
}

/// Appends what stands in front of messages 2 to 4, and is all of a refusal.
pub(in crate::ipmi) fn write_head(out: &mut Vec<u8>, tag: u8, status: Status, session: u32) {
    out.extend([tag, status.0, 0, 0]);
    out.extend(session.to_le_bytes());
}

/// Tag, status and session id of messages 2 to 4, and what follows.
fn head(payload: &[u8]) -> Option<(u8, Status, u32, &[u8])> {
    let (&[tag, status, _, _, s0, s1, s2, s3], rest) = payload.split_first_chunk::<8>()?;
    Some((
        tag,
        Status(status),
        u32::from_le_bytes([s0, s1, s2, s3]),
        rest,
    ))
}
