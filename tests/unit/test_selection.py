import numpy as np
import pytest

from amsdipole.errors import RangeError, ShapeError
from amsdipole.events import ResponseBins, Selection, histogram, table_range


def columns(**changed: list[float]) -> dict[str, list[float]]:
    return {"energy_gev": [20.0, 50.0, 100.0], "rigidity_gv": [20.0, -50.0, 100.0], "ecal_estimator": [0.9, 0.9, 0.5],
            "chi2": [1.0, 30.0, 30.0], **changed}  # fmt: skip


def test_the_first_cut_that_fails_is_named():
    cuts = Selection(1, {"chi2": (0.0, 20.0)}, 0.8)
    assert cuts.names == ("charge_sign", "chi2", "ecal_estimator")
    assert cuts.failed(columns()).tolist() == [0, 1, 2]


def test_the_ecal_cut_follows_the_energy():
    cuts = Selection(ecal_least=((10.0, 0.0), (1000.0, 1.0)))
    np.testing.assert_allclose(cuts.least_ecal(np.array([1.0, 10.0, 100.0, 1e4])), [0.0, 0.0, 0.5, 1.0])
    assert cuts.failed(columns(ecal_estimator=[0.1, 0.5, 0.49])).tolist() == [1, 0, 1]


def test_no_cut_keeps_everything():
    assert Selection().failed(columns()).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"charge_sign": 0}, RangeError),
        ({"quality": {"chi2": (2.0, 1.0)}}, RangeError),
        ({"ecal_least": float("nan")}, RangeError),
        ({"ecal_least": ((10.0, 0.1), (5.0, 0.2))}, RangeError),
        ({"ecal_least": ((10.0, 0.1, 3.0),)}, ShapeError),
    ],
)
def test_a_bad_cut_is_refused(choice, error):
    with pytest.raises(error):
        Selection(**choice)


def test_a_missing_or_broken_column_is_refused():
    with pytest.raises(ShapeError, match="column 'ecal_estimator' is missing"):
        Selection(ecal_least=0.5).failed({"energy_gev": [20.0]})
    with pytest.raises(RangeError, match=r"rigidity_gv\[1\] = nan is not finite"):
        Selection(charge_sign=1).failed(columns(rigidity_gv=[1.0, np.nan, 1.0]))


def test_responses_fall_into_cells_with_one_below_and_one_above():
    bins = ResponseBins("trd_lambda", 0.0, 1.0, 4)
    assert bins.cell([-1e9, -1e-12, 0.0, 0.2499, 0.25, 0.999, 1.0, 1e300]).tolist() == [0, 0, 1, 1, 2, 4, 5, 5]


def test_two_responses_are_laid_out_in_a_row():
    first, second = ResponseBins("a", 0.0, 1.0, 2), ResponseBins("b", 0.0, 1.0, 1)
    counts = histogram((first, second), ([0.1, 0.9, 2.0], [0.5, -1.0, 0.5]))
    assert np.flatnonzero(counts).tolist() == [1 * 3 + 1, 2 * 3 + 0, 3 * 3 + 1]
    assert table_range((first, second)) == (1.0, 11.0)
