//! Hot loops of amsdipole: slices in, values out.
//!
//! No Python, no input or output, no randomness. Every function refuses bad input whole, with an
//! [`Error`] that names the argument and the element, and gives the same bits for any number of threads.
#![forbid(unsafe_code)]

mod ahead;
pub mod attitude;
pub mod axis_livetime;
mod check;
pub mod column;
pub mod counts;
pub mod cutoff;
pub mod cutoff_scan;
pub mod earth;
mod error;
pub mod fixed;
pub mod fold;
pub mod fold_roll;
pub mod healpix;
pub mod igrf;
pub mod interpolation;
mod lanes;
pub mod livetime;
pub mod navigation;
pub mod orbit_axes;
pub mod poisson;
pub mod purity;
pub mod roll_livetime;
mod rounding;
mod rows;
pub mod seconds;
pub mod slopes;
pub mod states;
mod tile;
pub mod trace;
pub mod vector;

pub use error::{Error, Result};
