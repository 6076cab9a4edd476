//! `tiles`: what it costs to show a screen of 1920 x 1080, from a frame to bytes for the wire.
//!
//! Nobody else is needed: the frames are drawn here, the time of drawing is not counted, and every
//! byte that is counted was read back into a picture, which must be the frame.

mod scenes;

use clap::Args;
use outband_protocol::video::{
    PixelFormat, Size,
    reader::Reader,
    shared::Shared,
    tiles::{Frame, Published, Viewer},
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

use self::scenes::{HEIGHT, Scene, Screen, WIDTH};
use crate::{Failure, Found};

/// `tiles`.
#[derive(Debug, Args)]
pub(crate) struct Tiles {
    /// How many frames of each scene
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    frames: u32,
    /// How often each scene is measured; the medians are told
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

/// What one frame cost: milliseconds of this thread, and bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    compare: f64,
    encode: f64,
    /// The second viewer's share.
    further: f64,
    bytes: usize,
}

impl Tiles {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let mut scenes = Map::new();
        for (name, scene) in Scene::ALL {
            // The first round pays for pages that were never touched; it isn't counted.
            let rounds = (0..=self.rounds).map(|_| self.round(scene));
            let rounds = rounds.collect::<Result<Vec<_>, _>>()?;
            scenes.insert(name.to_owned(), told(rounds.get(1..).unwrap_or_default()));
        }
        Ok(Found {
            line: json!({
                "mode": "tiles", "width": WIDTH, "height": HEIGHT, "frames": self.frames,
                "scenes": scenes,
            }),
            good: true,
        })
    }

    /// The first frame's cost, then the mean of the others'.
    fn round(&self, scene: Scene) -> Result<[Cost; 2], Failure> {
        let mut screen = Screen::new(scene)?;
        let (mut published, mut shared) = (Published::new(), Shared::new());
        let mut viewers = [Viewer::new(), Viewer::new()];
        let mut reader = Reader::new();
        let (mut first, mut others) = (Cost::default(), Cost::default());
        for at in 0..self.frames {
            screen.advance();
            let cost = frame(
                &screen,
                &mut published,
                &mut shared,
                &mut viewers,
                &mut reader,
            )?;
            if at == 0 {
                first = cost;
            } else {
                others.compare += cost.compare;
                others.encode += cost.encode;
                others.further += cost.further;
                others.bytes += cost.bytes;
            }
        }
        let count = f64::from(self.frames - 1);
        others.compare /= count;
        others.encode /= count;
        others.further /= count;
        others.bytes = (others.bytes as f64 / count).round() as usize;
        Ok([first, others])
    }
}

/// One frame, from the screen to both viewers.
fn frame(
    screen: &Screen,
    published: &mut Published,
    shared: &mut Shared,
    [one, other]: &mut [Viewer; 2],
    reader: &mut Reader,
) -> Result<Cost, Failure> {
    let frame = Frame {
        size: Size {
            width: WIDTH as u16,
            height: HEIGHT as u16,
        },
        format: PixelFormat::Bgrx8888,
        stride: WIDTH * 4,
        bytes: &screen.bytes,
        damage: None,
    };
    let begun = now();
    published.take(&frame)?;
    let compared = now();
    let update = one.update(published, usize::MAX);
    let made = update.rects.iter();
    let made = made
        .map(|rect| shared.rectangle(published, *rect))
        .collect::<Result<Vec<_>, _>>()?;
    let encoded = now();
    let again = other.update(published, usize::MAX).rects.iter();
    let again = again
        .map(|rect| shared.rectangle(published, *rect))
        .collect::<Result<Vec<_>, _>>()?;
    let ended = now();
    if again != made {
        return Err("the viewers got different bytes".into());
    }
    if let Some(size) = update.resized {
        reader.resize(size)?;
    }
    for bytes in &made {
        reader.rectangle(&mut &bytes[..])?;
    }
    if reader.bytes() != screen.bytes {
        return Err("a viewer has another picture than the screen".into());
    }
    Ok(Cost {
        compare: compared - begun,
        encode: encoded - compared,
        further: ended - encoded,
        bytes: made.iter().map(|bytes| bytes.len()).sum(),
    })
}

/// What this thread has worked so far, in milliseconds.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// The medians of rounds.
fn told(rounds: &[[Cost; 2]]) -> Value {
    let of = |which: usize| {
        let costs = rounds.iter().filter_map(|round| round.get(which)).copied();
        let costs: Vec<Cost> = costs.collect();
        let median = |part: fn(&Cost) -> f64| {
            let mut all: Vec<f64> = costs.iter().map(part).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        json!({
            "compare_ms": median(|cost| cost.compare),
            "encode_ms": median(|cost| cost.encode),
            "further_viewer_ms": median(|cost| cost.further),
            "bytes": median(|cost| cost.bytes as f64),
        })
    };
    json!({"first": of(0), "others": of(1)})
}
