//! What a server made from a profile has of its own, derived from its id.

use outband_core::inventory::Inventory;
use uuid::Uuid;

/// The name space of everything derived from server ids (RFC 9562 section 5.5).
const SPACE: Uuid = Uuid::from_u128(0x6f75_7462_616e_4d73_a569_6d73_6572_7672);

/// What one server has of its own.
pub(super) struct Own<'a> {
    id: &'a str,
    uuid: Uuid,
}

/// The letters of a hexadecimal digit.
#[derive(Clone, Copy)]
enum Digits {
    Upper,
    Lower,
}

impl<'a> Own<'a> {
    pub(super) fn of(id: &'a str) -> Self {
        Self {
            id,
            uuid: Uuid::new_v5(&SPACE, id.as_bytes()),
        }
    }

    /// A number of its own.
    pub(super) fn seed(&self) -> u64 {
        self.uuid.as_u64_pair().1
    }

    /// The inventory with its own numbers in place of the patterns.
    pub(super) fn inventory(&self, pattern: &Inventory) -> Inventory {
        let mut own = pattern.clone();
        if own.uuid.is_none() {
            own.uuid = Some(self.uuid.to_string());
        }
        if let Some(name) = &mut own.host_name {
            *name = name.replace("{id}", self.id);
        }
        self.fill(&mut own.serial_number, "system", Digits::Upper);
        self.fill(&mut own.chassis.serial_number, "chassis", Digits::Upper);
        self.fill(&mut own.board.serial_number, "board", Digits::Upper);
        for module in &mut own.memory {
            self.fill(&mut module.serial_number, &module.slot, Digits::Upper);
        }
        for drive in &mut own.drives {
            self.fill(&mut drive.serial_number, &drive.name, Digits::Upper);
        }
        for nic in &mut own.nics {
            self.fill(&mut nic.mac, &nic.name, Digits::Lower);
        }
        own
    }

    /// Puts digits that belong to this server and to `what` in place of each `#`, at most 32.
    fn fill(&self, text: &mut Option<String>, what: &str, letters: Digits) {
        let Some(text) = text else { return };
        let digits = Uuid::new_v5(&self.uuid, what.as_bytes());
        let digits = digits.simple().to_string();
        let mut digits = digits.chars().map(|digit| match letters {
            Digits::Upper => digit.to_ascii_uppercase(),
            Digits::Lower => digit,
        });
        *text = text
            .chars()
            .map(|letter| match letter {
                '#' => digits.next().unwrap_or('0'),
                other => other,
            })
            .collect();
    }
}
