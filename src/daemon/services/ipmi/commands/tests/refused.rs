//! Each refusal of the engine has its code.

use std::time::Duration;

use outband_core::{
    access::Denied,
    host::HostFault,
    server::{PowerAction, PowerState, Refused},
};

use super::*;

#[test]
fn each_refusal_has_its_code() {
    let fault = HostFault {
        doing: "write",
        why: "the disk is full".into(),
    };
    let unsupported = Refused::Unsupported {
        part: "power",
        what: "nmi".into(),
    };
    let busy = Refused::Busy {
        with: PowerAction::Cycle,
        at_most: Duration::from_secs(1),
    };
    let invalid = Refused::Invalid {
        what: "boot option",
        why: "no such block".into(),
    };
    let state = PowerState::Off;
    for (refused, code) in [
        (Refused::Denied(Denied::Server), 0xD4),
        (Refused::Denied(Denied::Ended), 0xD4),
        (Refused::Absent("power"), 0xC1),
        (unsupported, 0xCC),
        (invalid, 0xCC),
        (Refused::WrongState { state }, 0xD5),
        (Refused::Gone, 0xD5),
        (busy, 0xC0),
        (Refused::QueueFull, 0xC0),
        (Refused::SetInProgress, 0x81),
        (Refused::Host(fault), 0xFF),
    ] {
        assert_eq!(completion(&refused), Completion(code), "{refused}");
    }
}
