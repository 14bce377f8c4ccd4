"""The one cutoff rule: Størmer's formula where it is short, thresholds, refusals by name."""

import re
from typing import Any

import numpy as np
import pytest

from amsdipole.errors import AmsDipoleError, DataError, RangeError, ShapeError
from amsdipole.geomagnetism import CutoffRule, EccentricDipoleKnots, cutoff_class, stormer_cutoff
from amsdipole.geomagnetism.cutoff import charge

R_KM = 6371.2  # IGRF reference sphere


def centred(**changes: Any) -> EccentricDipoleKnots:
    given = {
        "time_s": [0.0, 10.0],
        "k_gv": [50.0, 60.0],
        "center_km": [[0.0] * 3] * 2,
        "pole": [[0.0, 0.0, 1.0]] * 2,
    }
    return EccentricDipoleKnots(**{name: np.array(value) for name, value in (given | changes).items()})


@pytest.mark.parametrize("latitude", [0.0, 0.4, -1.1])
def test_the_cutoff_of_a_direction_is_that_of_the_formula(latitude):
    cos, sin = np.cos(latitude), np.sin(latitude)
    up, east = np.array([cos, 0.0, sin]), np.array([0.0, 1.0, 0.0])
    # K = 57 GV at 7 s, r = 1.1 radii: K cos^4 L / (r^2 (1 + (1 - cos(g) cos^3 L)^(1/2))^2).
    for sign in (1, -1):
        found = stormer_cutoff([7.0] * 3, [1.1 * R_KM * up] * 3, [up, east, -east], dipole=centred(), charge_sign=sign)
        root = [1.0, np.sqrt(1.0 - sign * cos**3), np.sqrt(1.0 + sign * cos**3)]
        # Where the root is of a rounding, it is that of 1e-16.
        np.testing.assert_allclose(found, 57.0 * cos**4 / 1.21 / (1.0 + np.array(root)) ** 2, rtol=1e-7)


def test_a_cone_has_the_cutoff_of_its_direction_nearest_to_the_horizon():
    place, up = [[R_KM, 0.0, 0.0]], [[1.0, 0.0, 0.0]]
    found = stormer_cutoff([0.0], place, up, dipole=centred(), charge_sign=1, half_angle_rad=0.5)
    assert found == pytest.approx(50.0 / (1.0 + np.sqrt(1.0 - np.sin(0.5))) ** 2)
    # Half a turn holds the horizon itself.
    found = stormer_cutoff([0.0], place, up, dipole=centred(), charge_sign=1, half_angle_rad=np.pi)
    assert found == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"time_s": [[1.0]]}, ShapeError, "time_s has shape (1, 1); (n,) is wanted"),
        ({"time_s": [11.0]}, RangeError, "time_s[0] = 11.0 is outside [0, 10]"),
        ({"position_km": [[1.0, 2.0]]}, ShapeError, "position_km has shape (1, 2); (n, 3) is wanted"),
        ({"position_km": [[7e6, 0.0, 0.0]]}, RangeError, "position_km[0] = [7000000.0, 0.0, 0.0]: a distance"),
        ({"direction": [1.0, 0.0, 0.0]}, ShapeError, "direction has shape (3,); (n, 3) is wanted"),
        ({"direction": [[1.0, 1.0, 0.0]]}, RangeError, "direction[0] = [1.0, 1.0, 0.0]: a unit vector"),
        ({"half_angle_rad": -0.1}, RangeError, "half_angle_rad = -0.1 is outside [0.0, 3.14"),
        ({"half_angle_rad": 3.2}, RangeError, "half_angle_rad = 3.2 is outside [0.0, 3.14"),
        ({"charge_sign": 2}, RangeError, "charge_sign = 2: 1 or -1 is wanted"),
        ({"charge_sign": True}, RangeError, "charge_sign = True: 1 or -1 is wanted"),
        ({"dipole": centred(time_s=[[0.0, 10.0]])}, ShapeError, "dipole_time_s has shape (1, 2); (n,) is wanted"),
        ({"dipole": centred(k_gv=[[50.0, 60.0]])}, ShapeError, "dipole_k_gv has shape (1, 2); (n,) is wanted"),
        ({"dipole": centred(center_km=[[0.0] * 2])}, ShapeError, "dipole_center_km has shape (1, 2); (n, 3)"),
        ({"dipole": centred(pole=[[0.0] * 2])}, ShapeError, "dipole_pole has shape (1, 2); (n, 3)"),
    ],
)
def test_what_has_no_cutoff_is_refused_by_name(changes, error, message):
    good = {
        "time_s": [1.0],
        "position_km": [[7000.0, 0.0, 0.0]],
        "direction": [[1.0, 0.0, 0.0]],
        "dipole": centred(),
        "charge_sign": 1,
    }
    given = good | changes
    places = [given.pop(name) for name in ("time_s", "position_km", "direction")]
    with pytest.raises(error, match="^" + re.escape(message)):
        stormer_cutoff(*places, **given)


