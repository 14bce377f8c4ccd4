"""The signs of EW, NS and FB, drawn on a sphere."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure


def draw(folder: Path) -> None:
    """Save the drawing as ``conventions.png`` in a folder that is made if it is not there."""
    folder.mkdir(exist_ok=True)
    figure = Figure(figsize=(6.0, 5.6), layout="constrained")
    axis = figure.add_subplot(projection="3d")
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    for lat in np.radians([-60, -30, 0, 30, 60]):
        ring = np.cos(lat) * np.cos(angle), np.cos(lat) * np.sin(angle), np.full_like(angle, np.sin(lat))
        axis.plot(*ring, color="0.75" if lat else "0.3", linewidth=0.6 if lat else 1.4)
    for lon in np.radians(np.arange(0, 180, 30)):
        axis.plot(np.cos(angle) * np.cos(lon), np.cos(angle) * np.sin(lon), np.sin(angle), color="0.75", linewidth=0.6)
    arrows = (
        ((1, 0, 0), "#d55e00", "+FB", "centre of the Galaxy, l = 0°, b = 0°"),
        ((0, 1, 0), "#0072b2", "+EW", "l = 90°, b = 0°"),
        ((0, 0, 1), "#009e73", "+NS", "north galactic pole, b = 90°"),
    )
    for vector, color, name, meaning in arrows:
        label = f"{name}: {meaning}"
        axis.quiver(0, 0, 0, *vector, length=1.4, color=color, linewidth=2.5, arrow_length_ratio=0.1, label=label)
        axis.text(*(1.58 * np.array(vector)), name, color=color, ha="center", va="center", fontsize=12)
    axis.set_box_aspect((1, 1, 1), zoom=1.0)
    axis.view_init(elev=22, azim=35)
    figure.legend(loc="outside lower center", frameon=False)
    axis.set_axis_off()
    figure.savefig(folder / "conventions.png", dpi=130, metadata={"Software": "amsdipole"})
