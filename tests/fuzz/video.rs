//! Pictures: any frames, any viewers, any rectangles.

use outband_protocol::video::{
    PixelFormat, Rect, Size,
    reader::Reader,
    shared::Shared,
    tiles::{Frame, Published, Viewer},
};

use crate::bytes::Bytes;

/// How many viewers there are.
const VIEWERS: usize = 2;

/// Made-up frames and looks: every viewer has what is published once it saw all, and that is the
/// newest frame. Frames that say too much of themselves change nothing.
pub(crate) fn tiles(bytes: &[u8]) {
    let mut input = Bytes::new(bytes);
    let (mut published, mut shared) = (Published::new(), Shared::new());
    let mut viewers: [(Viewer, Reader); VIEWERS] = Default::default();
    let mut size = Size {
        width: 130,
        height: 40,
    };
    let mut frame = vec![0; size_of_frame(size)];
    while !input.is_empty() {
        match input.byte() % 8 {
            0 => {
                size = Size {
                    width: u16::from(input.byte()) * 2 + 1,
                    height: u16::from(input.byte()) / 2 + 1,
                };
                frame.clear();
                frame.resize(size_of_frame(size), input.byte());
                take(&mut published, size, &frame, None);
            }
            1..4 => {
                let at = rect(&mut input);
                paint(&mut frame, size, at, input.piece());
                // What is told of the damage is never less than the truth, and may be more.
                let told = [at, rect(&mut input)];
                let told = input.byte().is_multiple_of(2).then_some(&told[..]);
                take(&mut published, size, &frame, told);
            }
            4 => boast(&mut published, &mut input, &frame),
            5 => {
                let (viewer, _) = &mut viewers[usize::from(input.byte()) % VIEWERS];
                viewer.forget(rect(&mut input), &published);
            }
            _ => {
                let viewer = &mut viewers[usize::from(input.byte()) % VIEWERS];
                look(
                    &published,
                    &mut shared,
                    viewer,
                    usize::from(input.byte()) << 8,
                );
            }
        }
    }
    for viewer in &mut viewers {
        while look(&published, &mut shared, viewer, usize::MAX) {}
        assert_eq!(viewer.1.bytes(), published.bytes());
    }
}

/// Any bytes at all as rectangles.
pub(crate) fn reader(bytes: &[u8]) {
    let mut input = Bytes::new(bytes);
    let size = Size {
        width: input.byte().into(),
        height: input.byte().into(),
    };
    let mut reader = Reader::new();
    reader.resize(size).unwrap();
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Ok(rect) = reader.rectangle(&mut rest) {
        assert!(rect.x + rect.width <= size.width && rect.y + rect.height <= size.height);
    }
    assert_eq!(reader.bytes().len(), size_of_frame(size));
}

fn size_of_frame(size: Size) -> usize {
    usize::from(size.width) * usize::from(size.height) * 4
}

/// A rectangle in or beyond a picture.
fn rect(input: &mut Bytes<'_>) -> Rect {
    let mut number = || u16::from(input.byte()) * 3;
    Rect {
        x: number(),
        y: number(),
        width: number(),
        height: number(),
    }
}

/// Repeats bytes over a rectangle, from its first pixel on.
fn paint(frame: &mut [u8], size: Size, at: Rect, with: &[u8]) {
    let mut with = with.iter().cycle().copied();
    let lines = frame.chunks_mut(usize::from(size.width) * 4);
    for line in lines.skip(at.y.into()).take(at.height.into()) {
        let (from, length) = (usize::from(at.x) * 4, usize::from(at.width) * 4);
        for byte in line.iter_mut().skip(from).take(length) {
            *byte = with.next().unwrap_or(0);
        }
    }
}

/// Shows a frame: the picture is the same but for the unused bytes, which are 0.
fn take(published: &mut Published, size: Size, bytes: &[u8], damage: Option<&[Rect]>) {
    let frame = Frame {
        size,
        format: PixelFormat::Bgrx8888,
        stride: usize::from(size.width) * 4,
        bytes,
        damage,
    };
    published.take(&frame).unwrap();
    for (shown, drawn) in published.bytes().chunks(4).zip(bytes.chunks(4)) {
        assert_eq!((&shown[..3], shown[3]), (&drawn[..3], 0));
    }
}

/// Hands over a frame of any size, stride and damage that has the bytes of another.
fn boast(published: &mut Published, input: &mut Bytes<'_>, bytes: &[u8]) {
    let before = (
        published.size(),
        published.version(),
        published.bytes().to_vec(),
    );
    let frame = Frame {
        size: Size {
            width: u16::from_le_bytes([input.byte(), input.byte()]),
            height: u16::from_le_bytes([input.byte(), input.byte()]),
        },
        format: PixelFormat::Bgrx8888,
        stride: usize::from(input.byte()) << (input.byte() % 64),
        bytes,
        damage: None,
    };
    let needed = frame.stride.checked_mul(frame.size.height.into());
    // One that is as good as it says is another picture: that is what the other acts are for.
    if needed.is_some_and(|needed| needed <= bytes.len()) {
        return;
    }
    assert!(published.take(&frame).is_err());
    let after = (published.size(), published.version(), published.bytes());
    assert_eq!((before.0, before.1, &before.2[..]), after);
}

/// A viewer looks; says whether there is more.
fn look(
    published: &Published,
    shared: &mut Shared,
    (viewer, reader): &mut (Viewer, Reader),
    limit: usize,
) -> bool {
    let update = viewer.update(published, limit);
    if let Some(size) = update.resized {
        reader.resize(size).unwrap();
    }
    for rect in update.rects {
        let made = shared.rectangle(published, *rect).unwrap();
        let mut bytes = &made[..];
        assert_eq!(reader.rectangle(&mut bytes), Ok(*rect));
        assert!(bytes.is_empty());
    }
    update.more
}
