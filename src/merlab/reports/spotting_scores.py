"""Scores of spotting and recognition in videos: as a table, and stored as JSON for documents."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from merlab.errors import MerlabError
from merlab.evaluation.versions import versions
from merlab.inference.cost import hardware
from merlab.json_files import read_json_object
from merlab.json_models import read_model, write_model, writer_of
from merlab.reports.numbers import UNDEFINED, estimate, number
from merlab.reports.stored import commit_of_checkout, today
from merlab.spotting.scoring import SpottingScores
from merlab.spotting.scoring.score_models import ApexError, RecognitionScores
from merlab.spotting.scoring.selection import RuleScore
from merlab.spotting.tables_of_all import EVENTS, WEAK, videos_named
from merlab.spotting.timeline import METADATA as SPOTTING_METADATA
from merlab.stamps import in_brackets, stamps_of_recordings
from merlab.version import __version__
from merlab.videos.result import METADATA

FOLDER = "spotting"
SHOWN_IOUS = (0.1, 0.3, 0.7, 0.9)
RECOGNITION_TITLES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy", "f1": "harmonic F1"}


class StoredSpotting(BaseModel):
    """The scores of ``score_spotting`` with their stamps, and the command that repeats them.

    The version of merlab is that of the scored results, where they state it; the commit of another version is unknown.
    """

    date: str
    commit: str | None
    command: str
    stamps: list[str]
    scores: SpottingScores
    versions: dict[str, str]
    hardware: str


def store_spotting(path: Path, scores: SpottingScores, command: str, truth: Path, spotted: Sequence[Path]) -> None:
    """Write scores as JSON, with the stamps of the true events and of the results of `merlab recognize`.

    Raises MerlabError without a command.
    """
    if not command:
        raise MerlabError("--save needs --command, so that a reader can repeat the tables")
    writers = dict.fromkeys(chain.from_iterable(_writers(spotted).values()))
    stored = StoredSpotting(
        date=today(),
        commit=commit_of_checkout() if writers.keys() <= {__version__} else None,
        command=command,
        stamps=_both(scores.stamps, stamps_of(truth, spotted)),
        scores=scores,
        versions=versions() | ({"merlab": ", ".join(writers)} if writers else {}),
        hardware=hardware(),
    )
    write_model(path, stored, by_alias=True)


def read_spotting(path: Path) -> StoredSpotting:
    """The content of a file of ``store_spotting``; raises MerlabError for any other file."""
    again = "write it again with `merlab score-spotting --save`"
    return read_model(path, StoredSpotting, "contains no scores of spotting", again)


class _UsedModel(BaseModel):
    stamps: list[str]


class _Recognized(BaseModel):
    """The field of metadata.json that is needed here; results of every version have it."""

    model: _UsedModel
    stamps: tuple[str, ...] = ()


def stamps_of(truth: Path, spotted: Sequence[Path]) -> list[str]:
    """SYNTHETIC for recordings that merlab made, and the stamps of the results and of their models.

    Raises MerlabError for a metadata.json beside the spotted events that merlab did not write.
    """
    stamps = stamps_of_recordings([truth.name])
    for path in spotted:
        for metadata in _beside(path, METADATA):
            remedy = "move the events into a folder without such a file"
            result = read_model(metadata, _Recognized, "was not written by `merlab recognize`", remedy)
            stamps += (*result.model.stamps, *result.stamps)
    return list(dict.fromkeys(stamps))


def notes_on_versions(spotted: Sequence[Path]) -> list[str]:
    """One sentence per file of spotted events that another version of merlab made."""
    return [
        f"{path}: made by merlab {', '.join(stated)}, and this is merlab {__version__}, which may find other movements"
        for path, stated in _writers(spotted).items()
        if stated != [__version__]
    ]


def _writers(spotted: Sequence[Path]) -> dict[Path, list[str]]:
    """The versions of merlab that made each file of spotted events, each once, where the metadata states them."""
    found: dict[Path, list[str]] = {}
    for path in spotted:
        for metadata in (*_beside(path, METADATA), *_beside(path, SPOTTING_METADATA)):
            with suppress(MerlabError):
                stated = writer_of(read_json_object(metadata))
                found.setdefault(path, []).extend([] if stated is None else [stated])
    return {path: list(dict.fromkeys(versions)) for path, versions in found.items() if versions}


def _beside(spotted: Path, name: str) -> list[Path]:
    """The files of this name in the folder of the spotted events, and of a table of all videos in that of each."""
    folders = [spotted.parent]
    if spotted.name in (EVENTS, WEAK) and spotted.is_file():
        with suppress(MerlabError):
            folders += [spotted.parent / video for video in videos_named(spotted)]
    return [folder / name for folder in dict.fromkeys(folders) if (folder / name).is_file()]


def _both(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*some, *others)))


def heading(scores: SpottingScores, truth: Path, spotted: Sequence[Path]) -> str:
    """The name of the true events, with the stamps that are known."""
    of_files: list[str] = []
    with suppress(MerlabError):
        of_files = stamps_of(truth, spotted)
    return f"{truth.name}{in_brackets(_both(scores.stamps, of_files))}"


def spotting_table(scores: SpottingScores) -> pd.DataFrame:
    """One row per score: its value with the 95 % interval over subjects or videos, and the scores of two guesses."""
    rows = [
        _row(_videos(scores), f"{scores.videos}; {scores.true_events}"),
        *([] if scores.subjects is None else [_row("subjects, over whom intervals are", str(scores.subjects))]),
        _row("spotted: right, wrong; missed", f"{scores.tp}, {scores.fp}; {scores.fn}"),
        _row("precision", estimate(scores.precision)),
        _row("recall", estimate(scores.recall)),
        _row("F1 at IoU 0.5", estimate(scores.f1, interval=scores.f1_interval)),
        *_curve_rows(scores),
        *_alarm_rows(scores),
        *_kind_rows(scores),
        *_apex_rows(scores.apex_error),
        *_recognition_rows(scores.recognition),
    ]
    if scores.strs_baselines is not None:
        guesses = scores.strs_baselines
        strs = estimate(scores.strs, interval=scores.strs_interval)
        rows.append(_row("STRS", strs, guesses.constant, guesses.random))
    units = scores.action_units
    if units is not None:
        share = estimate(units.first_right, interval=units.interval)
        guessed = units.baselines
        rows.append(_row(f"first action unit right, of {units.n}", share, guessed.constant, guessed.random))
    return pd.DataFrame(rows)


def _videos(scores: SpottingScores) -> str:
    """What the number of videos counts: with their lengths, all of them."""
    return "videos with an event; true events" if scores.minutes is None else "videos; true events"


def _curve_rows(scores: SpottingScores) -> list[dict[str, str]]:
    """One row with F1 at every other intersection over union of the curve."""
    if not scores.tp:
        return []
    shown = [each for each in scores.by_iou if each.iou in SHOWN_IOUS]
    if not shown:
        return []
    named = ", ".join(f"{each.iou:g}" for each in shown)
    return [_row(f"F1 at IoU {named}", ", ".join(estimate(each.f1) for each in shown))]


def _alarm_rows(scores: SpottingScores) -> list[dict[str, str]]:
    if scores.minutes is None:
        return []
    alarms = estimate(scores.false_alarms_per_minute, interval=scores.false_alarms_interval)
    return [_row(f"false alarms a minute, of {scores.minutes:.1f} minutes", alarms)]


def _kind_rows(scores: SpottingScores) -> list[dict[str, str]]:
    """The rows of each kind that has events, and of both together where both have some."""
    occurring = [each for each in scores.kinds if each.true_events or each.spotted_events]
    rows = []
    for each in occurring if len(occurring) == len(scores.kinds) else occurring[:1]:
        counts = f"{each.tp}, {each.fp}; {each.fn}"
        rows.append(_row(f"{each.kind}: right, wrong; missed", counts))
        rows.append(_row(f"{each.kind}: precision, recall", f"{estimate(each.precision)}, {estimate(each.recall)}"))
        rows.append(_row(f"{each.kind}: F1 at IoU 0.5", estimate(each.f1, interval=each.f1_interval)))
        if each.false_alarms_per_minute is not None:
            rows.append(_row(f"{each.kind}: false alarms a minute", estimate(each.false_alarms_per_minute)))
    return rows


def selection_table(scores: Sequence[RuleScore]) -> pd.DataFrame:
    """One row per rule of choosing the epoch and the threshold: its F1, and what it chose for all subjects."""
    rows = [
        {
            "rule": each.rule,
            "F1": number(each.f1),
            "epoch": UNDEFINED if each.epoch is None else str(each.epoch),
            "threshold": UNDEFINED if each.threshold is None else f"{each.threshold:g}",
            "on the test set": "yes" if each.uses_test_subject else "no",
        }
        for each in scores
    ]
    return pd.DataFrame(rows)


def _apex_rows(error: ApexError | None) -> list[dict[str, str]]:
    if error is None:
        return []
    named = {
        "median in frames": error.median_frames,
        "mean in frames": error.mean_frames,
        "median in ms": error.median_ms,
        "mean in ms": error.mean_ms,
    }
    return [_row(f"apex error, {name}", f"{value:.2f}") for name, value in named.items() if value is not None]


def _recognition_rows(scores: RecognitionScores | None) -> list[dict[str, str]]:
    if scores is None:
        return []
    return [
        _row("recognized, of them abstained", f"{scores.n}, {scores.abstained}"),
        *(
            _row(
                f"recognition {title}",
                estimate(getattr(scores, name), interval=getattr(scores.intervals, name)),
                getattr(scores.baselines.constant, name),
                getattr(scores.baselines.random, name),
            )
            for name, title in RECOGNITION_TITLES.items()
        ),
    ]


def _row(measure: str, value: str, *guesses: float | None) -> dict[str, str]:
    constant, random = map(estimate, guesses) if guesses else ("", "")
    return {"measure": measure, "value": value, "constant": constant, "random": random}
