"""Units of columns, told by the ends of their names."""

__all__ = ["unit_factor"]

_WANTED = {"_s": "s", "_gev": "GeV", "_gv": "GV", "_deg": "deg"}


def unit_factor(column: str, unit: str) -> float:
    """Give what values of a column in some unit are multiplied by.

    Parameters
    ----------
    column : str
        Column of the event table; the end of its name tells the unit that is wanted.
    unit : str
        Unit as astropy reads it, as ``MeV``.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    ValueError
        The unit is unknown, or none of the column's.

    Examples
    --------
    >>> unit_factor("energy_gev", "MeV")
    0.001
    """
    from astropy import units

    wanted = next((name for end, name in _WANTED.items() if column.endswith(end)), None)
    if wanted is None:
        raise ValueError(f"{column} has no unit; columns in {', '.join(_WANTED.values())} have")
    try:
        return float(units.Unit(unit).to(units.Unit(wanted)))
    except (ValueError, units.UnitConversionError) as error:
        raise ValueError(f"{column}: {unit!r} is no unit that turns into {wanted} ({error})") from None
