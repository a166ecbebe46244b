"""Synthetic faces that the tests of several rooms share; made once a session, whichever worker comes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from merlab.databases import find_database
from merlab.databases.base import load_clips
from merlab.databases.synthetic import make_faces
from merlab.protocols import Labelled, find_scheme, label_clips


@pytest.fixture(scope="session")
def synthetic_faces(tmp_path_factory, worker_id) -> Callable[[str], Path]:
    """A function from a preset's name to a tree of 72 cropped clips of 6 subjects; some 30 s of work a preset."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def tree(preset: str) -> Path:
        root = shared / f"synthetic-{preset}"
        with FileLock(f"{root}.lock"):
            return make_faces(root, subjects=6, clips=72, preset=preset, seed=0, jobs=1)

    return tree


@pytest.fixture(scope="session")
def labelled_faces(synthetic_faces) -> Callable[[str], Labelled]:
    """The same clips with the five labels of ``casme2-5``."""

    def labelled(preset: str) -> Labelled:
        clips = load_clips(find_database("synthetic"), synthetic_faces(preset)).clips
        return label_clips(clips, find_scheme("casme2-5"))

    return labelled
