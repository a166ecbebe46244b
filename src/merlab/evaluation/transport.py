"""Send plans to other processes, also with methods that are defined in a notebook, a script or standard input."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable, Mapping
from itertools import accumulate
from pkgutil import resolve_name
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import cloudpickle

from merlab.errors import MerlabError
from merlab.own_modules import is_installed

if TYPE_CHECKING:
    from merlab.evaluation.plan import Plan

CachedFunction = type(functools.cache(len))


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]
    """Packs classes and functions of ``__main__`` by value, as cloudpickle does, and every module by its name.

    cloudpickle packs only ordinary modules by name. A method that uses ``torch`` and has an attribute called
    ``classes`` makes it pack ``torch.classes``, which is not one. And it packs functions behind ``functools.cache`` by
    name, which another process does not find; they are sent with an empty cache.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        """How an object is packed; NotImplemented for the usual way."""
        if isinstance(obj, type | FunctionType):
            self.modules.add(obj.__module__ or "")
        if isinstance(obj, ModuleType) and type(obj) is not ModuleType:
            return resolve_name, (obj.__name__,)
        if isinstance(obj, CachedFunction) and _goes_by_value(obj.__module__):
            return _cached, (obj.cache_parameters(), obj.__wrapped__)
        return super().reducer_override(obj)


def _goes_by_value(module: str | None) -> bool:
    """Whether code of a module is sent by value, as is code without one: what exec and eval make may state none."""
    sent = {"__main__", *cloudpickle.list_registry_pickle_by_value()}
    return module is None or not sent.isdisjoint(accumulate(module.split("."), "{}.{}".format))


def _cached(parameters: Mapping[str, Any], function: Callable[..., Any]) -> object:
    return functools.lru_cache(**parameters)(function)


def packed(plan: Plan) -> bytes:
    """The plan for ``unpacked``; raises MerlabError naming the method that cannot be sent to another process."""
    try:
        return as_bytes(plan)
    except Exception as error:
        for entry in plan.entries:
            try:
                as_bytes(entry.method)
            except Exception as fault:
                raise MerlabError(
                    f"method {entry.name} cannot be sent to worker processes: {fault}; keep open files, locks and "
                    "threads out of it, or use jobs=1"
                ) from fault
        raise MerlabError(f"the plan cannot be sent to worker processes: {error}; use jobs=1") from error


def unpacked(content: bytes) -> Plan:
    """The plan that ``packed`` packed in a process of the same run; raises MerlabError if it is not found here."""
    try:
        plan: Plan = cloudpickle.loads(content)
    except Exception as error:
        raise MerlabError(
            f"a worker process cannot load the methods ({type(error).__name__}: {error}); use jobs=1, or import what "
            "they need in the file that defines them"
        ) from error
    return plan


def packages_of(value: object) -> list[str]:
    """The installed packages, but for Python's own, in which another process looks up code of an object by its name."""
    packages = {module.partition(".")[0] for module in _modules_of(value)}
    return sorted(each for each in packages - sys.stdlib_module_names if is_installed(each))


def own_modules_of(value: object) -> list[str]:
    """The modules of your own, as of a package that is only linked (pip install -e), that are looked up by name."""
    return sorted(each for each in _modules_of(value) if not (_goes_by_value(each) or is_installed(each)))


def _modules_of(value: object) -> set[str]:
    """The modules of all classes and functions of an object."""
    packer = _Packer(io.BytesIO())
    packer.dump(value)
    return packer.modules - {""}


def as_bytes(value: object) -> bytes:
    """Any object for ``cloudpickle.loads`` in another process."""
    buffer = io.BytesIO()
    _Packer(buffer).dump(value)
    return buffer.getvalue()
