//! Who is at a server's console: any number of people watch, and one of them at most has its keyboard
//! and pointer.
//!
//! Whoever may type has the keyboard with the first key, while nobody else has it. From somebody else
//! it is taken, asked for or given in the open: everybody at the console sees who has it, and what the
//! one before held is released.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use outband_protocol::hid::{HeldKeys, Pointer};
use tokio::sync::watch;

use super::{Holder, InputHub, InputRefused};
use crate::{
    access::{Actor, Denied, Operation, Origin},
    host::{Clock, Stamp},
    server::ServerId,
};

/// How many people can be at one console.
pub const PEOPLE_MAX: usize = 64;

/// The number of somebody's place at a console; no other place of the same run has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatId(pub u64);

/// Somebody at a console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Where they sit.
    pub seat: SeatId,
    /// The account's name.
    pub name: Arc<str>,
    /// Where they came from.
    pub origin: Origin,
    /// Since when.
    pub since: Stamp,
    /// Whether they may have the keyboard.
    pub may_type: bool,
    /// Whether they asked whoever has the keyboard for it.
    pub asks: bool,
}

/// Who is at a console at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Present {
    /// All of them, who came first before.
    pub people: Vec<Person>,
    /// Who of them has the keyboard.
    pub holder: Option<SeatId>,
}

/// Why somebody can't sit down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    /// They may not see the screen.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no room.
    #[error("{PEOPLE_MAX} people are at this console already")]
    Full,
}

/// Why nothing was typed, pointed at, taken or given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SeatRefused {
    /// The account may not type.
    #[error("this account may only look")]
    ViewOnly,
    /// The server has no keyboard.
    #[error("this server has no keyboard")]
    NoKeyboard,
    /// Somebody else has the keyboard.
    #[error("{0} has the keyboard")]
    NotYours(Arc<str>),
    /// There is nobody at that place who may type.
    #[error("nobody who may type sits there")]
    Nobody,
    /// The keyboard doesn't take it, or the rights have ended.
    #[error(transparent)]
    Input(#[from] InputRefused),
}

/// The people at one server's console.
#[derive(Debug)]
pub struct People {
    server: ServerId,
    input: Option<Arc<InputHub>>,
    clock: Arc<dyn Clock>,
    room: Mutex<Room>,
    present: watch::Sender<Arc<Present>>,
}

#[derive(Debug, Default)]
struct Room {
    next: u64,
    seats: BTreeMap<SeatId, Taken>,
    holder: Option<SeatId>,
}

#[derive(Debug)]
struct Taken {
    person: Person,
    /// Where the person may type, and there is a keyboard.
    hands: Option<Arc<Holder>>,
}

impl People {
    /// An empty console.
    #[must_use]
    pub fn new(server: ServerId, input: Option<Arc<InputHub>>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            server,
            input,
            clock,
            room: Mutex::default(),
            present: watch::Sender::default(),
        })
    }

    /// Who is here, now and from now on.
    #[must_use]
    pub fn present(&self) -> watch::Receiver<Arc<Present>> {
        self.present.subscribe()
    }

    /// A place for an actor. Nobody has the keyboard by sitting down.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub fn sit(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Seat, NoSeat> {
        actor.may(Operation::SeeScreen, Some(&self.server))?;
        let may = actor.may(Operation::UseKeyboard, Some(&self.server));
        let mut room = self.room();
        if room.seats.len() >= PEOPLE_MAX {
            return Err(NoSeat::Full);
        }
        let hands = match &self.input {
            Some(input) if may.is_ok() => Some(Arc::new(input.holder(actor)?)),
            _ => None,
        };
        let seat = SeatId(room.next);
        room.next += 1;
        let person = Person {
            seat,
            name: actor.name().clone(),
            origin: actor.origin().clone(),
            since: self.clock.wall(),
            may_type: hands.is_some(),
            asks: false,
        };
        room.seats.insert(seat, Taken { person, hands });
        self.show(&room);
        Ok(Seat {
            people: self.clone(),
            id: seat,
        })
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, room: &Room) {
        let people = room.seats.values().map(|taken| taken.person.clone());
        self.present.send_replace(Arc::new(Present {
            people: people.collect(),
            holder: room.holder,
        }));
    }

    /// Gives the keyboard to a place, or to nobody; what was held before is released.
    fn hand_over(&self, room: &mut Room, to: Option<SeatId>) {
        if room.holder == to {
            return;
        }
        let before = room.holder.and_then(|seat| room.seats.get(&seat));
        if let Some(hands) = before.and_then(|taken| taken.hands.as_ref()) {
            hands.let_go();
        }
        room.holder = to;
        if let Some(taken) = to.and_then(|seat| room.seats.get_mut(&seat)) {
            taken.person.asks = false;
        }
        self.show(room);
    }
}

impl Room {
    fn hands(&self, seat: SeatId) -> Option<&Arc<Holder>> {
        self.seats.get(&seat)?.hands.as_ref()
    }
}

