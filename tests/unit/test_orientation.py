import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from amsdipole.errors import RangeError
from amsdipole.orbit import detector_attitude
from amsdipole.orbit.orientation import (
    angles_of,
    orbital_rate,
    rotation_of_axes,
    rotation_of_quaternions,
    turning_rate,
)

POSITION_KM, VELOCITY_KM_S = np.array([[4000.0, -3000.0, 4500.0]]), np.array([[5.0, 5.0, -1.0]])


def random_rotations(seed: int, n: int = 50) -> Rotation:
    return Rotation.random(n, rng=np.random.default_rng(seed))


def test_quaternions_turn_vectors_as_scipy_says():
    rotation = random_rotations(1)
    np.testing.assert_allclose(rotation_of_quaternions(rotation.as_quat()), rotation.as_matrix(), atol=1e-15)


@pytest.mark.parametrize("length", [0.0, 0.99999, 1.1, np.nan])
def test_a_quaternion_that_is_not_unit_is_refused_by_row(length):
    q = random_rotations(2).as_quat()
    q[17] *= length
    with pytest.raises(RangeError, match=r"quaternion\[17"):
        rotation_of_quaternions(q)


def test_axes_give_the_orientation_that_they_were_taken_from():
    matrix = random_rotations(3).as_matrix()
    np.testing.assert_allclose(rotation_of_axes(matrix[:, :, 2], matrix[:, :, 0]), matrix, atol=1e-14)


def test_axes_that_are_not_square_are_refused():
    with pytest.raises(RangeError, match="the z and x axes of row 0 are 80"):
        rotation_of_axes(np.array([[0.0, 0.0, 1.0]]), np.array([[np.sin(1.4), 0.0, np.cos(1.4)]]))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31))
def test_angles_are_turned_into_the_same_orientation_again(seed):
    rotation = random_rotations(seed, 20).as_matrix()
    position, velocity = np.tile(POSITION_KM, (20, 1)), np.tile(VELOCITY_KM_S, (20, 1))
    angle = angles_of(rotation, position, velocity)
    back, _ = detector_attitude(position, velocity, angle, mounting=np.eye(3))
    np.testing.assert_allclose(back, rotation, atol=3e-15)  # some roundings of numbers up to 1


@pytest.mark.parametrize("pitch", [np.pi / 2, -np.pi / 2])
def test_a_body_on_its_nose_keeps_its_orientation(pitch):
    rotation, _ = detector_attitude(POSITION_KM, VELOCITY_KM_S, [[0.3, pitch, -0.2]], mounting=np.eye(3))
    angle = angles_of(rotation, POSITION_KM, VELOCITY_KM_S)
    back, _ = detector_attitude(POSITION_KM, VELOCITY_KM_S, angle, mounting=np.eye(3))
    np.testing.assert_allclose(back, rotation, atol=1e-7)  # what stands between two angles about one axis


def test_the_rate_carries_each_row_to_the_next_and_not_over_a_gap():
    time_s = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 50.0])
    turn = np.array([0.01, -0.02, 0.03])
    rotation = Rotation.from_rotvec(time_s[:, None] * turn).as_matrix()
    other = np.full((6, 3), 7.0)
    rate = turning_rate(time_s, rotation, apart_most_s=1.5, otherwise=other)
    np.testing.assert_allclose(rate[:5], np.tile(turn, (5, 1)), rtol=1e-12)
    np.testing.assert_array_equal(rate[5], other[5])


def test_the_local_vertical_turns_as_the_kernel_says():
    _, rate = detector_attitude(POSITION_KM, VELOCITY_KM_S, [[0.0, 0.0, 0.0]], mounting=np.eye(3))
    np.testing.assert_allclose(orbital_rate(POSITION_KM, VELOCITY_KM_S), rate, rtol=1e-14)
