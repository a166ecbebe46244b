"""Synthetic heads in the layouts of the releases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from merlab.faces.alignment import FaceFinding
from merlab.frames import IMAGE_SUFFIXES, frame_number
from merlab.preparation.settings import Settings
from tests.databases import test_faults

# Independent of the machine, whose cache may have the file of the face mesh.
FIVE_POINTS = Settings(FaceFinding(landmarks="five-points"))


@pytest.fixture
def whole_heads(heads) -> Callable[[Path], Path]:
    """A function that replaces the frames of every clip of a tree by the heads, with the names of raw frames."""

    def replaced(root: Path) -> Path:
        for path in sorted(root.rglob("*")):
            if path.suffix in IMAGE_SUFFIXES:
                path.unlink()
                number = frame_number(path) or 0
                assert cv2.imwrite(str(path.with_name(path.name.removeprefix("reg_"))), heads[number % 4])
        return root

    return replaced


@pytest.fixture
def raw_tree(tmp_path, whole_heads) -> Callable[[str], Path]:
    """A function from the name of a database to a small tree of two clips with whole heads."""
    return lambda name: whole_heads(test_faults.TREES[name].write(tmp_path / f"raw-{name}"))
