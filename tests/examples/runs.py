"""Examples, run once per session: the tests of the examples and the tests of the site's pages share the runs."""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from filelock import FileLock

from tests.examples.sparing import REPOSITORY, spare, sparing
from tests.prepared_processes import prepared

SCRIPTS = sorted(REPOSITORY.glob("examples/*.py"))
NOTEBOOKS = sorted(REPOSITORY.glob("examples/*.ipynb"))
ERRORS = "errors.txt"


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
            record.write_text(json.dumps(asdict(_run(script, folder, shared))), encoding="utf-8")
    return Run(**json.loads(record.read_text(encoding="utf-8")))


def _run(script: Path, folder: Path, shared: Path) -> Run:
    """Run an example: a notebook as the site runs it, a script in a prepared process."""
    places, shown, context = Places.under(folder), folder / "shown", prepared()
    if context is None or script in NOTEBOOKS:
        status, errors = _as_on_the_site(script, shown, places, shared)
    else:
        process = context.Process(target=_show, args=(script, shown, places, shared))
        process.start()
        process.join()
        status, errors = process.exitcode or 0, (folder / ERRORS).read_text(encoding="utf-8")
    if status:
        return Run(status, errors, places.left_behind, [])
    _run_cells().keep(script, shown)
    cells = json.loads((shown / "cells.json").read_text(encoding="utf-8"))
    return Run(status, errors, places.left_behind, cells)


def _as_on_the_site(script: Path, shown: Path, places: Places, shared: Path) -> tuple[int, str]:
    """The status and the errors of a new process that runs the cells."""
    run_cells = _run_cells()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_cells, "RUN", f"{sparing(shared)}; {run_cells.RUN}")
        done = run_cells.run_in_process(script, shown, places.working, places.environment)
    return done.returncode, done.stderr


def _show(script: Path, shown: Path, places: Places, shared: Path) -> None:
    """Run the cells in this process, which is of the example alone; its errors are written into a file."""
    shown.mkdir()
    with shown.with_name(ERRORS).open("wb") as errors:
        os.dup2(errors.fileno(), sys.stderr.fileno())
    os.environ.update(places.environment)
    os.chdir(places.working)
    spare(shared)
    sys.argv[1:] = [str(script), str(shown)]
    # As in a notebook, whose name this is, without a file.
    sys.modules["__main__"] = ModuleType("__main__")
    _run_cells().main()


def _run_cells() -> Any:
    """The module with which the site runs examples; it is not part of merlab."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPOSITORY / "docs")
        return importlib.import_module("run_cells")
