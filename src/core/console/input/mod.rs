//! The input hub: who holds which keys of a server's keyboard, and which buttons of its pointer.
//!
//! A key can't stick. A holder states the whole set of keys that it holds; the server is sent the
//! union of what all holders state. What a holder held is released when it vanishes and when its
//! actor may no longer type, and is pressed again only after that holder reported it up. Buttons
//! are like keys, but that the pointer is where its last report put it, whoever sent that.

mod holder;
mod strokes;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outband_protocol::hid::{Buttons, HeldKeys, Leds, Pointer, Usage};
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::Instant,
};

pub use self::{
    holder::{Holder, PACE},
    strokes::{BadStroke, Batch, Stroke},
};
use crate::{
    access::{Actor, Denied, Operation, Origin},
    driver::{DriverFault, Input},
    events::{EventKind, NewEvent},
    host::{Audit, Clock},
    server::ServerId,
};

/// The audit log has one event for what the same actor types within this time.
const ONE_USE: Duration = Duration::from_secs(10 * 60);

/// The name of the use of a keyboard in the audit log. What was typed is written down nowhere.
const COMMAND: &str = "use of the keyboard";

/// Why nothing was typed, or not all of it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InputRefused {
    /// The actor may not, or no longer.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Others type, and don't end.
    #[error("others are typing; nothing was typed")]
    Busy,
    /// The keyboard does not take it.
    #[error(transparent)]
    Driver(#[from] DriverFault),
}

/// The hub of one server's keyboard.
#[derive(Debug)]
pub struct InputHub {
    server: ServerId,
    input: Arc<dyn Input>,
    events: Arc<dyn Audit>,
    clock: Arc<dyn Clock>,
    desk: Mutex<Desk>,
    /// Whose batch is typed: batches don't mix.
    turn: AsyncMutex<()>,
}

/// Who is at the keyboard.
#[derive(Debug)]
struct Desk {
    holders: BTreeMap<u64, Held>,
    next: u64,
    /// What the server was sent last; `None` when that failed, and may have arrived all the same.
    sent: Option<HeldKeys>,
    last_use: Option<Use>,
}

/// What one holder holds.
#[derive(Debug, Default)]
struct Held {
    /// What it states.
    stated: HeldKeys,
    /// What of it was released on its behalf.
    barred: HeldKeys,
    /// The buttons that it states.
    buttons: Buttons,
    /// What of them was let go on its behalf.
    barred_buttons: Buttons,
    /// The last report of the pointer that was sent for it, while that held buttons.
    pointer: Option<Pointer>,
}

/// When the keyboard was last used and by whom.
#[derive(Debug)]
struct Use {
    name: Arc<str>,
    origin: Origin,
    at: Instant,
}

impl InputHub {
    /// A hub over a server's keyboard.
    #[must_use]
    pub fn new(
        server: ServerId,
        input: Arc<dyn Input>,
        events: Arc<dyn Audit>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            server,
            input,
            events,
            clock,
            desk: Mutex::new(Desk {
                holders: BTreeMap::new(),
                next: 0,
                sent: Some(HeldKeys::NONE),
                last_use: None,
            }),
            turn: AsyncMutex::default(),
        })
    }

    /// The keyboard's lights, now and from now on; `None` where they can't be read back.
    #[must_use]
    pub fn leds(&self) -> Option<watch::Receiver<Leds>> {
        self.input.leds()
    }

    /// A place at the keyboard for an actor, with no key held.
    ///
    /// # Errors
    /// [`Denied`], which the audit log shows.
    pub fn holder(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Holder, Denied> {
        if let Err(denied) = self.allowed(actor) {
            self.record(actor, |command| EventKind::Refused {
                command,
                why: denied.to_string().into(),
            });
            return Err(denied);
        }
        let mut desk = self.desk();
        let id = desk.next;
        desk.next += 1;
        desk.holders.insert(id, Held::default());
        Ok(Holder {
            hub: self.clone(),
            actor: actor.clone(),
            id,
        })
    }

    /// Checks strokes for this keyboard.
    ///
    /// # Errors
    /// [`BadStroke`] with the place of the stroke that is wrong; `None` where it is the whole.
    pub fn batch(&self, strokes: Vec<Stroke>) -> Result<Batch, (Option<usize>, BadStroke)> {
        Batch::new(strokes, |key: Usage| self.input.has_key(key))
    }

    fn allowed(&self, actor: &Actor) -> Result<(), Denied> {
        actor.may(Operation::UseKeyboard, Some(&self.server))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the server what is held now, if it is something else than it is known to have.
    fn send(&self, desk: &mut Desk) -> Result<(), DriverFault> {
        let held = |all: HeldKeys, held: &Held| all.with(held.stated.without(held.barred));
        let keys = desk.holders.values().fold(HeldKeys::NONE, held);
        if desk.sent != Some(keys) {
            desk.sent = None;
            self.input.hold(keys)?;
            desk.sent = Some(keys);
        }
        Ok(())
    }

    /// Writes down that an actor types, once for a while of it.
    fn note_use(&self, desk: &mut Desk, actor: &Actor) {
        let now = self.clock.now();
        let same = |last: &Use| {
            last.name == *actor.name()
                && last.origin == *actor.origin()
                && now.saturating_duration_since(last.at) < ONE_USE
        };
        if !desk.last_use.as_ref().is_some_and(same) {
            self.record(actor, |command| EventKind::Accepted { command });
            desk.last_use = Some(Use {
                name: actor.name().clone(),
                origin: actor.origin().clone(),
                at: now,
            });
        }
    }

    fn record(&self, actor: &Actor, kind: impl FnOnce(Arc<str>) -> EventKind) {
        self.events.record(NewEvent {
            server: Some(self.server.clone()),
            kind: kind(COMMAND.into()),
            actor: Some(actor.into()),
            sel: None,
        });
    }
}
