"""How well events were spotted: counts pooled over videos, the error of the apex, STRS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array, IntArray
from merlab.evaluation.significance import Interval
from merlab.frames import require_rate
from merlab.given import require_yes_or_no
from merlab.registry import look_up
from merlab.schemes import Scheme, as_scheme
from merlab.spelling import first_of, one_letter_apart, quoted
from merlab.spotting.scoring.chosen_kinds import Choice, choose_kinds
from merlab.spotting.scoring.counts import (
    counts_of,
    curve_of,
    false_alarms_interval,
    kind_scores,
    rates_of,
    spotting_f1,
)
from merlab.spotting.scoring.event_classes import ClassCounts, harmonic_f1
from merlab.spotting.scoring.frame_doubts import (
    note_on_lengths,
    note_on_rate,
    note_on_whole_seconds,
    notes_on_places,
)
from merlab.spotting.scoring.hits import HitEvent, by_video, interval_of, owners_of
from merlab.spotting.scoring.kinds import KINDS
from merlab.spotting.scoring.matching import match
from merlab.spotting.scoring.read_intervals import (
    ACTION_UNITS,
    APEX,
    EMOTION,
    FACES,
    NO_EMOTION,
    OFFSET,
    ONSET,
    VIDEO,
    Events,
    ReadingOptions,
    event_cells,
    in_scheme,
    joined_events,
    reads_document,
    with_composed_names,
)
from merlab.spotting.scoring.score_models import ApexError, Guesses, RecognitionScores, SpottingScores
from merlab.spotting.scoring.units import note_on_units, score_units
from merlab.spotting.scoring.video_lengths import VideoLengths, read_lengths
from merlab.stamps import stamps_of_recordings
from merlab.table_files.cells import CellTable


def score_spotting(
    truth: Events | Sequence[Events],
    spotted: Events | Sequence[Events],
    fps: float | None = None,
    scheme: str | Path | Mapping[str, str] | Scheme | None = None,
    *,
    videos: pd.DataFrame | Path | str | None = None,
    kind: Literal["micro", "macro"] | None = None,
    by_duration: bool = False,
    threshold: float | None = None,
    tier: str | None = None,
) -> SpottingScores:
    """All scores of spotted events, from merlab or any other tool, against true ones.

    Each undefined score is None: precision if nothing was spotted, the apex error without a hit, recognition if either
    table has no emotions, an interval where fewer than two videos have something to count. If both tables have kinds of
    movements, micro and macro are scored apart as well; the other scores ignore the kinds. Movements of the kind
    ``other`` are left out.

    Args:
        truth: the true events: table files or DataFrames with the columns onset and offset in frames, and video, kind,
            apex, emotion (or class) and action_units where present.
        spotted: the spotted events, alike.
        fps: frames per second, for the apex error in milliseconds, for durations, and for documents of ELAN.
        scheme: which class a true emotion gives: a name that ``merlab.schemes()`` lists, a YAML file, or a mapping
            from emotion to class. Unless given, every emotion is a class.
        videos: a table of all videos, also of those without any event, with their lengths (columns video, and seconds
            or frames), for false alarms a minute. With a column ``subject``, intervals come from resampling subjects; a
            video without one counts as a subject of its own. A column ``fps`` replaces ``fps`` for its videos.
            ``first`` is the number of the first frame of a video, 1 unless it is stated, or is another in the folder of
            images in the column source.
        kind: score only true events of this kind, and spotted ones of this kind if they have kinds.
        by_duration: give kinds to a table without them: micro up to half a second.
        threshold: only spotted events whose ``score`` is above it; scored detections need it.
        tier: which tier of a document of ELAN is read.

    Raises:
        MerlabError: for a value of a wrong type or range, a table that cannot be read or counted, an impossible rate,
            tables of different videos, and true events that end after their video does.

    """
    if fps is not None:
        require_rate(fps)
    if kind is not None:
        look_up(kind, dict.fromkeys(KINDS), "kind")
    require_yes_or_no(by_duration=by_duration)
    lengths = None if videos is None else read_lengths(videos, fps)
    how = ReadingOptions(threshold, fps, tier, *((lengths.fps, lengths.first_of) if lengths is not None else ()))
    true, found = _read(truth, spotted, how)
    if scheme is not None:
        true = _in_scheme(true, as_scheme(scheme))
    true, found, notes = _with_same_names(true, found, lengths)
    if lengths is not None:
        lengths.require_inside(true, fps)
    choice = Choice(kind, by_duration, fps, lengths)
    (true_events, found_events), kind_notes = choose_kinds(true, found, choice)
    scores = _score(true_events, found_events, fps, lengths)
    doubts = _doubts([(true_events, true.name), (found_events, found.name)], fps, lengths)
    places = notes_on_places(true_events, found_events)
    units = [note for table in (true, found) for note in note_on_units(table, scores.action_units is not None)]
    return scores.model_copy(update={"notes": (*notes, *doubts, *places, *units, *kind_notes, *scores.notes)})


def _read(
    truth: Events | Sequence[Events], spotted: Events | Sequence[Events], how: ReadingOptions
) -> tuple[CellTable, CellTable]:
    """Both tables; raises MerlabError for a tier of documents where no document is read."""
    true = event_cells(truth, "the true events", replace(how, threshold=None))
    found = event_cells(spotted, "the spotted events", how)
    if how.tier is not None and not (reads_document(truth) or reads_document(spotted)):
        raise MerlabError(f"no .eaf file is read, from which the tier {how.tier!r} could be chosen; leave the tier out")
    return true, found


def _doubts(
    tables: Sequence[tuple[pd.DataFrame, str]], fps: float | None, lengths: VideoLengths | None
) -> Iterator[str]:
    """Notes on unknown subjects, and on events of each table, with its name, beyond their video or very long ones."""
    if lengths is not None:
        yield from lengths.of_unknown_people()
        yield from (note for events, name in tables for note in lengths.beyond(events, name, fps))
    rates = lengths.fps if lengths else {}
    kinds = (note_on_lengths, note_on_whole_seconds, note_on_rate)
    notes = (note(events, name, rates, fps) for events, name in tables for note in kinds)
    yield from filter(None, notes)


def _in_scheme(true: CellTable, scheme: Scheme) -> CellTable:
    cells = in_scheme(true.cells, scheme)
    note = f"{true.name}: no emotion is in scheme {scheme.name}, so recognition is not scored"
    outside = len(cells) > 0 and (cells[EMOTION] == NO_EMOTION).all()
    return replace(true, cells=cells, notes=(*true.notes, note) if outside else true.notes)


def _with_same_names(
    true: CellTable, found: CellTable, lengths: VideoLengths | None
) -> tuple[CellTable, CellTable, tuple[str, ...]]:
    """Both tables with one spelling of each video and emotion, and notes on what was repaired or is doubtful."""
    true, found = with_composed_names(true), with_composed_names(found)
    both = joined_events("the two tables", [true, found]).with_one_spelling([VIDEO])
    columns = [VIDEO]
    if EMOTION in true.cells and EMOTION in found.cells:
        both, columns = both.with_one_spelling([EMOTION]), [VIDEO, EMOTION]
        words = replace(both, cells=both.cells.replace({EMOTION: {NO_EMOTION: ""}}))
        both = replace(both, notes=words.with_doubts([EMOTION]).notes)
    cut = len(true.cells)
    parts = (both.cells[columns][:cut], both.cells[columns][cut:].reset_index(drop=True))
    same = [
        replace(table, cells=table.cells.assign(**{column: part[column] for column in columns}))
        for table, part in zip((true, found), parts, strict=True)
    ]
    if lengths is not None:
        for table in same:
            lengths.require(set(table.cells[VIDEO]), table.name)
    unshared = _notes_on_unshared_videos(*same, anywhere=lengths is not None)
    return same[0], same[1], (*both.notes, *unshared, *_notes_on_faces(same[1]))


def _score(
    truth: pd.DataFrame, spotted: pd.DataFrame, fps: float | None, lengths: VideoLengths | None
) -> SpottingScores:
    videos = sorted({*truth[VIDEO], *spotted[VIDEO], *(lengths.seconds if lengths else ())})
    minutes = lengths.minutes if lengths else None
    owners = owners_of(videos, lengths.subjects if lengths else {})
    hits = list(_hits(videos, truth, spotted))
    counts = counts_of(truth, spotted, videos)[0]
    rates = rates_of(counts.sum(axis=0))
    classes = ClassCounts.of(hits, truth, spotted, len(videos))
    recognition = None if classes is None else classes.scores(truth, owners)
    strs, strs_interval = (None, None) if classes is None else _strs(counts, owners, classes)
    return SpottingScores(
        videos=len(videos),
        subjects=len(set(owners.tolist())) if lengths and lengths.subjects else None,
        true_events=len(truth),
        spotted_events=len(spotted),
        **rates,
        f1_interval=interval_of(counts, owners, spotting_f1),
        apex_error=_apex_error(hits, [lengths.fps.get(name, fps) if lengths else fps for name in videos]),
        recognition=recognition,
        action_units=score_units(hits, owners),
        strs=strs,
        strs_interval=strs_interval,
        strs_baselines=None if recognition is None else _strs_of_guesses(counts, recognition),
        minutes=minutes,
        false_alarms_per_minute=None if minutes is None else rates["fp"] / minutes,
        false_alarms_interval=(
            None
            if lengths is None
            else false_alarms_interval(counts[:, 1], [lengths.seconds[name] for name in videos], owners)
        ),
        by_iou=curve_of(truth, spotted, videos),
        kinds=kind_scores(truth, spotted, videos, owners, minutes),
        notes=() if classes is None else tuple(classes.notes(truth)),
        stamps=tuple(stamps_of_recordings(videos)),
    )


def _notes_on_unshared_videos(true: CellTable, found: CellTable, *, anywhere: bool) -> Iterator[str]:
    """Notes on videos that one table lacks; raises MerlabError if the tables have no video in common.

    With ``anywhere``, all videos are listed by name, so that such tables are possible.
    """
    videos, others = set(true.cells[VIDEO]), set(found.cells[VIDEO])
    if videos and others and not videos & others and not anywhere:
        raise MerlabError(
            f"no video occurs in both tables: those of {true.name} are {_some(videos)}, those of {found.name} are "
            f"{_some(others)}; use the same names in both video columns"
        )
    if videos and others - videos:
        yield f"{found.name}: without true events, so that all spotted ones are wrong: {_some(others - videos)}"
    if others and videos - others and not anywhere:
        yield f"{true.name}: without spotted events, so that all true ones are missed: {_some(videos - others)}"
    # Recordings that both tables have, or that are listed, may differ by a letter: talk-a, talk-b.
    for one, other in () if anywhere else product(sorted(videos - others), sorted(others - videos)):
        if one_letter_apart(one, other):
            yield (
                f"video has {quoted(one)} ({true.name}) and {quoted(other)} ({found.name}), which differ by one "
                "letter; check their spelling"
            )


def _notes_on_faces(found: CellTable) -> Iterator[str]:
    """A note on videos in which several faces move."""
    for column in (column for column in FACES if column in found.cells):
        faces = found.cells.groupby(VIDEO)[column].nunique()
        if several := set(faces.index[faces > 1]):
            yield (
                f"{found.name}: several faces move in {_some(several)}; faces are not compared, so a movement of one "
                "may hit that of another; score one face at a time"
            )


def _some(names: set[str]) -> str:
    return f"not stated (no column {VIDEO})" if names == {""} else first_of(map(quoted, sorted(names)), 3)


def _hits(videos: Sequence[str], truth: pd.DataFrame, spotted: pd.DataFrame) -> Iterator[HitEvent]:
    true_rows, spotted_rows = (by_video(_in_one_order(events)) for events in (truth, spotted))
    for index, video in enumerate(videos):
        if video in true_rows and video in spotted_rows:
            of_truth, of_spotted = true_rows[video], spotted_rows[video]
            true, found = (rows.to_dict("records") for rows in (of_truth, of_spotted))
            for row, column in match(of_truth[[ONSET, OFFSET]], of_spotted[[ONSET, OFFSET]]):
                yield HitEvent(index, true[row], found[column])


def _in_one_order(events: pd.DataFrame) -> pd.DataFrame:
    """Sorted by what tells events in the same frames apart: the order of rows makes no difference to what hits."""
    return events.sort_values([each for each in (*FACES, EMOTION, ACTION_UNITS, APEX) if each in events])


def _strs(counts: IntArray, owners: IntArray, recognition: ClassCounts) -> tuple[float, Interval | None]:
    """STRS and its interval."""
    shape, both = recognition.counts.shape, np.hstack([counts, recognition.counts.reshape(len(counts), -1)])

    def strs(pooled: ArrayLike) -> Float64Array:
        spotting, classes = np.split(np.asarray(pooled), [3], axis=-1)
        known = np.where(classes.any(axis=-1), 1, np.nan)
        return known * spotting_f1(spotting) * harmonic_f1(classes.reshape(*classes.shape[:-1], *shape[1:]))

    return float(strs(both.sum(axis=0))), interval_of(both, owners, strs)


def _strs_of_guesses(counts: IntArray, recognition: RecognitionScores) -> Guesses[float]:
    """STRS with guessed classes on the same hits."""
    of_spotting = float(spotting_f1(counts.sum(axis=0)))
    guesses = recognition.baselines
    return Guesses(constant=of_spotting * guesses.constant.f1, random=of_spotting * guesses.random.f1)


def _apex_error(hits: Sequence[HitEvent], rates: Sequence[float | None]) -> ApexError | None:
    """Over all hits that have both apexes, by the frame rate of each video; None without such a hit."""
    known = [hit for hit in hits if not any(pd.isna(event.get(APEX, np.nan)) for event in (hit.true, hit.found))]
    if not known:
        return None
    frames = [abs(float(hit.found[APEX]) - float(hit.true[APEX])) for hit in known]
    ms = [1000 * each / rate for each, hit in zip(frames, known, strict=True) if (rate := rates[hit.video])]
    in_all = len(ms) == len(frames)
    return ApexError(
        median_frames=float(np.median(frames)),
        mean_frames=float(np.mean(frames)),
        median_ms=float(np.median(ms)) if in_all else None,
        mean_ms=float(np.mean(ms)) if in_all else None,
    )
