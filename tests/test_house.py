"""The structure of the package itself: rooms, registries, cards."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from merlab.databases import DATABASES
from merlab.inputs import INPUTS
from merlab.methods import METHODS

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "src" / "merlab"


def listed() -> tuple[str, ...]:
    """The rooms from top to bottom, as CONTRIBUTING.md lists them."""
    table = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## The structure\n")[2]
    cells = re.findall(r"^\| (`.*?) \|", table.partition("\n## ")[0], re.MULTILINE)
    return tuple(room for cell in cells for room in re.findall(r"`(\w+)(?:/|\.py)`", cell))


ROOMS = ("__main__", *listed())
LARGEST_SHARE = 0.14
# A collection of files that do not know each other, one for each published method, grows with the literature.
LARGEST_SHARES = {"methods": 0.16}

Module = tuple[str, ...]


def name_of(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def modules() -> dict[Module, Path]:
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"}


MODULES = modules()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported_by(module: Module) -> frozenset[Module]:
    found: set[Module] = set()
    for node in ast.walk(parsed(MODULES[module])):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("merlab."):
            base = tuple(node.module.split(".")[1:])
            found |= {(*base, alias.name) if (*base, alias.name) in MODULES else base for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")[1:]) for alias in node.names if alias.name.startswith("merlab.")}
    return frozenset(found)


def test_contributing_lists_every_room_once():
    assert sorted(ROOMS) == sorted({module[0] for module in MODULES})


def test_a_room_imports_only_rooms_below_it():
    # One test for all modules: as one for each, they would take longer to manage than to run.
    upward = {
        module: above
        for module in MODULES
        if (above := {other for other in imported_by(module) if ROOMS.index(other[0]) < ROOMS.index(module[0])})
    }
    assert upward == {}


@pytest.mark.parametrize("room", sorted({module[0] for module in MODULES}))
def test_folders_and_files_inside_a_room_import_each_other_in_one_direction(room):
    inside = [module for module in MODULES if module[0] == room]
    for depth in range(1, max(map(len, inside))):
        arrows: dict[Module, set[Module]] = {}
        for module in inside:
            for other in imported_by(module):
                here, there = module[: depth + 1], other[: depth + 1]
                if len(here) == len(there) == depth + 1 and here[:depth] == there[:depth] and here != there:
                    arrows.setdefault(here, set()).add(there)
        list(TopologicalSorter(arrows).static_order())


def test_no_room_holds_more_than_its_share_of_the_lines():
    lines: dict[str, int] = {}
    for module, path in MODULES.items():
        lines[module[0]] = lines.get(module[0], 0) + len(path.read_text(encoding="utf-8").splitlines())
    total = sum(lines.values())
    too_large = {room: n for room, n in lines.items() if n > LARGEST_SHARES.get(room, LARGEST_SHARE) * total}
    assert too_large == {}


def headings(document: str) -> set[str]:
    lines = (REPOSITORY / "docs" / document).read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("## ").strip() for line in lines if line.startswith("## ")}


@pytest.mark.parametrize(
    ("registry", "document"), [(DATABASES, "databases.md"), (INPUTS, "inputs.md"), (METHODS, "methods.md")]
)
def test_everything_registered_has_its_card_and_no_card_is_left_over(registry, document):
    assert headings(document) == set(registry)


@pytest.mark.parametrize("registry", ["databases", "inputs", "methods"])
def test_everything_registered_is_tested_by_name(registry):
    names = {"databases": list(DATABASES), "inputs": list(INPUTS), "methods": list(METHODS)}[registry]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests" / registry).rglob("test_*.py"))
    assert [name for name in names if name not in tests] == []


def test_nothing_ever_imports_torchvision_or_timm():
    banned = {"torchvision", "timm"}
    for path in MODULES.values():
        for node in ast.walk(parsed(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not banned & {name.split(".")[0] for name in names}, path


def imported_at_once(path: Path) -> set[str]:
    """The libraries that a file loads as soon as it is imported itself."""
    body = parsed(path).body
    plain = {alias.name for statement in body if isinstance(statement, ast.Import) for alias in statement.names}
    named = {str(statement.module) for statement in body if isinstance(statement, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | named}


def test_scikit_learn_and_scipy_are_loaded_only_where_they_compute():
    """They take a second to load, in every command and in each of its worker processes."""
    slow = {"sklearn", "scipy"}
    assert [str(path) for path in modules().values() if imported_at_once(path) & slow] == []


def test_fields_state_their_default_by_name():
    """PEP 681: type checkers without a plugin take a field with a positional default for one that must be given."""
    calls = [
        (path.relative_to(PACKAGE), node.lineno)
        for path in MODULES.values()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call) and node.value.args
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "Field"
    ]
    assert calls == []


def _writes_text(call: ast.Call) -> bool:
    """Whether a call writes text, for which it states an encoding, or a table."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    modes = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    opens_to_write = name == "open" and any(mode in {"w", "a", "x"} for mode in modes)
    is_text = any(each.arg == "encoding" for each in call.keywords)
    return name == "to_csv" or (is_text and (name == "write_text" or opens_to_write))


def test_files_of_text_are_the_same_on_every_system():
    """Windows would end lines in another way, which changes digests and makes equal tables differ."""
    calls = [
        (path.relative_to(PACKAGE), node.lineno)
        for path in MODULES.values()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and _writes_text(node)
        if not {each.arg for each in node.keywords} & {"newline", "lineterminator"}
    ]
    assert calls == []
