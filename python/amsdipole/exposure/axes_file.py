"""Exact sums of live time in FITS files."""

import os
import warnings
from pathlib import Path

import numpy as np

from amsdipole._files import replacing
from amsdipole.errors import DataError
from amsdipole.exposure.axes import LivetimeAxes, LivetimeBudget
from amsdipole.exposure.azimuth_cube import AzimuthCube
from amsdipole.exposure.livetime import LivetimeCube
from amsdipole.orbit import CAUSES

__all__ = ["read_axes", "write_axes", "write_cube"]

_FORMAT = "amsdipole-livetime-1"


def write_axes(path: str | os.PathLike[str], axes: LivetimeAxes, *, overwrite: bool = False) -> None:
    """Write exact sums of live time to a FITS file.

    Parameters
    ----------
    path : path-like
        File to make.
    axes : LivetimeAxes
        The sums.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and `overwrite` is false, or it cannot be written.

    Notes
    -----
    Tables CELLS (pixel, class, live time and its moments in units of SCALE seconds, 64-bit integers; with rolls
    SECTOR and SIDE, the moments of the x direction), ENERGY, SPANS and BUDGET. The file appears whole or not at all.
    """
    with replacing(path, overwrite=overwrite) as temporary:
        _hdus(axes).writeto(temporary, overwrite=True, checksum=True)


def write_cube(path: str | os.PathLike[str], cube: LivetimeCube | AzimuthCube, *, overwrite: bool = False) -> None:
    """Write sums as `write_axes` does, with the cube T[pixel, cos zenith(, azimuth), class] and its axes beside them.

    Parameters
    ----------
    path : path-like
        File to make.
    cube : LivetimeCube or AzimuthCube
        The cube.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and `overwrite` is false, or it cannot be written.
    """
    from astropy.io import fits

    file = _hdus(cube.axes)
    image = fits.ImageHDU(cube.units, name="CUBE")
    azimuth = ("AZIMUTH",) if isinstance(cube, AzimuthCube) else ()
    for i, name in enumerate(("CLASS", *azimuth, "COS_ZENITH", "PIXEL"), start=1):
        image.header[f"CTYPE{i}"] = name
    if isinstance(cube, AzimuthCube):
        # Axis 2: sectors of equal width, from the detector's x by its y.
        width = 360.0 / cube.n_azimuth
        image.header["CRPIX2"], image.header["CRVAL2"], image.header["CDELT2"] = 1.0, width / 2.0, width
        image.header["CUNIT2"] = "deg"
    image.header["NSIDE"], image.header["ORDERING"] = cube.nside, "RING"
    image.header["BUNIT"] = "2**-32 s"
    image.header["FRAME"] = (cube.frame or cube.axes.frame, "frame of the pixels")
    edge = fits.BinTableHDU.from_columns([fits.Column("COS_EDGE", "D", array=cube.cos_edge)], name="ZENITH")
    file.extend([image, edge])
    with replacing(path, overwrite=overwrite) as temporary:
        file.writeto(temporary, overwrite=True, checksum=True)


def _hdus(axes: LivetimeAxes) -> "fits.HDUList":  # type: ignore[name-defined]  # noqa: F821
    from astropy.io import fits

    head = fits.PrimaryHDU()
    budget = axes.budget
    for key, value, comment in (
        ("FORMAT", _FORMAT, "layout of this file"),
        ("FRAME", axes.frame, "frame of the axes"),
        ("NSIDE", axes.nside, "pixels of the axes, RING"),
        ("N_SECTOR", axes.n_sector, "sectors of the roll; 1 does not resolve it"),
        ("SCALE", 2.0**-32, "unit of live time [s]"),
        ("N_ROW", budget.n_row, "rows of the mission"),
        ("TOTAL_S", budget.total_s, "time that they span [s]"),
        ("GAP_S", budget.gap_s, "time between rows [s]"),
    ):
        head.header[key] = (value, comment)
    column = fits.Column
    cells = [
        column("PIXEL", "K", array=axes.pixel),
        column("CLASS", "B", array=axes.cutoff_class),
        column("LIVETIME", "K", array=axes.units),
        column("MOMENT", "3K", array=axes.moment),
    ]
    if axes.sector is not None:
        cells += [column("SECTOR", "B", array=axes.sector), column("SIDE", "3K", array=axes.side_moment)]
    text = np.array([axes.identity], dtype=np.bytes_)
    spans = np.array(axes.span_s)
    table = fits.BinTableHDU.from_columns
    return fits.HDUList(
        [
            head,
            table(cells, name="CELLS"),
            table([column("EDGE", "D", unit="GeV", array=axes.energy_edge_gev)], name="ENERGY"),
            table([column("START", "D", array=spans[:, 0]), column("STOP", "D", array=spans[:, 1])], name="SPANS"),
            table(
                [
                    column("CAUSE", "12A", array=np.array(CAUSES)),
                    column("N_ROW", "K", array=np.array(budget.n_by_cause)),
                    column("LIVETIME", "K", array=np.array(budget.livetime_units_by_cause)),
                ],
                name="BUDGET",
            ),
            table([column("IDENTITY", f"{max(text.dtype.itemsize, 1)}A", array=text)], name="MADE"),
        ]
    )


def read_axes(path: str | os.PathLike[str]) -> LivetimeAxes:
    """Read exact sums of live time.

    Parameters
    ----------
    path : path-like
        File that `write_axes` or `write_cube` made.

    Returns
    -------
    LivetimeAxes
        The same integers.

    Raises
    ------
    DataError
        The file is missing, unreadable, truncated, damaged or of another kind.

    Examples
    --------
    >>> read_axes("/no/such/file")
    Traceback (most recent call last):
        ...
    amsdipole.errors.DataError: /no/such/file: no such file
    """
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", AstropyWarning)  # a truncated or damaged file is only warned of
            with open(path, "rb") as stream, fits.open(stream, memmap=False, checksum=True) as file:
                head = file[0].header
                if head.get("FORMAT") != _FORMAT:
                    raise DataError(f"{name}: FORMAT = {head.get('FORMAT')!r}; {_FORMAT!r} is wanted")
                cells, budget = file["CELLS"].data, file["BUDGET"].data
                units = np.array(cells["LIVETIME"], dtype=np.int64)
                n_sector = int(head["N_SECTOR"])
                resolved = n_sector > 1
                return LivetimeAxes(
                    head["FRAME"],
                    int(head["NSIDE"]),
                    np.array(cells["PIXEL"], dtype=np.int64),
                    np.array(cells["CLASS"], dtype=np.uint8),
                    units,
                    np.array(cells["MOMENT"], dtype=np.int64).reshape(-1, 3),
                    np.array(file["ENERGY"].data["EDGE"], dtype=np.float64),
                    LivetimeBudget(
                        int(head["N_ROW"]),
                        float(head["TOTAL_S"]),
                        int(units.sum(dtype=object)) / 2**32,
                        tuple(int(n) for n in budget["N_ROW"]),
                        tuple(int(n) for n in budget["LIVETIME"]),
                        float(head["GAP_S"]),
                    ),
                    tuple((float(row["START"]), float(row["STOP"])) for row in file["SPANS"].data),
                    str(file["MADE"].data["IDENTITY"][0]),
                    n_sector,
                    np.array(cells["SECTOR"], dtype=np.uint8) if resolved else None,
                    np.array(cells["SIDE"], dtype=np.int64).reshape(-1, 3) if resolved else None,
                )
    except (OSError, ValueError, TypeError, KeyError, IndexError, AstropyWarning) as error:
        if isinstance(error, DataError):
            raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{name}: no readable file of live times ({first})") from error
