//! Switching a server: the sequencer that presses, waits and looks, and the policy for the moment
//! at which power returns. Both are pure; the engine carries out what they say.

mod plan;
mod restore;
mod sequencer;

pub use plan::{Hands, Sight, actions};
pub use restore::{Restore, restore};
pub use sequencer::{Act, Sequencer};
