//! From core's refusals to completion codes (table 5-2), in one place.

use outband_core::server::Refused;
use outband_protocol::ipmi::Completion;

/// The code that tells a refusal.
pub(in super::super) fn completion(refused: &Refused) -> Completion {
    match refused {
        Refused::Denied(_) => Completion::PRIVILEGE,
        // To who can't have it, the command is not there.
        Refused::Absent(_) => Completion::INVALID_COMMAND,
        Refused::Unsupported { .. } | Refused::Invalid { .. } => Completion::INVALID_FIELD,
        Refused::WrongState { .. } | Refused::Gone => Completion::STATE,
        Refused::Busy { .. } | Refused::QueueFull => Completion::NODE_BUSY,
        // Of Set System Boot Options (section 28.12).
        Refused::SetInProgress => Completion(0x81),
        Refused::Host(_) => Completion::UNSPECIFIED,
    }
}
