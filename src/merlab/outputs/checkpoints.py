"""The state of work that is not finished: an interrupted command continues with it, and finds the same.

It is stored with pickle. Reading a pickle can execute anything, so only classes of merlab and arrays are read here.
What the state shares with its surroundings (the clock of the video, networks, settings) is left out, and put in again.
"""

from __future__ import annotations

import importlib
import io
import pickle
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from merlab.outputs.kept_arrays import read_kept_bytes, write_kept_bytes

# A state may grow; where storing it takes longer than STORING_SECONDS, it is stored less often, so that this takes at
# most a fiftieth of the time.
CHECKPOINT_SECONDS, STORING_SECONDS = 5.0, 0.1
# What arrays are made of, besides classes of merlab.
PLAIN = {
    ("builtins", "range"),
    ("builtins", "frozenset"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
}


class Pace:
    """When a state is stored again: every few seconds, and less often where that takes long."""

    def __init__(self) -> None:
        self._stored, self._pause = time.monotonic(), CHECKPOINT_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() - self._stored > self._pause

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Measure how long the block takes, which stores the state."""
        began = time.monotonic()
        yield
        self._stored = time.monotonic()
        self._pause = CHECKPOINT_SECONDS * max(1.0, (self._stored - began) / STORING_SECONDS)


def write_checkpoint(path: Path, state: object, shared: Mapping[str, object]) -> None:
    """Store ``state``; the objects in ``shared`` are stored as their names."""
    buffer = io.BytesIO()
    _Pickler(buffer, shared).dump(state)
    write_kept_bytes(path, buffer.getvalue())


def read_checkpoint(path: Path, shared: Mapping[str, object]) -> Any:
    """The stored state with the objects in ``shared``; None if there is none that this version of merlab can read."""
    content = read_kept_bytes(path)
    if content is None:
        return None
    try:
        return _Unpickler(io.BytesIO(content), shared).load()
    except Exception:  # pickle raises almost anything for a state of another version
        return None


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(file, protocol=4)
        self._names = {id(value): name for name, value in shared.items()}

    def persistent_id(self, obj: object) -> str | None:
        """The name of what is not stored."""
        return self._names.get(id(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: str) -> object:
        """What was not stored."""
        return self._shared[pid]

    def find_class(self, module_name: str, global_name: str) -> Any:
        """A class of merlab, or what arrays are made of; anything else is refused."""
        if (module_name, global_name) in PLAIN:
            return super().find_class(module_name, global_name)
        if module_name.startswith("merlab."):
            found = getattr(importlib.import_module(module_name), global_name, None)
            if isinstance(found, type) and found.__module__ == module_name:
                return found
        raise pickle.UnpicklingError(f"{module_name}.{global_name} does not belong into a checkpoint")
