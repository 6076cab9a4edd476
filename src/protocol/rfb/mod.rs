//! The remote framebuffer protocol (RFC 6143), with the extensions that a machine's screen needs:
//! changes of size, keyboard lights, keys by their place on the keyboard, relative pointers.
//!
//! [`client`] reads a screen, as QEMU's VNC server shows it. [`keys`] says what a USB key is to RFB.

pub mod client;
pub mod keys;

/// Numbers of encodings and pseudo-encodings (RFC 6143 section 7.7 and the community's registry).
mod encoding {
    pub(super) const RAW: i32 = 0;
    pub(super) const COPY_RECT: i32 = 1;
    pub(super) const DESKTOP_SIZE: i32 = -223;
    pub(super) const POINTER_TYPE_CHANGE: i32 = -257;
    pub(super) const EXTENDED_KEY: i32 = -258;
    pub(super) const LED_STATE: i32 = -261;
    pub(super) const EXTENDED_DESKTOP_SIZE: i32 = -308;
}
