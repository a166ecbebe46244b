"""Recordings with their true events, from a table of events and videos, or from a folder that merlab wrote."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from merlab.databases.long_video import Kind, LongEvent, LongVideo
from merlab.errors import MerlabError
from merlab.frames import clock_of, open_frames
from merlab.frames.opening import state_of
from merlab.given import as_path, require_folder
from merlab.spelling import first_of, person, without_fraction
from merlab.spotting.comparison.folds import require_one_spelling
from merlab.spotting.scoring import read_events
from merlab.spotting.scoring.kinds import KIND, MACRO, OTHER
from merlab.spotting.scoring.read_intervals import (
    ACTION_UNITS,
    APEX,
    EMOTION,
    OFFSET,
    ONSET,
    VIDEO,
    with_composed_names,
)
from merlab.spotting.scoring.video_lengths import FPS, SAME, SOURCE, SUBJECT, found_source, with_one_row_each
from merlab.spotting.video_sources import videos_in
from merlab.synthesis.recording_set import EVENTS_TABLE, VIDEOS, VIDEOS_TABLE
from merlab.table_files.cell_texts import read_rate
from merlab.table_files.cells import is_no_value
from merlab.table_files.columns import read_cells
from merlab.table_files.reading import SUFFIXES

# What `merlab long-videos` writes.
TRUTH_FILE, VIDEOS_FILE = "truth.csv", "videos.csv"


def recordings(
    truth: pd.DataFrame | Path | str, videos: Sequence[Path | str], fps: float | None = None
) -> list[LongVideo]:
    """The videos with their true events; a video without any event has none. The subject is empty if it is unknown.

    Args:
        truth: the true events: video, onset, offset, and if known apex, kind and subject. Without kinds, all are
            micro-expressions; those of the kind ``other`` are left out.
        videos: videos, folders of images, folders of videos, or a table with the columns video and source, and if known
            subject and fps, as `merlab long-videos` writes it.
        fps: frames per second of the recordings without a rate in a column fps of that table, also in place of the
            rate of time stamps; folders of images and streams without time stamps need one of both.

    Raises:
        MerlabError: for what cannot be read, true events of a video that is not given, and two videos of one name.

    """
    listed: dict[str, dict[str, str]] = {}
    for given in videos:
        for name, facts in _listed(as_path(given, "each of videos")):
            if name in listed:
                raise MerlabError(f"two of the videos have the name {name}; give each once, or rename one")
            listed[name] = facts
    events, subjects = _events(truth), _subjects(truth)
    found = [_recording(name, facts, events.get(name, ()), subjects, fps) for name, facts in listed.items()]
    if lost := sorted(set(events) - set(listed)):
        raise MerlabError(
            f"there are true events of videos that are not given: {first_of(lost, 3)}; give these videos too, "
            "or use the same names"
        )
    require_one_spelling(found)
    return found


def recordings_in(folder: Path | str, fps: float | None = None) -> list[LongVideo]:
    """The recordings of a folder that `merlab make-videos` or `merlab long-videos` wrote.

    Raises MerlabError for any other folder.
    """
    root = as_path(folder, "folder")
    require_folder(root, "give a folder of `merlab make-videos` or of `merlab long-videos`")
    made = VIDEOS_TABLE if _states_places(root / VIDEOS_TABLE) else VIDEOS
    for truth, videos in ((EVENTS_TABLE, made), (TRUTH_FILE, VIDEOS_FILE)):
        if (root / truth).is_file() and (root / videos).exists():
            return recordings(root / truth, [root / videos], fps)
    raise MerlabError(
        f"{root} holds neither {EVENTS_TABLE} and {VIDEOS}, nor {TRUTH_FILE} and {VIDEOS_FILE}; give a folder of "
        "`merlab make-videos` or of `merlab long-videos`"
    )


def _states_places(table: Path) -> bool:
    """Whether a list of videos says where they are, as one of an earlier version does not."""
    return table.is_file() and SOURCE in read_cells(table, str(table), (), (SOURCE,)).cells


def digest_of(videos: Sequence[LongVideo]) -> str:
    """A digest of recordings, the state of their files, and their true events."""
    described = [
        (
            each.name,
            each.subject,
            str(each.source.resolve()),
            *state_of(each.source),
            each.fps,
            each.frames,
            list(map(repr, each.events)),
        )
        for each in videos
    ]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]


def _listed(given: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The name, and source, subject and fps, of each video of one argument.

    A name has one spelling of accents: the tables that state it may have another than the disk.
    """
    if given.suffix.lower() in SUFFIXES and not given.is_dir():
        yield from _in_table(given).items()
        return
    for path in videos_in(given) or [given]:
        yield unicodedata.normalize("NFC", path.name), {SOURCE: str(path)}


