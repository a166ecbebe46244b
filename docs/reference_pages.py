"""Pages of all commands and of the Python API, made from the code whenever the site is built, so never stale."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from griffe2md import render_package_docs
from properdocs.structure.files import File, Files

COMMANDS_PAGE, API_PAGE = "reference/commands.md", "reference/api.md"
# What a program calls, in the order of the way from a file to a number.
MODULES = (
    "merlab.errors",
    "merlab.clips",
    "merlab.sinks",
    "merlab.databases.database",
    "merlab.faces.alignment",
    "merlab.faces.tracking",
    "merlab.faces.regions",
    "merlab.inputs.recipe",
    "merlab.inputs.extraction",
    "merlab.training",
    "merlab.methods.method",
    "merlab.protocols",
    "merlab.evaluation.predictions",
    "merlab.evaluation.metrics",
    "merlab.evaluation.significance",
    "merlab.spotting.scoring",
    "merlab.spotting.spot",
    "merlab.models.recognizer",
    "merlab.videos.evidence.movement",
    "merlab.videos.recognition",
    "merlab.videos.result",
    "merlab.sinks",
)
# Types link to where they would be described, which not every one is; the names say enough.
LINK = re.compile(r"\[([^\]]+)\]\(#[^)]*\)")
STYLE = {"show_signature_annotations": True, "members_order": "source", "summary": False, "show_if_no_docstring": False}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages to the site's files; fails the build where the commands or a module cannot be read."""
    command = [sys.executable, "-m", "typer", "merlab.cli", "utils", "docs", "--name", "merlab", "--title", "Commands"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    files.append(File.generated(config, COMMANDS_PAGE, content=listed.stdout))
    described = [render_package_docs(module, STYLE) for module in MODULES]
    files.append(File.generated(config, API_PAGE, content=LINK.sub(r"\1", "\n\n".join(["# Python API", *described]))))
    return files
