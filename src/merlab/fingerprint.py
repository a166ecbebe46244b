"""What decides the predictions of a method of your own: its code and its state, as one short text.

Stored predictions are reused only under the same fingerprint, so that a method that was edited is run again, and a
stopped run resumes in another process.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

MOST_DEPTH = 40
INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def fingerprint(method: object) -> str:
    """Sixteen hexadecimal digits, equal in any process for the same code and state.

    It depends on attributes, containers, partial functions, closures, defaults, and the functions, classes and plain
    values that your code refers to by a global name. Code of installed packages counts by its version.
    """
    digest = hashlib.sha256()
    for text in _described(method, {}, 0):
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _described(value: Any, seen: dict[int, tuple[int, object]], depth: int) -> Iterator[str]:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__} {value!r}"
        return
    if id(value) in seen or depth > MOST_DEPTH:
        yield f"again {seen[id(value)][0] if id(value) in seen else 'deep'}"
        return
    # The value is kept, so that its id is not given to another object meanwhile.
    seen[id(value)] = len(seen), value
    for part in _parts(value):
        if isinstance(part, _Text):
            yield part.text
        else:
            yield from _described(part, seen, depth + 1)


class _Text:
    """A part that is described already."""

    def __init__(self, text: str) -> None:
        self.text = text


def _parts(value: Any) -> Iterator[Any]:
    """The parts that describe a value."""
    if isinstance(value, np.ndarray | torch.Tensor):
        yield from _array(value)
    elif isinstance(value, Mapping):
        yield _Text(f"mapping {len(value)}")
        for key, each in value.items():
            yield from (key, each)
    elif isinstance(value, list | tuple):
        yield _Text(f"{type(value).__name__} {len(value)}")
        yield from value
    elif isinstance(value, set | frozenset):
        yield _Text(f"set {sorted(map(repr, value))}")
    elif isinstance(value, types.ModuleType):
        yield from _module(value)
    elif isinstance(value, types.FunctionType):
        yield from _function(value)
    elif isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, types.CodeType):
        yield from _code(value)
    elif isinstance(value, functools.partial):
        yield from (_Text("partial"), value.func, value.args, value.keywords)
    elif isinstance(value, type):
        yield from _class(value)
    else:
        yield from _object(value)


def _array(value: np.ndarray[Any, Any] | torch.Tensor) -> Iterator[_Text]:
    array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
    content = repr(array.tolist()).encode() if array.dtype.hasobject else np.ascontiguousarray(array).tobytes()
    yield _Text(f"array {array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}")


def _function(value: types.FunctionType) -> Iterator[Any]:
    yield _Text(f"function {value.__qualname__} {_origin(value.__module__)}")
    if _is_installed(value.__module__):
        return
    yield from (value.__code__, value.__defaults__, value.__kwdefaults__)
    for cell in value.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            yield _Text("empty cell")
    for name in _global_names(value.__code__):
        if name in value.__globals__:
            yield from (name, value.__globals__[name])


def _code(code: types.CodeType) -> Iterator[Any]:
    yield _Text(f"code {code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}")
    yield from code.co_consts


def _global_names(code: types.CodeType) -> list[str]:
    """Names that the code, or code inside it, may look up in its module."""
    inner = [name for each in code.co_consts if isinstance(each, types.CodeType) for name in _global_names(each)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _module(value: types.ModuleType) -> Iterator[Any]:
    """A module that code refers to as a whole: of your own, the file and the modules of yours that it uses."""
    yield _Text(_origin(value.__name__))
    if _is_installed(value.__name__) or not getattr(value, "__file__", None):
        return
    yield _Text(hashlib.sha256(Path(str(value.__file__)).read_bytes()).hexdigest())
    yield from (each for each in vars(value).values() if isinstance(each, types.ModuleType))


def _class(value: type) -> Iterator[Any]:
    yield _Text(f"class {value.__qualname__} {_origin(value.__module__)}")
    if _is_installed(value.__module__):
        return
    yield from value.__bases__
    for name in sorted(value.__dict__):
        content = value.__dict__[name]
        if isinstance(content, staticmethod | classmethod):
            content = content.__func__
        if isinstance(content, property):
            content = (content.fget, content.fset)
        if isinstance(content, types.FunctionType | tuple) or not (name.startswith("__") or callable(content)):
            yield from (name, None if isinstance(content, types.GetSetDescriptorType) else content)


def _object(value: Any) -> Iterator[Any]:
    yield _Text("object")
    yield type(value)
    if isinstance(value, torch.nn.Module):
        yield from (value.state_dict(), {name: type(module) for name, module in value.named_modules()})
    if hasattr(value, "get_params"):
        yield value.get_params(deep=True)
    elif getattr(value, "__dict__", None) is not None:
        yield vars(value)
    elif isinstance(value, types.BuiltinFunctionType | np.ufunc):
        yield _Text(f"builtin {value.__name__}")
    else:
        yield _pickled(value)


def _pickled(value: Any) -> _Text:
    try:
        return _Text(hashlib.sha256(pickle.dumps(value)).hexdigest())
    except Exception:
        return _Text(f"opaque {type(value).__qualname__}")


@functools.cache
def _is_installed(module: str | None) -> bool:
    """Whether a module comes with Python or an installed package, so that its version stands for its code.

    Installed is what lies where pip installs. A package that is only linked there (pip install -e) is your own code.
    """
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names or top == "merlab":
        return True
    file = getattr(sys.modules.get(top), "__file__", None)
    return file is not None and any(Path(file).is_relative_to(folder) for folder in INSTALLED)


@functools.cache
def _origin(module: str | None) -> str:
    """An installed package with its version. Your own code has neither version nor place, since it may move."""
    top = (module or "").partition(".")[0]
    if not _is_installed(module):
        return "own"
    return f"{top} {getattr(sys.modules.get(top), '__version__', '')}".rstrip()
