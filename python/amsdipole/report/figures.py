"""Figures, each made from the contents of result.json alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from amsdipole._files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["rho_against_energy", "save_figure"]

_TITLE = {"ew": r"$\rho_{\mathrm{EW}}$", "ns": r"$\rho_{\mathrm{NS}}$", "fb": r"$\rho_{\mathrm{FB}}$"}
_INNER, _OUTER, _POINT = "#7fb2d9", "#cfe2f1", "#b2182b"  # distinct in print and for the colour-blind


def rho_against_energy(document: dict[str, Any]) -> "Figure":
    """Draw the three components against the lower edge of the range, with what isotropy allows.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels; the bands are the 1 and 2 sigma errors about zero.
    """
    from matplotlib.figure import Figure

    ranges = document["ranges"]
    energy = [entry["energy_low_gev"] for entry in ranges]
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    span = max(
        max(2.2 * entry["error"][c], abs(entry["rho"][c]) + 1.2 * entry["error"][c]) for entry in ranges for c in _TITLE
    )
    for axis, (component, title) in zip(axes, _TITLE.items(), strict=True):
        value = [100 * entry["rho"][component] for entry in ranges]
        error = [100 * entry["error"][component] for entry in ranges]
        for n_sigma, color in ((2, _OUTER), (1, _INNER)):
            axis.fill_between(
                energy,
                [-n_sigma * e for e in error],
                [n_sigma * e for e in error],
                color=color,
                label=rf"isotropy, ${n_sigma}\sigma$",
            )
        axis.axhline(0.0, color="0.4", linewidth=0.8)
        axis.errorbar(energy, value, yerr=error, fmt="o", color=_POINT, capsize=3, label="fit")
        axis.set_ylabel(f"{title} [%]")
        axis.set_ylim(-115 * span, 115 * span)
        axis.set_xscale("log")
    if document.get("missing") is not None:
        axes[0].set_title("INCOMPLETE: shards are missing", color="tab:red")
    ticks = [e for e in energy if e is not None]
    axes[-1].set_xticks(ticks, [f"{e:g}" for e in ticks])
    axes[-1].minorticks_off()
    high = ranges[0]["energy_high_gev"]
    if high == ranges[-1]["energy_high_gev"]:
        axes[-1].set_xlabel(f"minimum energy [GeV] (ranges up to {high:g} GeV, cumulative)")
    else:
        axes[-1].set_xlabel("minimum energy [GeV] (ranges up to the next)")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[0].legend(handles[::-1], labels[::-1], loc="upper left", ncols=3, fontsize="small")
    axes[0].set_title(document["name"])
    return figure


def save_figure(figure: "Figure", path: Path) -> None:
    """Save a figure, whole or not at all."""
    with replacing(path, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": "amsdipole"})
