"""Methods from a Python file: ``my_methods.py:NAME``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType

import cloudpickle

from merlab.errors import MerlabError, mistake_in
from merlab.given import as_path, require_file
from merlab.methods.adapters import OF_FILE
from merlab.methods.method import Method

FileState = tuple[int, int]
# The files that were run, each with the state of the files that decide what it holds.
_RUN: dict[Path, tuple[ModuleType, dict[Path, FileState | None]]] = {}
# The files that they imported, as they were then; the folders that merlab put on Python's path.
_STATES: dict[Path, FileState | None] = {}
_FOLDERS: set[Path] = set()


def is_in_file(text: str) -> bool:
    """Whether a text has the form ``FILE.py:NAME``, also where NAME was forgotten."""
    return text.endswith(".py") or ".py:" in text


def objects_in_file(text: str, read: Callable[[object], list[Method]]) -> list[Method]:
    """The methods of ``FILE.py:NAME``; NAME is anything that ``read`` accepts.

    Raises MerlabError as ``found_in_file``, and if the object is not a method.
    """
    name, found = found_in_file(text)
    has_name = isinstance(found, Method | Mapping | list | tuple | str) or isinstance(getattr(found, "name", None), str)
    return read(found if has_name else {name: found})


def found_in_file(text: str) -> tuple[str, object]:
    """NAME and the object of ``FILE.py:NAME``.

    Raises MerlabError if the file cannot be run, or if it does not define NAME.
    """
    path, _, name = text.rpartition(":")
    if not (path.endswith(".py") and name):
        file = text.rstrip(":")
        raise MerlabError(f"{file} is a file, of which a method is named as {file}:NAME")
    module = run_file(as_path(path, "the file of a method"))
    if not hasattr(module, name):
        raise MerlabError(f"{path} defines no {name}; it defines {', '.join(_defined_in(module)) or 'nothing'}")
    return name, getattr(module, name)


def _defined_in(module: ModuleType) -> Iterator[str]:
    """The names that a file gives to what it makes; not those of modules, classes and functions that it imports."""
    for name, found in vars(module).items():
        imported = isinstance(found, type | FunctionType | BuiltinFunctionType) and found.__module__ != module.__name__
        if not (name.startswith("_") or isinstance(found, ModuleType) or imported):
            yield name


def run_file(path: Path) -> ModuleType:
    """Run a Python file as a module. It can import files of its folder; worker processes receive it by value.

    It is run once for all its methods, and again when it or a file of its folder that was imported was edited.
    """
    require_file(path, "--method takes FILE.py:NAME")
    path = path.resolve()
    _forget_imported(path.parent)
    module, files = _RUN.get(path, (None, {}))
    if module is None or any(_state(file) != state for file, state in files.items()):
        state = _state(path)
        module = _run(path)
        imported = {file: _state(file) for file in _imported().values()}
        _STATES.update(imported)
        _RUN[path] = module, {**imported, path: state}
    return module


def _state(file: Path) -> FileState | None:
    """What changes when a file is edited; None where there is none."""
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def _imported() -> dict[str, Path]:
    """The modules that Python found only because merlab put the folder of a file on its path, each with its file."""
    files = {name: getattr(module, "__dict__", {}).get("__file__") for name, module in list(sys.modules.items())}
    places = {name: Path(files.get(name.partition(".")[0]) or "") for name in files}
    return {
        name: Path(file)
        for name, file in files.items()
        if file
        and not {places[name].parent, places[name].parent.parent}.isdisjoint(_FOLDERS)
        and name.partition(".")[0] != "merlab"
    }


def _forget_imported(folder: Path) -> None:
    """Have Python import anew what was edited, and what it took from another folder.

    Python keeps one module of each name. Where two folders have a file of the same name, the methods of both take
    theirs along to worker processes, which would find only one of them.
    """
    imported = _imported()
    elsewhere = [name for name, file in imported.items() if not file.is_relative_to(folder)]
    if elsewhere or any(_STATES.get(file) != _state(file) for file in imported.values()):
        for name in elsewhere:
            cloudpickle.register_pickle_by_value(sys.modules[name])
        for name in imported:
            del sys.modules[name]
        importlib.invalidate_caches()


def _run(path: Path) -> ModuleType:
    folder = str(path.parent)
    if path.parent in _FOLDERS and folder in sys.path:
        sys.path.remove(folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
        _FOLDERS.add(path.parent)
    name = f"{OF_FILE}{path.stem}"
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
        fault = error if isinstance(error, MerlabError) else mistake_in(error)
        raise MerlabError(f"{path} cannot be run: {fault}") from error
    cloudpickle.register_pickle_by_value(module)
    return module