def test_a_class_is_the_number_of_lower_edges_below_the_threshold():
    cutoff, edge = np.array([0.0, 8.0, 12.5, 12.8, 12.9, 20.0, 32.0, 400.0]), [16.0, 25.0, 40.0, 500.0]
    for factor in (0.0, 1.0, 1.25, 100.0):
        wanted = [sum(e < factor * c for e in edge[:-1]) for c in cutoff]
        found = cutoff_class(cutoff, edge, factor=factor)
        assert found.dtype == np.uint8
        assert found.tolist() == wanted


@pytest.mark.parametrize(
    ("cutoff", "edge", "factor", "error", "message"),
    [
        ([[1.0]], [1.0, 2.0], 1.0, ShapeError, "cutoff_gv has shape (1, 1); (n,) is wanted"),
        ([-1.0], [1.0, 2.0], 1.0, RangeError, "cutoff_gv[0] = -1.0 is outside"),
        ([1.0], [1.0, 2.0], -0.1, RangeError, "factor = -0.1 is outside [0.0, 100.0]"),
        ([1.0], [1.0, 2.0], 100.5, RangeError, "factor = 100.5 is outside [0.0, 100.0]"),
        ([1.0], [[1.0, 2.0]], 1.0, ShapeError, "energy_edge_gev has shape (1, 2); (n,) is wanted"),
        ([1.0], [1.0], 1.0, ShapeError, "energy_edge_gev has length 1; 2 or more is wanted"),
        ([1.0], [2.0, 1.0], 1.0, DataError, "energy_edge_gev[1] = 1.0 does not come after"),
    ],
)
def test_what_has_no_class_is_refused_by_name(cutoff, edge, factor, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        cutoff_class(cutoff, edge, factor=factor)


def test_a_rule_holds_its_ranges():
    for good in ((0.0, 0.0, 1), (100.0, np.pi, -1)):
        rule = CutoffRule(*good)
        assert (rule.factor, rule.half_angle_rad, rule.charge_sign) == good
    for bad, message in (
        ((-0.1, 0.4, 1), "factor = -0.1 is outside [0.0, 100.0]"),
        ((100.1, 0.4, 1), "factor = 100.1 is outside [0.0, 100.0]"),
        ((1.2, -0.1, 1), "half_angle_rad = -0.1 is outside [0.0, 3.14"),
        ((1.2, 3.2, 1), "half_angle_rad = 3.2 is outside [0.0, 3.14"),
        ((1.2, 0.4, 0), "charge_sign = 0: 1 or -1 is wanted"),
    ):
        with pytest.raises(AmsDipoleError, match="^" + re.escape(message)):
            CutoffRule(*bad)


def test_a_charge_is_a_plain_number():
    assert [charge(1), charge(-1), charge(np.int64(-1))] == [1, -1, -1]
    assert type(charge(np.int64(1))) is int
