"""Outline of the South Atlantic Anomaly, where the radiation belts reach down to the orbit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAA_LATITUDE_DEG", "SAA_LONGITUDE_DEG"]

# Longitude and geographic latitude [deg] of the corners in order, each joined to the next and the last to the first.
# Method, section 2.6: thinned and rounded from the 57-point outline with which AMS software leaves the region out.
_CORNER_DEG: Final = np.array(
    [
        (-46.9, 1.1), (-42.4, 0.3), (-38.8, -0.9), (-32.4, -7.9), (-30.5, -10.2), (-25.0, -13.9), (-22.4, -15.8),
        (-17.9, -17.5), (-13.7, -18.5), (-9.3, -20.6), (-3.6, -23.8), (-0.8, -27.1), (-0.1, -29.5), (-1.4, -31.2),
        (-8.4, -36.0), (-19.4, -39.8), (-29.3, -43.8), (-36.3, -45.0), (-46.4, -47.0), (-56.2, -45.9), (-60.5, -44.5),
        (-70.0, -38.2), (-75.0, -32.2), (-79.4, -24.9), (-83.3, -16.6), (-83.4, -13.4), (-79.0, -9.8), (-72.0, -7.9),
        (-68.3, -6.2), (-60.8, -4.7), (-53.3, -1.6), (-49.9, 1.2),
    ]
)  # fmt: skip

SAA_LONGITUDE_DEG: Final[NDArray[np.float64]] = _CORNER_DEG[:, 0].copy()
SAA_LATITUDE_DEG: Final[NDArray[np.float64]] = _CORNER_DEG[:, 1].copy()
SAA_LONGITUDE_DEG.flags.writeable = False
SAA_LATITUDE_DEG.flags.writeable = False
