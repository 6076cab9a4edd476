//! How an event lies in the journal: length, check sum, body.
//!
//! A record is the body's length (u32, little endian), the CRC-32 of the body (u32, little endian)
//! and the body: the event as JSON. JSON never holds a zero byte while a length within bounds
//! always does, so that no text that somebody brings in can be taken for a record.

use serde::Deserialize;

use super::{Event, EventKind, Severity};
use crate::{
    host::{BootId, Stamp},
    server::ServerId,
};

/// Bytes before the body.
pub(super) const HEADER: usize = 8;
/// The longest body in bytes. An event is a few hundred.
pub(super) const BODY_MAX: usize = 64 * 1024;
/// The longest record in bytes.
pub(super) const RECORD_MAX: usize = HEADER + BODY_MAX;

/// The record of an event; `None` when it would be longer than [`RECORD_MAX`].
pub(super) fn encode(event: &Event) -> Option<Vec<u8>> {
    let mut record = vec![0; HEADER];
    serde_json::to_writer(&mut record, event).ok()?;
    let (header, body) = record.split_at_mut(HEADER);
    if body.len() > BODY_MAX {
        return None;
    }
    let length = u32::try_from(body.len()).ok()?;
    let (length_bytes, sum_bytes) = header.split_at_mut(4);
    length_bytes.copy_from_slice(&length.to_le_bytes());
    sum_bytes.copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    Some(record)
}

/// The body of the record that these bytes begin with; `None` when there is no whole and sound one.
pub(super) fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length == 0 || length > BODY_MAX {
        return None;
    }
    let body = rest.get(..length)?;
    (crc32fast::hash(body) == u32::from_le_bytes(*sum)).then_some(body)
}

/// What every version writes of an event, whatever else it writes.
#[derive(Deserialize)]
struct Bones {
    seq: u64,
    server: Option<ServerId>,
    at: Stamp,
    boot: BootId,
    severity: Severity,
    sel: Option<[u8; 16]>,
}

/// The event in a body. One with words of a newer version is [`EventKind::Unknown`]; `None` when
/// not even its bones can be read.
pub(super) fn decode(body: &[u8]) -> Option<Event> {
    if let Ok(event) = serde_json::from_slice(body) {
        return Some(event);
    }
    let bones: Bones = serde_json::from_slice(body).ok()?;
    Some(Event {
        seq: bones.seq,
        server: bones.server,
        at: bones.at,
        boot: bones.boot,
        kind: EventKind::Unknown,
        severity: bones.severity,
        actor: None,
        sel: bones.sel,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::ActorMark;

    fn event(name: String, seq: u64) -> Event {
        Event {
            seq,
            server: Some("web1".parse().unwrap()),
            at: Stamp {
                unix_ms: 1_700_000_000_123,
                synchronised: true,
            },
            boot: BootId([7; 16]),
            kind: EventKind::LoginFailed {
                name: name.as_str().into(),
                why: "wrong".into(),
                times: 1,
            },
            severity: Severity::Warning,
            actor: Some(ActorMark {
                name: name.into(),
                via: crate::access::Via::Redfish,
                source: Some("192.0.2.7".parse().unwrap()),
            }),
            sel: Some([9; 16]),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "\\PC*", seq: u64) {
            let event = event(name, seq);
            let record = encode(&event).unwrap();
            prop_assert_eq!(decode(body(&record).unwrap()), Some(event));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = body(&bytes);
            let _ = decode(&bytes);
        }

        #[test]
        fn a_cut_or_changed_record_is_none(cut in 0_usize..200, flip in 0_usize..1600) {
            let record = encode(&event("ada".into(), 1)).unwrap();
            prop_assert!(body(&record[..cut.min(record.len() - 1)]).is_none());
            let mut changed = record.clone();
            changed[flip / 8 % record.len()] ^= 1 << (flip % 8);
            prop_assert!(body(&changed).is_none());
        }

        #[test]
        fn no_name_puts_a_zero_byte_into_a_body(name: String) {
            let record = encode(&event(name, 1)).unwrap();
            prop_assert!(!record[HEADER..].contains(&0));
        }
    }

    #[test]
    fn words_of_a_newer_version_leave_the_bones() {
        let text = br#"{"seq":3,"server":"1","at":{"unix_ms":5,"synchronised":false},
            "boot":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"severity":"ok","mood":"fine",
            "kind":{"is":"booted","target":"moon","label":null,"by_override":false},
            "actor":{"name":"x","via":"telepathy","source":null},"sel":null}"#;
        let event = decode(text).unwrap();
        assert_eq!((event.seq, &event.kind), (3, &EventKind::Unknown));
    }

    #[test]
    fn an_event_beyond_the_bound_has_no_record() {
        assert!(encode(&event("x".repeat(BODY_MAX), 1)).is_none());
    }
}
