"""HEALPix maps with their frame and unit, in FITS files as healpy writes and reads them."""

import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats
from amsdipole._files import replacing
from amsdipole.errors import DataError, FrameError, RangeError, ShapeError

__all__ = ["FRAMES", "SkyMap", "read_map", "write_map"]

FRAMES = {"galactic": "G", "icrs": "C", "earth_fixed": "E_FIXED", "geomagnetic": "GEOMAG"}
_FRAME_OF_COORDSYS = {code: frame for frame, code in FRAMES.items()}


@dataclass(frozen=True)
class SkyMap:
    """Values on all pixels of a HEALPix grid in RING order.

    Attributes
    ----------
    values : numpy.ndarray of float64, shape (12 nside^2,)
        Value of each pixel; finite.
    frame : str
        One of "galactic", "icrs", "earth_fixed", "geomagnetic".
    unit : str
        Unit of the values; empty for pure numbers.
    header : Mapping of str to str, int or float
        What else the file says: scale of the exact sums, provenance.

    Raises
    ------
    ShapeError
        The number of values is not 12 nside^2 for a power of two.
    RangeError
        A value is not finite.
    FrameError
        The frame is unknown.
    """

    values: NDArray[np.float64]
    frame: str
    unit: str = ""
    header: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check values, size and frame."""
        object.__setattr__(self, "values", finite_floats("values", self.values, (None,)))
        nside = round((len(self.values) / 12) ** 0.5)
        if 12 * nside**2 != len(self.values) or nside == 0 or nside & (nside - 1):
            raise ShapeError(f"values has {len(self.values)} pixels; 12 nside^2 with nside a power of two is wanted")
        if self.frame not in FRAMES:
            raise FrameError(f"frame = {self.frame!r} is unknown; one of {sorted(FRAMES)} is wanted")

    @property
    def nside(self) -> int:
        """Resolution."""
        return math.isqrt(len(self.values) // 12)


def write_map(path: str | os.PathLike[str], sky_map: SkyMap, *, column: str = "VALUE", overwrite: bool = False) -> None:
    """Write a map to a FITS file.

    Parameters
    ----------
    path : path-like
        File to make.
    sky_map : SkyMap
        The map.
    column : str
        Name of the column.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and `overwrite` is false, or it cannot be written.

    Notes
    -----
    A binary table as healpy's `write_map` makes it: float64, RING, COORDSYS, NSIDE. The file appears whole or not at
    all. healpy is needed (it has no Windows build).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_map(f"{folder}/m.fits", SkyMap(np.arange(12.0), "galactic", "s"))
    ...     read_map(f"{folder}/m.fits").unit
    's'
    """
    import healpy

    with replacing(path, overwrite=overwrite) as temporary:
        healpy.write_map(
            temporary,
            sky_map.values,
            nest=False,
            dtype=np.float64,
            coord=FRAMES[sky_map.frame],
            column_names=[column],
            column_units=sky_map.unit,
            extra_header=list(sky_map.header.items()),
            overwrite=True,
        )


def read_map(path: str | os.PathLike[str]) -> SkyMap:
    """Read a map from a FITS file.

    Parameters
    ----------
    path : path-like
        File that healpy or `write_map` wrote; RING or NESTED; its first column is read.

    Returns
    -------
    SkyMap
        The map in RING order, with the keys of the header that are not FITS's or HEALPix's own.

    Raises
    ------
    DataError
        The file is missing, unreadable, truncated or no HEALPix map, or a pixel has no finite value.
    FrameError
        The file names no frame, or one that is unknown.

    Examples
    --------
    >>> read_map("/no/such/file")
    Traceback (most recent call last):
        ...
    amsdipole.errors.DataError: /no/such/file: no such file
    """
    import healpy
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    if not Path(path).is_file():
        raise DataError(f"{os.fspath(path)}: no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", AstropyWarning)  # a truncated file is only warned of
            log = logging.getLogger("healpy")
            with open(path, "rb") as stream, fits.open(stream, memmap=False) as file, _warnings_refused(log):
                values, header = healpy.read_map(file, field=0, dtype=np.float64, h=True, nest=False)
    except Exception as error:  # whatever a damaged file makes of the readers of FITS and HEALPix
        raise DataError(f"{os.fspath(path)}: no readable HEALPix map ({_first_line(error)})") from error
    if (values == healpy.UNSEEN).any():
        i = int((values == healpy.UNSEEN).argmax())
        raise DataError(f"{os.fspath(path)}: values[{i}] is healpy's UNSEEN; every pixel must have a value")
    keys = dict(header)
    code = str(keys.get("COORDSYS", "")).strip()
    if code not in _FRAME_OF_COORDSYS:
        raise FrameError(f"{os.fspath(path)}: COORDSYS = {code!r}; one of {sorted(_FRAME_OF_COORDSYS)} is wanted")
    own = {k: v for k, v in keys.items() if k not in _STRUCTURAL and not k.startswith(_STRUCTURAL_STARTS)}
    try:
        return SkyMap(values, _FRAME_OF_COORDSYS[code], str(keys.get("TUNIT1", "")).strip(), own)
    except (RangeError, ShapeError) as error:
        raise DataError(f"{os.fspath(path)}: {error}") from None


@contextmanager
def _warnings_refused(log: logging.Logger) -> Iterator[None]:
    """Raise what a library only warns its log of: healpy mends a damaged header so, and makes a map of it."""

    def refuse(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            raise DataError(record.getMessage())
        return True

    log.addFilter(refuse)
    try:
        yield
    finally:
        log.removeFilter(refuse)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


_STRUCTURAL = {"XTENSION", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "EXTNAME"}
_STRUCTURAL |= {"COMMENT", "HISTORY", "CHECKSUM", "DATASUM", "OBJECT"}
_STRUCTURAL |= {"PIXTYPE", "ORDERING", "COORDSYS", "NSIDE", "FIRSTPIX", "LASTPIX", "INDXSCHM"}
_STRUCTURAL_STARTS = ("TTYPE", "TFORM", "TUNIT", "NAXIS")
