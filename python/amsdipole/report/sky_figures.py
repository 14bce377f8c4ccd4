"""Maps of the sky as figures with their numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import FrameError, ShapeError
from amsdipole.report.drawn import Drawn
from amsdipole.sky import SkyMap, pixel_centers, vector_to_pixel

__all__ = ["counts_figure", "draw_sky", "significance_figure", "sky_axes", "sky_columns"]

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
    figure, axes = sky_axes(2)
    for axis, values, title in ((axes[0], n, "events"), (axes[1], mu, "isotropic reference")):
        draw_sky(axis, values, nside, low=0.0, high=top, colors="cividis", label="sum of weights per pixel")
        axis.set_title(f"{title}, {label}")
    caption = (
        f"Events ({label}) and what isotropy would give, normalised to their sum, in galactic coordinates; the centre "
        "of the Galaxy is in the middle and longitude grows to the left."
    )
    return Drawn(name, caption, figure, sky_columns(nside, counts=n, reference=mu))


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
    figure, axes = sky_axes(2)
    most = max(3.0, float(np.ceil(abs(pull).max())))
    draw_sky(axes[0], pull, nside, low=-most, high=most, colors="PuOr_r", label="standard deviations")
    axes[0].set_title(f"deviation from isotropy, {label}")
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
    return Drawn(name, caption, figure, sky_columns(nside, sigma=pull))


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


def sky_axes(n: int) -> tuple[Any, list[Any]]:
    """Make a figure of so many panels side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 3.4))
    # Fixed margins: finding them takes longer than drawing.
    figure.subplots_adjust(left=0.03, right=0.97, bottom=0.16, top=0.88, wspace=0.18)
    return figure, list(figure.subplots(1, n))


def draw_sky(
    axis: Any,
    values: NDArray[np.float64],
    nside: int,
    *,
    low: float,
    high: float,
    colors: str,
    label: str,
    eastward: bool = False,
) -> None:
    """Fill a panel with a map in Mollweide's projection and a scale of colours, `label` saying of what.

    Notes
    -----
    Longitude grows to the left, as on the sky, or to the right, as on the Earth. The projection is Snyder's (USGS
    Professional Paper 1395, 1987, p. 251): with the radius sqrt 2 the sky is the ellipse of half axes 2 sqrt 2 and
    sqrt 2.
    """
    from matplotlib.patches import Ellipse

    sense = 1.0 if eastward else -1.0
    edge = np.linspace(-1.0, 1.0, 401)
    u, v = np.meshgrid(np.linspace(-1.0, 1.0, 801), edge)  # in units of the half axes
    inside = u**2 + v**2 < 1.0
    theta = np.arcsin(v[inside])
    latitude = np.arcsin((2.0 * theta + np.sin(2.0 * theta)) / np.pi)
    longitude = sense * np.pi * u[inside] / np.cos(theta)
    level = np.cos(latitude)
    vector = np.column_stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])
    image = np.full(u.shape, np.nan)
    image[inside] = values[vector_to_pixel(vector, nside)]
    root = float(np.sqrt(2.0))
    shown = axis.imshow(
        image, origin="lower", extent=(-2 * root, 2 * root, -root, root), vmin=low, vmax=high, cmap=colors
    )
    axis.add_patch(Ellipse((0.0, 0.0), 4 * root, 2 * root, fill=False, color="0.3", linewidth=0.8))
    _graticule(axis, sense)
    axis.set_axis_off()
    _ = axis.figure.colorbar(shown, ax=axis, shrink=0.8, pad=0.06, label=label)


def _graticule(axis: Any, sense: float) -> None:
    """Draw meridians each 60 degrees and parallels each 30, and say which they are."""
    root = float(np.sqrt(2.0))
    theta = np.linspace(-np.pi / 2, np.pi / 2, 60)
    line = {"color": "0.5", "linewidth": 0.4}
    for degree in (-120, -60, 0, 60, 120):
        at = 2 * root / np.pi * np.radians(degree)
        axis.plot(at * np.cos(theta), root * np.sin(theta), **line)
        axis.text(at, 0.0, f"{(sense * degree) % 360:.0f}°", fontsize="x-small", ha="center", va="bottom", **_HALO)
    for degree in (-60, -30, 0, 30, 60):
        turn = _auxiliary(np.radians(degree))
        half, height = 2 * root * np.cos(turn), root * np.sin(turn)
        axis.plot([-half, half], [height, height], **line)
        axis.text(-half - 0.08, height, f"{degree}°", fontsize="x-small", ha="right", va="center")


_HALO: dict[str, Any] = {"bbox": {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}}


def _auxiliary(latitude: float) -> float:
    """Solve 2 t + sin 2 t = pi sin(latitude) for Mollweide's angle t, by Newton's method."""
    turn = latitude
    for _ in range(20):
        turn -= (2.0 * turn + np.sin(2.0 * turn) - np.pi * np.sin(latitude)) / (2.0 + 2.0 * np.cos(2.0 * turn))
    return float(turn)


def sky_columns(nside: int, *, names: tuple[str, str] = ("glon_deg", "glat_deg"), **values: Any) -> dict[str, Any]:
    """Give the numbers of maps by pixel, with the centres of the pixels."""
    center = pixel_centers(nside)
    lon = np.degrees(np.arctan2(center[:, 1], center[:, 0])) % 360.0
    lat = np.degrees(np.arcsin(np.clip(center[:, 2], -1.0, 1.0)))
    table: dict[str, Any] = {"pixel": list(range(len(center)))}
    table |= dict(zip(names, (lon.round(6).tolist(), lat.round(6).tolist()), strict=True))
    return table | {name: np.asarray(column, dtype=object).tolist() for name, column in values.items()}
