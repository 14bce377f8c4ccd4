//! Python module `amsdipole._core`: conversions only, one file for each file of the core.

use pyo3::prelude::*;

mod attitude;
mod axis_livetime;
mod column;
mod convert;
mod counts;
mod cutoff;
mod cutoff_scan;
mod earth;
mod error;
mod fold;
mod fold_roll;
mod healpix;
mod igrf;
mod livetime;
mod navigation;
mod orbit_axes;
mod poisson;
mod pool;
mod purity;
mod roll_livetime;
mod seconds;
mod slopes;
mod states;
mod trace;

/// The compiled kernels.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::attitude::{attitude_in_frame, detector_attitude, vector_in_frame};
    #[pymodule_export]
    use super::axis_livetime::{AxisLivetime, axes_at};
    #[pymodule_export]
    use super::counts::Counts;
    #[pymodule_export]
    use super::cutoff::{cutoff_class, stormer_cutoff};
    #[pymodule_export]
    use super::cutoff_scan::{cone_cutoff, cutoff_scan};
    #[pymodule_export]
    use super::earth::{earth_fixed_to_teme, geodetic, teme_to_earth_fixed};
    #[pymodule_export]
    use super::fold::folded_axes;
    #[pymodule_export]
    use super::fold_roll::folded_attitudes;
    #[pymodule_export]
    use super::healpix::{pixel_to_vector, vector_to_pixel};
    #[pymodule_export]
    use super::igrf::magnetic_field;
    #[pymodule_export]
    use super::livetime::livetime_cube;
    #[pymodule_export]
    use super::navigation::navigation;
    #[pymodule_export]
    use super::orbit_axes::orbit_axes;
    #[pymodule_export]
    use super::poisson::poisson_counts;
    #[pymodule_export]
    use super::pool::{set_threads, threads};
    #[pymodule_export]
    use super::purity::PurityTable;
    #[pymodule_export]
    use super::roll_livetime::RollLivetime;
    #[pymodule_export]
    use super::seconds::inside_polygon;
    #[pymodule_export]
    use super::slopes::maximum_slopes;
    #[pymodule_export]
    use super::states::interpolated_states;
    #[pymodule_export]
    use super::trace::{trace, trajectory};
}
