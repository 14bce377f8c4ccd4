"""Pulsars as sources: where they are, how old, how strong; and tables of them."""

import csv
import io
import os
from dataclasses import dataclass, fields
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number
from amsdipole._files import TEXT_MOST_BYTES, read_bounded
from amsdipole.constants import GEV_PER_ERG, JULIAN_YEAR_S
from amsdipole.errors import DataError, RangeError
from amsdipole.models.propagation import KPC_PER_KYR

__all__ = ["GEMINGA", "MONOGEM", "NEARBY_PULSARS", "VELA", "Injection", "Pulsar", "read_pulsars"]


@dataclass(frozen=True)
class Pulsar:
    """Hold a pulsar.

    Parameters
    ----------
    name : str
        Its name.
    distance_kpc : float
        Distance [kpc]; above 0.
    age_kyr : float
        Time since its birth [kyr]; longer than light takes from there.
    glon_deg, glat_deg : float
        Galactic longitude and latitude [deg].
    spin_down_erg_s : float
        Power of its slowing down today [erg/s]; above 0.

    Raises
    ------
    RangeError
        A value is out of range.

    Examples
    --------
    >>> Pulsar("here", 0.2, 100.0, 90.0, 0.0, 1e34).direction.round(12) + 0.0
    array([0., 1., 0.])
    """

    name: str
    distance_kpc: float
    age_kyr: float
    glon_deg: float
    glat_deg: float
    spin_down_erg_s: float

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("distance_kpc", "age_kyr", "spin_down_erg_s"):
            number(f"{name} of {self.name}", getattr(self, name), low=0.0, open_low=True)
        number(f"glon_deg of {self.name}", self.glon_deg, low=-360.0, high=360.0)
        number(f"glat_deg of {self.name}", self.glat_deg, low=-90.0, high=90.0)
        light = self.distance_kpc / KPC_PER_KYR
        if self.age_kyr <= light:
            raise RangeError(
                f"age_kyr of {self.name} = {self.age_kyr} is outside ({light:.3g}, inf): light takes that long"
            )

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector towards it, in the galactic frame (FB, EW, NS), shape (3,)."""
        lon, lat = np.deg2rad(self.glon_deg), np.deg2rad(self.glat_deg)
        return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


# ATNF pulsar catalogue, version unstated (method, section 8.2: unverified but for coordinates of first and last).
GEMINGA: Final = Pulsar("Geminga", 0.25, 342.0, 195.13, 4.27, 3.2e34)
MONOGEM: Final = Pulsar("Monogem", 0.288, 111.0, 201.11, 8.26, 3.8e34)
VELA: Final = Pulsar("Vela", 0.287, 11.3, 263.55, -2.79, 6.9e36)
NEARBY_PULSARS: Final = (GEMINGA, MONOGEM, VELA)


@dataclass(frozen=True)
class Injection:
    """Hold how a pulsar gives its energy to pairs.

    Parameters
    ----------
    kind : {"burst", "continuous"}
        All at its birth, or with its slowing down, as ``(1 + t / tau)**-2``.
    decay_kyr : float
        The time tau [kyr]; above 0. It also scales the energy from today's power.
    efficiency : float
        Share of the energy that goes into electrons and positrons together, in (0, 1].
    index : float
        Exponent of energy of the injected spectrum, negative.
    cutoff_gev : float
        Energy of its exponential cutoff [GeV]; above 0.
    low_gev : float
        Where the spectrum begins, for its total energy [GeV]; above 0 and below the cutoff.

    Raises
    ------
    RangeError
        A value is out of range, or `kind` is unknown.

    Notes
    -----
    The energy given from birth to now is ``P tau (1 + T / tau)**2 (1 - 1 / (1 + T / tau))`` with today's power P: a
    magnetic dipole has braking index 3. The values are choices of the field, not measurements: 12 kyr, a spectrum of
    -1.9 and 30 % put Geminga and Monogem together near the source term of the positrons.

    References
    ----------
    .. [1] Hooper, Blasi and Serpico 2009, JCAP 01, 025, https://doi.org/10.1088/1475-7516/2009/01/025

    Examples
    --------
    >>> f"{Injection().pair_energy_gev(GEMINGA):.1e}"
    '1.9e+51'
    """

    kind: Literal["burst", "continuous"] = "burst"
    decay_kyr: float = 12.0
    efficiency: float = 0.3
    index: float = -1.9
    cutoff_gev: float = 2000.0
    low_gev: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.kind not in ("burst", "continuous"):
            raise RangeError(f"kind = {self.kind!r} is unknown; burst and continuous are allowed")
        for name in ("decay_kyr", "cutoff_gev", "low_gev"):
            number(name, getattr(self, name), low=0.0, open_low=True)
        number("efficiency", self.efficiency, low=0.0, high=1.0, open_low=True)
        number("index", self.index, low=-10.0, high=-0.01)
        if self.low_gev >= self.cutoff_gev:
            raise RangeError(f"low_gev = {self.low_gev} is not below cutoff_gev = {self.cutoff_gev}")

    def pair_energy_gev(self, pulsar: Pulsar) -> float:
        """Energy given to electrons and positrons together from birth to now [GeV]."""
        tau_s = 1e3 * JULIAN_YEAR_S * self.decay_kyr
        ratio = pulsar.age_kyr / self.decay_kyr
        power = pulsar.spin_down_erg_s * GEV_PER_ERG
        return float(self.efficiency * power * tau_s * (1.0 + ratio) * ratio)


def read_pulsars(path: str | os.PathLike[str]) -> tuple[Pulsar, ...]:
    r"""Read a table of pulsars.

    Parameters
    ----------
    path : path-like
        CSV with a header: name, distance_kpc, age_kyr, glon_deg, glat_deg, spin_down_erg_s, in any order.

    Returns
    -------
    tuple of Pulsar
        One for each row.

    Raises
    ------
    DataError
        The file cannot be read, a column is missing or unknown, a value is no number, or a name appears twice.
    RangeError
        A value is out of range.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> text = "name,distance_kpc,age_kyr,glon_deg,glat_deg,spin_down_erg_s\nX,0.3,200,195,4,3e34\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "pulsars.csv"
    ...     _ = path.write_text(text)
    ...     read_pulsars(path)[0].age_kyr
    200.0
    """
    wanted = [f.name for f in fields(Pulsar)]
    try:
        text = read_bounded(path, most=TEXT_MOST_BYTES).decode()
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        found = reader.fieldnames or []
        if sorted(found) != sorted(wanted):
            raise DataError(f"{path}: columns {', '.join(found)}; {', '.join(wanted)} are wanted")
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    pulsars: list[Pulsar] = []
    for i, row in enumerate(rows, start=2):
        if None in row:  # what csv gives fields beyond the columns
            raise DataError(f"{path}, line {i}: more fields than columns")
        values: list[float] = []
        for name in wanted[1:]:
            try:
                values.append(float(row[name]))
            except (TypeError, ValueError):
                raise DataError(f"{path}, line {i}: {name} = {row[name]!r} is no number") from None
        if row["name"] in {p.name for p in pulsars}:
            raise DataError(f"{path}, line {i}: {row['name']} appears twice")
        pulsars.append(Pulsar(row["name"], *values))
    if not pulsars:
        raise DataError(f"{path}: the table has no pulsars")
    return tuple(pulsars)
