"""Dipole anisotropy of cosmic rays from an orbiting detector: from events and orbit to an upper limit.

The package is used through its folders (`amsdipole.sky`, `amsdipole.orbit`, ...), through
`amsdipole.analysis.run`, or from the command line (`amsdipole --help`). Importing it loads nothing else.
"""

from importlib.metadata import version as _version

__all__ = ["__version__"]

__version__ = _version("amsdipole")
