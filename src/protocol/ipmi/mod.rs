//! IPMI 2.0 records.

pub mod sel;
