//! What becomes of the events of a block: the second, the energy bin and the first cut that each fails.

use super::scan::Binning;
use crate::rounding::whole;
use crate::rows::RowIndex;

/// Events that go through the steps together: few, so that the processor's own prefetching, which runs some lines ahead
/// of each column, has done its work when the next block is begun.
pub(super) const BLOCK: usize = 64;
/// Cut of the events that pass them all.
pub(super) const ACCEPTED: u8 = 5;
/// Gate of a second without live time; no class is as great.
pub(super) const DEAD: u8 = u8::MAX;

/// Where each event ends, by the first cut that it fails.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
pub(super) fn cuts(
    binning: &Binning,
    z: &[f64; BLOCK],
    failed: Option<&[u8]>,
    above: &[u8; BLOCK],
    gate: &[u8; BLOCK],
) -> [u8; BLOCK] {
    let n_bin = binning.n_bin() as u8;
    let mut outside = [false; BLOCK];
    for (outside, z) in outside.iter_mut().zip(z) {
        *outside = *z < binning.cos_least;
    }
    let mut choice = [0_u8; BLOCK];
    if let Some(failed) = failed {
        choice[..failed.len()].copy_from_slice(failed);
    }
    let mut cut = [ACCEPTED; BLOCK];
    for i in 0..BLOCK {
        // The first cut has the last word.
        let c = if above[i] <= gate[i] { 4 } else { ACCEPTED };
        let c = if gate[i] == DEAD { 3 } else { c };
        let c = if outside[i] { 2 } else { c };
        let c = if choice[i] > 0 { ACCEPTED.wrapping_add(choice[i]) } else { c };
        let c = if above[i] > n_bin { 1 } else { c };
        cut[i] = if above[i] == 0 { 0 } else { c };
    }
    cut
}

/// Rows of a block's times and the time since their starts; the last row, or nothing if a time lies in none.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
pub(super) fn locate(
    index: &RowIndex<'_>,
    time: &[f64; BLOCK],
    row: &mut [u32; BLOCK],
    since: &mut [f64; BLOCK],
    mut last: u32,
) -> Option<u32> {
    if index.is_uniform() {
        let mut all = true;
        for i in 0..BLOCK {
            let (found, after, held) = index.near(time[i]);
            all &= held;
            (row[i], since[i]) = (found as u32, after);
        }
        if all {
            return Some(last);
        }
        all = true;
        for i in 0..BLOCK {
            let (found, after, held) = index.at(time[i]);
            all &= held;
            (row[i], since[i]) = (found as u32, after);
        }
        return all.then_some(last);
    }
    let mut slot = [0_i32; BLOCK];
    for (s, t) in slot.iter_mut().zip(time) {
        *s = index.slot(*t);
    }
    for i in 0..BLOCK {
        (last, since[i]) = index.find(time[i], slot[i], last)?;
        row[i] = last;
    }
    Some(last)
}

/// Marks as bits, the first of them lowest; each is 0 or 1.
#[inline(always)]
pub(super) fn marked(marks: &[u8; BLOCK]) -> u64 {
    // Bits 7, 14, ... 56: mark i of eight, at bit 8 i, comes to bit 56 + i, and nothing else comes there.
    const TOGETHER: u64 = 0x0102_0408_1020_4080;
    let mut bits = 0;
    for (k, eight) in marks.as_chunks::<8>().0.iter().enumerate() {
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(TOGETHER) >> 56) << (8 * k);
    }
    bits
}

/// Number of edges not above each energy: 0 is below the first bin, all of them at or above the last edge.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
pub(super) fn edges_below(edge: &[f64], energy: &[f64; BLOCK]) -> [u8; BLOCK] {
    let mut above = [0; BLOCK];
    for (above, energy) in above.as_chunks_mut::<TOGETHER>().0.iter_mut().zip(energy.as_chunks::<TOGETHER>().0) {
        *above = edges_below_some(edge, energy);
    }
    above
}

