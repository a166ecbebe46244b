"""What decides the predictions of a method of your own: its code and its state, as one short text.

Stored predictions are reused only under the same fingerprint, so that a method that was edited is run again, and a
stopped run resumes in another process.
"""

from __future__ import annotations

import ast
import dis
import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch

MOST_DEPTH = 150
LOOKS_UP = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


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
    if isinstance(value, np.ndarray | torch.Tensor):
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
        yield _Text(_origin(value.__name__))
        yield from (_Text(text) for text in _modules([value.__name__], value) if not _is_installed(value.__name__))
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


def _array(value: np.ndarray[Any, Any] | torch.Tensor) -> str:
    try:
        parts = _dense_parts(value) if isinstance(value, torch.Tensor) else [value]
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
    held = tensor.detach().cpu().resolve_conj().resolve_neg()
    if held.layout is not torch.strided:
        held = held.to_sparse().coalesce()
    parts = [held] if held.layout is torch.strided else [held.indices(), held.values()]
    return [part.reshape(-1).view(torch.uint8).numpy() for part in parts]


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
    yield from (_Text(text) for text in _modules(_imported_by(value.__code__, value.__globals__.get("__package__"))))


def _code(code: types.CodeType) -> Iterator[Any]:
    yield _Text(f"code {code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}")
    yield from code.co_consts


def _global_names(code: types.CodeType) -> list[str]:
    """Names that the code, or code inside it, looks up in its module; names of attributes are none of them."""
    own = [step.argval for step in dis.get_instructions(code) if step.opname in LOOKS_UP]
    inner = [name for each in code.co_consts if isinstance(each, types.CodeType) for name in _global_names(each)]
    return list(dict.fromkeys([*own, *inner]))


def _imported_by(code: types.CodeType, package: str | None) -> list[str]:
    """The modules that import statements inside the code, or inside code in it, may load."""
    names: list[str] = []
    before: list[Any] = [None, None]
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            level, imported = before
            names += _candidates(step.argval, level or 0, imported or (), package)
        before = [before[1], step.argval]
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return [*names, *(name for each in inner for name in _imported_by(each, package))]


def _imported_in(source: bytes, package: str) -> list[str]:
    """The modules that import statements anywhere in a file may load; none for a file that is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return []
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    named = [(node.module or "", node.level, [alias.name for alias in node.names]) for node in parts]
    return [*whole, *(name for each in named for name in _candidates(*each, package))]


def _candidates(name: str, level: int, imported: Iterable[str], package: str | None) -> list[str]:
    """The names of a module and of what is imported from it, which may be modules too."""
    if level:
        parts = (package or "").split(".")
        name = ".".join(filter(None, [*parts[: len(parts) - level + 1], name]))
    return [name, *(f"{name}.{each}" for each in imported)]


def _modules(names: Iterable[str], held: types.ModuleType | None = None) -> Iterator[str]:
    """The modules with these names: of an installed one the version; of your own the file, and those that it imports.

    They are found by their files: whether a module is loaded already differs from process to process. ``held`` is one
    that your code has, which need not be the one that its name finds now.
    """
    waiting, seen = list(dict.fromkeys(names)), set[str]()
    while waiting:
        name = waiting.pop(0)
        above = [each for each in accumulate(name.split("."), "{}.{}".format) if each not in seen]
        seen.update(above)
        for each in above:
            file = _file_of(each, held)
            if _is_installed(each):
                yield _release(each.partition(".")[0])
            elif file is not None:
                content = file.read_bytes()
                yield f"module {each} {hashlib.sha256(content).hexdigest()}"
                package = each if file.stem == "__init__" else each.rpartition(".")[0]
                waiting += _imported_in(content, package)


def _file_of(module: str, held: types.ModuleType | None = None) -> Path | None:
    """The file of a module, which is not loaded for this; None if there is none. ``held`` stands for its name."""
    loaded = held if held is not None and held.__name__ == module else sys.modules.get(module)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
    else:
        spec = _spec(module)
        file = spec.origin if spec is not None and spec.has_location else None
    return Path(file) if file and Path(file).is_file() else None


def _spec(module: str) -> ModuleSpec | None:
    """Where Python would load a module from, without loading the packages that contain it."""
    spec, folders = None, None
    for name in accumulate(module.split("."), "{}.{}".format):
        searched = (finder.find_spec(name, folders) for finder in sys.meta_path)
        spec = next((found for found in searched if found is not None), None)
        folders = None if spec is None else spec.submodule_search_locations
        if folders is None:
            break
    return spec if spec is not None and spec.name == module else None


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
        if isinstance(content, types.FunctionType | tuple) or not name.startswith("__"):
            yield from (name, None if isinstance(content, types.GetSetDescriptorType) else content)


def _object(value: Any) -> Iterator[Any]:
    yield _Text("object")
    yield type(value)
    if isinstance(value, torch.nn.Module):
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


@functools.cache
def _is_installed(module: str | None) -> bool:
    """Whether a module comes with Python or an installed package, so that its version stands for its code.

    Installed is what lies where pip installs. A package that is only linked there (pip install -e) is your own code.
    """
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names or top == "merlab":
        return True
    file = _file_of(top) if top and top != "__main__" else None
    return file is not None and any(file.is_relative_to(folder) for folder in INSTALLED)


@functools.cache
def _origin(module: str | None) -> str:
    """An installed package with its version. Your own code has neither version nor place, since it may move."""
    top = (module or "").partition(".")[0]
    if not _is_installed(module):
        return "own"
    return f"{top} {getattr(sys.modules.get(top), '__version__', '')}".rstrip()


@functools.cache
def _release(package: str) -> str:
    """An installed package that your code imports, loaded or not, with the versions of what installed it."""
    if package in sys.stdlib_module_names:
        return f"import {package}"
    releases = sorted(set(_distributions().get(package, [])))
    return " ".join([f"import {package}", *(importlib.metadata.version(name) for name in releases)])


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()
