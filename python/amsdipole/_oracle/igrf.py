"""Twins of `igrf.rs`: the textbook synthesis in spherical components."""

import numpy as np

from amsdipole._oracle.check import Floats, all_finite, all_good, within
from amsdipole.constants import EARTH_RADIUS_KM
from amsdipole.errors import ShapeError

DEGREE_MAX = 13
RADIUS_KM = (3480.0, 1e6)


def check_coefficients(coefficients_nt: Floats, loss_nt: float) -> int:
    """Degree of a list of coefficients, or a refusal."""
    found = [n for n in range(1, DEGREE_MAX + 1) if n * (n + 2) == len(coefficients_nt)]
    if not found:
        raise ShapeError(f"coefficients_nt has length {len(coefficients_nt)}; N (N + 2) with N from 1 to 13 is wanted")
    all_finite("coefficients_nt", coefficients_nt)
    within("loss_nt", loss_nt, 0.0, np.finfo(float).max)
    return found[0]


def reach(coefficients_nt: Floats, degree: int, loss_nt: float) -> Floats:
    """Distance in Earth radii from which on each degree (by index; 0 and 1 always count) is left out."""
    out = np.full(degree + 1, np.inf)
    if loss_nt > 0.0:
        n = np.arange(1, degree + 1)
        strength = np.array([np.linalg.norm(coefficients_nt[i * i - 1 : i * (i + 2)]) * (i + 1) for i in n])
        for least in range(2, degree + 1):
            low, high = 0.5, 1e3
            for _ in range(60):
                middle = 0.5 * (low + high)
                if (strength[least - 1 :] / middle ** n[least - 1 :]).sum() > loss_nt:
                    low = middle
                else:
                    high = middle
            out[least] = high
    return out


def synthesis(coefficients_nt: Floats, degree: int, reaches: Floats, position: Floats) -> Floats:
    """Minus the gradient of R sum (R/r)^(n+1) (g cos m phi + h sin m phi) P(n, m), positions in units of R."""
    x, y, z = position.T
    r = np.sqrt(x * x + y * y + z * z)
    rho = np.hypot(x, y)
    cos, sin = z / r, rho / r
    phi = np.arctan2(y, x)
    # P and P / sin without Schmidt's factor; the second is a polynomial for m > 0 and stays finite on the axis.
    p = np.zeros((degree + 2, degree + 2, len(r)))
    p_over_sin = np.zeros_like(p)
    p[0, 0] = 1.0
    for m in range(degree + 1):
        if m > 0:
            p[m, m] = (2 * m - 1) * sin * p[m - 1, m - 1]
            p_over_sin[m, m] = (2 * m - 1) * p[m - 1, m - 1]
        for table in (p, p_over_sin):
            for n in range(m + 1, degree + 1):
                table[n, m] = ((2 * n - 1) * cos * table[n - 1, m] - (n + m - 1) * table[n - 2, m] * (n > m + 1)) / (
                    n - m
                )
    up, south, east = np.zeros_like(r), np.zeros_like(r), np.zeros_like(r)
    for n in range(1, degree + 1):
        scale = np.where(r < reaches[n], r ** -(n + 2.0), 0.0)
        factorial = 1.0
        for m in range(n + 1):
            if m > 0:
                factorial *= (2.0 if m == 1 else 1.0) / ((n + m) * (n - m + 1))
            k = np.sqrt(factorial)
            i = n * n - 1 + max(0, 2 * m - 1)
            g, h = coefficients_nt[i], coefficients_nt[i + 1] if m > 0 else 0.0
            wave, slope = g * np.cos(m * phi) + h * np.sin(m * phi), m * (h * np.cos(m * phi) - g * np.sin(m * phi))
            # dP/dtheta = ((n + m) (n - m + 1) P(n, m-1) - P(n, m+1)) / 2 without phase; at m = 0 it is -P(n, 1).
            lower = (n + m) * (n - m + 1) * p[n, m - 1] if m > 0 else -p[n, 1]
            derivative = 0.5 * (lower - (p[n, m + 1] if m > 0 else p[n, 1]))
            up += scale * k * (n + 1) * wave * p[n, m]
            south -= scale * k * wave * derivative
            east -= scale * k * slope * p_over_sin[n, m]
    level = sin * up + cos * south
    out = [level * np.cos(phi) - east * np.sin(phi), level * np.sin(phi) + east * np.cos(phi), cos * up - sin * south]
    return np.stack(out, axis=1)


def magnetic_field(position_km: Floats, coefficients_nt: Floats, loss_nt: float) -> Floats:
    degree = check_coefficients(coefficients_nt, loss_nt)
    with np.errstate(over="ignore", invalid="ignore"):
        radius2 = (position_km**2).sum(axis=1)
    good = (radius2 >= RADIUS_KM[0] ** 2) & (radius2 <= RADIUS_KM[1] ** 2)
    all_good("position_km", position_km, good, "too near the centre or too far")
    return synthesis(coefficients_nt, degree, reach(coefficients_nt, degree, loss_nt), position_km / EARTH_RADIUS_KM)
