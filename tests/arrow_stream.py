"""A table that speaks Arrow's C stream and that no Arrow library made: NumPy columns behind the structs of the format.

After the specification of the C data and stream interfaces (https://arrow.apache.org/docs/format/CStreamInterface.html).
"""

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

P = ctypes.c_void_p
_FORMAT = {np.dtype(np.float64): b"g", np.dtype(np.float32): b"f"}
_RELEASE = ctypes.CFUNCTYPE(None, P)


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64), ("children", P), ("dictionary", P),
        ("release", _RELEASE), ("private_data", P),
    )  # fmt: skip


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", P), ("children", P),
        ("dictionary", P), ("release", _RELEASE), ("private_data", P),
    )  # fmt: skip


_GET = ctypes.CFUNCTYPE(ctypes.c_int, P, P)
_ERROR = ctypes.CFUNCTYPE(ctypes.c_char_p, P)


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", _GET), ("get_next", _GET), ("get_last_error", _ERROR), ("release", _RELEASE),
        ("private_data", P),
    )  # fmt: skip


class ForeignTable:
    """Columns of floats, streamed in batches; it has nothing but ``__arrow_c_stream__``."""

    def __init__(self, columns: Mapping[str, np.ndarray], size: int) -> None:
        self._columns, self._size = dict(columns), size

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        first = 0

        def get_schema(_: int, out: int) -> int:
            children = [self._schema(_FORMAT[c.dtype], name.encode()) for name, c in self._columns.items()]
            return _moved(_Schema(format=b"+s", name=b"", **self._parent(children)), out)

        def get_next(_: int, out: int) -> int:
            nonlocal first
            part = [column[first : first + self._size] for column in self._columns.values()]
            first += self._size
            if not len(part[0]):
                return _moved(_Array(), out)  # the end
            children = [self._array(column) for column in part]
            buffers = _keep((P * 1)(None))
            n_row, place = len(part[0]), ctypes.addressof(buffers)
            return _moved(_Array(length=n_row, n_buffers=1, buffers=place, **self._parent(children)), out)

        calls = (_GET(get_schema), _GET(get_next), _ERROR(lambda _: b"none"), self._release(_Stream))
        stream = _keep(_Stream(*(_keep(call) for call in calls), None))
        capsule = ctypes.pythonapi.PyCapsule_New
        capsule.restype, capsule.argtypes = ctypes.py_object, (P, ctypes.c_char_p, P)
        return capsule(ctypes.addressof(stream), b"arrow_array_stream", None)

    def _schema(self, kind: bytes, name: bytes) -> _Schema:
        return _keep(_Schema(format=kind, name=name, release=self._release(_Schema)))

    def _array(self, column: np.ndarray) -> _Array:
        values = _keep(np.ascontiguousarray(column))
        buffers = _keep((P * 2)(None, values.ctypes.data))
        return _keep(
            _Array(length=len(values), n_buffers=2, buffers=ctypes.addressof(buffers), release=self._release(_Array))
        )

    def _parent(self, children: list[Any]) -> dict[str, Any]:
        places = _keep((P * len(children))(*(ctypes.addressof(child) for child in children)))
        release = self._release(type(children[0]), children)
        return {"n_children": len(children), "children": ctypes.addressof(places), "release": release}

    def _release(self, kind: Any, children: list[Any] = ()) -> Callable[[int], None]:
        def release(place: int) -> None:
            for child in children:
                child.release = _RELEASE(0)
            kind.from_address(place).release = _RELEASE(0)

        return _keep(_RELEASE(release))


_KEPT: list[Any] = []  # what structs point to: whoever took them may let them go long after the table


def _keep(value: Any) -> Any:
    _KEPT.append(value)
    return value


def _moved(struct: ctypes.Structure, out: int) -> int:
    """Write a struct where the reader wants it; no error."""
    ctypes.memmove(out, ctypes.addressof(struct), ctypes.sizeof(struct))
    return 0
