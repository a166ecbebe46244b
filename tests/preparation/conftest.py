"""Synthetic heads in the layouts of the releases."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import pytest

from merlab.faces.alignment import FaceFinding
from merlab.frames import IMAGE_SUFFIXES, frame_number
from merlab.preparation.database_faces import prepare
from merlab.preparation.settings import Settings
from tests.databases import casme2_release, test_faults

# Independent of the machine, whose cache may have the file of the face mesh.
FIVE_POINTS = Settings(FaceFinding(landmarks="five-points"))


def write_tree(name: str, root: Path) -> Path:
    """A small tree of two clips; those of CASME II are of eleven frames."""
    if name != "casme2":
        return test_faults.TREES[name].write(root)
    rows = [casme2_release.row(subject, frames=(46, 50, 56)) for subject in ("01", "02")]
    return casme2_release.write_release(root, rows=rows)


@pytest.fixture(scope="session")
def whole_heads(heads) -> Callable[[Path], Path]:
    """A function that replaces the frames of every clip of a tree by the heads, with the names of raw frames."""

    @cache
    def encoded(suffix: str, head: int) -> bytes:
        return cv2.imencode(suffix, heads[head])[1].tobytes()

    def replaced(root: Path) -> Path:
        for path in sorted(root.rglob("*")):
            if path.suffix in IMAGE_SUFFIXES:
                path.unlink()
                number = frame_number(path) or 0
                path.with_name(path.name.removeprefix("reg_")).write_bytes(encoded(path.suffix, number % 4))
        return root

    return replaced


@pytest.fixture
def raw_tree(tmp_path, whole_heads) -> Callable[[str], Path]:
    """A function from the name of a database to a small tree of two clips with whole heads."""
    return lambda name: whole_heads(write_tree(name, tmp_path / f"raw-{name}"))


@pytest.fixture(scope="session")
def prepared_casme2(whole_heads, tmp_path_factory) -> tuple[Path, Path]:
    """A small tree of CASME II with whole heads, and what ``prepare`` makes of it; not to be changed."""
    folder = tmp_path_factory.mktemp("prepared")
    root = whole_heads(write_tree("casme2", folder / "raw-casme2"))
    prepare("casme2", root, folder / "out", FIVE_POINTS, jobs=1, progress=False)
    return root, folder / "out"
