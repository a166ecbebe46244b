"""The summary of a comparison: the scores of every method, pooled over its folds, with stamps and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from merlab.databases.long_video import Kind, LongVideo
from merlab.spotting.comparison.folds import kinds_of, person_in
from merlab.spotting.comparison.notes import (
    damage_note,
    file_notes,
    fitted_on,
    gap_note,
    missing_note,
    notes_on,
    shared_subjects,
    short_note,
    unknown_subjects,
)
from merlab.spotting.comparison.results import FoldResult, MethodScores, SpottingComparison
from merlab.spotting.comparison.spotter import Spotter
from merlab.spotting.scoring import SpottingScores, score_spotting
from merlab.stamps import SYNTHETIC, WHOLE_HEADS
from merlab.storage import write_csv

EVENTS = "events.csv"
COLUMNS = ("video", "onset", "apex", "offset", "kind", "score")


def summarized(
    results: Sequence[tuple[Spotter, Sequence[FoldResult]]],
    videos: Sequence[LongVideo],
    training: Sequence[LongVideo] | None,
    seed: int,
    folder: Path,
) -> SpottingComparison:
    """The comparison of all methods from their folds; writes the events of each method below ``folder``."""
    kinds = kinds_of(videos)
    truth, lengths = _truth(videos, kinds), _lengths(videos)
    methods = []
    for spotter, of_folds in results:
        spotted = _table(of_folds)
        write_csv(folder / spotter.name / EVENTS, spotted)
        methods.append(_method_scores(spotter, of_folds, _scores(truth, spotted, lengths, kinds)))
    events = [event.kind for video in videos for event in video.events]
    whole_heads = max(sum(each.whole_heads for each in of_folds) for _, of_folds in results)
    files = (note for video in videos for note in file_notes(video))
    subjects = [*unknown_subjects(videos), *shared_subjects(videos, training or ())]
    return SpottingComparison(
        stamps=_stamps(videos, training, whole_heads),
        fitted_on=fitted_on(videos, training),
        folds=len(results[0][1]),
        subjects=len(set(map(person_in, videos))),
        videos=len(videos),
        minutes=sum(video.seconds for video in videos) / 60,
        events={kind: events.count(kind) for kind in kinds},
        seed=seed,
        methods=tuple(methods),
        notes=tuple(dict.fromkeys([*subjects, *files, *_notes_of_folds(results, kinds), *_notes(methods)])),
    )


def _method_scores(spotter: Spotter, of_folds: Sequence[FoldResult], scores: SpottingScores) -> MethodScores:
    return MethodScores(
        method=spotter.name,
        title=spotter.title,
        paper=spotter.paper,
        fits=spotter.fits,
        facts={each.fold: each.facts for each in of_folds},
        scores=scores,
    )


def _notes_of_folds(results: Sequence[tuple[Spotter, Sequence[FoldResult]]], kinds: Sequence[Kind]) -> Iterator[str]:
    """The notes on damaged and incomplete recordings, on those too short for a method, and on what was not fitted."""
    folds = [(spotter, each) for spotter, of_folds in results for each in of_folds]
    seen = [each for spotter, each in folds if spotter.sees_frames]
    damaged = {name: count for each in seen for name, count in each.damaged.items()}
    yield from notes_on(damaged, damage_note)
    missing = {name: count for each in seen for name, count in each.missing.items()}
    yield from notes_on(missing, missing_note)
    gaps = {name: count for each in seen for name, count in each.gaps.items()}
    yield from notes_on(gaps, gap_note)
    several = len(kinds) > 1
    yield from (
        short_note(spotter.name, name, short if several else ())
        for spotter, each in folds
        for name, short in each.too_short.items()
    )
    yield from (
        _unfitted_note(each) for spotter, each in folds if spotter.needs_training and not all(each.facts.values())
    )


def _unfitted_note(result: FoldResult) -> str:
    kinds = ", ".join(kind for kind, facts in result.facts.items() if not facts)
    return f"{result.method}, without {result.fold}: no training event of the kind {kinds}, so none is spotted"


def _notes(methods: Sequence[MethodScores]) -> Iterator[str]:
    """The notes on the scores of each method."""
    for method in methods:
        yield from (f"{method.method}: {note}" for note in method.scores.notes)


def _stamps(videos: Sequence[LongVideo], training: Sequence[LongVideo] | None, whole_heads: int) -> tuple[str, ...]:
    stamps = [SYNTHETIC] if any(video.name.startswith(SYNTHETIC) for video in videos) else []
    if training and any(video.name.startswith(SYNTHETIC) for video in training) and not stamps:
        stamps.append(f"{SYNTHETIC} TRAINING: fitted on synthetic recordings")
    if whole_heads:
        stamps.append(WHOLE_HEADS)
    return tuple(stamps)


def _scores(truth: pd.DataFrame, spotted: pd.DataFrame, lengths: pd.DataFrame, kinds: Sequence[Kind]) -> SpottingScores:
    """The scores; kinds are scored apart if there are several."""
    left_out = ["score"] if len(kinds) > 1 else ["score", "kind"]
    return score_spotting(truth, spotted.drop(columns=left_out), videos=lengths)


def _truth(videos: Sequence[LongVideo], kinds: Sequence[Kind]) -> pd.DataFrame:
    rows = [
        (video.name, event.onset, event.apex, event.offset, event.kind) for video in videos for event in video.events
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1])).astype({"apex": "Int64"})
    return table if len(kinds) > 1 else table.drop(columns="kind")


def _lengths(videos: Sequence[LongVideo]) -> pd.DataFrame:
    columns = ("name", "seconds", "fps", "source")
    table = pd.DataFrame([[getattr(each, column) for column in columns] for each in videos], columns=list(columns))
    # Where all subjects are unknown, intervals are over videos.
    known = any(video.subject for video in videos)
    subjects = [person_in(video) if known else "" for video in videos]
    return table.rename(columns={"name": "video"}).assign(subject=subjects)


def _table(results: Sequence[FoldResult]) -> pd.DataFrame:
    rows = [[getattr(event, column) for column in COLUMNS] for each in results for event in each.events]
    return pd.DataFrame(rows, columns=list(COLUMNS))
