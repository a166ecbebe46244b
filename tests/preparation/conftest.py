"""Drawn heads in trees of the releases' layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from merlab.faces.alignment import FaceFinding
from merlab.frames import IMAGE_SUFFIXES, frame_number
from merlab.preparation.settings import Settings
from tests.databases import test_faults

# Hermetic: the mesh's file is in the cache of whoever got it.
FIVE_POINTS = Settings(FaceFinding(landmarks="five-points"))


@pytest.fixture
def whole_heads(heads) -> Callable[[Path], Path]:
    """A function that puts the heads into every clip of a tree, under the names of frames that are not registered."""

    def drawn(root: Path) -> Path:
        for path in sorted(root.rglob("*")):
            if path.suffix in IMAGE_SUFFIXES:
                path.unlink()
                number = frame_number(path) or 0
                assert cv2.imwrite(str(path.with_name(path.name.removeprefix("reg_"))), heads[number % 4])
        return root

    return drawn


@pytest.fixture
def raw_tree(tmp_path, whole_heads) -> Callable[[str], Path]:
    """A function from a database's name to a small sound tree of two clips, whole heads."""
    return lambda name: whole_heads(test_faults.TREES[name].write(tmp_path / f"raw-{name}"))
