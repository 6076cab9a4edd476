//! A lock for what is only ever held for moments, never over an await.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex that a panic elsewhere doesn't make unusable: what these guard is changed in single
/// steps, and a gate that no longer opens would lock everybody out.
#[derive(Debug, Default)]
pub(super) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
