//! The gate as its callers see it, over a machine that does what the tests say.

mod accounts;
mod bmc_key;
mod claim;
mod ending;
mod fakes;
mod first_start;
mod guessing;
mod login;
mod secrets;
mod table;
