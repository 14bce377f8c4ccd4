"""Damaged tables of candidates, refused with file, row group, row and column, with nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amsdipole.commands.events import count
from amsdipole.errors import AmsDipoleError

CONFIG = """
name = "Candidates of a day"
[seconds]
start = "2014-05-13T16:53:20Z"
stop = "2014-05-14T16:53:20Z"
step_s = 10.0
[events]
files = ["{file}"]
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0, 25.0]
[map]
nside = 8
[output]
folder = "results"
"""
GROUP, ROW = 400, 1234  # rows of a row group, and the row that is spoilt: in row group 3
ROOT_FILES = ("events.root", "ntuple.root")


def table(n: int = 2000) -> pa.Table:
    rng = np.random.default_rng(3)
    cosine, phi = rng.uniform(0.95, 1.0, n), rng.uniform(0.0, 2 * np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    columns = {
        "time_s": 1.4e9 + np.sort(rng.uniform(0, 86_400, n)),
        "direction_x": sine * np.cos(phi), "direction_y": sine * np.sin(phi), "direction_z": cosine,
        "energy_gev": rng.uniform(16.0, 400.0, n), "weight": rng.uniform(0.0, 1.0, n),
    }  # fmt: skip
    return pa.table(columns)


def write(path: Path, rows: pa.Table) -> None:
    """Write a table to a Parquet or ROOT file."""
    if path.suffix == ".parquet":
        pq.write_table(rows, path, row_group_size=GROUP)
        return
    uproot = pytest.importorskip("uproot")
    values = {name: rows.column(name).to_numpy() for name in rows.column_names}
    with uproot.recreate(path) as file:
        if path.stem == "ntuple":
            file.mkrntuple("events", values)
        else:
            file.mktree("events", dict.fromkeys(values, np.float64)).extend(values)


def spoilt(name: str, value: float | None) -> Callable[[Path], None]:
    """Put a value into one row of a column."""

    def spoil(path: Path) -> None:
        rows = table()
        values = rows.column(name).to_pylist()
        values[ROW] = value
        column = pa.array(values, pa.float64())
        write(path, rows.set_column(rows.column_names.index(name), name, column))

    return spoil


def truncated(share: float) -> Callable[[Path], None]:
    """Cut the end of a file off."""

    def spoil(path: Path) -> None:
        write(path, table())
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    return spoil


def without(name: str) -> Callable[[Path], None]:
    """Leave a column out."""
    return lambda path: write(path, table().drop_columns([name]))


def damaged(path: Path) -> None:
    """Overwrite a page of the second half, and leave the footer as it is."""
    write(path, table())
    data = bytearray(path.read_bytes())
    start = pq.read_metadata(path).row_group(ROW // GROUP).column(0).data_page_offset
    data[start : start + 400] = bytes(400)
    path.write_bytes(data)


PLACE = (f"row group {ROW // GROUP}", f"row {ROW}")
CASES: list[tuple[str, str, Callable[[Path], None], tuple[str, ...]]] = [
    *((f"truncated at {share:.0%}", file, truncated(share), (file,))
      for file in ("events.parquet", *ROOT_FILES) for share in (0.02, 0.5, 0.98)),
    ("a damaged page", "events.parquet", damaged, ("events.parquet", PLACE[0])),
    *(("a missing column", file, without("energy_gev"), (file, "column 'energy_gev' is missing"))
      for file in ("events.parquet", *ROOT_FILES)),
    ("a null", "events.parquet", spoilt("energy_gev", None), ("events.parquet", *PLACE, "'energy_gev'")),
]  # fmt: skip
for _what, _name, _value, _words in (
    ("a NaN", "direction_y", np.nan, f"direction_x/direction_y/direction_z[{ROW}]"),
    ("a NaN time", "time_s", np.nan, f"time_s[{ROW}] = nan"),
    ("an energy of zero", "energy_gev", 0.0, f"energy_gev[{ROW}] = 0.0"),
    ("an event outside the seconds", "time_s", 1.41e9, f"time_s[{ROW}] = 1410000000.0 lies in no second"),
    ("an event before the seconds", "time_s", 1.3e9, f"time_s[{ROW}] = 1300000000.0 lies in no second"),
    ("a weight outside its scale", "weight", 600.0, f"weight[{ROW}] = 600.0"),
):
    CASES += [
        (_what, _file, spoilt(_name, _value), (_file, _words, *(PLACE if _file.endswith("parquet") else PLACE[1:])))
        for _file in ("events.parquet", *ROOT_FILES)
    ]


@pytest.mark.parametrize(("what", "file", "spoil", "words"), CASES, ids=[f"{c[0]} in {c[1]}" for c in CASES])
def test_a_damaged_table_is_refused_by_its_place_and_nothing_is_left(tmp_path, what, file, spoil, words):
    spoil(tmp_path / file)
    (tmp_path / "config.toml").write_text(CONFIG.format(file=file))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(AmsDipoleError) as refusal:
        count(tmp_path / "config.toml", tmp_path / "maps", quiet=True)
    for word in words:
        assert word in str(refusal.value), what
    assert sorted(tmp_path.iterdir()) == before
