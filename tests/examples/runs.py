"""Examples, run once per session: the tests of the examples and the tests of the site's pages share the runs."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.examples.sparing import REPOSITORY, sparing

SCRIPTS = sorted(REPOSITORY.glob("examples/*.py"))
NOTEBOOKS = sorted(REPOSITORY.glob("examples/*.ipynb"))


@dataclass(frozen=True)
class Places:
    """A working folder, a folder for temporary files, and the user's cache, all three empty."""

    working: Path
    temporary: Path
    cache: Path

    @classmethod
    def under(cls, folder: Path) -> Places:
        places = cls(*(folder / name for name in ("working", "temporary", "cache")))
        for each in (places.working, places.temporary, places.cache):
            each.mkdir(parents=True)
        return places

    @property
    def environment(self) -> dict[str, str]:
        return {"TMPDIR": str(self.temporary), "XDG_CACHE_HOME": str(self.cache), "MPLBACKEND": "agg"}

    @property
    def left_behind(self) -> list[str]:
        """All in the working folder, Python's temporary folders, and merlab's cache; other libraries keep theirs."""
        left = (self.working.iterdir(), self.temporary.glob("tmp*"), self.cache.glob("merlab*"))
        return [str(path) for paths in left for path in paths]


@dataclass(frozen=True)
class Run:
    """How an example ended, and what its cells showed (see ``run_cells.Cell``)."""

    status: int
    errors: str
    left_behind: list[str]
    cells: list[dict[str, str]]


def run_once(script: Path, shared: Path) -> Run:
    """Run an example from an empty folder, unless this session has done so; what it showed is kept for the site."""
    folder = shared / "examples" / script.stem
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "run.json"
    with FileLock(folder / "lock"):
        if not record.exists():
            record.write_text(json.dumps(asdict(_run(script, folder, sparing(shared)))), encoding="utf-8")
    return Run(**json.loads(record.read_text(encoding="utf-8")))


def _run(script: Path, folder: Path, first: str) -> Run:
    """Run an example, in its process after the statements ``first``."""
    run_cells, places, shown = _run_cells(), Places.under(folder), folder / "shown"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_cells, "RUN", f"{first}; {run_cells.RUN}")
        done = run_cells.run_in_process(script, shown, places.working, places.environment)
    if done.returncode:
        return Run(done.returncode, done.stderr, places.left_behind, [])
    run_cells.keep(script, shown)
    cells = json.loads((shown / "cells.json").read_text(encoding="utf-8"))
    return Run(done.returncode, done.stderr, places.left_behind, cells)


def _run_cells() -> Any:
    """The module with which the site runs examples; it is not part of merlab."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPOSITORY / "docs")
        return importlib.import_module("run_cells")
