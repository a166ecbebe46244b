"""Coded events as a table: for databases (``table``), for scoring, for other programs, and read back from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isclose
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.coding.codable_result import CodableResult, composed
from merlab.coding.decisions import Decision, is_rejection, now
from merlab.coding.events import CodedEvents
from merlab.coding.file import COLUMNS, OPTIONAL, REQUIRED, decisions_of, note_on_unread, whole_number
from merlab.coding.found_events import FoundEvent, Imported, decisions_about, intervals, require_sound
from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError
from merlab.frames import name_of
from merlab.sinks import CsvSink
from merlab.spelling import as_label
from merlab.spotting.scoring.frame_doubts import note_on_frames, note_on_rate, note_on_seconds, share_no_frame
from merlab.spotting.scoring.read_intervals import INTERVAL_NEEDED, SECONDS, has_no_apex
from merlab.table_files.cell_texts import read_rate
from merlab.table_files.cells import CellTable, is_no_value
from merlab.table_files.columns import MissingColumnsError, read_cells

# The first three are those that ``--database table`` needs; emotion is what it, and `merlab score-spotting`, read as
# the label.
CODED_COLUMNS = (
    *("subject", "clip", "frames", "video", "event", "face_id", "onset", "apex", "offset"),
    *("onset_s", "apex_s", "offset_s", "fps", "emotion", "action_units", "aligned"),
    *("decision", "comment", "coder", "time", "video_frames"),
)
VIDEO, EMOTION, LABEL, FPS, INTERVAL = "video", "emotion", "label", "fps", ("onset", "offset")
# Frame rates that differ by less, relatively, are the same: 29.97 and 30.
SAME_RATE = 0.01


@dataclass(frozen=True)
class Subjects:
    """Who the faces of a video are: ``everyone`` for a video of one face, or names by face."""

    everyone: str = ""
    by_face: Mapping[int, str] | None = None

    def of(self, material: CodableResult, face_id: int) -> str:
        """The name of a face: as given, or else that of the video, with the face where there are several."""
        if self.by_face and face_id in self.by_face:
            return self.by_face[face_id]
        name = self.everyone or name_of(material.video)
        return name if len(material.faces) == 1 else f"{name} face {face_id}"


@dataclass(frozen=True)
class CodedVideo:
    """The coded events of a result, and who its faces are."""

    material: CodableResult
    coded: CodedEvents
    subjects: Subjects = Subjects()


def write_coded_table(path: Path, videos: Sequence[CodedVideo]) -> None:
    """Write the coded events of all videos as CSV, one row per event, with the columns of CODED_COLUMNS.

    Frames are those of the source, seconds those of the recording.
    """
    with CsvSink(path, CODED_COLUMNS) as sink:
        for video in videos:
            own = iter(range(1, len(video.coded.events) + 1))
            for decision in video.coded.events:
                cells = _cells(video, decision, decision.event or f"own{next(own):04d}")
                sink.write(cells[column] for column in CODED_COLUMNS)


def _cells(video: CodedVideo, decision: Decision, name: str) -> dict[str, object]:
    material, clock = video.material, video.material.clock
    frames = {"onset": decision.onset, "apex": decision.apex, "offset": decision.offset}
    seconds = {
        f"{which}_s": None if frame is None else f"{clock.seconds_of(frame):.5f}" for which, frame in frames.items()
    }
    return {
        **{column: getattr(decision, column) for column in COLUMNS},
        **seconds,
        "subject": video.subjects.of(material, decision.face_id),
        "clip": f"{material.video}_{name}",
        "frames": material.source,
        VIDEO: material.video,
        "fps": f"{clock.fps:.9g}",
        EMOTION: decision.label,
        "aligned": "yes" if material.aligned else "no",
        "video_frames": len(clock),
    }


def imported_table(path: Path, material: CodableResult, face_id: int | None, coder: str | None) -> Imported:
    """The decisions in a table: coding.csv of another folder, coded events, or events of any program.

    Events have the columns onset and offset in frames, which decisions about movements of the result need not have;
    apex, emotion or label, action_units, comment, coder and face_id are read if present. Where there is a column video,
    rows of other videos are left out, with a note. ``face_id`` is the face of rows that name none, and ``coder`` who
    they will be of, unless the table states it. Raises MerlabError, with the row and the remedy, for what is wrong.
    """
    optional = [column for column in (*COLUMNS, EMOTION, VIDEO, FPS, *SECONDS) if column not in INTERVAL]
    try:
        table = read_cells(path, str(path), INTERVAL, optional, INTERVAL_NEEDED)
    except MissingColumnsError as error:
        # Decisions about movements of the result need no frames.
        with suppress(MissingColumnsError):
            listed = read_cells(path, str(path), REQUIRED, OPTIONAL)
            return Imported(decisions_of(listed, material), (*listed.notes, *note_on_unread(listed, CODED_COLUMNS)))
        raise error
    table, left_out = _of_video(table, material.video)
    notes = (*table.notes, *left_out, *_notes_on_columns(table, material))
    _require_rate(table, material)
    table = _with_label(table)
    if "decision" in table.cells and "event" in table.cells:
        if "face_id" not in table.cells:
            raise MerlabError(f"{path} has decisions but no column face_id; add it")
        return Imported(decisions_of(table, material), notes)
    found = [_found(table, place, row, material, face_id) for place, row in _rows(table)]
    coding = decisions_about(material, found, now(), path, coder)
    return Imported(coding, (*notes, *_doubts(table.name, found, material)))


def _require_rate(table: CellTable, material: CodableResult) -> None:
    """Raises MerlabError for rows that state another frame rate than the result: their frames are others."""
    for place, text in zip(table.places, table.cells.get(FPS, ()), strict=False):
        try:
            fps = None if is_no_value(text) else read_rate(text)
        except MerlabError as error:
            raise MerlabError(f"{table.name}, {place}: {error}") from error
        if fps is not None and not isclose(fps, material.clock.fps, rel_tol=SAME_RATE):
            raise MerlabError(
                f"{table.name}, {place}: fps is {fps:g}, and the result has {material.clock.fps:g} frames per second; "
                "write the numbers of the frames of the result, and remove the column fps where they are those already"
            )


def _notes_on_columns(table: CellTable, material: CodableResult) -> Iterator[str]:
    """Notes on columns whose cells are not used, or contradict others."""
    yield from note_on_unread(table, CODED_COLUMNS)
    yield from notes_on_emotions(table)
    numbers = table.cells.assign(
        **{each: pd.to_numeric(table.cells[each], errors="coerce") for each in INTERVAL}, **{VIDEO: material.video}
    )
    yield from filter(None, [note_on_rate(numbers, table.name, {}, _rate_within(numbers, material.clock))])


def _rate_within(numbers: pd.DataFrame, clock: FrameClock) -> float:
    """Frames per second within these intervals: a recording may have pauses, or a rate that varies."""
    known = [each for each in numbers[[*INTERVAL]].to_numpy(float) if all(map(clock.has, each))]
    frames = sum(offset - onset for onset, offset in known)
    seconds = sum(clock.seconds_of(offset) - clock.seconds_of(onset) for onset, offset in known)
    return frames / seconds if seconds > 0 else clock.fps


def notes_on_emotions(table: CellTable) -> Iterator[str]:
    """A note on rows with a label and another emotion, of which one is read."""
    if {LABEL, EMOTION} <= set(table.cells):
        texts = table.cells[[LABEL, EMOTION]]
        known = ~texts.map(is_no_value).astype(bool).any(axis=1)
        both = known & (texts[LABEL].map(as_label) != texts[EMOTION].map(as_label))
        if both.any():
            yield f"{table.name}, {table.where(both)}: the label is read, and not the emotion"


def _doubts(name: str, found: Sequence[FoundEvent], material: CodableResult) -> Iterator[str]:
    """Notes on events in numbers that may be milliseconds or seconds, and not frames."""
    frames = [each.offset - each.onset for each in found]
    lengths = note_on_seconds((each / material.clock.fps for each in frames), name), note_on_frames(frames, name)
    yield from filter(None, lengths)
    if share_no_frame([(intervals(found), intervals(material.events))]):
        yield (
            f"{name}: no event shares a frame with a movement that was found; check that it counts frames, not "
            f"milliseconds, as the result does (first frame: {material.clock.numbers[0]})"
        )


def _of_video(table: CellTable, video: str) -> tuple[CellTable, tuple[str, ...]]:
    """The rows of one video; of a table without a column video, all. Raises MerlabError where there are none."""
    if VIDEO not in table.cells:
        return table, ()
    require_videos(table)
    ours = np.asarray(table.cells[VIDEO].map(composed) == composed(video))
    others = sorted(set(table.cells[VIDEO][~ours]))
    if not ours.any():
        raise MerlabError(
            f"{table.name} has no row of the video {video}, only of {', '.join(others) or 'none'}; correct column video"
        )
    return table.kept(ours), (f"{table.name}: rows of {', '.join(others)} are left out",) if others else ()


def require_videos(table: CellTable) -> None:
    """Raises MerlabError where some rows name their video and others do not, as in merged cells of a spreadsheet."""
    if VIDEO in table.cells:
        empty = table.cells[VIDEO].map(is_no_value).astype(bool)
        if not empty.all():
            table.refuse(empty, "the video is empty, but other rows have one", "write its name into every row")


def _with_label(table: CellTable) -> CellTable:
    """The table with a column label, from the column emotion where there is no label."""
    if EMOTION not in table.cells:
        return table
    emotions = table.cells[EMOTION]
    labels = table.cells.get(LABEL, emotions)
    return replace(
        table, cells=table.cells.assign(**{LABEL: labels.mask(labels.map(is_no_value).astype(bool), emotions)})
    )


def _rows(table: CellTable) -> Iterator[tuple[str, dict[str, str]]]:
    for place, row in zip(table.places, table.cells.to_dict("records"), strict=True):
        yield place, {str(name): str(text) for name, text in row.items()}


def _found(
    table: CellTable, place: str, row: Mapping[str, str], material: CodableResult, stated: int | None
) -> FoundEvent:
    try:
        apex, face = row.get("apex", ""), row.get("face_id", "")
        texts = [row.get(column, "") for column in (LABEL, "action_units", "comment", "coder", "decision")]
        label, units, comment, coder, decision = ("" if is_no_value(text) else text for text in texts)
        onset, offset = (whole_number(row[column], column) for column in INTERVAL)
        if onset > offset:
            raise MerlabError(f"onset {onset} is after offset {offset}; exchange or correct them")
        event = FoundEvent(
            face_id=whole_number(face, "face_id") if face else _only_face(material, stated),
            onset=onset,
            apex=None if has_no_apex(apex) else whole_number(apex, "apex"),
            offset=offset,
            label=label,
            action_units=units,
            comment=comment,
            coder=coder,
            rejected=is_rejection(decision),
        )
        require_sound(event)
    except MerlabError as error:
        raise MerlabError(f"{table.name}, {place}: {error}") from error
    return event


def _only_face(material: CodableResult, stated: int | None) -> int:
    if stated is None and len(material.faces) != 1:
        known = ", ".join(map(str, material.faces))
        raise MerlabError(f"face_id is empty, and the result has the faces {known}; give one with --face")
    return material.faces[0] if stated is None else stated
