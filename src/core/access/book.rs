//! The accounts as data, with the rules that no change may break: names and slots are unique, ids
//! never come back, and the last Administrator stays.

use std::{fmt, ops::RangeInclusive, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, AccountRefused, AccountType, Role, Scope};

/// The IPMI user ids that accounts get; 1 is the null user (IPMI 2.0 section 22.26).
pub(super) const SLOTS: RangeInclusive<u8> = 2..=63;

/// A password's verifier, in PHC string format. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Verifier(pub(super) Arc<str>);

/// A sealed secret. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sealed(pub(super) Vec<u8>);

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// How far a password that was printed once has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OneTime {
    /// Nobody has logged in with it.
    Unused,
    /// Somebody has.
    Spent,
}

/// An account with its secrets: verified or sealed, never plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) id: AccountId,
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) enabled: bool,
    pub(super) types: Vec<AccountType>,
    pub(super) scope: Scope,
    pub(super) slot: u8,
    pub(super) must_change_password: bool,
    pub(super) one_time: Option<OneTime>,
    pub(super) verifier: Verifier,
    pub(super) ipmi: Option<Sealed>,
    pub(super) vnc: Option<Sealed>,
    /// Counts every change.
    pub(super) revision: u64,
    /// Counts the changes that end whatever rested on the account.
    pub(super) generation: u64,
}

impl Record {
    /// The account as it is shown.
    pub(super) fn view(&self) -> Account {
        Account {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            enabled: self.enabled,
            types: self.types.clone(),
            scope: self.scope.clone(),
            slot: self.slot,
            must_change_password: self.must_change_password,
            has_ipmi_secret: self.ipmi.is_some(),
            has_vnc_secret: self.vnc.is_some(),
            revision: self.revision,
        }
    }

    /// Whether the account may be used for this now: it is enabled, has the type and the secret that
    /// goes with it, and needs no new password first (IPMI and VNC have no way to say so).
    pub(super) fn may_be_used_for(&self, kind: AccountType) -> bool {
        let has_secret = match kind {
            AccountType::Redfish | AccountType::WebUI => true,
            AccountType::IPMI => self.ipmi.is_some(),
            AccountType::KVMIP => self.vnc.is_some(),
        };
        self.enabled && self.types.contains(&kind) && has_secret && !self.must_change_password
    }

    /// Whether the account can set everything right again: an Administrator of everything who can
    /// log in where accounts are managed.
    fn administers(&self) -> bool {
        let login = [AccountType::Redfish, AccountType::WebUI];
        self.enabled
            && self.role == Role::Administrator
            && self.scope == Scope::All
            && self.types.iter().any(|kind| login.contains(kind))
    }
}

/// All accounts, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Book {
    next_id: u32,
    records: Vec<Record>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            next_id: 1,
            records: Vec::new(),
        }
    }
}

impl Book {
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn get(&self, id: AccountId) -> Option<&Record> {
        self.records.iter().find(|record| record.id == id)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| *record.name == *name)
    }

    /// The id and the slot of the next account.
    pub(super) fn vacancy(&self) -> Result<(AccountId, u8), AccountRefused> {
        let taken = |slot: &u8| self.records.iter().any(|record| record.slot == *slot);
        let slot = SLOTS.into_iter().find(|slot| !taken(slot));
        let slot = slot.ok_or(AccountRefused::Full)?;
        Ok((AccountId(self.next_id), slot))
    }

    /// Adds a record that was made for the [`Book::vacancy`].
    pub(super) fn add(&mut self, record: Record) -> Result<(), AccountRefused> {
        if self.named(&record.name).is_some() {
            return Err(AccountRefused::NameTaken);
        }
        if self.vacancy()? != (record.id, record.slot) {
            return Err(AccountRefused::Full);
        }
        self.next_id = self.next_id.checked_add(1).ok_or(AccountRefused::Full)?;
        self.records.push(record);
        Ok(())
    }

    /// Puts a changed record in its former self's place.
    pub(super) fn replace(&mut self, record: Record) -> Result<(), AccountRefused> {
        let other = self.named(&record.name);
        if other.is_some_and(|other| other.id != record.id) {
            return Err(AccountRefused::NameTaken);
        }
        let mut next = self.clone();
        let place = next.records.iter_mut().find(|old| old.id == record.id);
        *place.ok_or(AccountRefused::NoSuchAccount)? = record;
        self.become_if_administered(next)
    }

    /// Takes a record out. Its id never comes back.
    pub(super) fn remove(&mut self, id: AccountId) -> Result<(), AccountRefused> {
        let mut next = self.clone();
        next.records.retain(|record| record.id != id);
        if next.records.len() == self.records.len() {
            return Err(AccountRefused::NoSuchAccount);
        }
        self.become_if_administered(next)
    }

    /// Whether somebody can set everything right again.
    pub(super) fn administered(&self) -> bool {
        self.records.iter().any(Record::administers)
    }

    fn become_if_administered(&mut self, next: Self) -> Result<(), AccountRefused> {
        if self.administered() && !next.administered() {
            return Err(AccountRefused::LastAdministrator);
        }
        *self = next;
        Ok(())
    }

    /// What is wrong with a book that was read from a store.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let ordered = self
            .records
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.id < b.id));
        let last = self.records.last();
        if !ordered || last.is_some_and(|last| last.id.0 >= self.next_id) {
            return Some("account ids are out of order");
        }
        for (at, record) in self.records.iter().enumerate() {
            let before = self.records.iter().take(at);
            if before.clone().any(|other| other.name == record.name) {
                return Some("two accounts have one name");
            }
            if !SLOTS.contains(&record.slot) || before.clone().any(|o| o.slot == record.slot) {
                return Some("an account has another one's slot, or none");
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
