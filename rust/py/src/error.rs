//! Core errors as the classes of `amsdipole.errors`.

use amsdipole_core::Error;
use pyo3::PyErr;

mod classes {
    #![allow(missing_docs)]
    pyo3::import_exception!(amsdipole.errors, DataError);
    pyo3::import_exception!(amsdipole.errors, OverflowedError);
    pyo3::import_exception!(amsdipole.errors, RangeError);
    pyo3::import_exception!(amsdipole.errors, ShapeError);
}

/// An error of the core or of the conversion, on its way to Python.
#[derive(Debug)]
pub struct GlueError(PyErr);

/// Result of a function of the module.
pub type Result<T> = std::result::Result<T, GlueError>;

impl From<Error> for GlueError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        Self(match error {
            Error::Length { .. } => classes::ShapeError::new_err(text),
            Error::OutOfRange { .. } | Error::Rule { .. } => classes::RangeError::new_err(text),
            Error::Table(_) => classes::DataError::new_err(text),
            Error::Overflow(_) => classes::OverflowedError::new_err(text),
        })
    }
}

impl From<PyErr> for GlueError {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl From<GlueError> for PyErr {
    fn from(error: GlueError) -> Self {
        error.0
    }
}

/// A shape that the friendly layer should have refused.
pub fn shape_error(text: String) -> GlueError {
    GlueError(classes::ShapeError::new_err(text))
}

/// A value that the friendly layer should have refused.
pub fn range_error(text: String) -> GlueError {
    GlueError(classes::RangeError::new_err(text))
}
