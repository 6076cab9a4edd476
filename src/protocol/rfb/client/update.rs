//! The server's messages (RFC 6143 section 7.6) and the rectangles of an update (7.7, 7.8).

use super::{Client, Fault, Notice, Step, TEXT_MAX};
use crate::{
    hid::Leds,
    rfb::{encoding, rect::RectHead, wire},
    video::Size,
};

impl Client {
    pub(super) fn message(&mut self, head: &[u8]) -> Result<Option<Notice>, Fault> {
        match self.step {
            Step::Message => match wire::u8(head, 0) {
                0 => self.step = Step::UpdateHead,
                2 => return Ok(Some(Notice::Bell)),
                3 => self.step = Step::CutTextHead,
                // 1 would set a colour map, which true colour has none of.
                other => return Err(Fault::Message(other)),
            },
            Step::CutTextHead => {
                let length = wire::u32(head, 3);
                if length > TEXT_MAX {
                    return Err(Fault::TextTooLong(length));
                }
                self.skip(usize::try_from(length).unwrap_or_default(), false);
            }
            Step::Skip {
                in_update: false, ..
            } => self.step = Step::Message,
            Step::Skip {
                in_update: true, ..
            } => return Ok(self.rect_done()),
            Step::UpdateHead => {
                self.rects_left = wire::u16(head, 1);
                return Ok(self.next_rect());
            }
            Step::RectHead => return self.rect_head(RectHead::read(&wire::array(head, 0))),
            Step::Pixels { rect, .. } => {
                self.damage.add(rect);
                return Ok(self.rect_done());
            }
            Step::CopySource(rect) => {
                let from = (wire::u16(head, 0), wire::u16(head, 2));
                self.picture.copy(from, rect)?;
                self.damage.add(rect);
                return Ok(self.rect_done());
            }
            Step::Screens { head: rect } => {
                // One screen or several: the picture is one. Sixteen bytes describe each.
                self.skip(usize::from(wire::u8(head, 0)) * 16, true);
                // In `y` stands how an attempt of a client's to change the size went; 0 is well.
                return match rect.rect.y {
                    0 => self.resize(rect.size()),
                    _ => Ok(None),
                };
            }
            _ => {
                let lights = wire::u8(head, 0);
                let leds = Leds {
                    scroll_lock: lights & 1 != 0,
                    num_lock: lights & 2 != 0,
                    caps_lock: lights & 4 != 0,
                };
                // Lights have no pixels, so the update's notice can wait behind them.
                self.step = Step::Skip {
                    left: 0,
                    in_update: true,
                };
                return Ok(Some(Notice::Leds(leds)));
            }
        }
        Ok(None)
    }

    fn rect_head(&mut self, head: RectHead) -> Result<Option<Notice>, Fault> {
        let rect = head.rect;
        match head.encoding {
            encoding::RAW | encoding::COPY_RECT if !self.picture.holds(rect) => {
                return Err(Fault::Outside(rect));
            }
            encoding::RAW => self.step = Step::Pixels { rect, done: 0 },
            encoding::COPY_RECT => self.step = Step::CopySource(rect),
            encoding::DESKTOP_SIZE => {
                self.skip(0, true);
                return self.resize(head.size());
            }
            encoding::EXTENDED_DESKTOP_SIZE => self.step = Step::Screens { head },
            encoding::LED_STATE => self.step = Step::Leds,
            encoding::EXTENDED_KEY => {
                self.extended_keys = true;
                return Ok(self.rect_done());
            }
            encoding::POINTER_TYPE_CHANGE => {
                self.absolute = rect.x != 0;
                return Ok(self.rect_done());
            }
            other => return Err(Fault::Encoding(other)),
        }
        Ok(None)
    }

    fn resize(&mut self, size: Size) -> Result<Option<Notice>, Fault> {
        if size == self.picture.size() {
            return Ok(None);
        }
        self.picture.resize(size)?;
        self.damage.take();
        self.request_all = true;
        Ok(Some(Notice::Resized(size)))
    }

    const fn skip(&mut self, left: usize, in_update: bool) {
        self.step = Step::Skip { left, in_update };
    }

    fn rect_done(&mut self) -> Option<Notice> {
        self.rects_left = self.rects_left.saturating_sub(1);
        self.next_rect()
    }

    /// Goes to the next rectangle, or ends the update and asks for the next.
    fn next_rect(&mut self) -> Option<Notice> {
        if self.rects_left > 0 {
            self.step = Step::RectHead;
            return None;
        }
        self.step = Step::Message;
        if self.following {
            self.request();
        }
        let damage = self.damage.take();
        (!damage.is_empty()).then_some(Notice::Updated(damage))
    }
}
