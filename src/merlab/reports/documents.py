"""Numbers in documents come from stored runs: a run's summary is kept as JSON, and Markdown blocks are filled from it.

A block is two lines of their own, ``<!-- results: NAME -->`` and ``<!-- end -->``; what stands between them is replaced
by the table of ``NAME.json``.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from merlab.errors import MerlabError
from merlab.reports.run import DataFacts, read_run
from merlab.reports.stamps import STAMP_SEPARATOR, all_stamps
from merlab.reports.tables import database_table, markdown_table, results_table, verdict
from merlab.storage import read_json, whole_file, write_json

START = re.compile(r"<!-- *results: *(?P<name>.*?) *-->")
END = "<!-- end -->"


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
        commit=_commit(),
        command=command,
        databases={database.name: database.shareable for database in record.databases},
        data=record.data,
        methods=[method.model_dump(mode="json") for method in record.methods],
        metrics=run.summarise(),
        versions=record.versions,
        hardware=record.hardware,
    )
    write_json(path, stored.model_dump(mode="json"))


def fill(document: Path, results: Path, check: bool) -> bool:
    """Put the tables of stored summaries into a document; with ``check`` nothing is written.

    Returns whether the document is up to date afterwards: False only with ``check``, when a block would change. Raises
    MerlabError for a block that is not closed or that names a result which ``results`` does not hold.
    """
    try:
        present = document.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MerlabError(f"cannot read {document}: {error}; name a Markdown file") from error
    filled = _filled(present, document, results)
    if filled == present:
        return True
    if check:
        return False
    with whole_file(document) as aside:
        aside.write_text(filled, encoding="utf-8")
    return True


def _filled(text: str, document: Path, results: Path) -> str:
    lines: list[str] = []
    opened: int | None = None
    for position, line in enumerate(text.splitlines(keepends=True), start=1):
        start = START.fullmatch(line.strip())
        if start and opened is None:
            opened = position
            lines += [line, _block(start["name"], results, f"{document} line {position}")]
        elif start:
            break
        elif line.strip() == END and opened is not None:
            opened = None
            lines.append(line)
        elif opened is None:
            lines.append(line)
    if opened is not None:
        raise MerlabError(f"{document} line {opened}: the results block is not closed; end it with a line {END}")
    return "".join(lines)


def _block(name: str, results: Path, where: str) -> str:
    path = results / f"{name}.json"
    known = sorted(found.stem for found in results.glob("*.json"))
    if name not in known:
        raise MerlabError(
            f"{where} asks for result {name!r}, but {results} holds {', '.join(known) or 'nothing'}; "
            f"keep a run under that name with `merlab results save RUN {path}`"
        )
    try:
        stored = StoredResult.model_validate(read_json(path))
        stamps = STAMP_SEPARATOR.join(all_stamps(stored.metrics))
        tables = [results_table(stored.metrics)]
        if len(stored.databases) > 1 or len(stored.metrics[0]["by_database"]) > 1:
            tables.append(database_table(stored.metrics).drop(columns=["accuracy", "macro precision"]))
        text, sentence = "\n".join(map(markdown_table, tables)), verdict(stored.metrics)
    except (ValidationError, KeyError, IndexError) as error:
        raise MerlabError(f"{path} is no stored result ({error}); write it again with `merlab results save`") from error
    commit = f" at commit {stored.commit}" if stored.commit else ""
    origin = f"Run of {stored.date} with merlab {stored.versions['merlab']}{commit}: `{stored.command}`"
    heading = f"**{stamps}**\n\n" if stamps else ""
    return f"{heading}{text}\n{sentence}\n\n{origin}\n"


def _commit() -> str | None:
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
