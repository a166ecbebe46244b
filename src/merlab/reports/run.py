"""A finished run, read back from its folder: what was run, and what was predicted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.complete import require_decisions, require_one_truth, require_same_clips
from merlab.evaluation.predictions import KEY_COLUMNS, LABEL_COLUMNS, PREDICTIONS_FILE, RUN_FILE, read_predictions
from merlab.evaluation.run_record import RunRecord, read_record
from merlab.evaluation.summary import MethodSummary, summarize_run
from merlab.given import require_folder

RESUME = "run the same `merlab evaluate` command again, which resumes the run"


@dataclass(frozen=True)
class Run:
    """What a run folder holds: its record and its complete predictions table."""

    record: RunRecord
    predictions: pd.DataFrame

    @cached_property
    def summaries(self) -> list[MethodSummary]:
        """The metrics of every method, computed from the predictions (see ``summarize_run``)."""
        stamps = {method.method: [*self.record.data.stamps, *method.stamps] for method in self.record.methods}
        return summarize_run(self.predictions, self.record.data.classes, list(stamps), stamps)


def read_run(folder: Path) -> Run:
    """The run in a folder; raises MerlabError when it holds none, an unfinished one, or damaged files."""
    require_folder(folder, "give the folder that `merlab evaluate` wrote")
    if not (folder / RUN_FILE).is_file():
        raise MerlabError(
            f"{folder} is not a run folder, it contains no {RUN_FILE}; give the folder that `merlab evaluate` wrote"
        )
    record = read_record(folder / RUN_FILE)
    if not (folder / PREDICTIONS_FILE).is_file():
        raise MerlabError(f"the run in {folder} is unfinished, it has no {PREDICTIONS_FILE} yet; {RESUME}")
    predictions = read_predictions(folder / PREDICTIONS_FILE, record.sealed)
    remedy = f"remove the file and {RESUME}"
    require_table_of(record, predictions, str(folder / PREDICTIONS_FILE), remedy)
    return Run(record, predictions)


def require_table_of(record: RunRecord, predictions: pd.DataFrame, where: str, remedy: str) -> None:
    """Raise MerlabError with the ``remedy`` unless predictions are those of a run: every clip, method and seed once."""
    missing = [column for column in (*KEY_COLUMNS, *LABEL_COLUMNS) if column not in predictions]
    if missing:
        raise MerlabError(f"{where} has no column {', '.join(missing)}; {remedy}")
    unknown = set(predictions[list(LABEL_COLUMNS)].to_numpy().ravel()) - set(record.data.classes)
    if unknown:
        raise MerlabError(f"{where} has the class {min(map(str, unknown))}, which is not one of {RUN_FILE}; {remedy}")
    rows = predictions.groupby(["method", "seed"]).size()
    wanted = [(method.method, seed) for method in record.methods for seed in method.seeds]
    absent = [f"{method} seed {seed}" for method, seed in wanted if (method, seed) not in rows.index]
    if absent:
        raise MerlabError(f"{where} is unfinished, it lacks {', '.join(absent)}; {remedy}")
    try:
        require_same_clips(predictions, record.data.to_predict, where)
        require_one_truth(predictions, where)
        require_decisions(predictions, record.data.classes, where)
    except MerlabError as error:
        raise MerlabError(f"{error}; {remedy}") from error
