//! The client's messages about the picture (RFC 6143 section 7.5.1 to 7.5.3).

use super::Client;
use crate::rfb::encoding;

/// What is offered, most wanted first.
const ENCODINGS: [i32; 7] = [
    encoding::COPY_RECT,
    encoding::RAW,
    encoding::DESKTOP_SIZE,
    encoding::EXTENDED_DESKTOP_SIZE,
    encoding::LED_STATE,
    encoding::EXTENDED_KEY,
    encoding::POINTER_TYPE_CHANGE,
];

/// SetPixelFormat: 32 bits a pixel, 24 of them used, little endian, true colour, eight bits each of
/// red, green and blue from bit 16, 8 and 0: [`crate::video::PixelFormat::Bgrx8888`].
const SET_PIXEL_FORMAT: [u8; 20] = [
    0, 0, 0, 0, // the message and its padding
    32, 24, 0, 1, // bits, depth, big endian, true colour
    0, 255, 0, 255, 0, 255, // the greatest red, green and blue
    16, 8, 0, // their shifts
    0, 0, 0,
];

impl Client {
    /// Sets the pixel format and offers the encodings.
    pub(super) fn set_up(&mut self) {
        self.outgoing.extend(SET_PIXEL_FORMAT);
        self.outgoing.extend([2, 0, 0, ENCODINGS.len() as u8]);
        for encoding in ENCODINGS {
            self.outgoing.extend(encoding.to_be_bytes());
        }
    }

    /// Asks for the next update, once the handshake has ended.
    pub(super) fn request(&mut self) {
        if !self.ready {
            return;
        }
        let incremental = u8::from(!std::mem::take(&mut self.request_all));
        let size = self.picture.size();
        self.outgoing.extend([3, incremental, 0, 0, 0, 0]);
        self.outgoing.extend(size.width.to_be_bytes());
        self.outgoing.extend(size.height.to_be_bytes());
    }
}
