"""Maps of the sky as figures with their numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import FrameError, ShapeError
from amsdipole.report.drawn import Drawn
from amsdipole.sky import SkyMap, pixel_centers, vector_to_pixel

__all__ = ["counts_figure", "significance_figure"]

_NSIDE_SIGNIFICANCE = 8  # pixels of 7 deg: some 230 events each of 1.8e5


def counts_figure(counts: SkyMap, reference: SkyMap, *, label: str, name: str) -> Drawn:
    """Draw a map of events above what isotropy would give.

    Parameters
    ----------
    counts, reference : SkyMap
        Galactic maps of one size.
    label : str
        What range they are of.
    name : str
        Name of the files.

    Returns
    -------
    Drawn
        Two skies in one scale.
    """
    n, mu = _pair(counts, reference)
    mu = mu * (n.sum() / mu.sum())
    nside = _nside_of(len(n))
    top = float(np.quantile(np.concatenate([n, mu]), 0.995))
    figure, axes = _skies(2)
    for axis, values, title in ((axes[0], n, "events"), (axes[1], mu, "isotropic reference")):
        mesh = _draw(axis, values, nside, low=0.0, high=top, colors="cividis")
        axis.set_title(f"{title}, {label}")
        _ = figure.colorbar(mesh, ax=axis, shrink=0.8, label="sum of weights per pixel")
    caption = (
        f"Events ({label}) and what isotropy would give, normalised to their sum, in galactic coordinates; the centre "
        "of the Galaxy is in the middle and longitude grows to the left."
    )
    return Drawn(name, caption, figure, _columns(nside, counts=n, reference=mu))


def significance_figure(counts: SkyMap, reference: SkyMap, *, scale: float, label: str, name: str) -> Drawn:
    """Draw how far events stand from isotropy, in standard deviations by pixel, and their distribution.

    Parameters
    ----------
    counts, reference : SkyMap
        Galactic maps of one size.
    scale : float
        Variance over mean of a pixel: sum of squared weights over sum of weights.
    label : str
        What range they are of.
    name : str
        Name of the files.

    Returns
    -------
    Drawn
        The sky at a coarse size, and a histogram against the normal law.
    """
    n, mu = _pair(counts, reference)
    mu = mu * (n.sum() / mu.sum())
    nside = min(_NSIDE_SIGNIFICANCE, _nside_of(len(n)))
    n, mu = _coarse(n, nside), _coarse(mu, nside)
    seen = mu > 0.0
    pull = np.zeros(len(n))
    pull[seen] = (n[seen] - mu[seen]) / np.sqrt(scale * mu[seen])
    figure, axes = _skies(2, second=None)
    most = max(3.0, float(np.ceil(abs(pull).max())))
    mesh = _draw(axes[0], pull, nside, low=-most, high=most, colors="PuOr_r")
    axes[0].set_title(f"deviation from isotropy, {label}")
    _ = figure.colorbar(mesh, ax=axes[0], shrink=0.8, label="standard deviations")
    edge = np.linspace(-most, most, 25)
    _ = axes[1].hist(pull[seen], bins=edge, color="#56b4e9", edgecolor="white", label="pixels")
    x = np.linspace(-most, most, 200)
    law = seen.sum() * (edge[1] - edge[0]) * np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)
    axes[1].plot(x, law, color="black", label="normal law")
    axes[1].set_xlabel("standard deviations")
    axes[1].set_ylabel("pixels")
    axes[1].legend(fontsize="small")
    caption = (
        f"Deviation of events ({label}) from isotropy in pixels of {_degrees(nside):.0f} degrees, and its "
        f"distribution: mean {pull[seen].mean():+.2f}, width {pull[seen].std():.2f}, over {int(seen.sum())} pixels."
    )
    return Drawn(name, caption, figure, _columns(nside, sigma=pull))


def _pair(counts: SkyMap, reference: SkyMap) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    for sky_map in (counts, reference):
        if sky_map.frame != "galactic":
            raise FrameError(f"the map is in the {sky_map.frame} frame; galactic is drawn")
    n, mu = np.asarray(counts.values), np.asarray(reference.values)
    if n.shape != mu.shape:
        raise ShapeError(f"counts has shape {n.shape} and reference {mu.shape}")
    return n, mu


def _nside_of(npix: int) -> int:
    return int(np.sqrt(npix // 12))


def _degrees(nside: int) -> float:
    return float(np.degrees(np.sqrt(4.0 * np.pi / (12 * nside**2))))


def _coarse(values: NDArray[np.float64], nside: int) -> NDArray[np.float64]:
    fine = _nside_of(len(values))
    if fine == nside:
        return values
    at = vector_to_pixel(pixel_centers(fine), nside)
    return np.bincount(at, weights=values, minlength=12 * nside**2).astype(np.float64)


def _skies(n: int, *, second: str | None = "mollweide") -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 3.6), layout="constrained")
    return figure, [figure.add_subplot(1, n, i + 1, projection="mollweide" if i == 0 else second) for i in range(n)]


def _draw(axis: Any, values: NDArray[np.float64], nside: int, *, low: float, high: float, colors: str) -> Any:
    """Fill a Mollweide axis: longitude grows to the left, as on the sky."""
    x, lat = np.linspace(-np.pi, np.pi, 361), np.linspace(-np.pi / 2, np.pi / 2, 181)
    xc, yc = np.meshgrid(0.5 * (x[1:] + x[:-1]), 0.5 * (lat[1:] + lat[:-1]))
    vector = np.column_stack(
        [(np.cos(yc) * np.cos(-xc)).ravel(), (np.cos(yc) * np.sin(-xc)).ravel(), np.sin(yc).ravel()]
    )
    image = values[vector_to_pixel(vector, nside)].reshape(xc.shape)
    mesh = axis.pcolormesh(x, lat, image, vmin=low, vmax=high, cmap=colors, rasterized=True)
    axis.grid(visible=True, color="0.5", linewidth=0.3)
    at = np.radians([-120, -60, 0, 60, 120])
    axis.set_xticks(at, [f"{(-d) % 360:.0f}°" for d in (-120, -60, 0, 60, 120)], fontsize="x-small")
    axis.tick_params(axis="y", labelsize="x-small")
    return mesh


def _columns(nside: int, **values: NDArray[np.float64]) -> dict[str, list[float]]:
    center = pixel_centers(nside)
    lon = np.degrees(np.arctan2(center[:, 1], center[:, 0])) % 360.0
    lat = np.degrees(np.arcsin(np.clip(center[:, 2], -1.0, 1.0)))
    table = {"pixel": list(range(len(center))), "glon_deg": lon.round(6).tolist(), "glat_deg": lat.round(6).tolist()}
    return table | {name: column.tolist() for name, column in values.items()}
