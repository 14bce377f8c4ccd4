import test_geomagnetism_kernels as geomagnetism
import test_kernels as kernels

from amsdipole import _core


def test_every_kernel_is_timed_beside_its_twin() -> None:
    timed = [*kernels.FUNCTIONS, *kernels.SUMS, *kernels.TABLES, *geomagnetism.FUNCTIONS]
    there = {name for name in dir(_core) if not name.startswith("_")} - {"set_threads", "threads"}
    assert sorted(timed) == sorted(there)
