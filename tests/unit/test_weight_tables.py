"""Weights by table: what fits make of histograms, and files of them."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from amsdipole import _core
from amsdipole import _oracle as oracle
from amsdipole.errors import DataError, FitError, RangeError, ShapeError
from amsdipole.events import ResponseBins, WeightTables, fit_templates, purity_weights, regions, s_weights
from amsdipole.events.purity import PurityWeights, _fault, _leak, _shrunk
from amsdipole.events.weight_tables import read_weights, weight_tables, write_weights
from amsdipole.sky import pixel_centers, pixel_to_vector

NAMES = ("positrons", "protons")
BINS = (ResponseBins("trd_lambda", -1.0, 3.0, 4), ResponseBins("charge_confusion_lambda", 0.0, 1.0, 3))
EDGE = np.array([10.0, 20.0, 50.0, 100.0])
SHAPES = np.array([[0.0, 40.0, 30.0, 20.0, 10.0, 0.0], [0.0, 5.0, 15.0, 30.0, 50.0, 0.0]])


def tables(nside_region: int | None = 1) -> WeightTables:
    n_region = 1 if nside_region is None else 12 * nside_region**2
    rng = np.random.default_rng(3)
    value = {name: rng.uniform(-1.0, 1.0, (3, n_region, 30)) for name in ("purity", "sweights", "background")}
    document = {
        "responses": [{"column": b.column, "low": b.low, "high": b.high, "n_bin": b.n_bin} for b in BINS],
        "energy_edge_gev": EDGE.tolist(),
        "nside_region": nside_region,
    }
    return WeightTables(BINS, EDGE, nside_region, value, document)


@pytest.mark.parametrize("nside_region", [None, 1, 2])
@pytest.mark.parametrize("method", ["purity", "sweights", "background"])
def test_single_events_are_looked_up_by_energy_region_and_both_responses(nside_region, method):
    made = tables(nside_region)
    rng = np.random.default_rng(5)
    energy = np.concatenate([[10.0, 20.0, 50.0, np.nextafter(100.0, 0.0)], rng.uniform(10.0, 100.0, 200)])
    n = len(energy)
    pixel = rng.integers(0, 3072, n)
    trd = np.concatenate([[-1.0, 3.0, 0.0], rng.uniform(-2.0, 4.0, n - 3)])
    confusion = rng.uniform(-0.5, 1.5, n)
    found = made.weights(
        method,
        energy_gev=energy,
        direction=pixel_to_vector(pixel, 16),
        responses={"trd_lambda": trd, "charge_confusion_lambda": confusion},
    )
    region = regions(16, nside_region)[pixel]
    for i in range(n):
        b = sum(energy[i] >= edge for edge in EDGE) - 1
        first = 0 if trd[i] < -1.0 else 5 if trd[i] >= 3.0 else int(trd[i] + 1.0) + 1
        second = 0 if confusion[i] < 0.0 else 4 if confusion[i] >= 1.0 else int(3.0 * confusion[i]) + 1
        assert found[i] == made.value[method][b, region[i], 5 * first + second]


def test_events_without_weights_are_refused_by_their_place():
    made = tables(None)
    good = {
        "energy_gev": [15.0, 16.0],
        "direction": [[0.0, 0.0, 1.0]] * 2,
        "responses": {"trd_lambda": [1.0, 1.0], "charge_confusion_lambda": [0.5, 0.5]},
    }
    for changes, error, message in (
        ({"energy_gev": [15.0, 9.0]}, RangeError, r"energy_gev\[1\] = 9\.0 is outside \[10\.0, 100\.0\)"),
        ({"energy_gev": [15.0, 100.0]}, RangeError, r"energy_gev\[1\] = 100\.0 is outside \[10\.0, 100\.0\)"),
        ({"energy_gev": [15.0, np.nan]}, RangeError, r"energy_gev\[1\] = nan"),
        ({"direction": [[0.0, 0.0, 1.0]]}, ShapeError, r"direction has shape \(1, 3\)"),
        ({"direction": [[0.0, 0.0, 1.0], [0.0, np.nan, 1.0]]}, RangeError, r"direction\[1, 1\] = nan"),
        ({"responses": {"trd_lambda": [1.0, 1.0]}}, ShapeError, "column 'charge_confusion_lambda' is missing"),
        (
            {"responses": {"trd_lambda": [1.0], "charge_confusion_lambda": [0.5, 0.5]}},
            ShapeError,
            r"trd_lambda has shape \(1,\); \(2,\) is wanted",
        ),
        (
            {"responses": {"trd_lambda": [1.0, np.inf], "charge_confusion_lambda": [0.5, 0.5]}},
            RangeError,
            r"trd_lambda\[1\] = inf",
        ),
    ):
        with pytest.raises(error, match=message):
            made.weights("purity", **(good | changes))


@pytest.mark.parametrize("nside_region", [None, 1])
@pytest.mark.parametrize("method", ["purity", "background"])
def test_a_lookup_has_the_row_of_the_bin_that_holds_each_bin_of_the_maps(monkeypatch, nside_region, method):
    made = tables(nside_region)
    monkeypatch.setattr(sys.modules["amsdipole.events.weight_tables"], "PurityTable", oracle.PurityTable)
    lookup = made.lookup(method, nside=2, energy_edge_gev=np.array([10.0, 12.0, 20.0, 35.0, 50.0, 100.0]))
    assert lookup.bins == BINS
    of_bin, pixel = [0, 0, 1, 1, 2], np.arange(48)
    region = regions(2, nside_region)
    for b, held in enumerate(of_bin):
        for cell in (0, 7, 29):
            # Cells of two responses are entered by their number.
            found = lookup.table.values(np.full(48, b), pixel, np.full(48, cell + 0.5))
            np.testing.assert_array_equal(found, made.value[method][held, region, cell])


@pytest.mark.parametrize(
    ("edge", "place"),
    [
        ([5.0, 20.0, 50.0], "5 to 20"),
        ([5.0, 10.0], "5 to 10"),
        ([10.0, 20.0, 60.0], "20 to 60"),
        ([20.0, 50.0, 100.0, 120.0], "100 to 120"),
        ([15.0, 25.0], "15 to 25"),
    ],
)
def test_a_bin_of_the_maps_in_no_bin_of_the_weights_is_refused(edge, place):
    with pytest.raises(DataError, match=f"the energy bin from {place} GeV lies in no energy bin of the weights"):
        tables().lookup("purity", nside=2, energy_edge_gev=np.array(edge))


def fitted() -> dict[str, PurityWeights]:
    counts = np.rint(np.array([[3.0, 1.0], [1.0, 2.0]]) @ SHAPES)[:, None]
    samples = np.tile(10.0 * SHAPES, (2, 1, 1))
    return {
        "purity": purity_weights(counts, samples, names=NAMES),
        "sweights": s_weights(counts, samples, names=NAMES),
        "background": s_weights(counts, samples, names=NAMES, component=1),
    }


def test_the_weights_of_the_same_fits_stand_together_with_their_document():
    bins, edge, weights = (ResponseBins("trd_lambda", 0.0, 2.0, 4),), np.array([10.0, 20.0, 50.0]), fitted()
    made = weight_tables(bins, edge, None, **weights)
    assert (made.bins, made.nside_region, made.fits) == (bins, None, weights["purity"].fits)
    np.testing.assert_array_equal(made.energy_edge_gev, edge)
    for name, weight in weights.items():
        np.testing.assert_array_equal(made.value[name], weight.value)
    document = json.loads(json.dumps(made.document, allow_nan=False))
    assert (document["format"], document["format_version"]) == ("amsdipole-weights", 1)
    assert (document["components"], document["nside_region"]) == (list(NAMES), None)
    assert document["energy_edge_gev"] == [10.0, 20.0, 50.0]
    assert document["responses"] == [{"column": "trd_lambda", "low": 0.0, "high": 2.0, "n_bin": 4}]
    assert (document["fallback"], document["shrinkage"]) == ({}, [0.0, 0.0])
    for b, low in enumerate((10.0, 20.0)):
        (fit,) = weights["purity"].fits[b]
        assert document["fits"][b] == {
            "energy_bin": b,
            "energy_low_gev": low,
            "region": 0,
            "fitted": True,
            "converged": True,
            "yields": dict(zip(NAMES, fit.yields, strict=True)),
            "errors": dict(zip(NAMES, fit.errors, strict=True)),
            "chi2": fit.chi2,
            "dof": fit.dof,
            "p_value": fit.p_value,
            "unexplained": fit.n_unexplained,
        }
        assert document["leak"][b] == {"energy_low_gev": low, "found": [0.0] * 3, "noise": [0.0] * 3, "gain": 1.0}


def test_regions_that_were_not_fitted_and_fallbacks_of_both_methods_are_told():
    counts = np.tile(2.0 * SHAPES.sum(axis=0), (1, 12, 1))
    counts[0, 5] = [0, 5, 5, 5, 4, 0]
    samples = 10.0 * SHAPES[None]
    whole = s_weights(counts.sum(axis=1, keepdims=True), samples, names=NAMES)
    purity = purity_weights(counts, samples, names=NAMES)
    spoilt = PurityWeights(**{**vars(whole), "fallback": {"energy bin 0, sWeights": "told"}})
    bins = (ResponseBins("trd_lambda", 0.0, 2.0, 4),)
    made = weight_tables(bins, np.array([10.0, 20.0]), 1, purity=purity, sweights=spoilt, background=whole)
    place = {"energy_bin": 0, "energy_low_gev": 10.0, "region": 5}
    assert made.document["fits"][5] == {**place, "fitted": False, "converged": False}
    assert [fit["region"] for fit in made.document["fits"]] == list(range(12))
    reason = "fewer than 20 events; the yields of the energy bin over all regions"
    assert made.document["fallback"] == {"energy bin 0, region 5": reason, "energy bin 0, sWeights": "told"}
    assert (made.nside_region, made.document["nside_region"]) == (1, 1)
    assert made.document["shrinkage"] == purity.shrinkage.tolist()
    leak = made.document["leak"][0]
    assert (leak["found"], leak["noise"]) == (purity.leak[0].tolist(), purity.leak_noise[0].tolist())
    assert leak["gain"] == purity.gain[0]


def test_an_error_that_no_fit_gave_is_told_as_none():
    weights = fitted()
    (fit,) = weights["purity"].fits[0]
    broken = type(fit)(**{**vars(fit), "covariance": np.diag([4.0, np.inf])})
    purity = PurityWeights(**{**vars(weights["purity"]), "fits": ((broken,), weights["purity"].fits[1])})
    bins = (ResponseBins("trd_lambda", 0.0, 2.0, 4),)
    made = weight_tables(bins, np.array([10.0, 20.0, 50.0]), None, **(weights | {"purity": purity}))
    assert made.document["fits"][0]["errors"] == {"positrons": 2.0, "protons": None}


@pytest.mark.parametrize("field", ["yields", "covariance"])
def test_a_fit_with_more_names_than_numbers_gets_no_document(field):
    weights = fitted()
    (fit,) = weights["purity"].fits[0]
    cut = {"yields": fit.yields[:1], "covariance": np.eye(1)}[field]
    purity = PurityWeights(
        **{**vars(weights["purity"]), "fits": ((type(fit)(**{**vars(fit), field: cut}),), weights["purity"].fits[1])}
    )
    bins = (ResponseBins("trd_lambda", 0.0, 2.0, 4),)
    with pytest.raises(ValueError, match="zip"):
        weight_tables(bins, np.array([10.0, 20.0, 50.0]), None, **(weights | {"purity": purity}))


def test_a_document_with_a_nan_leaves_no_file(tmp_path):
    made, path = tables(), tmp_path / "weights.npz"
    made.document["chi2"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_weights(path, made)
    assert list(tmp_path.iterdir()) == []


def test_whole_numbers_in_a_file_become_floats(tmp_path):
    path = tmp_path / "weights.npz"
    document = tables().document | {"energy_edge_gev": [10, 20, 50, 100]}
    value = {name: np.ones((3, 12, 30), dtype=np.int32) for name in ("purity", "sweights", "background")}
    np.savez(path, document=np.array(json.dumps(document)), **value)
    found = read_weights(str(path))
    assert found.energy_edge_gev.dtype == np.float64
    assert {array.dtype for array in found.value.values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("nside_region", [None, 1])
def test_a_file_gives_back_what_was_written(tmp_path, nside_region):
    made, path = tables(nside_region), tmp_path / "weights.npz"
    write_weights(path, made)
    found = read_weights(str(path))
    assert (found.bins, found.nside_region, found.document, found.fits) == (BINS, nside_region, made.document, ())
    np.testing.assert_array_equal(found.energy_edge_gev, EDGE)
    assert found.value.keys() == made.value.keys()
    for name, value in made.value.items():
        np.testing.assert_array_equal(found.value[name], value)
    with pytest.raises(DataError, match="exists"):
        write_weights(path, made)
    write_weights(path, tables(2), overwrite=True)
    assert read_weights(str(path)).nside_region == 2


@pytest.mark.parametrize("name", ["purity", "sweights", "background"])
def test_a_file_of_weights_that_makes_no_sense_is_refused(tmp_path, name):
    path = tmp_path / "weights.npz"
    for spoilt in (np.zeros((3, 12, 29)), np.zeros((2, 12, 30)), np.zeros((3, 1, 30)), np.full((3, 12, 30), np.nan)):
        made = tables()
        made.value[name] = spoilt
        write_weights(path, made, overwrite=True)
        shown = str(spoilt.shape).replace("(", r"\(").replace(")", r"\)")
        wanted = rf"weights\.npz: {name} has shape {shown}; finite numbers of shape \(3, 12, 30\) are wanted"
        with pytest.raises(DataError, match=wanted):
            read_weights(str(path))


def test_a_file_that_holds_no_weights_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, document=np.array("{}"))
    with pytest.raises(DataError, match=r"other\.npz: no readable file of weights"):
        read_weights(str(path))
    with pytest.raises(DataError, match=r"missing\.npz"):
        read_weights(str(tmp_path / "missing.npz"))


def test_a_purity_is_the_share_of_the_signal_where_something_is_expected():
    weights = fitted()["purity"]
    assert weights.weighting == "purity"
    for b in range(2):
        (fit,) = weights.fits[b]
        signal, background = fit.yields[:, None] * SHAPES / SHAPES.sum(axis=1, keepdims=True)
        wanted = np.where(SHAPES.sum(axis=0) > 0, signal / np.maximum(signal + background, 1e-300), 0.0)
        # Templates have statistics of their own, and those of these samples are exact multiples of the shapes.
        np.testing.assert_allclose(weights.value[b, 0], wanted, rtol=1e-12)
    assert (weights.gain.tolist(), weights.shrinkage.tolist()) == ([1.0, 1.0], [0.0, 0.0])
    assert not weights.leak.any()
    assert not weights.leak_noise.any()


NAMED = (*NAMES, "confused electrons")
THREE = np.array([*SHAPES, [0.0, 60.0, 5.0, 5.0, 30.0, 0.0]])


def by_region() -> tuple[np.ndarray, np.ndarray]:
    """Counts of twelve regions whose shares of positrons rise along z, and one region with few events."""
    z = pixel_centers(1)[:, 2]
    yields = 4000.0 * np.stack([1.0 + 0.6 * z, 1.0 - 0.3 * z, 0.3 + 0.1 * z], axis=1)
    counts = np.rint(yields @ (THREE / 100.0))
    counts[7] = [0, 6, 5, 5, 3, 0]
    return counts[None], 1000.0 * THREE[None]


def test_shares_of_regions_are_drawn_to_that_of_the_bin_by_their_errors():
    counts, samples = by_region()
    weights = purity_weights(counts, samples, names=NAMED)
    assert list(weights.fallback) == ["energy bin 0, region 7"]
    whole = fit_templates(counts[0].sum(axis=0), samples[0], names=NAMED)
    used = [r for r in range(12) if r != 7]
    own = [fit_templates(counts[0, r], samples[0], names=NAMED) for r in used]
    mean = whole.yields / whole.yields.sum()
    share = np.array([fit.yields / fit.yields.sum() for fit in own])
    # Error of N_s / N by its derivatives (N - N_s) / N^2 and -N_s / N^2.
    error2 = []
    for fit in own:
        n, signal = fit.yields.sum(), fit.yields[0]
        slope = np.array([n - signal, -signal, -signal]) / n**2
        error2.append(slope @ fit.covariance @ slope)
    scatter = ((share[:, 0] - mean[0]) ** 2).sum() / 10
    kept = 1.0 - np.mean(error2) / scatter
    assert 0.3 < kept < 0.999
    assert weights.shrinkage[0] == pytest.approx(kept, rel=1e-9)
    drawn = np.tile(mean, (12, 1))
    drawn[used] = mean + kept * (share - mean)
    for r in range(12):
        parts = drawn[r][:, None] * whole.density
        expected = parts.sum(axis=0)
        wanted = np.divide(parts[0], expected, out=np.zeros(6), where=expected > 0)
        np.testing.assert_allclose(weights.value[0, r], wanted, rtol=1e-9)
    # The dipole that the purities alone put into a uniform sky: 3 <n (p_r - p)> / (sum p^2 / n).
    total, n = counts[0].sum(axis=0), counts.sum()
    square = np.mean([weights.value[0, r] ** 2 @ total for r in range(12)]) / n
    once = np.mean([weights.value[0, r] @ total for r in range(12)]) / n
    mean_purity = np.array([weights.value[0, r] @ total / n for r in range(12)])
    factor = 3.0 * pixel_centers(1) / 12.0 / square
    np.testing.assert_allclose(weights.leak[0], mean_purity @ factor, rtol=1e-9, atol=1e-15)
    variance = np.zeros(12)
    variance[used] = np.array(error2) * kept**2
    np.testing.assert_allclose(weights.leak_noise[0], np.sqrt(variance @ factor**2), rtol=1e-9)
    assert weights.gain[0] == pytest.approx(1.0 + kept * (once / square - 1.0), rel=1e-9)


def test_regions_that_are_all_alike_keep_nothing():
    whole = fit_templates(np.rint(4.0 * SHAPES.sum(axis=0)), 100.0 * SHAPES, names=NAMES)
    shares, _, kept = _shrunk(whole, [whole] * 12)
    assert kept == 0.0
    np.testing.assert_array_equal(shares, np.tile(whole.yields / whole.yields.sum(), (12, 1)))


def test_noise_alone_keeps_nothing_of_the_regions():
    counts = np.tile(np.rint(4.0 * SHAPES.sum(axis=0)), (1, 12, 1))
    weights = purity_weights(counts, 100.0 * SHAPES[None], names=NAMES)
    assert weights.shrinkage[0] == 0.0
    np.testing.assert_allclose(weights.value[0], np.tile(weights.value[0, :1], (12, 1)), rtol=0)
    assert weights.gain[0] == 1.0


@pytest.mark.parametrize(("good", "told"), [((0, 11), False), ((0, 5, 11), True)])
def test_a_scatter_is_told_from_three_good_regions_on(good, told):
    counts, samples = by_region()
    counts[0, [r for r in range(12) if r not in good]] = [0, 6, 5, 5, 3, 0]
    weights = purity_weights(counts, samples, names=NAMED)
    assert (weights.shrinkage[0] > 0.0) == told
    assert len(weights.fallback) == 12 - len(good)


def test_twenty_events_are_enough_for_a_fit_of_a_region():
    counts, samples = by_region()
    counts[0, 7] = [0, 6, 5, 5, 4, 0]
    assert not purity_weights(counts, samples[:, :2], names=NAMES).fallback


def test_shapes_that_run_out_of_step_are_refused():
    for samples in (np.ones((2, 2, 6)), np.ones((1, 2, 5))):
        with pytest.raises(ShapeError, match=r"histogram \(1, 1, 6\) and templates .* run out of step"):
            purity_weights(np.ones((1, 1, 6)), samples, names=NAMES)
    with pytest.raises(ShapeError, match=r"^histogram has shape"):
        purity_weights(np.ones((1, 6)), np.ones((1, 2, 6)), names=NAMES)
    with pytest.raises(ShapeError, match=r"^templates has shape"):
        purity_weights(np.ones((1, 1, 6)), np.ones((1, 6)), names=NAMES)
    with pytest.raises(RangeError, match=r"^templates\[0, 0, 1\] = nan"):
        purity_weights(np.ones((1, 1, 2)), [[[1.0, np.nan], [1.0, 1.0]]], names=NAMES)
    with pytest.raises(RangeError, match=r"histogram\[0, 0, 1\] = nan"):
        purity_weights([[[1.0, np.nan]]], np.ones((1, 2, 2)), names=NAMES)


def test_a_fit_over_all_regions_that_does_not_converge_is_refused(monkeypatch):
    def never(*arguments, **choices):
        fit = fit_templates(*arguments, **choices)
        return type(fit)(**{**vars(fit), "valid": False})

    monkeypatch.setattr("amsdipole.events.purity.fit_templates", never)
    with pytest.raises(FitError, match="energy bin 0: the template fit over all regions did not converge"):
        purity_weights(SHAPES[None, :1], 10.0 * SHAPES[None], names=NAMES)


@pytest.mark.parametrize("n_region", [1, 12])
def test_smooth_shapes_are_fitted_without_errors_of_their_own(n_region):
    counts = np.tile(np.rint(3.0 * SHAPES.sum(axis=0)), (1, n_region, 1))
    density = SHAPES / SHAPES.sum(axis=1, keepdims=True)
    weights = purity_weights(counts, density[None], names=NAMES, exact=True)
    assert not any(fit.template_error.any() for fit in weights.fits[0])
    weights = purity_weights(counts, 10.0 * density[None], names=NAMES)
    assert all(fit.template_error.any() for fit in weights.fits[0])


def test_a_region_whose_fit_does_not_converge_has_the_share_of_its_bin(monkeypatch):
    counts, samples = by_region()
    counts[0, 4, 1] += 1.0  # told apart from its neighbours on the equator

    def shaky(histogram, *arguments, **choices):
        fit = fit_templates(histogram, *arguments, **choices)
        return type(fit)(**{**vars(fit), "valid": not np.array_equal(histogram, counts[0, 4])})

    monkeypatch.setattr("amsdipole.events.purity.fit_templates", shaky)
    weights = purity_weights(counts, samples, names=NAMED)
    rest = "; the yields of the energy bin over all regions"
    assert weights.fallback == {
        "energy bin 0, region 4": "did not converge" + rest,
        "energy bin 0, region 7": "fewer than 20 events" + rest,
    }
    np.testing.assert_array_equal(weights.value[0, 4], weights.value[0, 7])


def test_a_fit_that_cannot_be_made_is_named_by_its_place():
    samples = np.array([[[100.0, 200.0, 0.0], [200.0, 100.0, 0.0]]] * 2)
    with pytest.raises(FitError, match=r"^energy bin 1: 5 of 85 events lie where no template has any"):
        purity_weights([[[40, 40, 0]], [[40, 40, 5]]], samples, names=NAMES)
    # Over all regions 0.1 % are no fault; in the fourth they are 1.2 %.
    counts = np.tile([200, 200, 0], (1, 12, 1))
    counts[0, 3, 2] = 5
    with pytest.raises(FitError, match=r"^energy bin 0, region 3: 5 of 405 events lie where no template has any"):
        purity_weights(counts, samples[:1], names=NAMES)


def test_one_region_with_few_events_is_its_energy_bin():
    weights = purity_weights([[[0, 3, 4, 5, 3, 0]]], 10.0 * SHAPES[None], names=NAMES)
    assert weights.fallback == {}
    assert weights.fits[0][0].histogram.sum() == 15


def test_no_signal_leaks_nothing():
    found, noise, dilution = _leak(np.zeros((12, 6)), np.ones((12, 6)), np.ones(12))
    assert (found.tolist(), noise.tolist(), dilution) == ([0.0] * 3, [0.0] * 3, 1.0)


def test_the_table_of_the_kernel_is_for_all_regions_of_the_weights(monkeypatch):
    weights = fitted()["purity"]
    assert isinstance(weights.table(0.0, 2.0, np.zeros(12, dtype=int)), _core.PurityTable)
    with pytest.raises(ShapeError, match="region_of_pixel names 2 regions; 1 are wanted"):
        weights.table(0.0, 2.0, [0, 1, 0])
    with pytest.raises(ShapeError, match="region_of_pixel names 0 regions; 1 are wanted"):
        weights.table(0.0, 2.0, [])
    with pytest.raises(ShapeError, match=r"^region_of_pixel has dtype float64; integers are wanted"):
        weights.table(0.0, 2.0, [0.5])
    monkeypatch.setattr("amsdipole.events.purity._core.PurityTable", oracle.PurityTable)
    table = weights.table(0.0, 2.0, np.zeros(12, dtype=int))
    found = table.values(np.array([1, 0, 1]), np.array([0, 3, 11]), np.array([-0.5, 0.6, 2.5]))
    np.testing.assert_array_equal(found, weights.value[[1, 0, 1], 0, [0, 2, 5]])


@pytest.mark.parametrize("nside_region", [1, 2])
def test_regions_are_the_patches_that_hold_the_centres(nside_region):
    # In the nested scheme a patch of a coarser grid holds the pixels of a finer one: its centre is its children's mean.
    region = regions(8, nside_region)
    assert np.bincount(region).tolist() == [(8 // nside_region) ** 2] * (12 * nside_region**2)
    mean = np.array([pixel_centers(8)[region == r].sum(axis=0) for r in range(12 * nside_region**2)])
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    assert ((mean * pixel_centers(nside_region)).sum(axis=1) > 0.98).all()
    assert regions(2, None).tolist() == [0] * 48


@pytest.mark.parametrize(
    ("variance", "reason"),
    [
        ([4.0, -1.0], "has no error of background: the templates hold too few events"),
        ([0.0, 4.0], "has no error of positrons: the templates hold too few events"),
        ([0.5, 0.5], "did not converge"),
    ],
)
def test_a_fit_that_is_not_valid_says_why(variance, reason):
    fit = fit_templates(np.rint(4.0 * SHAPES.sum(axis=0)), 100.0 * SHAPES, names=("positrons", "background"))
    assert _fault(replace(fit, covariance=np.diag(variance), valid=False)) == reason
