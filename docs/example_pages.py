"""A page for every example: its text, its code, and what each cell showed when it ran.

Examples run two at a time while the site is built. What they showed is kept in ``build/examples`` and reused as long
as neither the example nor merlab has changed, so that only the first build takes minutes.
"""

from __future__ import annotations

import html
import json
import logging
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import run_cells
from properdocs.structure.files import File, Files

REPOSITORY = run_cells.REPOSITORY
LOG = logging.getLogger("properdocs.examples")
# What a notebook shows and a page must not: the style of a table, and links to files that are gone.
NOT_SHOWN = re.compile(r'<style.*?</style>|<p><a href="[^"]*">[^<]*</a></p>', re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and their figures; fails the build where an example fails."""
    scripts = sorted([*REPOSITORY.glob("examples/*.py"), *REPOSITORY.glob("examples/*.ipynb")])
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(outputs, scripts))
    for script, folder in zip(scripts, folders, strict=True):
        files.append(File.generated(config, f"examples/{script.stem}.md", content=page(script, folder)))
        for figure in sorted(folder.glob("*.png")):
            files.append(File.generated(config, f"examples/{figure.name}", content=figure.read_bytes()))
    return files


def outputs(script: Path) -> Path:
    """The folder with what the cells of this script showed: kept from an earlier run, or made now."""
    if not run_cells.kept(script).exists():
        LOG.info("Running examples/%s", script.name)
        with tempfile.TemporaryDirectory() as temporary:
            done = run_cells.run_in_process(script, Path(temporary) / script.stem)
            if done.returncode != 0:
                raise RuntimeError(f"{script.name} failed:\n{done.stderr}")
            return run_cells.keep(script, Path(temporary) / script.stem)
    return run_cells.kept(script)


def page(script: Path, folder: Path) -> str:
    """The cells in Markdown, and where the file is."""
    cells = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
    end = f"This page is made from `examples/{script.name}`, which runs when the documentation is built."
    return "\n\n".join([*map(markdown, cells), end])


def markdown(cell: dict[str, str]) -> str:
    """One cell in Markdown: its text, or its code and what it showed."""
    if cell["kind"] == "markdown":
        return cell["source"]
    shown = [f"```python\n{cell['source']}\n```"]
    if printed := html.escape(cell["printed"].rstrip()):
        shown.append(f'<pre class="border-start ps-3" style="white-space: pre-wrap">{printed}</pre>')
    if cell["html"]:
        shown.append(f'<div class="table-responsive">{shown_html(cell["html"])}</div>')
    if cell["figure"]:
        shown.append(f"![What the cell above draws]({cell['figure']})")
    return "\n\n".join(shown)


def shown_html(text: str) -> str:
    """What a notebook shows as HTML, its tables in the style of the site."""
    return NOT_SHOWN.sub("", text).replace('class="dataframe"', 'class="table table-sm w-auto text-end"')
