"""A run's summary, stored as JSON in docs/results: the numbers of documents and of the leaderboard come from it."""

from __future__ import annotations

import subprocess
from datetime import datetime, timezone
from pathlib import Path

from pydantic import BaseModel, Field

from merlab.evaluation.run_record import DataFacts, MethodFacts
from merlab.evaluation.summary import MethodSummary
from merlab.evaluation.versions import versions
from merlab.json_models import read_model, write_model
from merlab.reports.run import read_run
from merlab.version import __version__


class StoredResult(BaseModel):
    """A run's summary for documents: it holds no per-clip data and no folder of the machine that ran it.

    ``command`` is what a reader would type to repeat the run. ``commit`` is merlab's when the summary was stored, None
    where merlab does not run from a git checkout, or other code of merlab computed the predictions. ``metrics`` are the
    objects of metrics.json.
    """

    date: str
    commit: str | None
    command: str
    databases: dict[str, dict[str, str]]
    data: DataFacts
    methods: list[MethodFacts]
    metrics: list[MethodSummary] = Field(min_length=1)
    versions: dict[str, str]
    hardware: str


def store_result(run_folder: Path, path: Path, command: str) -> None:
    """Write the summary of a run as JSON; raises MerlabError when the folder holds no finished run."""
    run = read_run(run_folder)
    record = run.record
    stored = StoredResult(
        date=record.started.date().isoformat(),
        commit=commit_of_checkout() if record.versions["merlab"] == versions()["merlab"] else None,
        command=command,
        databases={database.name: database.shareable for database in record.databases},
        data=record.data.shareable,
        methods=record.methods,
        metrics=run.summaries,
        versions=record.versions,
        hardware=record.hardware,
    )
    write_model(path, stored)


def read_stored(path: Path) -> StoredResult:
    """The summary in a file; raises MerlabError when the file holds anything else."""
    return read_model(path, StoredResult, "is not a stored result", "write it again with `merlab results save`")


def stored_results(folder: Path) -> dict[str, StoredResult]:
    """Every summary of a folder, by name, sorted by name."""
    return {path.stem: read_stored(path) for path in sorted(folder.glob("*.json"))}


def made_now() -> str:
    """``2026-05-04 with merlab 0.1.0 at commit 0123abc``: the origin of a new result."""
    commit = commit_of_checkout()
    return f"{today()} with merlab {__version__}" + (f" at commit {commit}" if commit else "")


def today() -> str:
    """The date of this moment in UTC: ``2026-05-04``."""
    return datetime.now(timezone.utc).date().isoformat()


def commit_of_checkout() -> str | None:
    """The commit of the checkout in which this file is tracked, with ``-dirty`` where files were changed since."""
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
