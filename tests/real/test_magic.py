"""Template fit on real labels: gammas and hadrons of the MAGIC simulation (data/README.md)."""

from pathlib import Path

import numpy as np

from amsdipole.events import ResponseBins, fit_templates, histogram

BINS = (ResponseBins("fAlpha", 0.0, 90.0, 45),)


def read(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """Column fAlpha, and whether the event is a gamma."""
    rows = [line.split(",") for line in (shared / "magic04" / "magic04.data").read_text().split()]
    return np.array([float(row[8]) for row in rows]), np.array([row[10] == "g" for row in rows])


def splits(alpha: np.ndarray, gamma: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Pull of the yield, and sum of purity weights less the true count over its error, of random halves; (n, 2)."""
    out = np.empty((n, 2))
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        first = rng.random(len(alpha)) < 0.5
        samples = [histogram(BINS, (alpha[first & flag],)) for flag in (gamma, ~gamma)]
        data = histogram(BINS, (alpha[~first],))
        fit = fit_templates(data, samples, names=("gamma", "hadron"))
        assert fit.valid
        truth = int(gamma[~first].sum())
        # A yield is the mean of a Poisson number; the number itself is known here, and its own scatter is no error.
        error = np.sqrt(fit.covariance[0, 0] - fit.yields[0])
        out[i] = (fit.yields[0] - truth) / error, (fit.purity @ data - truth) / error
    return out


def test_the_yield_of_random_halves_is_unbiased(shared):
    pulls = splits(*read(shared), 40, 1)
    # 40 splits of one sample: means within 0.5 (3 sigma), widths within 35 %.
    assert abs(pulls[:, 0].mean()) < 0.5
    assert 0.65 < pulls[:, 0].std(ddof=1) < 1.35
    assert abs(pulls[:, 1].mean()) < 0.5


def test_a_label_is_a_gamma_or_a_hadron(shared):
    alpha, gamma = read(shared)
    assert (int(gamma.sum()), len(gamma)) == (12_332, 19_020)
    assert alpha.min() >= 0.0
