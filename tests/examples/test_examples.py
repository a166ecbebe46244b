"""Every example runs from any folder as a reader runs it, on synthetic faces, leaving nothing behind."""

from __future__ import annotations

import ast
import json
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.examples.runs import NOTEBOOKS, SCRIPTS, Places, run_once
from tests.examples.sparing import sparing


def test_the_scripts_and_the_notebook_are_found():
    assert len(SCRIPTS) >= 9
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
@pytest.mark.parametrize("example", [*SCRIPTS, *NOTEBOOKS], ids=lambda path: path.stem)
def test_an_example_runs_from_any_folder_and_leaves_nothing_behind(shared_folder, example):
    run = run_once(example, shared_folder)
    assert run.status == 0, run.errors
    assert "Warning" not in run.errors
    assert any(cell["printed"] or cell["html"] for cell in run.cells)
    assert run.left_behind == []


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_jupyter_runs_a_notebook_with_its_own_method(notebook, tmp_path, shared_folder, monkeypatch):
    """In one process; a method of a notebook works in several (tests/test_api.py), as where its cells run above."""
    places = Places.under(tmp_path)
    for name, value in places.environment.items():
        monkeypatch.setenv(name, value)
    read = nbformat.read(notebook, as_version=4)
    for cell in read.cells:
        cell.source = cell.source.replace("jobs=2", "jobs=1")
    read.cells.insert(0, nbformat.v4.new_code_cell(sparing(shared_folder)))
    NotebookClient(read, timeout=300, resources={"metadata": {"path": str(places.working)}}).execute()
    assert any("regional-movement" in str(cell.get("outputs")) for cell in read.cells)
    assert places.left_behind == []
