import ast
import inspect
from pathlib import Path

import pytest

from amsdipole import _core, _oracle

PARITY = Path(__file__).parents[1] / "parity"
KERNELS = sorted(name for name in dir(_core) if not name.startswith("_") and name not in {"set_threads", "threads"})


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_there_are_kernels() -> None:
    assert len(KERNELS) >= 15


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_has_a_twin_with_the_same_arguments(name: str) -> None:
    assert name in _oracle.__all__
    kernel, twin = getattr(_core, name), getattr(_oracle, name)
    assert parameters(kernel) == parameters(twin)
    if inspect.isclass(kernel):
        methods = [m for m in dir(kernel) if not m.startswith("_")]
        for method in methods:
            assert parameters(getattr(kernel, method)) == parameters(getattr(twin, method)), method


def test_no_twin_is_left_without_its_kernel() -> None:
    assert sorted(_oracle.__all__) == KERNELS


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_is_compared_with_its_twin(name: str) -> None:
    """A parity test names the kernel in code, not in a comment."""
    named = set()
    for path in PARITY.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            elif isinstance(node, ast.Attribute):
                named.add(node.attr)
    assert name in named


@pytest.mark.parametrize("name", KERNELS)
def test_removing_a_twin_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_oracle, "__all__", [twin for twin in _oracle.__all__ if twin != name])
    monkeypatch.delattr(_oracle, name)
    with pytest.raises(AssertionError):
        test_every_kernel_has_a_twin_with_the_same_arguments(name)


def test_a_twin_with_other_arguments_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_oracle, "vector_to_pixel", lambda vector, nside, nest: None)
    with pytest.raises(AssertionError):
        test_every_kernel_has_a_twin_with_the_same_arguments("vector_to_pixel")


def test_a_kernel_that_is_not_compared_with_its_twin_fails() -> None:
    with pytest.raises(AssertionError):
        test_every_kernel_is_compared_with_its_twin("a_kernel_of_tomorrow")
