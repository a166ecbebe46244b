"""A run's summary, kept as JSON in docs/results: what documents and the leaderboard take their numbers from."""

from __future__ import annotations

import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from merlab import __version__
from merlab.errors import MerlabError
from merlab.reports.run import DataFacts, read_run
from merlab.storage import read_json, write_json


class StoredResult(BaseModel):
    """A run's summary for documents: no per-clip data and no folder of the machine that ran it.

    ``command`` is what a reader would type to repeat the run; ``commit`` is merlab's when the summary was stored, None
    where merlab does not run from a git checkout; ``metrics`` are the objects of metrics.json.
    """

    date: str
    commit: str | None
    command: str
    databases: dict[str, dict[str, str]]
    data: DataFacts
    methods: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    versions: dict[str, str]
    hardware: str


def store_result(run_folder: Path, path: Path, command: str) -> None:
    """Write the summary of a run as JSON; raises MerlabError when the folder holds no finished run."""
    run = read_run(run_folder)
    record = run.record
    stored = StoredResult(
        date=record.started.date().isoformat(),
        commit=commit_of_checkout(),
        command=command,
        databases={database.name: database.shareable for database in record.databases},
        data=record.data,
        methods=[method.model_dump(mode="json") for method in record.methods],
        metrics=run.summarize(),
        versions=record.versions,
        hardware=record.hardware,
    )
    write_json(path, stored.model_dump(mode="json"))


def read_stored(path: Path) -> StoredResult:
    """The summary in a file; raises MerlabError when it is none, or holds no metrics."""
    try:
        stored = StoredResult.model_validate(read_json(path))
        if not stored.metrics:
            raise MerlabError(f"{path} is no stored result (no metrics); write it again with `merlab results save`")
    except ValidationError as error:
        raise MerlabError(f"{path} is no stored result ({error}); write it again with `merlab results save`") from error
    return stored


def stored_results(folder: Path) -> dict[str, StoredResult]:
    """Every summary of a folder by name, in the order of their names."""
    return {path.stem: read_stored(path) for path in sorted(folder.glob("*.json"))}


def made_now() -> str:
    """``2026-05-04 with merlab 0.1.0 at commit 0123abc``, for what a command has just made."""
    commit = commit_of_checkout()
    today = datetime.now(timezone.utc).date().isoformat()
    return f"{today} with merlab {__version__}" + (f" at commit {commit}" if commit else "")


def commit_of_checkout() -> str | None:
    """The commit of the checkout that this file is tracked in, with ``-dirty`` where it was changed since."""
    here = Path(__file__).resolve()
    git = ["git", "-C", str(here.parent)]
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", here.name], check=True, capture_output=True)
        found = subprocess.run(
            [*git, "describe", "--always", "--dirty", "--exclude=*"], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
