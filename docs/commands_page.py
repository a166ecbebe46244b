"""The page of all commands, made from the commands themselves whenever the site is built, so that it is never stale."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from properdocs.structure.files import File, Files

PAGE = "reference/commands.md"


def on_files(files: Files, config: Any) -> Files:
    """Add the page to the site's files; fails the build where the commands cannot be listed."""
    command = [sys.executable, "-m", "typer", "merlab.cli", "utils", "docs", "--name", "merlab", "--title", "Commands"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    files.append(File.generated(config, PAGE, content=listed.stdout))
    return files
