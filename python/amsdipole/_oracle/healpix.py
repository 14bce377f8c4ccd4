"""Twins of `healpix.rs`: RING pixels by the formulae of Górski et al. 2005 (ApJ 622, 759), section 5."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import Floats, all_directed, all_indices, check_nside


def vector_to_pixel(vector: Floats, nside: int) -> NDArray[np.int64]:
    check_nside(nside)
    all_directed("vector", vector)
    x, y, z_long = vector.T
    scale = 1.0 / np.sqrt((vector**2).sum(axis=1))
    z = z_long * scale
    turn = np.arctan2(y, x) * (2.0 / np.pi)
    turn = np.where(turn < 0.0, turn + 4.0, turn)
    turn = np.where(turn >= 4.0, 0.0, turn)
    pixel: NDArray[np.int64] = np.where(
        np.abs(z) <= 2.0 / 3.0,
        _belt(z, turn, nside),
        _cap(np.hypot(x, y) * scale, z, turn, nside),
    ).astype(np.int64)
    return pixel


def _belt(z: Floats, turn: Floats, nside: int) -> NDArray[np.int64]:
    falling = np.floor(nside * (0.5 + turn) - nside * (z * 0.75)).astype(np.int64)
    rising = np.floor(nside * (0.5 + turn) + nside * (z * 0.75)).astype(np.int64)
    ring = np.clip(nside + 1 + falling - rising, 1, 2 * nside + 1)  # at |z| = 2/3 rounding may lead beyond the belt
    shift = 1 - ring % 2
    place = (falling + rising - nside + shift + 1) // 2 % (4 * nside)
    pixel: NDArray[np.int64] = 2 * nside * (nside - 1) + (ring - 1) * 4 * nside + place
    return pixel


def _cap(rho: Floats, z: Floats, turn: Floats, nside: int) -> NDArray[np.int64]:
    za = np.abs(z)
    within = turn - np.floor(turn)
    edge = nside * np.where(za < 0.99, np.sqrt(3.0 * (1.0 - za)), rho / np.sqrt((1.0 + za) / 3.0))
    ring = np.floor(within * edge).astype(np.int64) + np.floor((1.0 - within) * edge).astype(np.int64) + 1
    ring = np.minimum(ring, nside)  # likewise beyond the cap
    place = np.floor(turn * ring).astype(np.int64)
    north = 2 * ring * (ring - 1) + place
    south = 12 * nside * nside - 2 * ring * (ring + 1) + place
    return np.asarray(np.where(z > 0.0, north, south), dtype=np.int64)


def pixel_to_vector(pixel: NDArray[np.int64], nside: int) -> Floats:
    check_nside(nside)
    npix, cap = 12 * nside**2, 2 * nside * (nside - 1)
    all_indices("pixel", pixel, npix)
    south = pixel >= npix - cap
    near = np.where(south, npix - 1 - pixel, pixel)
    ring = np.floor((1.0 + np.sqrt(1.0 + 2.0 * near)) / 2.0).astype(np.int64)
    drop = ring**2 / (3.0 * nside**2)
    cap_turn = (near - 2 * ring * (ring - 1) + 0.5) / ring
    cap_turn = np.where(south, 4.0 - cap_turn, cap_turn)
    cap_z = np.where(south, drop - 1.0, 1.0 - drop)
    belt_ring = (pixel - cap) // (4 * nside) + nside
    half = np.where((belt_ring + nside) % 2 == 1, 0.0, 0.5)
    belt_z = (2 * nside - belt_ring) * 2.0 / (3.0 * nside)
    belt_turn = ((pixel - cap) % (4 * nside) + half) / nside
    polar = near < cap
    z = np.where(polar, cap_z, belt_z)
    rho = np.sqrt(np.where(polar, drop * (2.0 - drop), np.maximum(0.0, (1.0 - belt_z) * (1.0 + belt_z))))
    angle = np.where(polar, cap_turn, belt_turn) * (np.pi / 2.0)
    return np.column_stack([rho * np.cos(angle), rho * np.sin(angle), z])
