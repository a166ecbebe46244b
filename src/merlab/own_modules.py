"""Modules of your own code: what it imports, where their files are, and which of them are installed packages."""

from __future__ import annotations

import ast
import dis
import functools
import hashlib
import importlib.metadata
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from itertools import accumulate
from pathlib import Path
from typing import Any

INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def imported_by(code: types.CodeType, package: str | None) -> list[str]:
    """The modules that import statements inside the code, or inside code in it, may load."""
    names: list[str] = []
    before: list[Any] = [None, None]
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            level, imported = before
            names += _candidates(step.argval, level or 0, imported or (), package)
        before = [before[1], step.argval]
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return [*names, *(name for each in inner for name in imported_by(each, package))]


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


def described_modules(names: Iterable[str], held: types.ModuleType | None = None) -> Iterator[str]:
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
            if is_installed(each):
                yield _release(each.partition(".")[0])
            elif file is not None:
                # Git writes other ends of lines on Windows, which change no code.
                content = file.read_bytes().replace(b"\r\n", b"\n")
                yield f"module {each} {hashlib.sha256(content).hexdigest()}"
                package = each if file.stem == "__init__" else each.rpartition(".")[0]
                waiting += _imported_in(content, package)


def code_of(module: str) -> str:
    """A digest of a module of your own and of what it imports: see ``described_modules``."""
    return hashlib.sha256("\n".join(described_modules([module])).encode()).hexdigest()[:16]


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
        searched = (_asked(finder.find_spec, name, folders) for finder in sys.meta_path)
        spec = next((found for found in searched if found is not None), None)
        if spec is None or spec.submodule_search_locations is None:
            break
        folders = list(spec.submodule_search_locations)
    return spec if spec is not None and spec.name == module else None


def _asked(
    find: Callable[[str, list[str] | None], ModuleSpec | None], name: str, folders: list[str] | None
) -> ModuleSpec | None:
    """Where a finder would load a module from; ``folders`` are those of the package that contains it."""
    try:
        return find(name, folders)
    except KeyError:
        # Of a folder without __init__.py, Python asks the package above, which is not loaded.
        return PathFinder.find_spec(name.rpartition(".")[2], folders)


@functools.cache
def is_installed(module: str | None) -> bool:
    """Whether a module comes with Python or an installed package, which ``origin_of`` states instead of its code.

    Installed is what lies where pip installs. A package that is only linked there (pip install -e) is your own code.
    """
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names or top == "merlab":
        return True
    file = _file_of(top) if top and top != "__main__" else None
    return file is not None and any(file.is_relative_to(folder) for folder in INSTALLED)


@functools.cache
def origin_of(module: str | None) -> str:
    """An installed package with its version. Your own code has neither version nor place, since it may move."""
    top = (module or "").partition(".")[0]
    if not is_installed(module):
        return "own"
    stated = getattr(sys.modules.get(top), "__version__", "")
    versions = [str(stated)] if stated else _versions(top)
    return " ".join([top, *versions, *_code_from_no_index(top)])


@functools.cache
def _release(package: str) -> str:
    """An installed package that your code imports, loaded or not, with the versions of what installed it."""
    return " ".join([f"import {package}", *_versions(package), *_code_from_no_index(package)])


def _versions(package: str) -> list[str]:
    if package in sys.stdlib_module_names:
        return []
    releases = sorted(set(_distributions().get(package, [])))
    return [importlib.metadata.version(name) for name in releases]


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """The names of what installed a package, by package. Python's own list lacks, in 3.10, most packages."""
    found: dict[str, list[str]] = {}
    for distribution in importlib.metadata.distributions():
        stated = (distribution.read_text("top_level.txt") or "").split()
        for package in stated or {file.parts[0].partition(".")[0] for file in distribution.files or []}:
            found.setdefault(package, []).append(distribution.metadata["Name"])
    return found


def _code_from_no_index(package: str) -> list[str]:
    """A digest of a package that was installed from a folder or a file, whose code changes without its version."""
    lines = [] if package == "merlab" else _files_from_no_index().get(package, [])
    return [hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]] if lines else []


@functools.cache
def _files_from_no_index() -> Mapping[str, list[str]]:
    """The files of such packages with the digests that pip keeps, by package; programs name their environment."""
    found: dict[str, list[str]] = {}
    for distribution in importlib.metadata.distributions(path=list(INSTALLED)):
        # conda installs from an index, but its packages were built in a folder.
        by_conda = (distribution.read_text("INSTALLER") or "").strip() == "conda"
        if distribution.read_text("direct_url.json") is not None and not by_conda:
            for file in distribution.files or []:
                if file.hash is not None and file.parts[0] != ".." and not file.parts[0].endswith(".dist-info"):
                    found.setdefault(file.parts[0].partition(".")[0], []).append(f"{file} {file.hash.value}")
    return found
