//! Version, security and the two init messages (RFC 6143 sections 7.1 to 7.3).

use super::{Client, Fault, Notice, REASON_MAX, Step, TEXT_MAX, wire};
use crate::video::Size;

/// The security type None (RFC 6143 section 7.1.2).
const NONE: u8 = 1;

impl Client {
    pub(super) fn handshake(&mut self, head: &[u8]) -> Result<Option<Notice>, Fault> {
        self.step = match self.step {
            Step::Version => self.version(head)?,
            Step::SecurityChoice => match wire::u32(head, 0) {
                0 => Step::ReasonLength,
                1 => self.client_init(),
                _ => return Err(Fault::Security),
            },
            Step::SecurityCount => match usize::from(wire::u8(head, 0)) {
                0 => Step::ReasonLength,
                count => Step::SecurityTypes(count),
            },
            Step::SecurityTypes(_) if head.contains(&NONE) => {
                self.outgoing.push(NONE);
                // Only 3.8 says how that went (section 7.1.3).
                if self.minor_version >= 8 {
                    Step::SecurityResult
                } else {
                    self.client_init()
                }
            }
            Step::SecurityTypes(_) => return Err(Fault::Security),
            Step::SecurityResult => match wire::u32(head, 0) {
                0 => self.client_init(),
                _ => Step::ReasonLength,
            },
            Step::ReasonLength => {
                let length = wire::u32(head, 0).min(REASON_MAX);
                Step::Reason(usize::try_from(length).unwrap_or_default())
            }
            Step::Reason(_) => {
                let reason = String::from_utf8_lossy(head).escape_debug().to_string();
                return Err(Fault::TurnedAway(reason.into()));
            }
            _ => return self.server_init(head),
        };
        Ok(None)
    }

    fn version(&mut self, head: &[u8]) -> Result<Step, Fault> {
        let text = head
            .strip_prefix(b"RFB ")
            .and_then(|rest| rest.strip_suffix(b"\n"));
        let text = text.and_then(|text| std::str::from_utf8(text).ok());
        let numbers = text.and_then(|text| text.split_once('.'));
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u16>().ok(),
            false => None,
        };
        let (major, minor) = numbers
            .and_then(|(major, minor)| Some((number(major)?, number(minor)?)))
            .ok_or(Fault::NoVersion)?;
        // Every other number in between is to be taken as 3.3, every later one as 3.8.
        self.minor_version = match (major, minor) {
            (0..=2, _) | (3, 0..=2) => return Err(Fault::NoVersion),
            (3, 7) => 7,
            (3, 3..=6) => 3,
            _ => 8,
        };
        let answer = format!("RFB 003.00{}\n", self.minor_version);
        self.outgoing.extend(answer.as_bytes());
        Ok(match self.minor_version {
            3 => Step::SecurityChoice,
            _ => Step::SecurityCount,
        })
    }

    /// Says that other clients may stay (section 7.3.1).
    fn client_init(&mut self) -> Step {
        self.outgoing.push(1);
        Step::ServerInit
    }

    fn server_init(&mut self, head: &[u8]) -> Result<Option<Notice>, Fault> {
        let size = Size {
            width: wire::u16(head, 0),
            height: wire::u16(head, 2),
        };
        // Its pixel format is passed over: the client sets its own.
        let name = wire::u32(head, 20);
        if name > TEXT_MAX {
            return Err(Fault::TextTooLong(name));
        }
        self.picture.resize(size)?;
        self.set_up();
        self.ready = true;
        if self.following {
            self.request();
        }
        self.step = Step::Skip {
            left: usize::try_from(name).unwrap_or_default(),
            in_update: false,
        };
        Ok(Some(Notice::Ready(size)))
    }
}
