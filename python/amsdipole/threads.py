"""Number of threads of the compiled kernels; it never changes a result."""

from amsdipole import _core
from amsdipole._arrays import whole_number

__all__ = ["set_threads", "threads"]


def set_threads(n_thread: int) -> None:
    """Set the number of threads of all kernels in this process.

    Parameters
    ----------
    n_thread : int
        Number of threads, 1 to 1024; 0 means one for each core that the process may use.

    Raises
    ------
    RangeError
        `n_thread` is outside [0, 1024].

    Notes
    -----
    All sums are exact, so results have the same bits whatever the number. After a fork the pool is built anew.

    Examples
    --------
    >>> set_threads(2)
    >>> threads()
    2
    """
    _core.set_threads(whole_number("n_thread", n_thread, low=0, high=1024))


def threads() -> int:
    """Return the number of threads that kernels use.

    Returns
    -------
    int
        Size of the pool of this process.

    Examples
    --------
    >>> set_threads(3)
    >>> threads()
    3
    """
    return _core.threads()
