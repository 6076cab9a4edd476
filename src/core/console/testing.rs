//! A keyboard and an audit log that remember, for the tests of this folder.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use outband_protocol::hid::{HeldKeys, Leds, Pointer, Usage};
use tokio::sync::watch;

use crate::{
    driver::{DriverFault, Input},
    events::{EventKind, NewEvent},
    host::Audit,
};

/// A keyboard that remembers every report.
#[derive(Debug, Default)]
pub(super) struct FakeKeyboard {
    pub(super) reports: Mutex<Vec<Vec<u8>>>,
    pub(super) pointer: Mutex<Vec<Pointer>>,
    pub(super) broken: AtomicBool,
}

impl Input for FakeKeyboard {
    fn has_key(&self, key: Usage) -> bool {
        key != Usage::F12
    }
    fn hold(&self, keys: HeldKeys) -> Result<(), DriverFault> {
        let keys = keys.iter().map(Usage::get).collect();
        self.reports.lock().unwrap().push(keys);
        if self.broken.load(SeqCst) {
            let why = "it is broken".into();
            return Err(DriverFault { part: "input", why });
        }
        Ok(())
    }
    fn point(&self, pointer: Pointer) -> Result<(), DriverFault> {
        self.pointer.lock().unwrap().push(pointer);
        Ok(())
    }
    fn leds(&self) -> Option<watch::Receiver<Leds>> {
        None
    }
}

#[derive(Debug, Default)]
pub(super) struct TestAudit(pub(super) Mutex<Vec<EventKind>>);

impl Audit for TestAudit {
    fn record(&self, event: NewEvent) -> u64 {
        let mut kinds = self.0.lock().unwrap();
        kinds.push(event.kind);
        kinds.len() as u64
    }
}