/// Energies that one edge is compared with at a time: four of the widest vectors.
const TOGETHER: usize = 32;

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
fn edges_below_some(edge: &[f64], energy: &[f64; TOGETHER]) -> [u8; TOGETHER] {
    // Counted in floats, of whose lanes a comparison chooses those that grow.
    let mut count = [0.0; TOGETHER];
    for e in edge {
        for k in 0..TOGETHER {
            count[k] += if *e <= energy[k] { 1.0 } else { 0.0 };
        }
    }
    count.map(|c| whole(c) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::healpix::Grid;
    use proptest::prelude::*;

    fn binning(edge: &[f64]) -> Binning {
        Binning { grid: Grid::new(1).expect("a power of two"), edge: edge.to_vec(), cos_least: 0.5, n_selection: 2 }
    }

    proptest! {
        #[test]
        fn a_mark_is_the_bit_of_its_place(bits: u64) {
            prop_assert_eq!(marked(&std::array::from_fn(|i| (bits >> i & 1) as u8)), bits);
        }

        #[test]
        fn the_first_cut_that_an_event_fails_is_named(
            above in prop::array::uniform32(0..5_u8), gate in prop::array::uniform32(prop_oneof![Just(DEAD), 0..4_u8]),
            z in prop::array::uniform32(prop_oneof![Just(0.5), 0.0..1.0f64]), choice in prop::array::uniform32(0..3_u8),
            n_choice in 0..=BLOCK, chosen: bool,
        ) {
            let twice = |i: usize| i % 32;
            let above: [u8; BLOCK] = std::array::from_fn(|i| above[twice(i)]);
            let gate: [u8; BLOCK] = std::array::from_fn(|i| gate[twice(i)]);
            let z: [f64; BLOCK] = std::array::from_fn(|i| z[twice(i)]);
            let failed: Vec<u8> = (0..n_choice).map(|i| choice[twice(i)]).collect();
            let cut = cuts(&binning(&[1.0, 2.0, 3.0, 4.0]), &z, chosen.then_some(&failed), &above, &gate);
            for i in 0..BLOCK {
                let choice = if chosen { failed.get(i).copied().unwrap_or(0) } else { 0 };
                // Bins are numbered from 1 by the edges that are not above the energy; three of them exist.
                let wanted = match (above[i], choice) {
                    (0, _) => 0,
                    (4.., _) => 1,
                    (_, 1..) => 5 + choice,
                    _ if z[i] < 0.5 => 2,
                    _ if gate[i] == DEAD => 3,
                    (bin, _) if bin - 1 < gate[i] => 4,
                    _ => ACCEPTED,
                };
                prop_assert_eq!(cut[i], wanted, "{}", i);
            }
        }

        #[test]
        fn an_edge_belongs_to_the_bin_above_it(
            energy in prop::array::uniform32(prop_oneof![0.0..9.0f64, (0..9).prop_map(f64::from)]),
        ) {
            let energy: [f64; BLOCK] = std::array::from_fn(|i| energy[i % 32] + (i / 32) as f64);
            let edge = [1.0, 2.5, 4.0, 7.0];
            let found = edges_below(&edge, &energy);
            for (energy, found) in energy.iter().zip(found) {
                prop_assert_eq!(usize::from(found), edge.partition_point(|e| e <= energy));
            }
        }

        #[test]
        fn a_time_lies_in_the_row_that_began_last(
            time in prop::array::uniform32(10.0..14.0f64), gap in prop_oneof![Just(0.0), Just(0.5), Just(5.0), Just(500.0)],
        ) {
            // Rows of a second; a gap before the third makes the index look them up in another way.
            let start = [10.0, 11.0, 12.0 + gap, 13.0 + gap];
            let index = RowIndex::new(&start, 1.0).expect("few rows");
            let shifted = |t: f64| if t < 12.0 { t } else { t + gap };
            let time: [f64; BLOCK] = std::array::from_fn(|i| shifted(time[i % 32]));
            let (mut row, mut since) = ([9; BLOCK], [9.0; BLOCK]);
            let last = locate(&index, &time, &mut row, &mut since, 2);
            for i in 0..BLOCK {
                let start = start[row[i] as usize];
                prop_assert!(start <= time[i] && time[i] < start + 1.0);
                prop_assert_eq!(since[i].to_bits(), (time[i] - start).to_bits());
            }
            prop_assert_eq!(last, Some(if index.is_uniform() { 2 } else { row[BLOCK - 1] }));
        }
    }

    #[test]
    fn a_time_in_no_row_is_found_out() {
        for start in [[10.0, 11.0, 12.0], [10.0, 11.0, 17.0], [10.0, 11.0, 1e6]] {
            let index = RowIndex::new(&start, 1.0).expect("few rows");
            for bad in [9.5, start[2] + 1.0, f64::NAN] {
                let mut time = [10.5; BLOCK];
                assert!(locate(&index, &time, &mut [0; BLOCK], &mut [0.0; BLOCK], 0).is_some());
                time[17] = bad;
                assert_eq!(locate(&index, &time, &mut [0; BLOCK], &mut [0.0; BLOCK], 0), None, "{bad} {start:?}");
            }
        }
    }
}
