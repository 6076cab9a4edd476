//! Hands a target what libFuzzer makes up. Which one, `OUTBAND_FUZZ` says: the command line is
//! libFuzzer's.
#![no_main]

use std::{env, sync::LazyLock};

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = env::var("OUTBAND_FUZZ").unwrap_or_default();
    let found = outband_fuzz::TARGETS
        .iter()
        .find(|(name, _)| *name == wanted);
    found
        .unwrap_or_else(|| panic!("OUTBAND_FUZZ: no target '{wanted}'"))
        .1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
