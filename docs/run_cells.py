"""Run a script in ``# %%`` cells, or a notebook, cell by cell, and keep what every cell showed.

``python -c "import run_cells; run_cells.main()" SCRIPT FOLDER`` writes FOLDER/cells.json and the figures beside it.
The cells run in a ``__main__`` without a file, as in a notebook, so that worker processes do not run them again.
What an example showed is kept in ``build/examples`` until the example or merlab changes.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

REPOSITORY = Path(__file__).resolve().parents[1]
KEPT = REPOSITORY / "build" / "examples"
RUN = "import run_cells; run_cells.main()"
MARKER = re.compile(r"^# %%(.*)$", re.MULTILINE)
COMMENT = re.compile(r"^# ?", re.MULTILINE)


@dataclass
class Cell:
    """One cell, and what it showed when it ran: what it printed, its last value as HTML, or the file of a figure."""

    kind: str
    source: str
    printed: str = ""
    html: str = ""
    figure: str = ""


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook, or of a script: ``# %%`` starts a code cell, ``# %% [markdown]`` a text cell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return [Cell(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    _, *pieces = MARKER.split(text)
    return [_cell(title, body.strip("\n")) for title, body in zip(pieces[::2], pieces[1::2], strict=True)]


def _cell(title: str, body: str) -> Cell:
    return Cell("markdown", COMMENT.sub("", body)) if "[markdown]" in title else Cell("code", body)


def run_cells(cells: list[Cell], name: str, folder: Path) -> None:
    """Run the code cells one after the other in ``__main__``; figures are saved in ``folder`` as ``name-N.png``."""
    namespace = sys.modules["__main__"].__dict__
    for number, cell in enumerate(cells, start=1):
        if cell.kind == "code":
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                value = _run(cell.source, f"{name}, cell {number}", namespace)
            cell.printed = shown.getvalue()
            _keep(value, cell, folder / f"{name}-{number}.png")


def _run(source: str, title: str, namespace: dict[str, Any]) -> Any:
    """The value of the last line where it is an expression, else None."""
    tree = ast.parse(source, title)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, title, "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), title, "eval"), namespace)


def _keep(value: Any, cell: Cell, picture: Path) -> None:
    if isinstance(value, Figure):
        value.savefig(picture, dpi=110, bbox_inches="tight")
        cell.figure = picture.name
    elif hasattr(value, "_repr_html_"):
        cell.html = value._repr_html_()
    elif value is not None:
        cell.printed += f"{value!r}\n"


def run_in_process(
    script: Path, folder: Path, working: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, which writes into ``folder``."""
    folder.mkdir(parents=True)
    paths = {**os.environ, **(environment or {}), "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", RUN, str(script), str(folder)]
    return subprocess.run(command, cwd=working, env=paths, capture_output=True, text=True, check=False)


def kept(script: Path) -> Path:
    """The folder for what this script showed; another one after a change of the script, of merlab or of Python."""
    content = hashlib.sha256(sys.version.encode())
    for path in [script, Path(__file__), *sorted(REPOSITORY.glob("src/merlab/**/*"))]:
        if path.is_file() and path.suffix != ".pyc":
            content.update(path.read_bytes())
    return KEPT / f"{script.stem}-{content.hexdigest()[:16]}"


def keep(script: Path, folder: Path) -> Path:
    """Keep what a script showed in place of what an earlier version of it showed."""
    for outdated in KEPT.glob(f"{script.stem}-*"):
        shutil.rmtree(outdated)
    target = kept(script)
    return Path(shutil.copytree(folder, target.with_name(f"{target.name}-unfinished"))).rename(target)


def main() -> None:
    """Run the script of the first argument and write into the folder of the second."""
    script, folder = Path(sys.argv[1]), Path(sys.argv[2])
    mpl.use("agg")
    cells = read_cells(script)
    run_cells(cells, script.stem, folder)
    content = json.dumps([asdict(cell) for cell in cells], indent=1)
    (folder / "cells.json").write_text(content, encoding="utf-8")
