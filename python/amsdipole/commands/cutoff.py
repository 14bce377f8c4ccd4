"""Commands on the Earth's field: cutoff place, stations, map, orbit and table; deflection."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amsdipole.commands._shared import ConfigPath, Json, Overwrite, Quiet, print_json, print_text

if TYPE_CHECKING:
    from amsdipole.geomagnetism import GaussCoefficients

__all__ = ["register"]

Year = Annotated[float, typer.Option(help="Date as a year, 1900 to 2030: 2015.5 is the middle of 2015.")]
Charge = Annotated[int, typer.Option(help="Sign of the charge, 1 or -1.")]
Field = Annotated[Path | None, typer.Option(help="Field of your own in .shc; IGRF-14 without it.", show_default=False)]
Altitude = Annotated[float, typer.Option(help="Altitude above WGS 84 [km].")]
Fine = Annotated[bool, typer.Option(help="Scan the penumbra again at 0.0001 GV, which takes a second or two a place.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    cutoff = typer.Typer(help="Trace geomagnetic cutoffs.", no_args_is_help=True)
    for command in (place, stations, orbit, table):
        _ = cutoff.command()(command)
    _ = cutoff.command("map")(world)
    app.add_typer(cutoff, name="cutoff")
    _ = app.command()(deflection)


def place(
    latitude: Annotated[float, typer.Argument(help="Geodetic latitude [deg].", show_default=False)],
    longitude: Annotated[float, typer.Argument(help="East longitude [deg].", show_default=False)],
    year: Year,
    altitude: Altitude = 20.0,
    zenith: Annotated[float, typer.Option(help="Angle from the zenith to where particles come from [deg].")] = 0.0,
    azimuth: Annotated[float, typer.Option(help="Azimuth of that direction, from north to east [deg].")] = 0.0,
    charge: Charge = 1,
    cones: Annotated[bool, typer.Option(help="The greatest over cones of 25, 30, 35 and 40 deg, too.")] = False,
    fine: Fine = True,
    field: Field = None,
    as_json: Json = False,
) -> None:
    """Trace the cutoffs of one place and direction: upper, lower, effective. A southern latitude goes behind --."""
    import numpy as np

    from amsdipole.cutoff_report import Places

    one = Places(["place"], np.array([latitude]), np.array([longitude]), np.array([altitude]), zenith, azimuth)
    _print(_traced(one, year, charge, field, fine=fine, cones=cones), as_json)


def stations(
    path: Annotated[
        Path, typer.Argument(help="CSV: name, latitude_deg, longitude_deg, altitude_km.", show_default=False)
    ],
    year: Year,
    charge: Charge = 1,
    cones: Annotated[bool, typer.Option(help="The greatest over cones of 25, 30, 35 and 40 deg, too.")] = False,
    fine: Fine = True,
    field: Field = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to make.", show_default=False)] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Trace the vertical cutoffs of a list of stations."""
    from amsdipole.cutoff_report import read_stations, write_rows

    rows = _traced(read_stations(path), year, charge, field, fine=fine, cones=cones)
    if out is not None:
        write_rows(out, rows, overwrite=overwrite)
    _print(rows, as_json)


