"""Most examples make the same synthetic faces: these are rendered once for all runs of examples in a session.

It is done for them inside their own process, so only what every example needs is imported here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

import merlab
from merlab.synthesis import make_faces

REPOSITORY = Path(__file__).resolve().parents[2]


def share(folder: Path) -> None:
    """Make ``merlab.make_faces`` in this process give links to files that are kept in ``folder``.

    The bytes of a tree depend on its settings alone (tests/synthesis/test_writing.py).
    """

    def made_once(out: Path, **settings: Any) -> Path:
        tree = folder / "-".join(f"{name}={value}" for name, value in sorted(settings.items()))
        with FileLock(f"{tree}.lock"):
            make_faces(tree, **settings)
        return Path(shutil.copytree(tree, out, copy_function=os.link))

    merlab.make_faces = made_once


def sharing(shared: Path) -> str:
    """The Python statements that do so in another process, whose folder is not this repository."""
    folder = shared / "faces-of-examples"
    folder.mkdir(exist_ok=True)
    return (
        f"import sys; from pathlib import Path; sys.path.append({str(REPOSITORY)!r}); "
        f"from tests.examples import shared_faces; shared_faces.share(Path({str(folder)!r}))"
    )
