//! Open Session Request and Response (sections 13.17 and 13.18).

use super::Status;
use crate::ipmi::{Privilege, Suite};

/// What a console asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRequest {
    /// Matches the answer to the request.
    pub tag: u8,
    /// The highest privilege level that the session should get; `None`: as high as may be.
    pub privilege: Option<Privilege>,
    /// The id by which the console wants to be addressed.
    pub console: u32,
    /// The suite with exactly the algorithms that were asked for.
    pub suite: Suite,
}

/// The three records of algorithms: their kinds, and how long each is (table 13-9).
const KINDS: [u8; 3] = [0, 1, 2];
const RECORD: u8 = 8;

impl OpenRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `None`: it is too short to be answered. Else the answer that refuses it.
    pub fn parse(payload: &[u8]) -> Result<Self, Option<OpenResponse>> {
        let (&[tag, privilege, _, _, c0, c1, c2, c3], records) =
            payload.split_first_chunk::<8>().ok_or(None)?;
        let console = u32::from_le_bytes([c0, c1, c2, c3]);
        let refuse = |status| {
            Err(Some(OpenResponse {
                tag,
                console,
                outcome: Err(status),
            }))
        };
        let mut algorithms = [0; 3];
        let (records, rest) = records.as_chunks::<8>();
        if records.len() != KINDS.len() || !rest.is_empty() {
            return refuse(Status::PARAMETER);
        }
        for ((kind, record), found) in KINDS.iter().zip(records).zip(&mut algorithms) {
            let &[k, _, _, length, algorithm, _, _, _] = record;
            match (k == *kind, length) {
                (true, RECORD) => *found = algorithm & 0x3F,
                // "Choose for me" leaves the choice to who stands in between, too.
                (true, 0) => return refuse(Status::NO_SUITE),
                _ => return refuse(Status::PARAMETER),
            }
        }
        let Some(suite) = Suite::with_algorithms(algorithms) else {
            return refuse(Status::NO_SUITE);
        };
        let privilege = match privilege & 0x0F {
            0 => None,
            level => match Privilege::from_wire(level) {
                None => return refuse(Status::INVALID_ROLE),
                level => level,
            },
        };
        if console == 0 {
            return refuse(Status::INVALID_SESSION);
        }
        Ok(Self {
            tag,
            privilege,
            console,
            suite,
        })
    }

    /// Appends the request.
    pub fn write(&self, out: &mut Vec<u8>) {
        let privilege = self.privilege.map_or(0, Privilege::to_wire);
        out.extend([self.tag, privilege, 0, 0]);
        out.extend(self.console.to_le_bytes());
        write_algorithms(out, self.suite);
    }
}

/// What the BMC answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenResponse {
    /// The request's.
    pub tag: u8,
    /// The console's id of the session.
    pub console: u32,
    /// What was opened, or why nothing was.
    pub outcome: Result<Opened, Status>,
}

/// A session that was opened, half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The highest privilege level that it can get.
    pub privilege: Privilege,
    /// The BMC's id of the session.
    pub managed: u32,
    /// Its suite.
    pub suite: Suite,
}

impl OpenResponse {
    /// Reads a response; `None` when it makes no sense.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (&[tag, status, privilege, _, c0, c1, c2, c3], rest) =
            payload.split_first_chunk::<8>()?;
        let console = u32::from_le_bytes([c0, c1, c2, c3]);
        let outcome = if status == Status::OK.0 {
            let (&managed, records) = rest.split_first_chunk::<4>()?;
            let (records, _) = records.as_chunks::<8>();
            let [a, i, c] = *records.first_chunk::<3>()?;
            Ok(Opened {
                privilege: Privilege::from_wire(privilege)?,
                managed: u32::from_le_bytes(managed),
                suite: Suite::with_algorithms([a[4], i[4], c[4]])?,
            })
        } else {
            Err(Status(status))
        };
        Some(Self {
            tag,
            console,
            outcome,
        })
    }

    /// Appends the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (status, privilege) = match &self.outcome {
            Ok(opened) => (Status::OK, opened.privilege.to_wire()),
            Err(status) => (*status, 0),
        };
        out.extend([self.tag, status.0, privilege, 0]);
        out.extend(self.console.to_le_bytes());
        if let Ok(opened) = &self.outcome {
            out.extend(opened.managed.to_le_bytes());
            write_algorithms(out, opened.suite);
        }
    }
}

fn write_algorithms(out: &mut Vec<u8>, suite: Suite) {
    for (kind, algorithm) in KINDS.into_iter().zip(suite.algorithms()) {
        out.extend([kind, 0, 0, RECORD, algorithm, 0, 0, 0]);
    }
}
