"""Methods from a Python file: ``my_methods.py:NAME``."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import cloudpickle

from merlab.errors import MerlabError, mistake_in
from merlab.given import require_file
from merlab.methods.method import Method


def is_in_file(text: str) -> bool:
    """Whether a text has the form ``FILE.py:NAME``."""
    path, _, name = text.rpartition(":")
    return path.endswith(".py") and bool(name)


def objects_in_file(text: str, read: Callable[[object], list[Method]]) -> list[Method]:
    """The methods of ``FILE.py:NAME``; NAME is anything that ``read`` accepts.

    Raises MerlabError as ``found_in_file``, and if the object is not a method.
    """
    name, found = found_in_file(text)
    has_name = isinstance(found, Method | Mapping | list | tuple | str) or isinstance(getattr(found, "name", None), str)
    return [replace(method, origin=text) for method in read(found if has_name else {name: found})]


def found_in_file(text: str) -> tuple[str, object]:
    """NAME and the object of ``FILE.py:NAME``.

    Raises MerlabError if the file cannot be run, or if it does not define NAME.
    """
    path, _, name = text.rpartition(":")
    module = run_file(Path(path))
    if not hasattr(module, name):
        known = ", ".join(each for each in vars(module) if not each.startswith("_")) or "nothing"
        raise MerlabError(f"{path} defines no {name}; it defines {known}")
    return name, getattr(module, name)


def run_file(path: Path) -> ModuleType:
    """Run a Python file as a module. It can import files of its folder; worker processes receive it by value."""
    require_file(path, "--method takes FILE.py:NAME")
    return _module_of(path.resolve(), path.stat().st_mtime_ns, path.stat().st_size)


@functools.cache
def _module_of(path: Path, modified_ns: int, size: int) -> ModuleType:
    """The module of a file as it was at that time: several methods of one file run it once."""
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # The prefix makes sure that a file called numpy.py does not replace numpy.
    name = f"merlab_methods_of_{path.stem}"
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # Python's own cache of compiled files is older than a file that was edited in the same second.
        exec(loader.source_to_code(path.read_bytes(), path), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise MerlabError(f"{path} cannot be run: {mistake_in(error)}") from error
    cloudpickle.register_pickle_by_value(module)
    return module
