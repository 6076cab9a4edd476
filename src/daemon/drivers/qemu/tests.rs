//! The driver against a real QEMU, with a GRUB that says which image it was booted from.
//!
//! These tests need QEMU and GRUB's tools; `tools/boot-image` says what is missing.

mod alarms;
mod changed;
mod life;
mod once;
mod parts;
mod rig;
mod uefi;
