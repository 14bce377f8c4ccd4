//! Typed errors: which argument, which element, what was found, what is allowed.

use thiserror::Error as ThisError;

/// Result of a kernel.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a kernel refused its input.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Error {
    /// Two arrays run out of step, or one has a length that makes no sense.
    #[error("{name} has length {found}; {wanted} is wanted")]
    Length {
        /// The argument.
        name: &'static str,
        /// Its length.
        found: usize,
        /// What is wanted.
        wanted: String,
    },
    /// A value is not finite or outside its interval.
    #[error("{place} = {found} is outside {allowed}")]
    OutOfRange {
        /// The argument, with the element where it has one.
        place: String,
        /// The value.
        found: String,
        /// The interval.
        allowed: String,
    },
    /// A value breaks a rule that is not an interval.
    #[error("{place} = {found}: {rule}")]
    Rule {
        /// The argument, with the element where it has one.
        place: String,
        /// The value.
        found: String,
        /// What is allowed.
        rule: String,
    },
    /// A table contradicts itself or another table.
    #[error("{0}")]
    Table(String),
    /// An exact sum would leave its integer range.
    #[error("{0}")]
    Overflow(String),
}
