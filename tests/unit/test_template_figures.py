"""Figures of template fits: numbers beside them, and regions summed."""

import numpy as np
import pytest

from amsdipole.report.template_figure import fits_drawn

EDGE = [0.0, 0.5, 1.0, 1.5]


def entry(region: int, n_region: int, **changes) -> dict:
    rng = np.random.default_rng(region)
    shapes = {"positrons": [40.0, 20.0, 0.0], "protons": [5.0, 30.0, 0.0]}
    components = {name: [(1 + region) * value for value in values] for name, values in shapes.items()}
    part = {
        "column": "trd_lambda",
        "edge": EDGE,
        "data": rng.poisson(np.sum(list(components.values()), axis=0)).tolist(),
        "components": components,
        "template_errors": {name: [1.0, 2.0, 0.0] for name in shapes},
    }
    made = {"energy_bin": 0, "energy_low_gev": 16.0, "energy_high_gev": 25.0, "region": region, "n_region": n_region}
    return made | {"signal": "positrons", "projections": [part], "chi2": 3.0, "dof": 2, "converged": True} | changes


def test_regions_of_an_energy_bin_are_summed():
    entries = [entry(region, 3) for region in range(3)]
    (drawn,) = fits_drawn({"fits": entries}, name="all_")
    assert drawn.name == "all_template_fit_00"
    assert drawn.columns["data"] == np.sum([e["projections"][0]["data"] for e in entries], axis=0).tolist()
    assert drawn.columns["positrons"] == [240.0, 120.0, 0.0]
    np.testing.assert_allclose(drawn.columns["purity"][:2], [240 / 270, 120 / 300])
    assert drawn.columns["purity"][2] is None
    # Errors of shared templates add up; those of the data are of the expected events.
    data = np.array(drawn.columns["data"])[:2]
    error = np.sqrt(np.array([270.0, 300.0]) + 2 * np.array([3.0, 6.0]) ** 2)
    np.testing.assert_allclose(drawn.columns["pull"][:2], (data - [270.0, 300.0]) / error)
    assert "360 positrons, 210 protons in the range drawn" in drawn.caption
    title = drawn.figure.get_suptitle()
    assert "9/6" in title
    assert "region" not in title


@pytest.mark.parametrize("converged", [True, False])
def test_a_fit_that_did_not_converge_says_so(converged):
    entries = [entry(0, 2), entry(1, 2, converged=converged), entry(0, 1, energy_bin=1)]
    first, second = fits_drawn({"fits": entries})
    assert ("NOT CONVERGED" in first.figure.get_suptitle()) != converged
    assert "NOT CONVERGED" not in second.figure.get_suptitle()
