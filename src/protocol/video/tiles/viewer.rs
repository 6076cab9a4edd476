//! What one viewer has seen, and what its next update is.

use super::{Published, RECT_MAX, TILE, grid::Block};
use crate::video::{Rect, Size};

/// Columns of tiles in the widest rectangle.
const COLUMNS: usize = (RECT_MAX.width / TILE.width) as usize;
/// Rows of tiles in the highest rectangle.
const ROWS: usize = (RECT_MAX.height / TILE.height) as usize;

/// A viewer of one published picture, and of no other.
#[derive(Debug, Default)]
pub struct Viewer {
    size: Size,
    /// The version that it saw of each tile; 0 is none.
    seen: Vec<u64>,
    /// The picture's version that it saw whole.
    whole: u64,
    /// The tile at which the last update was full, else the first.
    from: usize,
    rects: Vec<Rect>,
}

/// What a viewer is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update<'a> {
    /// The picture's size, where the viewer must first learn of it; what it showed before is void.
    pub resized: Option<Size>,
    /// What is newer than it saw, in reading order, none overlapping another, each of at most
    /// [`RECT_MAX`].
    pub rects: &'a [Rect],
    /// Whether there is more than the limit let through.
    pub more: bool,
}

impl Viewer {
    /// A viewer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is something that it has not seen.
    #[must_use]
    pub const fn is_behind(&self, published: &Published) -> bool {
        self.whole != published.version()
    }

    /// Makes its next update hold a part of the picture again, whatever it saw.
    pub fn forget(&mut self, rect: Rect, published: &Published) {
        if self.size == published.size() {
            let grid = published.grid();
            let touched = grid.touched(rect);
            grid.set(&touched, &mut self.seen, 0);
            self.whole = 0;
        }
    }

    /// What it has not seen, which counts as seen from here on.
    ///
    /// As many rectangles as have `limit` pixels together, but one at least; what is left over comes
    /// first the next time, so that no part of the picture waits for ever behind one that never
    /// rests.
    pub fn update(&mut self, published: &Published, limit: usize) -> Update<'_> {
        let (size, tiles) = (published.size(), published.versions().len());
        let resized = (self.size != size).then_some(size);
        if resized.is_some() {
            self.size = size;
            self.seen.clear();
            self.seen.resize(tiles, 0);
            self.from = 0;
        }
        self.rects.clear();
        let mut more = false;
        if self.is_behind(published) {
            let (from, mut left) = (self.from, limit);
            let full = (from..tiles)
                .chain(0..from)
                .find(|tile| !self.add(published, *tile, &mut left));
            more = full.is_some();
            self.from = full.unwrap_or(0);
            self.whole = if more { 0 } else { published.version() };
            self.rects.sort_unstable_by_key(|rect| (rect.y, rect.x));
        }
        Update {
            resized,
            rects: &self.rects,
            more,
        }
    }

    /// Adds the rectangle that begins at a tile, if that is new; says whether there was room.
    fn add(&mut self, published: &Published, tile: usize, left: &mut usize) -> bool {
        if !self.lacks(published, tile) {
            return true;
        }
        let block = self.block(published, tile);
        let rect = published.grid().rect(&block);
        if rect.pixels() > *left && !self.rects.is_empty() {
            return false;
        }
        *left = left.saturating_sub(rect.pixels());
        for row in block.rows {
            let tiles = row * published.grid().columns + block.columns.start..;
            let seen = self.seen.get_mut(tiles.clone()).unwrap_or_default();
            let versions = published.versions().get(tiles).unwrap_or_default();
            let both = seen.iter_mut().zip(versions);
            both.take(block.columns.len())
                .for_each(|(seen, version)| *seen = *version);
        }
        self.rects.push(rect);
        true
    }

    /// Whether a tile is newer than what was seen of it.
    fn lacks(&self, published: &Published, tile: usize) -> bool {
        let both = (self.seen.get(tile), published.versions().get(tile));
        matches!(both, (Some(seen), Some(version)) if seen < version)
    }

    /// The tiles of the rectangle that begins at one: as far to the right as all are new, then as
    /// far down as whole rows of them are, within a cell of the grid of [`RECT_MAX`].
    fn block(&self, published: &Published, tile: usize) -> Block {
        let grid = published.grid();
        let (row, column) = (tile / grid.columns, tile % grid.columns);
        let within = |at: usize, cell: usize, end: usize| ((at / cell + 1) * cell).min(end);
        let new = |row: usize, column: usize| self.lacks(published, row * grid.columns + column);
        let right = (column..within(column, COLUMNS, grid.columns)).find(|at| !new(row, *at));
        let columns = column..right.unwrap_or(within(column, COLUMNS, grid.columns));
        let end = within(row, ROWS, grid.rows);
        let down = (row..end).find(|row| !columns.clone().all(|at| new(*row, at)));
        Block {
            columns,
            rows: row..down.unwrap_or(end),
        }
    }
}
