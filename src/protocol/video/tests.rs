//! From frames to viewers: whatever the frames are and however the viewers look, each ends with
//! exactly the picture that is published, and that is exactly the newest frame.
use proptest::prelude::*;

use super::{
    PixelFormat, Rect, Size,
    reader::Reader,
    shared::Shared,
    tiles::{Frame, Published, RECT_MAX, Viewer},
};

/// What happens next.
#[derive(Debug, Clone)]
enum Act {
    /// The screen has another size, and one colour.
    Resize(Size, u32),
    /// Paints in so many colours, in stripes that wide; then a frame comes, which says where.
    Paint {
        at: Rect,
        colours: u32,
        stripe: u16,
        seed: u32,
        told: bool,
    },
    /// Everything moves up; then a frame comes.
    Scroll(u16),
    /// A frame comes whose unused bytes are others.
    Unused(u8),
    /// A viewer looks.
    Look { viewer: usize, limit: usize },
    /// A viewer lost its picture and begins again.
    Lose(usize),
    /// A viewer wants a part again.
    Forget(usize, Rect),
}

/// How many viewers there are.
const VIEWERS: usize = 3;

fn a_rect() -> impl Strategy<Value = Rect> {
    (0u16..700, 0u16..340, 0u16..500, 0u16..250).prop_map(|(x, y, width, height)| Rect {
        x,
        y,
        width,
        height,
    })
}

fn act() -> impl Strategy<Value = Act> {
    let size = (1u16..640, 1u16..300).prop_map(|(width, height)| Size { width, height });
    // One, two, few, about as many as a palette holds, many.
    let colours = prop_oneof![Just(1), Just(2), 3u32..40, 250u32..260, Just(1 << 24)];
    prop_oneof![
        1 => (size, any::<u32>()).prop_map(|(size, colour)| Act::Resize(size, colour)),
        6 => (a_rect(), colours, 1u16..40, any::<u32>(), any::<bool>()).prop_map(
            |(at, colours, stripe, seed, told)| Act::Paint { at, colours, stripe, seed, told }
        ),
        2 => (0u16..40).prop_map(Act::Scroll),
        1 => any::<u8>().prop_map(Act::Unused),
        6 => (0..VIEWERS, 0usize..200_000).prop_map(|(viewer, limit)| Act::Look { viewer, limit }),
        1 => (0..VIEWERS).prop_map(Act::Lose),
        1 => (0..VIEWERS, a_rect()).prop_map(|(viewer, rect)| Act::Forget(viewer, rect)),
    ]
}

/// The screen, the picture and who looks at it.
struct World {
    size: Size,
    /// `0xUURRGGBB`.
    pixels: Vec<u32>,
    published: Published,
    shared: Shared,
    viewers: Vec<(Viewer, Reader)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            size: Size::default(),
            pixels: Vec::new(),
            published: Published::new(),
            shared: Shared::new(),
            viewers: Vec::new(),
        };
        world.viewers.resize_with(VIEWERS, Default::default);
        world.resize(
            Size {
                width: 300,
                height: 150,
            },
            0,
        );
        world
    }

    fn resize(&mut self, size: Size, colour: u32) {
        self.size = size;
        self.pixels.clear();
        let pixels = usize::from(size.width) * usize::from(size.height);
        self.pixels.resize(pixels, colour);
        self.frame(None);
    }

    /// The frame that the screen shows comes: the picture is its own but for the unused bytes.
    fn frame(&mut self, damage: Option<&[Rect]>) {
        let bytes: Vec<u8> = self
            .pixels
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect();
        let frame = Frame {
            size: self.size,
            format: PixelFormat::Bgrx8888,
            stride: usize::from(self.size.width) * 4,
            bytes: &bytes,
            damage,
        };
        self.published.take(&frame).unwrap();
        let seen = self.pixels.iter().map(|pixel| pixel & 0xFF_FFFF);
        let expected: Vec<u8> = seen.flat_map(u32::to_le_bytes).collect();
        assert!(self.published.bytes() == expected);
    }

    fn paint(&mut self, at: Rect, colours: u32, stripe: u16, seed: u32) {
        let mut state = seed;
        let (right, bottom) = (at.x + at.width, at.y + at.height);
        for y in at.y..bottom.min(self.size.height) {
            let line = usize::from(y) * usize::from(self.size.width);
            for x in at.x..right.min(self.size.width) {
                if x % stripe == 0 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                }
                self.pixels[line + usize::from(x)] =
                    ((state >> 8) % colours).wrapping_mul(0x01_2345) & 0xFF_FFFF;
            }
        }
    }

    /// A viewer looks: what it gets are the rectangles that it should be told of, and they read.
    fn look(&mut self, viewer: usize, limit: usize) -> bool {
        let (viewer, reader) = &mut self.viewers[viewer];
        let update = viewer.update(&self.published, limit);
        if let Some(size) = update.resized {
            reader.resize(size).unwrap();
        }
        let pixels: usize = update.rects.iter().map(|rect| rect.pixels()).sum();
        assert!(update.rects.len() < 2 || pixels <= limit);
        assert!(update.rects.is_sorted_by_key(|rect| (rect.y, rect.x)));
        for rect in update.rects {
            assert!(rect.width <= RECT_MAX.width && rect.height <= RECT_MAX.height);
            let made = self.shared.rectangle(&self.published, *rect).unwrap();
            let mut bytes = &made[..];
            assert_eq!(reader.rectangle(&mut bytes), Ok(*rect));
            assert!(bytes.is_empty());
        }
        let more = update.more;
        assert_eq!(viewer.is_behind(&self.published), more);
        if !more {
            assert!(reader.bytes() == self.published.bytes());
        }
        more
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Resize(size, colour) => self.resize(size, colour),
            Act::Paint {
                at,
                colours,
                stripe,
                seed,
                told,
            } => {
                self.paint(at, colours, stripe, seed);
                self.frame(told.then_some(&[at]));
            }
            Act::Scroll(lines) => {
                let from = usize::from(lines.min(self.size.height)) * usize::from(self.size.width);
                self.pixels.copy_within(from.., 0);
                self.frame(None);
            }
            Act::Unused(byte) => {
                let before = self.published.version();
                for pixel in &mut self.pixels {
                    *pixel = *pixel & 0xFF_FFFF | u32::from(byte) << 24;
                }
                self.frame(None);
                assert_eq!(self.published.version(), before);
            }
            Act::Look { viewer, limit } => {
                self.look(viewer, limit);
            }
            Act::Lose(viewer) => self.viewers[viewer] = Default::default(),
            Act::Forget(viewer, rect) => self.viewers[viewer].0.forget(rect, &self.published),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_viewer_ends_with_exactly_the_newest_frame(acts in prop::collection::vec(act(), 1..30)) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
        }
        for viewer in 0..VIEWERS {
            let mut looks = 0;
            while world.look(viewer, 50_000) {
                looks += 1;
                prop_assert!(looks < 100, "a picture that rests is never whole");
            }
        }
    }
}
