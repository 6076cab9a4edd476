//! Rectangles as they go over the wire, made once for all viewers.
//!
//! A rectangle and the newest version in it name its pixels, and its bytes depend on nothing else:
//! whoever asks for the same gets the same bytes, which are not even copied. So what a further viewer
//! costs is sending.
//!
//! Nobody is ever sent what a part of the picture was before, so only what is there now is kept.

use bytes::Bytes;

use super::{
    Rect, Size,
    body::{Encoder, Misplaced},
    tiles::{Published, RECT_MAX},
};
use crate::rfb::{encoding, rect::RectHead};

/// The most bytes that are kept of each part of the picture of the size [`RECT_MAX`]: all of it as
/// noise, and some rectangles within it.
const KEPT_MAX: usize = 128 << 10;

/// What is kept of a part of the picture, the oldest first.
type Part = Vec<Made>;

/// A rectangle that was made.
#[derive(Debug)]
struct Made {
    rect: Rect,
    /// The newest version in it.
    newest: u64,
    bytes: Bytes,
}

/// The rectangles of one published picture, and of no other.
#[derive(Debug, Default)]
pub struct Shared {
    encoder: Encoder,
    size: Size,
    parts: Vec<Part>,
    scratch: Vec<u8>,
}

impl Shared {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A rectangle as it is now, head and body.
    ///
    /// # Errors
    /// [`Misplaced`].
    pub fn rectangle(&mut self, published: &Published, rect: Rect) -> Result<Bytes, Misplaced> {
        let newest = published.newest(rect);
        let part = self.part(published.size(), rect);
        let made = self.parts.get(part).into_iter().flatten();
        let mut same = made.filter(|made| made.rect == rect && made.newest == newest);
        if let Some(made) = same.next() {
            return Ok(made.bytes.clone());
        }
        let head = RectHead {
            rect,
            encoding: encoding::TIGHT,
        };
        self.scratch.clear();
        self.scratch.extend_from_slice(&head.bytes());
        self.encoder.body(published, rect, &mut self.scratch)?;
        let bytes = Bytes::copy_from_slice(&self.scratch);
        if let Some(part) = self.parts.get_mut(part) {
            part.push(Made {
                rect,
                newest,
                bytes: bytes.clone(),
            });
            tidy(part, published);
        }
        Ok(bytes)
    }

    /// Which part of the picture a rectangle begins in.
    fn part(&mut self, size: Size, rect: Rect) -> usize {
        let columns = usize::from(size.width.div_ceil(RECT_MAX.width));
        if self.size != size {
            self.size = size;
            let rows = usize::from(size.height.div_ceil(RECT_MAX.height));
            self.parts.clear();
            self.parts.resize_with(columns * rows, Part::new);
        }
        usize::from(rect.y / RECT_MAX.height) * columns + usize::from(rect.x / RECT_MAX.width)
    }
}

/// Lets go of what is no longer there, then of the oldest as far as it takes.
fn tidy(part: &mut Part, published: &Published) {
    part.retain(|made| made.newest == published.newest(made.rect));
    let mut bytes: usize = part.iter().map(|made| made.bytes.len()).sum();
    let over = part.iter().take_while(|made| {
        let over = bytes > KEPT_MAX;
        bytes -= if over { made.bytes.len() } else { 0 };
        over
    });
    let over = over.count();
    part.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::{
        PixelFormat,
        tiles::{Frame, Viewer},
    };

    const SIZE: Size = Size {
        width: 300,
        height: 200,
    };

    fn show(published: &mut Published, bytes: &[u8]) {
        let frame = Frame {
            size: SIZE,
            format: PixelFormat::Bgrx8888,
            stride: 1200,
            bytes,
            damage: None,
        };
        published.take(&frame).unwrap();
    }

    /// What a viewer is sent.
    fn sent(viewer: &mut Viewer, published: &Published, shared: &mut Shared) -> Vec<Bytes> {
        let rects = viewer.update(published, usize::MAX).rects.iter();
        rects
            .map(|rect| shared.rectangle(published, *rect).unwrap())
            .collect()
    }

    fn places(sent: &[Bytes]) -> Vec<*const u8> {
        sent.iter().map(|bytes| bytes.as_ptr()).collect()
    }

    /// How many rectangles are kept, and their bytes.
    fn kept(shared: &Shared) -> (usize, usize) {
        let all = || shared.parts.iter().flatten();
        (all().count(), all().map(|made| made.bytes.len()).sum())
    }

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    /// Frames of noise.
    fn noise() -> impl FnMut() -> Vec<u8> {
        let mut state = 1_u64;
        let mut byte = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        move || (0..1200 * 200).map(|_| byte()).collect()
    }

    #[test]
    fn viewers_who_saw_the_same_get_the_very_same_bytes() {
        let (mut published, mut shared) = (Published::new(), Shared::new());
        let mut frame = vec![0; 1200 * 200];
        let mut viewers = [Viewer::new(), Viewer::new()];
        for step in 0..3 {
            frame[step * 40_000] = 1;
            show(&mut published, &frame);
            let [one, other] = &mut viewers;
            let one = sent(one, &published, &mut shared);
            let other = sent(other, &published, &mut shared);
            assert!(!one.is_empty());
            assert_eq!(places(&one), places(&other));
        }
        // And who comes later gets what did not change since.
        let before = sent(&mut Viewer::new(), &published, &mut shared);
        frame[0] = 9;
        show(&mut published, &frame);
        let after = sent(&mut Viewer::new(), &published, &mut shared);
        assert_eq!(places(&before)[1..], places(&after)[1..]);
        assert_ne!(before[0], after[0], "what changed is made anew");
    }

    #[test]
    fn a_whole_picture_of_noise_is_kept_and_nothing_of_the_one_before() {
        let (mut published, mut shared, mut noise) = (Published::new(), Shared::new(), noise());
        let mut viewer = Viewer::new();
        for _ in 0..3 {
            show(&mut published, &noise());
            let sent = sent(&mut viewer, &published, &mut shared);
            let bytes = sent.iter().map(Bytes::len).sum();
            assert!(bytes > 300 * 200 * 3, "noise can't be packed");
            assert_eq!(kept(&shared), (sent.len(), bytes));
            let again = self::sent(&mut Viewer::new(), &published, &mut shared);
            assert_eq!(places(&again), places(&sent));
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut published, mut shared) = (Published::new(), Shared::new());
        show(&mut published, &noise()());
        for height in 1..=128 {
            let newest = rect(0, 0, 256, height);
            let made = shared.rectangle(&published, newest).unwrap();
            let (_, bytes) = kept(&shared);
            assert!((made.len()..=KEPT_MAX).contains(&bytes));
            let again = shared.rectangle(&published, newest).unwrap();
            assert_eq!(made.as_ptr(), again.as_ptr(), "the newest is there");
        }
        let (_, bytes) = kept(&shared);
        assert!(bytes > KEPT_MAX / 2);
    }

    #[test]
    fn a_rectangle_has_its_head_before_its_body() {
        let (mut published, mut shared) = (Published::new(), Shared::new());
        show(&mut published, &[0; 1200 * 200]);
        let made = shared.rectangle(&published, rect(256, 128, 44, 72));
        let expected = [1, 0, 0, 128, 0, 44, 0, 72, 0, 0, 0, 7, 0x80, 0, 0, 0];
        assert_eq!(made.unwrap()[..], expected);
        for beyond in [rect(257, 128, 44, 72), rect(u16::MAX, u16::MAX, 1, 1)] {
            let refused = shared.rectangle(&published, beyond);
            assert_eq!(refused, Err(Misplaced(beyond)));
        }
    }
}
