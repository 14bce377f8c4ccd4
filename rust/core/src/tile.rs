//! Rows that go through a step together: columns of numbers in the order of vector lanes.

use crate::vector::Vector;

/// Rows of a tile; a vector holds 8 at most.
pub const TILE: usize = 64;

/// One number of each row.
pub type Column = [f64; TILE];

/// Numbers of up to a tile of rows, the first of them again where there are no more.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn column(values: &[f64]) -> Column {
    let mut out = [values.first().copied().unwrap_or(0.0); TILE];
    let n = values.len().min(TILE);
    out[..n].copy_from_slice(&values[..n]);
    out
}

/// Components of up to a tile of vectors, likewise.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn columns(values: &[Vector]) -> [Column; 3] {
    let first = values.first().copied().unwrap_or([0.0; 3]);
    let mut out = first.map(|component| [component; TILE]);
    for (j, v) in values.iter().take(TILE).enumerate() {
        for (column, component) in out.iter_mut().zip(v) {
            column[j] = *component;
        }
    }
    out
}

/// Row `j` of some columns.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn row<const N: usize>(columns: &[Column; N], j: usize) -> [f64; N] {
    let mut out = [0.0; N];
    for (o, column) in out.iter_mut().zip(columns) {
        *o = column[j];
    }
    out
}

/// Set row `j` of some columns.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub fn set_row<const N: usize>(columns: &mut [Column; N], j: usize, row: &[f64; N]) {
    for (column, r) in columns.iter_mut().zip(row) {
        column[j] = *r;
    }
}

/// Columns of what `of` gives for each row of a tile.
///
/// Formulas of more than a few dozen numbers are cut in several of these: the compiler gives up on longer loops.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub fn tile<const N: usize>(of: impl Fn(usize) -> [f64; N]) -> [Column; N] {
    let mut out = [[0.0; TILE]; N];
    for j in 0..TILE {
        set_row(&mut out, j, &of(j));
    }
    out
}