/// Somebody's place at a console. Dropping it leaves: what was held is released, and the keyboard is
/// free.
#[derive(Debug)]
pub struct Seat {
    people: Arc<People>,
    id: SeatId,
}

impl Seat {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> SeatId {
        self.id
    }

    /// Whether it can have the keyboard.
    #[must_use]
    pub fn may_type(&self) -> bool {
        self.people.room().hands(self.id).is_some()
    }

    /// States which keys are held: exactly these. Takes the keyboard where nobody has it.
    ///
    /// # Errors
    /// [`SeatRefused`]; nothing of this place is held then.
    pub fn hold(&self, keys: HeldKeys) -> Result<(), SeatRefused> {
        // To hold nothing takes nothing.
        self.work(
            !keys.is_empty(),
            |hands| hands.hold(keys),
            |hands| hands.withhold(keys),
        )
    }

    /// Moves the pointer and states its buttons. Takes the keyboard where nobody has it and a button
    /// is pressed or the wheel is turned; a pointer that only moves by is not followed then.
    ///
    /// # Errors
    /// [`SeatRefused`]; no button of this place is held then.
    pub fn point(&self, pointer: Pointer) -> Result<(), SeatRefused> {
        self.work(
            pointer.acts(),
            |hands| hands.point(pointer),
            |hands| hands.withhold_buttons(pointer.buttons()),
        )
    }

    /// Takes the keyboard, whoever has it.
    ///
    /// # Errors
    /// [`SeatRefused`].
    pub fn take(&self) -> Result<(), SeatRefused> {
        let mut room = self.people.room();
        self.may_have(&room)?;
        self.people.hand_over(&mut room, Some(self.id));
        Ok(())
    }

    /// Asks whoever has the keyboard for it; takes it where nobody has it.
    ///
    /// # Errors
    /// [`SeatRefused`].
    pub fn ask(&self) -> Result<(), SeatRefused> {
        let mut room = self.people.room();
        self.may_have(&room)?;
        if room.holder.is_none() {
            self.people.hand_over(&mut room, Some(self.id));
        } else if room.holder != Some(self.id)
            && let Some(taken) = room.seats.get_mut(&self.id)
        {
            taken.person.asks = true;
            self.people.show(&room);
        }
        Ok(())
    }

    /// Gives the keyboard to somebody, or to nobody.
    ///
    /// # Errors
    /// [`SeatRefused`]: it is not this place's to give, or nobody who may type sits there.
    pub fn give(&self, to: Option<SeatId>) -> Result<(), SeatRefused> {
        let mut room = self.people.room();
        match room.holder {
            Some(holder) if holder == self.id => {}
            None if to.is_none() => return Ok(()),
            _ => return Err(self.not_yours(&room)),
        }
        if to.is_some_and(|seat| room.hands(seat).is_none()) {
            return Err(SeatRefused::Nobody);
        }
        self.people.hand_over(&mut room, to);
        Ok(())
    }

    /// Releases what this place holds: its person looks elsewhere or hasn't been heard of. What it
    /// goes on stating is pressed again only after it was stated up. The keyboard stays where it is.
    pub fn let_go(&self) {
        if let Some(hands) = self.people.room().hands(self.id) {
            hands.let_go();
        }
    }

    /// Does something with the keyboard, where this place has it or, if it `acts`, can have it; else
    /// withholds it. Under the lock, so that nothing is pressed that a hand-over has just released.
    fn work(
        &self,
        acts: bool,
        work: impl FnOnce(&Holder) -> Result<(), InputRefused>,
        withhold: impl FnOnce(&Holder),
    ) -> Result<(), SeatRefused> {
        let mut room = self.people.room();
        if acts && room.holder.is_none() && room.hands(self.id).is_some() {
            self.people.hand_over(&mut room, Some(self.id));
        }
        match room.hands(self.id) {
            Some(hands) if room.holder == Some(self.id) => return Ok(work(hands)?),
            Some(hands) => withhold(hands),
            None => {}
        }
        if !acts {
            return Ok(());
        }
        self.may_have(&room)?;
        Err(self.not_yours(&room))
    }

    fn may_have(&self, room: &Room) -> Result<(), SeatRefused> {
        match room.hands(self.id) {
            Some(_) => Ok(()),
            None if self.people.input.is_none() => Err(SeatRefused::NoKeyboard),
            None => Err(SeatRefused::ViewOnly),
        }
    }

    fn not_yours(&self, room: &Room) -> SeatRefused {
        match room.holder.and_then(|seat| room.seats.get(&seat)) {
            Some(taken) => SeatRefused::NotYours(taken.person.name.clone()),
            None => SeatRefused::Nobody,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut room = self.people.room();
        if room.holder == Some(self.id) {
            self.people.hand_over(&mut room, None);
        }
        room.seats.remove(&self.id);
        self.people.show(&room);
    }
}
