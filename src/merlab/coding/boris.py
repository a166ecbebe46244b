"""Coded events for BORIS (Friard and Gamba 2016) and for the programs that read its exports.

A CSV has the columns of the tabular events that BORIS 8 exports: an event has a row START and a row STOP, an apex is a
row POINT. BORIS itself imports events only from a spreadsheet, into an observation that is open; such a file (.xlsx)
has the columns time, subject, code, modifier and comment. Times are seconds at which a player shows the video.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import openpyxl

from merlab.coding.codable_result import CodableResult
from merlab.coding.decisions import Decision
from merlab.coding.tables import CodedVideo
from merlab.elan.writing import printable
from merlab.sinks import CsvSink
from merlab.storage import whole_file

TABULAR = (
    *("Observation id", "Observation date", "Description", "Observation duration", "Observation type", "Source"),
    *("Time offset (s)", "Media duration (s)", "FPS", "Subject", "Behavior", "Behavioral category", "Modifier #1"),
    *("Behavior type", "Time", "Media file name", "Image index", "Image file path", "Comment"),
)
SPREADSHEET = ("time", "subject", "code", "modifier", "comment")
# The behavior of an event without a label, and that of an apex.
UNLABELED, APEX = "movement", "apex"
NOT_KNOWN = "NA"
NO_MODIFIER = "None"


class _Row(NamedTuple):
    """A moment of an event: the time at which a player shows it (s), and what happens."""

    time: float
    subject: str
    behavior: str
    modifier: str
    kind: str
    comment: str


def write_boris(path: Path, videos: Sequence[CodedVideo]) -> None:
    """Write the coded events as tabular events (.csv), or as a spreadsheet that BORIS imports (.xlsx)."""
    if path.suffix.lower() == ".xlsx":
        _write_spreadsheet(path, [row for video in videos for row in _rows(video)])
        return
    with CsvSink(path, TABULAR) as sink:
        for video in videos:
            for row in _rows(video):
                cells = _tabular(video.material, row)
                sink.write(cells[column] for column in TABULAR)


def notes_on_overlaps(video: CodedVideo) -> Iterator[str]:
    """A note on each event that begins before one of the same face, label and action units ends.

    BORIS pairs the starts and stops of a behavior in their order.
    """
    last: dict[tuple[int, str, str], Decision] = {}
    for event in video.coded.events:
        before = last.setdefault((event.face_id, event.label, event.action_units), event)
        if before is not event and event.onset < before.offset:
            yield (
                f"{video.material.video}: the events in frames {before.onset} to {before.offset} and {event.onset} to "
                f"{event.offset} overlap, and have the same face, label and action units, so that BORIS takes the "
                "start of one for the end of the other; give them different labels"
            )
        last[event.face_id, event.label, event.action_units] = max(before, event, key=lambda each: each.offset)


def _rows(video: CodedVideo) -> Iterator[_Row]:
    """Ascending in time; an event that ends comes before one that starts at the same time, unless it starts there."""
    order = {"STOP": 0, "START": 1, "POINT": 2}
    every = []
    for decision in video.coded.events:
        for row in _moments(video, decision):
            is_one_frame = decision.onset == decision.offset
            every.append((row.time, 3 if is_one_frame and row.kind == "STOP" else order[row.kind], row))
    yield from (row for _, _, row in sorted(every, key=lambda each: each[:2]))


def _moments(video: CodedVideo, decision: Decision) -> Iterator[_Row]:
    clock, subject = video.material.clock, video.subjects.of(video.material, decision.face_id)
    comment = "; ".join(filter(None, (decision.event, decision.comment)))
    moments = {"START": decision.onset, "POINT": decision.apex, "STOP": decision.offset}
    for kind, frame in moments.items():
        if frame is not None:
            point = kind == "POINT"
            yield _Row(
                time=round(clock.ms_of(frame) / 1000, 3),
                subject=subject,
                behavior=APEX if point else decision.label or UNLABELED,
                modifier=NO_MODIFIER if point else decision.action_units or NO_MODIFIER,
                kind=kind,
                comment=comment,
            )


def _tabular(material: CodableResult, row: _Row) -> dict[str, object]:
    clock = material.clock
    seconds = f"{(clock.ms[-1] + clock.step_ms) / 1000:.3f}"
    return {
        "Observation id": material.video,
        "Observation date": "",
        "Description": "",
        "Observation duration": seconds,
        "Observation type": "Media file(s)",
        "Source": f"player #1:{material.source}",
        "Time offset (s)": 0,
        "Media duration (s)": seconds,
        "FPS": f"{1000 / clock.step_ms:.3f}",
        "Subject": row.subject,
        "Behavior": row.behavior,
        "Behavioral category": "",
        "Modifier #1": row.modifier,
        "Behavior type": row.kind,
        "Time": f"{row.time:.3f}",
        "Media file name": material.source,
        "Image index": NOT_KNOWN,
        "Image file path": NOT_KNOWN,
        "Comment": row.comment,
    }


def _write_spreadsheet(path: Path, rows: Sequence[_Row]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None, "a new workbook has a sheet"
    sheet.append(SPREADSHEET)
    for row in rows:
        sheet.append((row.time, *map(printable, (row.subject, row.behavior, row.modifier, row.comment))))
    for cell in (cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"):
        # Text that begins with = is no formula: BORIS would read an empty cell.
        cell.data_type = "s"
    with whole_file(path) as aside:
        book.save(aside)
