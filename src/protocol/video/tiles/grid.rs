//! How tiles lie in a picture: row after row, those at the right and lower edge cut.

use std::ops::Range;

use super::TILE;
use crate::video::{Rect, Size};

/// The tiles of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Grid {
    pub(super) size: Size,
    /// Tiles in a row.
    pub(super) columns: usize,
    /// Rows of tiles.
    pub(super) rows: usize,
}

/// Some of the tiles: whole columns of whole rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl Grid {
    pub(super) fn of(size: Size) -> Self {
        Self {
            size,
            columns: size.width.div_ceil(TILE.width).into(),
            rows: size.height.div_ceil(TILE.height).into(),
        }
    }

    /// How many tiles there are.
    pub(super) const fn len(self) -> usize {
        self.columns * self.rows
    }

    /// The tiles that a rectangle touches; none outside the picture.
    pub(super) fn touched(self, rect: Rect) -> Block {
        let span = |start: u16, length: u16, end: u16, tile: u16| {
            let start = start.min(end);
            let end = start.saturating_add(length).min(end);
            if start == end {
                return 0..0;
            }
            usize::from(start / tile)..usize::from(end.div_ceil(tile))
        };
        Block {
            columns: span(rect.x, rect.width, self.size.width, TILE.width),
            rows: span(rect.y, rect.height, self.size.height, TILE.height),
        }
    }

    /// Where some of the tiles lie, cut to the picture.
    pub(super) fn rect(self, block: &Block) -> Rect {
        let span = |tiles: &Range<usize>, tile: u16, end: u16| {
            let edge = |at: usize| {
                let pixels = at.saturating_mul(tile.into());
                u16::try_from(pixels).unwrap_or(u16::MAX).min(end)
            };
            let start = edge(tiles.start);
            (start, edge(tiles.end).saturating_sub(start))
        };
        let (x, width) = span(&block.columns, TILE.width, self.size.width);
        let (y, height) = span(&block.rows, TILE.height, self.size.height);
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    /// Each row's part of a list that has something for every tile.
    pub(super) fn parts<'a, T>(self, block: &Block, all: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        let columns = block.columns.clone();
        block.rows.clone().filter_map(move |row| {
            let row = all.get(row * self.columns..)?;
            row.get(columns.clone())
        })
    }

    /// Writes something for each of the tiles into such a list.
    pub(super) fn set<T: Copy>(self, block: &Block, all: &mut [T], value: T) {
        for row in block.rows.clone() {
            let row = all.get_mut(row * self.columns..).unwrap_or_default();
            if let Some(part) = row.get_mut(block.columns.clone()) {
                part.fill(value);
            }
        }
    }
}
