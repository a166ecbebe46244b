"""Every example runs as a reader runs it: from any folder, on synthetic faces, leaving nothing behind."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A working folder and a folder for temporary files, both empty; the user's cache is a third one."""
    working, temporary, cache = (tmp_path / name for name in ("working", "temporary", "cache"))
    for folder in (working, temporary, cache):
        folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("MPLBACKEND", "agg")
    return working, temporary, cache


def left_behind(places: tuple[Path, Path, Path]) -> list[Path]:
    """Everything in the working folder, Python's temporary folders, and merlab's cache; other libraries keep theirs."""
    working, temporary, cache = places
    return [*working.iterdir(), *temporary.glob("tmp*"), *cache.glob("merlab*")]


def test_there_are_seven_scripts_and_a_notebook():
    assert len(SCRIPTS) >= 7
    assert len(NOTEBOOKS) >= 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_cells_that_begin_with_a_title_and_mark_its_faces_as_synthetic(script):
    text = script.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert re.search(r"\bSYNTHETIC\b", text)
    cells = re.split(r"^# %%.*$", text, flags=re.MULTILINE)[1:]
    assert all(ast.parse(cell) for cell in cells)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_from_any_folder_and_leaves_nothing_behind(script, places):
    done = subprocess.run(
        [sys.executable, str(script)], cwd=places[0], env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert done.stdout
    assert left_behind(places) == []


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_with_its_own_method_in_two_processes(notebook, places):
    read = nbformat.read(notebook, as_version=4)
    NotebookClient(read, timeout=300, resources={"metadata": {"path": str(places[0])}}).execute()
    assert any("regional-movement" in str(cell.get("outputs")) for cell in read.cells)
    assert left_behind(places) == []