def world(
    folder: Annotated[Path, typer.Argument(help="Folder to make for map.csv and map.png.", show_default=False)],
    year: Year,
    step: Annotated[float, typer.Option(help="Step of the grid [deg], a divisor of 180.")] = 15.0,
    altitude: Altitude = 20.0,
    charge: Charge = 1,
    field: Field = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Trace the vertical cutoffs of a grid over the world, as a table and a figure."""
    from amsdipole._progress import ProgressReport
    from amsdipole.cutoff_report import world_places, write_rows
    from amsdipole.report.field_figures import cutoff_drawn
    from amsdipole.report.figures import save_figure
    from amsdipole.report.folder import check_output, made_folder

    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        rows = _traced(world_places(step, altitude), year, charge, field, fine=False, cones=False, progress=progress)
    with made_folder(folder, overwrite=overwrite) as temporary:
        write_rows(temporary / "map.csv", rows)
        document = {"format": "amsdipole-cutoff-map", "cutoffs": rows}
        save_figure(cutoff_drawn(document).figure, temporary / "map.png")
        (temporary / "result.json").write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
    greatest = max(rows, key=lambda row: row["effective_gv"] or 0.0)
    if as_json:
        print_json({"folder": str(folder), "n_place": len(rows), "greatest": greatest})
        return
    print_text(
        f"{len(rows)} places of {year:g}; the greatest effective cutoff is {greatest['effective_gv']:.2f} GV at "
        f"{greatest['latitude_deg']:g} N {greatest['longitude_deg']:g} E\n\nFiles are in {folder}"
    )


def orbit(
    config: ConfigPath,
    out: Annotated[Path, typer.Argument(help="CSV file to make.", show_default=False)],
    field: Field = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Trace AMS's per-second columns along the orbit of a configuration: four cones, both signs, each row."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.cutoff_report import orbit_cutoffs, write_rows

    chosen = read_config(config)
    with ProgressReport(quiet=quiet) as progress:
        rows = orbit_cutoffs(chosen, coefficients=_field(field), progress=progress)
    write_rows(out, rows, overwrite=overwrite)
    if as_json:
        print_json({"path": str(out), "n_row": len(rows)})
    else:
        print_text(f"{out}: {len(rows):,} rows")


def table(
    path: Annotated[Path, typer.Argument(help="File to make (.npz), for [cutoff] table.", show_default=False)],
    year: Year,
    charge: Charge = 1,
    cone: Annotated[float, typer.Option(help="Half angle of the cone [deg].")] = 40.0,
    tilt: Annotated[float, typer.Option(help="Axis from the zenith to port [deg]; AMS has 12.0001.")] = 0.0,
    step: Annotated[float, typer.Option(help="Step of the grid in which all points are traced [deg].")] = 5.0,
    halvings: Annotated[int, typer.Option(help="How often cells may be halved where the cutoff bends.")] = 3,
    altitude: Altitude = 410.0,
    field: Field = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Trace the greatest cutoffs over a cone in the shell of the orbit, for [cutoff] with model = "traced"."""
    import numpy as np

    from amsdipole._progress import ProgressReport
    from amsdipole.geomagnetism import cutoff_table, write_cutoff_table

    with ProgressReport(quiet=quiet) as progress:
        made = cutoff_table(
            coefficients=_field(field),
            decimal_year=year,
            charge_sign=charge,
            half_angle_rad=float(np.radians(cone)),
            tilt_rad=float(np.radians(tilt)),
            altitude_km=altitude,
            step_deg=step,
            n_halving=halvings,
            progress=lambda done, total: progress("cutoffs", done, total),
        )
    write_cutoff_table(path, made, overwrite=overwrite)
    layers, rows, columns = made.share.shape
    if as_json:
        print_json({"path": str(path), "shape": [layers, rows, columns], "decimal_year": year, "model": made.model})
    else:
        print_text(f"{path}: {layers} x {rows} x {columns} shares of {year:g}, {made.model}")


def deflection(
    folder: Annotated[Path, typer.Argument(help="Folder to make for deflection.csv and .png.", show_default=False)],
    year: Year = 2015.0,
    cone: Annotated[float, typer.Option(help="Half angle of the cone of the cutoff rule [deg].")] = 30.0,
    arrivals: Annotated[int, typer.Option(help="Arrivals drawn for each rigidity and sign.")] = 20_000,
    field: Field = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how the field turns and weakens a dipole in local directions, against rigidity, for e+ and e-."""
    from amsdipole._progress import ProgressReport
    from amsdipole.cutoff_report import write_rows
    from amsdipole.deflection_report import deflection_rows
    from amsdipole.report.field_figures import deflection_drawn
    from amsdipole.report.figures import save_figure
    from amsdipole.report.folder import check_output, made_folder

    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        rows = deflection_rows(
            coefficients=_field(field), decimal_year=year, cone_deg=cone, n=arrivals, progress=progress
        )
    with made_folder(folder, overwrite=overwrite) as temporary:
        write_rows(temporary / "deflection.csv", rows)
        document = {"format": "amsdipole-deflection", "deflection": rows}
        save_figure(deflection_drawn(document).figure, temporary / "deflection.png")
        (temporary / "result.json").write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
    if as_json:
        print_json({"folder": str(folder), "deflection": rows})
        return
    print_text(f"{'R [GV]':>8} {'rotation [deg]':>16} {'equatorial':>18} {'axial':>18}")
    for row in rows:
        turn = f"{row['rotation_deg']:>+8.1f} ± {row['rotation_error_deg']:<5.1f}"
        factors = " ".join(
            f"{row[name]:>+10.3f} ± {row[name + '_error']:<5.3f}" for name in ("equatorial_factor", "axial_factor")
        )
        print_text(f"{row['charge_sign'] * row['rigidity_gv']:>+8g} {turn:>16} {factors}")
    print_text(f"\nFiles are in {folder}")


def _field(path: Path | None) -> "GaussCoefficients":
    from amsdipole.geomagnetism import igrf14, read_shc

    return igrf14() if path is None else read_shc(path)


def _traced(
    places: Any, year: float, charge: int, field: Path | None, *, fine: bool, cones: bool, progress: Any = None
) -> list[dict[str, Any]]:
    from amsdipole.cutoff_report import cutoffs_of_places

    return cutoffs_of_places(
        places,
        charge_sign=charge,
        coefficients=_field(field),
        decimal_year=year,
        penumbra_step_gv=1e-4 if fine else None,
        cones=cones,
        progress=progress,
    )


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"cutoffs": rows})
        return
    cones = [name for name in rows[0] if name.startswith("cone_")]
    names = ["effective_gv", "upper_gv", "lower_gv", "band_gv", "stormer_gv", *cones]
    heads = [name.removesuffix("_gv").removesuffix("_deg").replace("_", " ") for name in names]
    print_text(f"{'cutoffs in GV':<20} {'lat':>7} {'lon':>8} {'year':>7} " + " ".join(f"{head:>9}" for head in heads))
    for row in rows:
        values = " ".join(f"{'above 200' if row[name] is None else format(row[name], '.3f'):>9}" for name in names)
        where = f"{row['latitude_deg']:>7.2f} {row['longitude_deg']:>8.2f} {row['decimal_year']:>7.1f}"
        print_text(f"{row['name']:<20} {where} {values}")
