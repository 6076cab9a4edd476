//! The remote framebuffer protocol (RFC 6143), with the extensions that a machine's screen needs:
//! changes of size, keyboard lights, keys by their place on the keyboard, relative pointers.
//!
//! [`client`] reads a screen, as QEMU's VNC server shows it. [`keys`] says what a USB key is to RFB.
//! [`rect`] is what stands before each rectangle of pixels; [`crate::video::body`] makes the bodies.

pub mod client;
pub mod keys;
pub mod rect;
mod wire;

/// Numbers of encodings and pseudo-encodings (RFC 6143 section 7.7 and the community's registry).
pub mod encoding {
    /// Pixels as they are.
    pub const RAW: i32 = 0;
    /// From another place of the picture.
    pub const COPY_RECT: i32 = 1;
    /// One colour, a palette or pixels, packed by zlib.
    pub const TIGHT: i32 = 7;
    pub(super) const DESKTOP_SIZE: i32 = -223;
    pub(super) const POINTER_TYPE_CHANGE: i32 = -257;
    pub(super) const EXTENDED_KEY: i32 = -258;
    pub(super) const LED_STATE: i32 = -261;
    pub(super) const EXTENDED_DESKTOP_SIZE: i32 = -308;
}
