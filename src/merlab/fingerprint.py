"""What decides the predictions of a method of your own: its code and its state, as one short text.

Stored predictions are reused only under the same fingerprint, so that a method that was edited is run again, and a
stopped run resumes in another process.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from merlab.own_modules import described_modules, imported_by, is_installed, origin_of

if TYPE_CHECKING:
    import torch

MOST_DEPTH = 150
LOOKS_UP = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


def fingerprint(method: object) -> str:
    """Sixteen hexadecimal digits, equal in any process for the same code and state.

    It depends on attributes, containers, partial functions, closures, defaults, the functions, classes and plain values
    that your code refers to by a global name, and the files of your own modules that it imports, also those that they
    import. Code of installed packages counts by its version.
    """
    digest = hashlib.sha256()
    for text in _described(method, {}, 0):
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _described(value: Any, seen: dict[int, tuple[int, object]], depth: int) -> Iterator[str]:
    if value is None or isinstance(value, bool | int | float | complex | str):
        yield f"{type(value).__name__} {value!r}"
        return
    if isinstance(value, bytes):
        yield f"bytes {hashlib.sha256(value).hexdigest()}"
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
    if isinstance(value, np.ndarray) or _is_tensor(value):
        yield _Text(_array(value))
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
        yield _Text(origin_of(value.__name__))
        yield from (
            _Text(text) for text in described_modules([value.__name__], value) if not is_installed(value.__name__)
        )
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


def _is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    # Where torch was not loaded, which takes seconds, there are neither tensors nor networks.
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)


def _is_network(value: object) -> TypeGuard[torch.nn.Module]:
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)


def _array(value: Any) -> str:
    """An array or a tensor."""
    try:
        parts: list[np.ndarray[Any, Any]] = _dense_parts(value) if _is_tensor(value) else [value]
    except (RuntimeError, ValueError, TypeError):
        # It has no values yet, such as a parameter of a lazy layer, or no plain ones.
        return f"tensor {value!r}"
    digest = hashlib.sha256()
    for part in parts:
        # The bytes between the fields of a row are arbitrary.
        for array in [part[name] for name in part.dtype.names] if part.dtype.names else [part]:
            if array.dtype.hasobject:
                digest.update(repr(array.tolist()).encode())
            elif array.nbytes:
                # A view: a copy of large weights takes longer than their digest.
                digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return f"array {value.dtype} {tuple(value.shape)} {digest.hexdigest()}"


def _dense_parts(tensor: torch.Tensor) -> list[np.ndarray[Any, Any]]:
    """The content of a tensor as bytes: sparse ones, and types such as bfloat16, do not exist in numpy."""
    import torch

    held = tensor.detach().cpu().resolve_conj().resolve_neg()
    if held.layout is not torch.strided:
        held = held.to_sparse().coalesce()
    parts = [held] if held.layout is torch.strided else [held.indices(), held.values()]
    return [part.reshape(-1).view(torch.uint8).numpy() for part in parts]


def _function(value: types.FunctionType) -> Iterator[Any]:
    yield _Text(f"function {value.__qualname__} {origin_of(value.__module__)}")
    if is_installed(value.__module__):
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
    yield from (
        _Text(text) for text in described_modules(imported_by(value.__code__, value.__globals__.get("__package__")))
    )


def _code(code: types.CodeType) -> Iterator[Any]:
    yield _Text(f"code {code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}")
    yield from code.co_consts


def _global_names(code: types.CodeType) -> list[str]:
    """Names that the code, or code inside it, looks up in its module; names of attributes are none of them."""
    own = [step.argval for step in dis.get_instructions(code) if step.opname in LOOKS_UP]
    inner = [name for each in code.co_consts if isinstance(each, types.CodeType) for name in _global_names(each)]
    return list(dict.fromkeys([*own, *inner]))


def _class(value: type) -> Iterator[Any]:
    yield _Text(f"class {value.__qualname__} {origin_of(value.__module__)}")
    if is_installed(value.__module__):
        return
    yield from value.__bases__
    for name in sorted(value.__dict__):
        content = value.__dict__[name]
        if isinstance(content, staticmethod | classmethod):
            content = content.__func__
        if isinstance(content, property):
            content = (content.fget, content.fset)
        if isinstance(content, types.FunctionType | tuple) or not name.startswith("__"):
            yield from (name, None if isinstance(content, types.GetSetDescriptorType) else content)


def _object(value: Any) -> Iterator[Any]:
    yield _Text("object")
    yield type(value)
    if _is_network(value):
        # The same tensors as in its attributes, which are then described once.
        yield from (value.state_dict(keep_vars=True), {name: type(module) for name, module in value.named_modules()})
    if isinstance(value, types.BuiltinFunctionType | np.ufunc):
        yield _Text(f"builtin {value.__name__}")
    else:
        yield from _reduced(value)


def _reduced(value: Any) -> Iterator[Any]:
    """The parts from which a copy of an object can be made, as for another process; else its attributes.

    What pickling leaves out belongs to this process, such as a lock, the time when a cache was opened, or all loggers.
    """
    try:
        parts = value.__reduce_ex__(4)
    except Exception:
        parts = f"opaque {type(value).__qualname__}"
    if isinstance(parts, tuple):
        yield from (list(part) if isinstance(part, Iterator) else part for part in parts)
    elif getattr(value, "__dict__", None) is not None:
        yield vars(value)
    else:
        yield parts
