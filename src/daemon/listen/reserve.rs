//! A descriptor held back for the moment when there are none left.
//!
//! A process that may open no more files can't accept, and so can't even close what waits to be
//! accepted: the loop would spin, or hang until somebody leaves. Giving one descriptor up lets it
//! take the newest connection and close it.

use std::fs::File;

/// The descriptor held back, where one could be had.
#[derive(Debug)]
pub(super) struct Reserve(Option<File>);

impl Reserve {
    /// Takes one.
    pub(super) fn new() -> Self {
        let mut reserve = Self(None);
        reserve.take_back();
        reserve
    }

    /// Gives it up; says whether there was one.
    pub(super) fn give_up(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Takes one again; says whether there is one now.
    pub(super) fn take_back(&mut self) -> bool {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
        self.0.is_some()
    }
}
