//! Python module `amsdipole._core`: conversions only, one file for each file of the core.

use pyo3::prelude::*;

mod attitude;
mod convert;
mod counts;
mod cutoff;
mod earth;
mod error;
mod healpix;
mod livetime;
mod poisson;
mod pool;
mod seconds;
mod slopes;
mod states;

/// The compiled kernels.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::attitude::{attitude_in_frame, detector_attitude, vector_in_frame};
    #[pymodule_export]
    use super::counts::Counts;
    #[pymodule_export]
    use super::cutoff::{cutoff_class, stormer_cutoff};
    #[pymodule_export]
    use super::earth::{earth_fixed_to_teme, geodetic, teme_to_earth_fixed};
    #[pymodule_export]
    use super::healpix::{pixel_to_vector, vector_to_pixel};
    #[pymodule_export]
    use super::livetime::{AxisLivetime, livetime_cube};
    #[pymodule_export]
    use super::poisson::poisson_counts;
    #[pymodule_export]
    use super::pool::{set_threads, threads};
    #[pymodule_export]
    use super::seconds::inside_polygon;
    #[pymodule_export]
    use super::slopes::maximum_slopes;
    #[pymodule_export]
    use super::states::interpolated_states;
}