def _in_table(path: Path) -> dict[str, dict[str, str]]:
    table = read_cells(path, str(path), (VIDEO, SOURCE), (SUBJECT, FPS))
    table.require_values([VIDEO, SOURCE])
    listed = with_one_row_each(table).cells.to_dict("records")
    rows = [{str(name): str(text) for name, text in row.items()} for row in listed]
    for row in rows:
        source = found_source(row[SOURCE], path.parent, f"{path}: the {SOURCE} of {row[VIDEO]}")
        if source is None:
            raise MerlabError(
                f"{path}: the {SOURCE} of {row[VIDEO]}, {row[SOURCE]}, does not exist; correct this column, or write "
                "the table again by `merlab long-videos`"
            )
        row[SOURCE] = str(source)
    return {row[VIDEO]: row for row in rows}


def _events(truth: pd.DataFrame | Path | str) -> dict[str, tuple[LongEvent, ...]]:
    """Video -> its true events, by onset."""
    table = read_events(truth)
    found: dict[str, list[LongEvent]] = {}
    for row in table.to_dict("records"):
        video = unicodedata.normalize("NFC", row[VIDEO])
        kind: Kind = "macro" if row.get(KIND) == MACRO else "micro"
        if row.get(KIND) != OTHER:
            apex = row.get(APEX)
            known = None if apex is None or math.isnan(apex) else int(apex)
            units = str(row.get(ACTION_UNITS, ""))
            event = LongEvent(int(row[ONSET]), known, int(row[OFFSET]), kind, str(row.get(EMOTION, "")), units)
            found.setdefault(video, []).append(event)
        else:
            found.setdefault(video, [])
    return {name: tuple(sorted(events, key=lambda event: event.onset)) for name, events in found.items()}


def _subjects(truth: pd.DataFrame | Path | str) -> Mapping[str, str]:
    """Video -> subject, where the table of events has subjects."""
    table = read_cells(truth, "the true events", (), (VIDEO, SUBJECT))
    table.warn_of_notes()
    if SUBJECT not in table.cells or VIDEO not in table.cells:
        return {}
    cells = with_composed_names(table).with_one_spelling([VIDEO]).cells
    cells = cells.assign(**{SUBJECT: cells[SUBJECT].map(_known)})
    pairs = cells[cells[SUBJECT] != ""][[VIDEO, SUBJECT]].drop_duplicates()
    table.refuse(
        cells[VIDEO].isin(pairs[VIDEO][pairs[VIDEO].duplicated()]), "the video has two subjects", "correct one"
    )
    return dict(zip(pairs[VIDEO], pairs[SUBJECT], strict=True))


def _recording(
    name: str, facts: Mapping[str, str], events: Sequence[LongEvent], subjects: Mapping[str, str], fps: float | None
) -> LongVideo:
    source = Path(facts[SOURCE])
    frames = open_frames(source)
    clock = clock_of(source, frames, _rate(name, facts.get(FPS, "")) or fps)
    _require_inside(name, events, next(iter(frames.numbers), 1), len(clock))
    return LongVideo("", _subject(name, facts, subjects), name, source, clock.fps, len(clock), tuple(events))


def _require_inside(name: str, events: Sequence[LongEvent], first: int, frames: int) -> None:
    """Raises MerlabError for a true event that ends after its video does, by more than rounding explains."""
    last = first + frames - 1
    late = [event for event in events if event.offset > last + SAME * frames]
    if late:
        raise MerlabError(
            f"{name}: the true event from {late[0].onset} to {late[0].offset} ends after the video does, which has the "
            f"frames {first} to {last}; correct the event or its frame rate, or give the whole video"
        )


def _subject(name: str, facts: Mapping[str, str], subjects: Mapping[str, str]) -> str:
    """The subject of a video, from the list of videos or from the true events; empty where neither states it.

    Raises MerlabError where both do, and differ.
    """
    listed, of_events = _known(facts.get(SUBJECT, "")), subjects.get(name, "")
    if listed and of_events and person(listed) != person(of_events):
        raise MerlabError(
            f"{name} has the subject {listed} in the list of videos, and {of_events} in the true events; correct one"
        )
    return listed or of_events


def _known(subject: str) -> str:
    """A subject as it is written in all tables, ``1`` of ``1.0``; empty for what means that it is unknown."""
    return "" if is_no_value(subject) else without_fraction(subject)


def _rate(name: str, text: str) -> float | None:
    try:
        return read_rate(text) if text else None
    except MerlabError as error:
        raise MerlabError(f"{name}: {error}") from error
