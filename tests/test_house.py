"""The structure of the package itself: rooms, registries, cards."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from merlab.databases import DATABASES
from merlab.inputs import INPUTS
from merlab.methods import METHODS

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "src" / "merlab"

# Top to bottom, as CONTRIBUTING.md shows them.
ROOMS = (
    "__main__",
    "cli",
    "console",
    "serving",
    "reproduction",
    "reports",
    "recipes",
    "recognition",
    "evaluation",
    "protocols",
    "methods",
    "training",
    "inputs",
    "preparation",
    "faces",
    "databases",
    "sinks",
    "clips",
    "pages",
    "storage",
    "processes",
    "registry",
    "errors",
)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        rooms |= {module.split(".")[1] for module in modules if module.startswith("merlab.")}
    return rooms


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_below_it(path):
    own = ROOMS.index(room_of(path))
    above = {room for room in imported_rooms(path) if ROOMS.index(room) < own}
    assert not above


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
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not banned & {name.split(".")[0] for name in names}, path
