//! The accounts in the store: one value, format version 1.

use super::book::Book;
use crate::host::{Change, HostFault, Key, Store, unversioned, versioned};

/// The format that is written, and the newest that is understood.
const FORMAT: u8 = 1;
const READING: &str = "read the accounts";

fn key() -> Key {
    Key {
        server: None,
        kind: "accounts",
    }
}

/// Reads the accounts; there are none in a new store.
///
/// # Errors
/// [`HostFault`] when the store can't be read, or what is there can't be understood. It is then
/// left as it is: accounts are never reset.
pub(super) fn load(store: &dyn Store) -> Result<Book, HostFault> {
    let Some(bytes) = store.load(&key())? else {
        return Ok(Book::default());
    };
    let book: Book = unversioned(FORMAT, &bytes, READING)?;
    match book.flaw() {
        None => Ok(book),
        Some(why) => Err(HostFault {
            doing: READING,
            why: why.into(),
        }),
    }
}

/// The change that stores the accounts.
pub(super) fn change(book: &Book) -> Change {
    Change {
        key: key(),
        value: Some(versioned(FORMAT, book)),
    }
}
