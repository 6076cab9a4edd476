//! The picture that viewers are shown, and the version of each of its tiles.

use super::{BadFrame, Frame, TILE, band::Band, grid::Grid};
use crate::video::{PixelFormat, Rect, Size};

/// Bytes of a pixel.
const PIXEL: usize = PixelFormat::Bgrx8888.bytes_per_pixel();

/// What a frame changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Nothing.
    Same,
    /// Some tiles.
    Changed,
    /// The size, and so everything.
    Resized,
}

/// The published picture in [`PixelFormat::Bgrx8888`]; its unused bytes are 0.
#[derive(Debug, Default)]
pub struct Published {
    grid: Grid,
    /// Line after line, without gaps.
    bytes: Vec<u8>,
    /// That of the newest change of each tile.
    versions: Vec<u64>,
    /// Which tiles are to be compared with the frame under way.
    due: Vec<bool>,
    version: u64,
}

impl Published {
    /// A picture without a pixel, until the first frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its size.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.grid.size
    }

    /// The number of its newest change; 0 before the first frame. It only ever grows, whatever
    /// becomes of the size, so that a rectangle and its [`Self::newest`] name the pixels in it.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Bytes from one line to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        usize::from(self.size().width) * PIXEL
    }

    /// All its bytes, line after line without gaps.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lines of a rectangle; none where it is empty or reaches outside the picture.
    pub fn lines(&self, rect: Rect) -> impl Iterator<Item = &[u8]> {
        let from = usize::from(rect.x) * PIXEL;
        let to = from + usize::from(rect.width) * PIXEL;
        let inside = usize::from(rect.y) + usize::from(rect.height) <= self.size().height.into();
        let lines = self.bytes.chunks_exact(self.stride().max(1));
        let wanted = if inside { rect.height.into() } else { 0 };
        lines
            .skip(rect.y.into())
            .take(wanted)
            .filter_map(move |line| line.get(from..to).filter(|line| !line.is_empty()))
    }

    /// The newest version among the tiles that a rectangle touches; 0 where it touches none.
    #[must_use]
    pub fn newest(&self, rect: Rect) -> u64 {
        let touched = self.grid.touched(rect);
        let parts = self.grid.parts(&touched, &self.versions);
        parts.flatten().copied().max().unwrap_or(0)
    }

    pub(super) const fn grid(&self) -> Grid {
        self.grid
    }

    pub(super) fn versions(&self) -> &[u64] {
        &self.versions
    }

    /// Compares a frame with the picture and takes over what differs.
    ///
    /// # Errors
    /// [`BadFrame`], and nothing was changed.
    pub fn take(&mut self, frame: &Frame<'_>) -> Result<Taken, BadFrame> {
        let mut lines = frame.lines()?;
        let next = self.version + 1;
        let resized = frame.size != self.size();
        if resized {
            self.begin(frame.size, next);
        }
        self.mark(frame.damage.filter(|_| !resized));
        let mut changed = resized;
        let (columns, line) = (self.grid.columns, self.stride());
        let height = usize::from(TILE.height);
        let bands = self.bytes.chunks_mut(line * height);
        let versions = self.versions.chunks_exact_mut(columns);
        let due = self.due.chunks_exact(columns);
        for ((bytes, versions), due) in bands.zip(versions).zip(due) {
            let mut band = Band {
                bytes,
                line,
                due,
                versions,
            };
            changed |= band.take(lines.clone().take(height), next);
            lines.nth(height - 1);
        }
        if changed {
            self.version = next;
        }
        Ok(match (resized, changed) {
            (true, _) => Taken::Resized,
            (false, true) => Taken::Changed,
            (false, false) => Taken::Same,
        })
    }

    /// Begins a picture of another size: every tile is new.
    fn begin(&mut self, size: Size, version: u64) {
        self.grid = Grid::of(size);
        let tiles = self.grid.len();
        let length = self.stride() * usize::from(size.height);
        self.bytes.clear();
        self.bytes.resize(length, 0);
        // What one frame of the greatest size took isn't kept for ever.
        self.bytes.shrink_to(length);
        self.versions.clear();
        self.versions.resize(tiles, version);
        self.due.clear();
        self.due.resize(tiles, true);
    }

    /// Notes which tiles are to be compared.
    fn mark(&mut self, damage: Option<&[Rect]>) {
        self.due.fill(damage.is_none());
        for rect in damage.unwrap_or_default() {
            let touched = self.grid.touched(*rect);
            self.grid.set(&touched, &mut self.due, true);
        }
    }
}
