//! Weights by table: the purity of an event by its energy bin, its region of the sky and its response.

use crate::check::{all_finite, all_within, at_least, within};
use crate::rounding::{least, whole};
use crate::{Error, Result};

/// Greatest absolute weight, given or looked up: its square keeps all digits of the fixed point.
pub const WEIGHT_MAX: f64 = 512.0;

/// Weights by energy bin, region and bin of the response, with a bin below and a bin above the range.
#[derive(Debug, Clone)]
pub struct PurityTable {
    low: f64,
    density: f64,
    n_response: usize,
    region: Vec<u16>,
    n_region: usize,
    n_bin: usize,
    value: Vec<f64>,
}

impl PurityTable {
    /// Table `value[energy bin][region][response bin]`; the response bins are one below `low`, `n_response - 2`
    /// equal ones from `low` to `high`, and one from `high` on. `region` numbers the region of each pixel.
    ///
    /// # Errors
    /// A range that is empty or not finite; a region that no pixel can have; a value beyond [`WEIGHT_MAX`]; a length
    /// that is no multiple of the regions times the response bins.
    pub fn new(low: f64, high: f64, n_response: usize, region: &[i64], value: &[f64]) -> Result<Self> {
        all_finite("response_range", &[low, high])?;
        within("n_response", n_response as f64, 3.0, 65_536.0)?;
        if low >= high {
            return Err(Error::Rule {
                place: "response_range".into(),
                found: format!("[{low:?}, {high:?}]"),
                rule: "a range that rises is wanted".into(),
            });
        }
        at_least("region", region.len(), 1)?;
        if let Some(i) = region.iter().position(|r| !(0..65_536).contains(r)) {
            return Err(Error::OutOfRange {
                place: format!("region[{i}]"),
                found: region[i].to_string(),
                allowed: "[0, 65536)".into(),
            });
        }
        let n_region = region.iter().max().map_or(1, |r| *r as usize + 1);
        let row = n_region * n_response;
        if value.is_empty() || !value.len().is_multiple_of(row) {
            return Err(Error::Length {
                name: "value",
                found: value.len(),
                wanted: format!("a multiple of {n_region} regions x {n_response} response bins"),
            });
        }
        all_within("value", value, -WEIGHT_MAX, WEIGHT_MAX)?;
        Ok(Self {
            low,
            density: (n_response - 2) as f64 / (high - low),
            n_response,
            region: region.iter().map(|r| *r as u16).collect(),
            n_region,
            n_bin: value.len() / row,
            value: value.to_vec(),
        })
    }

    /// Number of energy bins and of pixels that the table is for.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.n_bin, self.region.len())
    }

    /// Bin of a response that is not NaN.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    #[must_use]
    pub fn response_bin(&self, response: f64) -> i32 {
        let place = (response - self.low) * self.density;
        let last = (self.n_response - 1) as f64;
        let inside = least(place, last - 1.0).floor() + 1.0;
        whole(if place < 0.0 { 0.0 } else { inside })
    }

    /// Multiply weights by those of their energy bins, pixels and responses, none of which may be NaN.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn multiply<const N: usize>(&self, weight: &mut [f64], bin: &[u32; N], pixel: &[i32; N], response: &[f64; N]) {
        let place = response.map(|r| self.response_bin(r));
        let (region, value, n_region, n_response) = (&self.region[..], &self.value[..], self.n_region, self.n_response);
        for (j, weight) in weight.iter_mut().enumerate() {
            // Nothing here can leave its range: the table holds as many numbers as this counts.
            let row = (bin[j] as usize).wrapping_mul(n_region).wrapping_add(usize::from(region[pixel[j] as usize]));
            *weight *= value[row.wrapping_mul(n_response).wrapping_add(place[j] as usize)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_response_falls_between_the_edges_of_its_bin(response in -3.0..3.0f64, n in 3..200_usize) {
            let table = PurityTable::new(-1.0, 1.0, n, &[0], &vec![0.0; n]).expect("a good table");
            let bin = table.response_bin(response);
            let edge = |i: i32| -1.0 + 2.0 * f64::from(i) / (n - 2) as f64;
            prop_assert!(bin == 0 || response >= edge(bin - 1) - 1e-12);
            prop_assert!(bin == n as i32 - 1 || response < edge(bin) + 1e-12);
        }
    }

    #[test]
    fn values_stand_by_energy_region_and_response() {
        let value: Vec<f64> = (0..12).map(f64::from).collect();
        let table = PurityTable::new(0.0, 1.0, 3, &[0, 1, 1], &value).expect("a good table");
        assert_eq!(table.shape(), (2, 3));
        let mut weight = vec![0.5, 1.0];
        table.multiply(&mut weight, &[1, 0], &[2, 0], &[7.0, 0.5]);
        assert_eq!(weight, [5.5, 1.0]);
        assert!(PurityTable::new(0.0, 1.0, 3, &[0, 1], &value[..5]).is_err());
        assert!(PurityTable::new(1.0, 1.0, 3, &[0], &value[..3]).is_err());
        assert!(PurityTable::new(0.0, 1.0, 3, &[-1], &value[..3]).is_err());
    }

    #[test]
    fn a_bin_of_the_response_has_its_lower_edge() {
        // Four bins of width 1 from 2 to 6, one below and one from 6 on.
        let table = PurityTable::new(2.0, 6.0, 6, &[0], &[0.0; 6]).expect("a good table");
        let wanted = [(-1e300, 0), (1.9, 0), (2.0, 1), (2.9, 1), (3.0, 2), (5.9, 4), (6.0, 5), (7.5, 5), (1e300, 5)];
        for (response, bin) in wanted {
            assert_eq!(table.response_bin(response), bin, "{response}");
        }
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused() {
        let new = |range: (f64, f64), n, region: &[i64], n_value| {
            PurityTable::new(range.0, range.1, n, region, &vec![0.0; n_value]).map(|table| table.shape())
        };
        assert_eq!(new((0.0, 1.0), 3, &[65_535], 65_536 * 3), Ok((1, 1)));
        assert_eq!(new((0.0, 1.0), 65_536, &[0], 65_536), Ok((1, 1)));
        let refused = |range, n, region: &[i64], n_value, wanted: &str| {
            let message = new(range, n, region, n_value).expect_err(wanted).to_string();
            assert!(message.starts_with(wanted), "{message}");
        };
        refused((1.0, 0.5), 3, &[0], 3, "response_range = [1.0, 0.5]: ");
        refused((0.0, f64::INFINITY), 3, &[0], 3, "response_range[1] = inf");
        refused((0.0, 1.0), 2, &[0], 2, "n_response = 2.0");
        refused((0.0, 1.0), 65_537, &[0], 65_537, "n_response = 65537.0");
        refused((0.0, 1.0), 3, &[], 3, "region has length 0");
        refused((0.0, 1.0), 3, &[0, 65_536], 3, "region[1] = 65536");
        refused((0.0, 1.0), 3, &[0], 0, "value has length 0");
        refused((0.0, 1.0), 3, &[0, 1], 9, "value has length 9");
        let beyond = PurityTable::new(0.0, 1.0, 3, &[0], &[0.0, -512.0, 512.5]).expect_err("too great").to_string();
        assert!(beyond.starts_with("value[2] = 512.5"), "{beyond}");
    }
}
