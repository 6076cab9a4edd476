//! QEMU's monitor: whatever the other end writes, in pieces of any size.

use std::time::Instant;

use outband_protocol::qmp::{Client, Command, Incoming, Limits, reply};

/// Short, so that a line that is too long comes about.
const LIMITS: Limits = Limits {
    line: 512,
    commands: 4,
};

pub(crate) fn run(bytes: &[u8]) {
    let Some((&piece, mut bytes)) = bytes.split_first() else {
        return;
    };
    let now = Instant::now();
    let mut client = Client::new(LIMITS, now);
    while !bytes.is_empty() {
        let (next, _) = bytes.split_at(bytes.len().min(usize::from(piece) + 1));
        let taken = client.receive(next);
        assert!(taken <= next.len());
        bytes = &bytes[taken..];
        let mut some = taken > 0;
        loop {
            match client.poll() {
                Ok(Some(incoming)) => {
                    some = true;
                    look(incoming);
                    let _ = client.execute(&Command::query_status(), now);
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
        assert!(some, "neither bytes are taken nor messages given");
        client.outgoing();
        let _ = (client.deadline(), client.expire(now));
    }
}

/// Reads an answer as each of those that are asked for.
fn look(incoming: Incoming) {
    let Incoming::Reply {
        result: Ok(value), ..
    } = incoming
    else {
        return;
    };
    let _ = reply::read::<reply::Status>(value.clone());
    let _ = reply::read::<Vec<reply::Block>>(value.clone());
    let _ = reply::read::<Vec<reply::BlockStats>>(value.clone());
    let _ = reply::read::<Vec<reply::Cpu>>(value.clone());
    let _ = reply::read::<Vec<reply::RxFilter>>(value);
}
