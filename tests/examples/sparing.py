"""What an example does differently in tests, to spare time; its results are the same.

Most examples make the same synthetic faces: these are rendered once per session, as a network is exported once. The
test processes use every core already, so an example that does not request several processes works in one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import merlab
from merlab.synthesis import make_faces
from tests.kept_exports import keep_exports

REPOSITORY = Path(__file__).resolve().parents[2]


def spare(shared: Path) -> None:
    """Do so in this process: ``merlab.make_faces`` gives links to the files of a tree that is kept in ``shared``.

    The bytes of a tree depend on its settings alone (tests/synthesis/test_writing.py).
    """
    folder = shared / "faces-of-examples"
    folder.mkdir(exist_ok=True)

    def made_once(out: Path | str, **settings: Any) -> Path:
        tree = folder / "-".join(f"{name}={value}" for name, value in sorted(settings.items()))
        with FileLock(f"{tree}.lock"):
            make_faces(tree, **settings)
        return Path(shutil.copytree(tree, out, copy_function=os.link))

    merlab.make_faces = made_once
    os.cpu_count = lambda: 1
    keep_exports(pytest.MonkeyPatch(), shared)


def sparing(shared: Path) -> str:
    """The Python statements that do so in another process, whose folder is not this repository."""
    return (
        f"import sys; from pathlib import Path; sys.path.append({str(REPOSITORY)!r}); "
        f"from tests.examples.sparing import spare; spare(Path({str(shared)!r}))"
    )
