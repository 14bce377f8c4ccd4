"""Errors of amsdipole: one tree, each class also the built-in exception that a caller expects."""

__all__ = [
    "AmsDipoleError",
    "ConfigError",
    "DataError",
    "FitError",
    "FrameError",
    "OverflowedError",
    "RangeError",
    "ShapeError",
]


class AmsDipoleError(Exception):
    """Base of every error that amsdipole raises on purpose."""


class ConfigError(AmsDipoleError, ValueError):
    """A configuration has an unknown key, a missing one, or a value that is not allowed."""


class ShapeError(AmsDipoleError, ValueError):
    """An array has the wrong number of dimensions or runs out of step with another."""


class RangeError(AmsDipoleError, ValueError):
    """A value lies outside what is allowed, or is not finite."""


class FrameError(AmsDipoleError, ValueError):
    """A frame is unknown, or two things in different frames were combined."""


class FitError(AmsDipoleError, ArithmeticError):
    """A fit has no unique answer: no exposure, a singular covariance, no convergence."""


class DataError(AmsDipoleError, ValueError):
    """A table or file is unreadable, truncated, unsorted, incomplete or contradicts another."""


class OverflowedError(AmsDipoleError, OverflowError):
    """An exact sum would leave its integer range."""
