//! Somebody's place at the keyboard and the pointer.

use std::{sync::Arc, time::Duration};

use outband_protocol::hid::{Buttons, HeldKeys, Pointer};
use tokio::time::timeout;

use super::{Batch, Desk, InputHub, InputRefused, Stroke};
use crate::access::{Actor, Denied};

/// How long a report is left standing, so that it is seen. USB keyboards are asked every 8 to 10 ms, and
/// firmware looks into its keyboard's buffer more slowly than that.
pub const PACE: Duration = Duration::from_millis(20);

/// How long a batch waits for those before it.
const TURN: Duration = Duration::from_secs(10);

/// Somebody's place at a keyboard. Dropping it releases what it holds.
#[derive(Debug)]
pub struct Holder {
    pub(super) hub: Arc<InputHub>,
    pub(super) actor: Arc<Actor>,
    pub(super) id: u64,
}

impl Holder {
    /// States which keys are held: exactly these. That a release doesn't arrive is no error: the key
    /// that was pressed may have switched the server off.
    ///
    /// # Errors
    /// [`InputRefused`]; nothing of this holder is held then.
    pub fn hold(&self, keys: HeldKeys) -> Result<(), InputRefused> {
        let allowed = self.hub.allowed(&self.actor);
        let desk = &mut *self.hub.desk();
        let held = desk.holders.entry(self.id).or_default();
        let presses = keys.without(held.stated) != HeldKeys::NONE;
        held.stated = keys;
        // What it reports up may be pressed again.
        held.barred = held.barred.in_common(keys);
        if allowed.is_err() {
            held.barred = keys;
        } else if presses {
            self.hub.note_use(desk, &self.actor);
        }
        let sent = self.hub.send(desk);
        allowed?;
        match sent {
            Err(fault) => {
                self.bar(desk);
                // A keyboard that takes no release is gone, and holds nothing.
                if presses { Err(fault.into()) } else { Ok(()) }
            }
            Ok(()) => Ok(()),
        }
    }

    /// Moves the pointer, and states which of its buttons are held: exactly these.
    ///
    /// # Errors
    /// [`InputRefused`]; no button of this holder is held then.
    pub fn point(&self, pointer: Pointer) -> Result<(), InputRefused> {
        let allowed = self.hub.allowed(&self.actor);
        let desk = &mut *self.hub.desk();
        let held = desk.holders.entry(self.id).or_default();
        let presses = pointer.buttons().without(held.buttons) != Buttons::NONE;
        held.buttons = pointer.buttons();
        // What it reports up may be pressed again.
        held.barred_buttons = held.barred_buttons.in_common(held.buttons);
        if let Err(denied) = allowed {
            self.bar_buttons(desk);
            return Err(denied.into());
        }
        let report = pointer.with_buttons(held.buttons.without(held.barred_buttons));
        held.pointer = (report.buttons() != Buttons::NONE).then_some(report);
        if presses {
            self.hub.note_use(desk, &self.actor);
        }
        let sent = self.hub.input.point(report);
        if sent.is_err() {
            self.bar_buttons(desk);
        }
        Ok(sent?)
    }

    /// Notes which keys are stated while somebody else has the keyboard: none of them is pressed, nor
    /// later before it was stated up.
    pub(in crate::console) fn withhold(&self, keys: HeldKeys) {
        let desk = &mut *self.hub.desk();
        let held = desk.holders.entry(self.id).or_default();
        (held.stated, held.barred) = (keys, keys);
    }

    /// The same of the pointer's buttons.
    pub(in crate::console) fn withhold_buttons(&self, buttons: Buttons) {
        let desk = &mut *self.hub.desk();
        let held = desk.holders.entry(self.id).or_default();
        (held.buttons, held.barred_buttons) = (buttons, buttons);
    }

    /// Releases what is held on the holder's behalf: it lost the keyboard, or looks elsewhere. What
    /// it goes on stating is pressed again only after it was stated up.
    pub fn let_go(&self) {
        self.bar(&mut self.hub.desk());
    }

    /// Types a batch, after those that came before it. Whoever gives up this future stops it; what it
    /// held is released with the holder.
    ///
    /// # Errors
    /// [`InputRefused`]; what was typed before stays typed.
    pub async fn type_out(&self, batch: &Batch) -> Result<(), InputRefused> {
        let turn = timeout(TURN, self.hub.turn.lock()).await;
        let _turn = turn.map_err(|_| InputRefused::Busy)?;
        let mut held = HeldKeys::NONE;
        for stroke in batch.strokes() {
            match stroke {
                Stroke::Press(key) => {
                    held.press(*key);
                    self.report(held).await?;
                }
                Stroke::Release(key) => {
                    held.release(*key);
                    self.report(held).await?;
                }
                Stroke::Tap(keys) => {
                    let together = held.with(keys.iter().copied().collect());
                    self.report(together).await?;
                    self.report(held).await?;
                }
                Stroke::Wait(time) => self.rest(*time).await?,
            }
        }
        Ok(())
    }

    fn bar(&self, desk: &mut Desk) {
        let held = desk.holders.entry(self.id).or_default();
        held.barred = held.stated;
        // A keyboard that takes no release is gone, and holds nothing.
        let _ = self.hub.send(desk);
        self.bar_buttons(desk);
    }

    fn bar_buttons(&self, desk: &mut Desk) {
        let held = desk.holders.entry(self.id).or_default();
        held.barred_buttons = held.buttons;
        if let Some(last) = held.pointer.take() {
            // As with the keyboard.
            let _ = self.hub.input.point(last.let_go());
        }
    }

    /// States which keys are held, and leaves that standing for a moment.
    async fn report(&self, keys: HeldKeys) -> Result<(), InputRefused> {
        self.hold(keys)?;
        self.rest(PACE).await
    }

    /// Waits, as long as the actor has its rights.
    async fn rest(&self, time: Duration) -> Result<(), InputRefused> {
        match timeout(time, self.actor.until_ended()).await {
            Ok(()) => Err(Denied::Ended.into()),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let desk = &mut *self.hub.desk();
        self.bar_buttons(desk);
        desk.holders.remove(&self.id);
        // A keyboard that takes no release is gone, and holds nothing.
        let _ = self.hub.send(desk);
    }
}
