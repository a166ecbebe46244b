"""The long videos of a release: every folder with the movements that the coding table has for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from merlab.clips import Finding
from merlab.databases.coded.clip import COPY_AGAIN
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.layout import Layout
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import MACRO, MICRO, Row
from merlab.databases.long_video import Kind, LongEvent, LongVideo
from merlab.frames import ClipError


def read_videos(table: CodingTable, layout: Layout, release: Release) -> tuple[list[LongVideo], list[Finding]]:
    """The long videos of a layout, those without movements too, and findings about movements outside of their frames.

    Rows without a video give no finding here.
    """
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table.rows:
        rows[row.subject, row.folder].append(row)
    videos: list[LongVideo] = []
    findings: list[Finding] = []
    for (subject, folder), source in layout.clips.items():
        coded = rows.get((subject, folder), [])
        try:
            numbers = layout.frames_of(source).numbers
        except ClipError as error:
            where = f"{subject} {folder}"
            findings.append(Finding("unusable", where, "frames that can be listed", str(error), COPY_AGAIN))
            continue
        events, faults = _events(coded, numbers, release)
        findings += faults
        fps = next((row.fps for row in coded if row.fps), release.fps)
        name = release.layout.video_name(subject, source)
        videos.append(LongVideo(release.name, subject, name, source, fps, len(numbers), tuple(events)))
    return videos, findings


def _corrected(row: Row, release: Release) -> Row:
    """The row without the documented mistakes of its frames."""
    quirk = row.quirks(release).get("wrong frame")
    frames = quirk.corrected((row.onset, row.apex, row.offset)) if quirk else None
    if frames is None:
        return row
    onset, apex, offset = frames
    return replace(row, onset=onset or row.onset, apex=apex, offset=offset or row.offset)


def _events(rows: Sequence[Row], numbers: Sequence[int], release: Release) -> tuple[list[LongEvent], list[Finding]]:
    """The movements of one video in the order of their onsets, and findings about those outside of its frames."""
    events: list[LongEvent] = []
    findings: list[Finding] = []
    last = numbers[-1] if numbers else 0
    for coded in rows:
        row = _corrected(coded, release)
        first = (row.onset, row.apex, row.offset)
        for onset, apex, offset in [first, *([(row.second[0], None, row.second[1])] if row.second else [])]:
            fault = _outside(row, onset, offset, last)
            findings += [fault] if fault else []
            if fault is None or fault.severity != "unusable":
                events.append(_event(row, onset, apex, offset))
    return sorted(events, key=lambda event: (event.onset, event.offset)), findings


def _outside(row: Row, onset: int, offset: int, last: int) -> Finding | None:
    """A finding about a movement that lies outside of the frames of its video, or ends before it begins."""
    found = f"onset {onset}, offset {offset}"
    if onset > offset or onset > last:
        expected = f"onset <= offset, in a video that ends at frame {last}"
        remedy = "the movement is left out; correct the row, or copy the video again from the original"
        return Finding("unusable", row.where, expected, found, remedy)
    if offset > last:
        expected = f"an offset in the video, which ends at frame {last}"
        return Finding("differs", row.where, expected, found, "the offset is used as coded")
    return None


def _event(row: Row, onset: int, apex: int | None, offset: int) -> LongEvent:
    """A movement; an apex outside of its frames is unknown."""
    inside = apex if apex is not None and onset <= apex <= offset else None
    kind: Kind = MACRO if row.is_macro else MICRO
    return LongEvent(onset, inside, offset, kind, row.emotion, row.action_units, row.note)
