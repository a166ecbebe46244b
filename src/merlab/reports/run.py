"""A finished run, read back from its folder: what was run, and what was predicted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ValidationError

from merlab.errors import MerlabError
from merlab.evaluation.predictions import KEY_COLUMNS, LABEL_COLUMNS, PREDICTIONS_FILE, RUN_FILE, read_predictions
from merlab.evaluation.summary import summarize_run
from merlab.storage import read_json

GO_ON = "run the same `merlab evaluate` command again, it goes on where it was"


class DatabaseFacts(BaseModel):
    """A database as it was read: its registry name, its folder, and what its reader found there."""

    name: str
    root: str
    facts: dict[str, str]

    @property
    def shareable(self) -> dict[str, str]:
        """The facts for readers elsewhere: without the folders of this machine, files keep their names."""
        return {key: self._without_folders(value) for key, value in self.facts.items()}

    def _without_folders(self, value: str) -> str:
        if Path(self.root).is_absolute():
            value = value.replace(str(Path(self.root)) + os.sep, "")
        return Path(value).name if Path(value).is_absolute() else value


class DataFacts(BaseModel):
    """Clips, classes and folds of a run; ``left_out`` counts clips by the reason why they are not in."""

    scheme: str
    scheme_description: str
    classes: list[str]
    protocol: str
    folds: int
    clips: int
    subjects: int
    clips_per_class: dict[str, int]
    clips_per_database: dict[str, int]
    left_out: dict[str, int]
    apex_sources: dict[str, int]
    stamps: list[str]


class MethodFacts(BaseModel):
    """One method of a run with everything that was set; ``settings`` is None for a method that trains no network."""

    method: str
    title: str
    paper: str
    preset: str
    preset_source: str
    network: dict[str, Any]
    settings: dict[str, Any] | None
    input: str
    seeds: list[int]
    stamps: list[str]


class RunRecord(BaseModel):
    """The content of run.json."""

    started: datetime
    databases: list[DatabaseFacts]
    data: DataFacts
    methods: list[MethodFacts]
    versions: dict[str, str]
    hardware: str


@dataclass(frozen=True)
class Run:
    """What a run folder holds: its record and its complete predictions table."""

    record: RunRecord
    predictions: pd.DataFrame

    def summarize(self) -> list[dict[str, Any]]:
        """The metrics of every method, computed from the predictions (see ``summarize_run``)."""
        stamps = {method.method: [*self.record.data.stamps, *method.stamps] for method in self.record.methods}
        return summarize_run(self.predictions, self.record.data.classes, list(stamps), stamps)


def read_run(folder: Path) -> Run:
    """The run in a folder; raises MerlabError when it holds none, an unfinished one, or damaged files."""
    if not (folder / RUN_FILE).is_file():
        raise MerlabError(
            f"{folder} is no run folder, it holds no {RUN_FILE}; name the folder that `merlab evaluate` wrote"
        )
    try:
        record = RunRecord.model_validate(read_json(folder / RUN_FILE))
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"])) or "content"
        raise MerlabError(f"{folder / RUN_FILE} was not written by this merlab: {field}: {fault['msg']}") from error
    if not (folder / PREDICTIONS_FILE).is_file():
        raise MerlabError(f"the run in {folder} is unfinished, it has no {PREDICTIONS_FILE} yet; {GO_ON}")
    try:
        predictions = read_predictions(folder / PREDICTIONS_FILE)
    except MerlabError as error:
        raise MerlabError(f"{error}; remove the file and {GO_ON}") from error
    _require_complete(folder, record, predictions)
    return Run(record, predictions)


def _require_complete(folder: Path, record: RunRecord, predictions: pd.DataFrame) -> None:
    missing = [column for column in (*KEY_COLUMNS, *LABEL_COLUMNS) if column not in predictions]
    if missing:
        raise MerlabError(
            f"{folder / PREDICTIONS_FILE} has no column {', '.join(missing)}; remove the file and {GO_ON}"
        )
    rows = predictions.groupby(["method", "seed"]).size()
    asked = [(method.method, seed) for method in record.methods for seed in method.seeds]
    absent = [f"{method} seed {seed}" for method, seed in asked if (method, seed) not in rows.index]
    if absent:
        raise MerlabError(f"the run in {folder} is unfinished, it lacks {', '.join(absent)}; {GO_ON}")
    if rows.nunique() > 1:
        raise MerlabError(
            f"{folder / PREDICTIONS_FILE} holds from {rows.min()} to {rows.max()} clips a method and seed, but all "
            f"need the same clips; remove the file and {GO_ON}"
        )
