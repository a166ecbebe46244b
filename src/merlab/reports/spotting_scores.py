"""What spotting and recognition in videos scored, as a table, and kept as JSON for documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ValidationError

from merlab.errors import MerlabError
from merlab.evaluation.unit import versions
from merlab.inference.cost import hardware
from merlab.reports.stored import commit_of_checkout
from merlab.reports.tables import estimate, number
from merlab.storage import read_json, write_json
from merlab.videos.result import METADATA

FOLDER = "spotting"
RECOGNITION_TITLES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy", "f1": "harmonic F1"}
NOTHING = "–"


class StoredSpotting(BaseModel):
    """The scores of ``score_spotting`` with their stamps, and what a reader would type to repeat them."""

    date: str
    commit: str | None
    command: str
    stamps: list[str]
    scores: dict[str, Any]
    versions: dict[str, str]
    hardware: str


def store_spotting(path: Path, scores: dict[str, Any], command: str, truth: Path, spotted: Sequence[Path]) -> None:
    """Write scores as JSON; stamped as the true events and the results of `merlab recognize` are."""
    stored = StoredSpotting(
        date=datetime.now(timezone.utc).date().isoformat(),
        commit=commit_of_checkout(),
        command=command,
        stamps=stamps_of(truth, spotted),
        scores=scores,
        versions=versions(),
        hardware=hardware(),
    )
    write_json(path, stored.model_dump(mode="json"))


def read_spotting(path: Path) -> StoredSpotting:
    """What ``store_spotting`` wrote; raises MerlabError for anything else."""
    try:
        return StoredSpotting.model_validate(read_json(path))
    except ValidationError as error:
        told = f"{path} holds no scores of spotting ({error}); write it with `merlab score-spotting --save`"
        raise MerlabError(told) from error


def stamps_of(truth: Path, spotted: Sequence[Path]) -> list[str]:
    """SYNTHETIC where merlab drew the recordings, and the stamps of the models that named the classes."""
    stamps = ["SYNTHETIC"] if truth.name.startswith("SYNTHETIC") else []
    for path in spotted:
        if (path.parent / METADATA).is_file():
            stamps += read_json(path.parent / METADATA)["model"]["stamps"]
    return list(dict.fromkeys(stamps))


def spotting_table(scores: dict[str, Any]) -> pd.DataFrame:
    """A row a measure: its value with the 95 % interval from resampling videos, and what two that guess score."""
    rows = [
        _row("videos with an event; true events", f"{scores['videos']}; {scores['true_events']}"),
        _row("spotted: right, wrong; missed", f"{scores['tp']}, {scores['fp']}; {scores['fn']}"),
        *(_row(name, _told(scores[name])) for name in ("precision", "recall")),
        _row("F1 at IoU 0.5", _told(scores["f1"], scores["f1_interval"])),
        *_apex_rows(scores["apex_error"] or {}),
        *_recognition_rows(scores["recognition"]),
    ]
    if scores["strs"] is not None:
        rows.append(_row("STRS", _told(scores["strs"], scores["strs_interval"]), scores["strs_floors"]))
    units = scores["action_units"]
    if units is not None:
        told = _told(units["first_right"], units["interval"])
        rows.append(_row(f"first action unit right, of {units['n']}", told, units["baselines"]))
    return pd.DataFrame(rows)


def _apex_rows(errors: dict[str, float | None]) -> list[dict[str, str]]:
    named = {name.replace("_", " in "): value for name, value in errors.items() if value is not None}
    return [_row(f"apex error, {name}", f"{value:.2f}") for name, value in named.items()]


def _recognition_rows(recognition: dict[str, Any] | None) -> list[dict[str, str]]:
    if recognition is None:
        return []
    baselines = recognition["baselines"]
    rows = [_row("recognized, of them abstained", f"{recognition['n']}, {recognition['abstained']}")]
    for name, title in RECOGNITION_TITLES.items():
        told = _told(recognition[name], recognition["intervals"][name])
        rows.append(_row(f"recognition {title}", told, {floor: baselines[floor][name] for floor in baselines}))
    return rows


def _row(measure: str, value: str, baselines: dict[str, float | None] | None = None) -> dict[str, str]:
    guesses = {name: _told((baselines or {})[name]) if baselines else "" for name in ("constant", "random")}
    return {"measure": measure, "value": value, **guesses}


def _told(value: float | None, interval: Sequence[float] | None = None) -> str:
    return NOTHING if value is None else estimate(value, interval=interval) if interval else number(value)
