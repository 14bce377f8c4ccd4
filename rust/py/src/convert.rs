//! NumPy arrays to slices and vectors to new NumPy arrays.

use crate::error::{Result, shape_error};
use amsdipole_core::cutoff::DipoleKnots;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray, PyReadonlyArray1,
    PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

/// The elements of a contiguous array.
pub fn slice<'a, T: Element, D: numpy::ndarray::Dimension>(array: &'a PyReadonlyArray<'_, T, D>) -> Result<&'a [T]> {
    array.as_slice().map_err(|_| shape_error("an array is not contiguous".into()))
}

/// An eccentric dipole at knots of time.
pub fn dipole_knots<'a>(
    time_s: &'a PyReadonlyArray1<'_, f64>,
    k_gv: &'a PyReadonlyArray1<'_, f64>,
    center_km: &'a PyReadonlyArray2<'_, f64>,
    pole: &'a PyReadonlyArray2<'_, f64>,
) -> Result<DipoleKnots<'a>> {
    Ok(DipoleKnots {
        time_s: slice(time_s)?,
        k_gv: slice(k_gv)?,
        center_km: rows("dipole_center_km", center_km)?,
        pole: rows("dipole_pole", pole)?,
    })
}

/// The rows of a contiguous array whose rows have N elements.
pub fn rows<'a, const N: usize, D: numpy::ndarray::Dimension>(
    name: &str,
    array: &'a PyReadonlyArray<'_, f64, D>,
) -> Result<&'a [[f64; N]]> {
    let width: usize = array.shape().iter().skip(1).product();
    if width != N {
        return Err(shape_error(format!("{name} has rows of {width} elements; {N} are wanted")));
    }
    Ok(slice(array)?.as_chunks().0)
}

/// Refuse an array whose rows have another length.
pub fn row_length<T: Element>(name: &str, array: &PyReadonlyArray<'_, T, numpy::Ix2>, wanted: usize) -> Result<()> {
    let width = array.shape()[1];
    if width == wanted {
        return Ok(());
    }
    Err(shape_error(format!("{name} has rows of {width} elements; {wanted} are wanted")))
}

/// A new array of shape (n, 3).
pub fn vectors(py: Python<'_>, rows: Vec<[f64; 3]>) -> Result<Bound<'_, PyArray2<f64>>> {
    let n = rows.len();
    Ok(rows.into_flattened().into_pyarray(py).reshape([n, 3])?)
}

/// A new array of shape (n, 3, 3).
pub fn matrices(py: Python<'_>, rows: Vec<[f64; 9]>) -> Result<Bound<'_, PyArray3<f64>>> {
    let n = rows.len();
    Ok(rows.into_flattened().into_pyarray(py).reshape([n, 3, 3])?)
}

/// A new array of shape (n,).
pub fn list<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyArray1<T>> {
    values.into_pyarray(py)
}
