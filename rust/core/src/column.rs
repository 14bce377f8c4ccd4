//! Columns of numbers as tables hold them: in double or in single precision.

use crate::ahead::ask_range;
use crate::vector::Vector;
use std::borrow::Cow;
use std::ops::Range;

/// Numbers of a column.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// In double precision.
    Double(&'a [f64]),
    /// In single precision, each of which is a double too.
    Single(&'a [f32]),
}

impl<'a> Column<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Double(values) => values.len(),
            Self::Single(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them in double precision.
    #[must_use]
    pub fn to_double(&self) -> Cow<'a, [f64]> {
        match self {
            Self::Double(values) => Cow::Borrowed(values),
            Self::Single(values) => Cow::Owned(values.iter().map(|v| f64::from(*v)).collect()),
        }
    }

    /// Ask the memory for some of them.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub(crate) fn ask(&self, rows: Range<usize>) {
        match self {
            Self::Double(values) => ask_range(values, rows),
            Self::Single(values) => ask_range(values, rows),
        }
    }

    /// Up to N of them, from 1 on, without a copy where that is possible; the first again where there are no more.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub(crate) fn block<'b, const N: usize>(&self, rows: Range<usize>, space: &'b mut [f64; N]) -> &'b [f64; N]
    where
        'a: 'b,
    {
        match self {
            Self::Double(values) => {
                let values = &values[rows];
                if let Some(all) = values.first_chunk() {
                    return all;
                }
                padded(values, space, |v| *v);
            }
            Self::Single(values) => {
                let values = &values[rows];
                if let Some(all) = values.first_chunk::<N>() {
                    for (s, v) in space.iter_mut().zip(all) {
                        *s = f64::from(*v);
                    }
                } else {
                    padded(values, space, |v| f64::from(*v));
                }
            }
        }
        space
    }
}

impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self::Double(values)
    }
}

/// Vectors, side by side or as one column of each component.
#[derive(Debug, Clone, Copy)]
pub enum Directions<'a> {
    /// One vector after the other.
    Rows(&'a [Vector]),
    /// The x of all, the y of all, the z of all; of equal length.
    Columns([Column<'a>; 3]),
}

impl<'a> Directions<'a> {
    /// All of them as vectors.
    #[must_use]
    pub fn to_vectors(&self) -> Cow<'a, [Vector]> {
        match self {
            Self::Rows(rows) => Cow::Borrowed(rows),
            Self::Columns(columns) => {
                let [x, y, z] = columns.map(|column| column.to_double());
                Cow::Owned(x.iter().zip(&*y).zip(&*z).map(|((x, y), z)| [*x, *y, *z]).collect())
            }
        }
    }

    /// Components of up to N of them, from 1 on; those of the first again where there are no more.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub(crate) fn block<'b, const N: usize>(
        &self,
        rows: Range<usize>,
        [x, y, z]: &'b mut [[f64; N]; 3],
    ) -> [&'b [f64; N]; 3]
    where
        'a: 'b,
    {
        match self {
            Self::Rows(vectors) => {
                let vectors = &vectors[rows];
                if let Some(all) = vectors.first_chunk::<N>() {
                    for i in 0..N {
                        [x[i], y[i], z[i]] = all[i];
                    }
                } else {
                    padded(vectors, x, |v| v[0]);
                    padded(vectors, y, |v| v[1]);
                    padded(vectors, z, |v| v[2]);
                }
                [x, y, z]
            }
            Self::Columns(columns) => {
                [columns[0].block(rows.clone(), x), columns[1].block(rows.clone(), y), columns[2].block(rows, z)]
            }
        }
    }
}

impl<'a> From<&'a [Vector]> for Directions<'a> {
    fn from(rows: &'a [Vector]) -> Self {
        Self::Rows(rows)
    }
}

/// Fewer than N values, and the first again for the rest.
fn padded<T, const N: usize>(values: &[T], space: &mut [f64; N], of: impl Fn(&T) -> f64) {
    let first = values.first().map_or(0.0, &of);
    for (i, s) in space.iter_mut().enumerate() {
        *s = values.get(i).map_or(first, &of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_and_double_hold_the_same_numbers() {
        let (double, single) = ([1.5, -2.25, 8.0], [1.5_f32, -2.25, 8.0]);
        for column in [Column::Double(&double), Column::Single(&single)] {
            assert_eq!((column.len(), column.is_empty()), (3, false));
            assert_eq!(*column.to_double(), double);
            // Whole blocks, and blocks that the first number fills up.
            assert_eq!(column.block(1..3, &mut [0.0; 2]).map(f64::to_bits), [-2.25, 8.0].map(f64::to_bits));
            assert_eq!(column.block(1..3, &mut [0.0; 3]).map(f64::to_bits), [-2.25, 8.0, -2.25].map(f64::to_bits));
        }
        assert!(Column::from(&[][..]).is_empty());
    }

    #[test]
    fn rows_and_columns_hold_the_same_vectors() {
        let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let columns =
            Directions::Columns([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].map(|c| Column::Double(Box::leak(Box::new(c)))));
        for directions in [Directions::from(&rows[..]), columns] {
            assert_eq!(*directions.to_vectors(), rows);
            let mut space = [[0.0; 3]; 3];
            let [x, y, z] = directions.block(0..2, &mut space);
            assert_eq!((x, y, z), (&[1.0, 4.0, 1.0], &[2.0, 5.0, 2.0], &[3.0, 6.0, 3.0]));
            let mut space = [[0.0; 1]; 3];
            assert_eq!(directions.block(1..2, &mut space), [&[4.0], &[5.0], &[6.0]]);
        }
    }
}
