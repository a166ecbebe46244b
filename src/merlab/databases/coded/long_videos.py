"""The long videos of a release: every folder with the movements that the coding table has for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.clip import COPY_AGAIN, remedy_without_frames
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.layout import Layout
from merlab.databases.coded.quirks import KeyFrames
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import MACRO, MICRO, Row, apex_outside
from merlab.databases.long_video import Kind, LongEvent, LongVideo
from merlab.frames import ClipError, describe_numbers


def read_videos(table: CodingTable, layout: Layout) -> tuple[list[LongVideo], list[Finding]]:
    """The long videos of a layout, those without movements too, and findings about their frames and movements.

    A video lasts from its first to its last frame, also where frames between are absent. Rows without a video give no
    finding here.
    """
    release = layout.release
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table.rows:
        rows[row.subject, row.folder].append(row)
    videos: list[LongVideo] = []
    findings: list[Finding] = []
    for (subject, folder), source in layout.clips.items():
        coded, where = rows.get((subject, folder), []), f"{subject} {folder}"
        numbers = _numbers(where, source, layout)
        if isinstance(numbers, Finding):
            findings.append(numbers)
            continue
        events, faults = _events(coded, numbers, release)
        findings += [*_odd_numbers(where, numbers, release), *faults]
        fps = next((row.fps for row in coded if row.fps), release.fps)
        name = release.layout.video_name(subject, source)
        frames = numbers[-1] - numbers[0] + 1
        videos.append(LongVideo(release.name, subject, name, source, fps, frames, tuple(events)))
    return videos, findings


def _numbers(where: str, source: Path, layout: Layout) -> Sequence[int] | Finding:
    """The frame numbers of a video, or a finding about one that has none."""
    expected = "frames that can be listed"
    try:
        numbers = layout.frames_of(source).numbers
    except ClipError as error:
        return Finding("unusable", where, expected, str(error), COPY_AGAIN)
    return numbers or Finding("unusable", where, expected, f"{source} has no frames", remedy_without_frames(source))


def _odd_numbers(where: str, numbers: Sequence[int], release: Release) -> Iterator[Finding]:
    """Findings about a video whose frames are numbered from 0, or are not all there."""
    if numbers[0] == 0:
        remedy = "movements are used as coded; if those seen are one frame late, rename every file to the next number"
        yield Finding("differs", where, "frames numbered from 1, as in the table", describe_numbers(numbers), remedy)
    if len(numbers) < numbers[-1] - numbers[0] + 1 and not release.frames_dropped:
        expected = f"every frame from {numbers[0]} to {numbers[-1]}"
        remedy = f"the video is taken to last from frame {numbers[0]} to {numbers[-1]}; {COPY_AGAIN}"
        yield Finding("differs", where, expected, describe_numbers(numbers), remedy)


def _corrected(row: Row, numbers: Sequence[int], release: Release) -> Row:
    """The row without the documented mistakes of its frames, as its clip is read."""
    frames: KeyFrames = (row.onset, row.apex, row.offset)
    quirks = row.quirks(release)
    wrong, documented = quirks.get("wrong frame"), quirks.get("frame range")
    if wrong:
        frames = wrong.corrected(frames) or frames
    if documented and documented.replaces(frames, numbers):
        frames = documented.replaced(frames)
    onset, apex, offset = frames
    return replace(row, onset=onset or row.onset, apex=apex, offset=offset or row.offset)


def _events(rows: Sequence[Row], numbers: Sequence[int], release: Release) -> tuple[list[LongEvent], list[Finding]]:
    """The movements of one video in the order of their onsets, and findings about those outside of its frames.

    Movements of one kind with the same onset and offset are one movement, that of the first row: spotting counts
    intervals, so that two would be one that is found and one that is missed.
    """
    events: dict[tuple[Kind, int, int], tuple[LongEvent, Row]] = {}
    findings: list[Finding] = []
    first, last = numbers[0], numbers[-1]
    for coded in rows:
        row = _corrected(coded, numbers, release)
        moments = (row.onset, row.apex, row.offset)
        for onset, apex, offset in [moments, *((first, None, last) for first, last in row.further)]:
            fault = _outside(row, (onset, offset), first, last)
            findings += [fault] if fault else []
            if fault is None or fault.severity != "unusable":
                event = _event(row, onset, apex, offset)
                findings += [apex_outside(row)] if event.apex != apex else []
                known, same = events.setdefault((event.kind, onset, offset), (event, row))
                findings += [_repeated(known, same, event, row)] if known is not event else []
    in_order = sorted((event for event, _ in events.values()), key=lambda event: (event.onset, event.offset))
    return in_order, findings


def _repeated(event: LongEvent, first: Row, again: LongEvent, row: Row) -> Finding:
    """The finding about a row whose movement is that of an earlier row."""
    facts = {"apex": "apex", "emotion": "emotion", "action_units": "action units"}
    other = [name for field, name in facts.items() if getattr(event, field) != getattr(again, field)]
    differing = f", with other {' and '.join(other)}" if other else ""
    found = f"onset {event.onset}, offset {event.offset} as in {first.where}{differing}"
    remedy = f"the movement is used once{', as the first row has it' if other else ''}; correct the row, or remove it"
    return Finding("differs", row.where, "a movement of its own", found, remedy)


def _outside(row: Row, moments: tuple[int, int], first: int, last: int) -> Finding | None:
    """A finding about a movement that lies outside of the frames of its video, or ends before it begins."""
    onset, offset = moments
    found = f"onset {onset}, offset {offset}"
    if onset > offset or onset > last or offset < first:
        expected = f"onset <= offset, in a video of frames {first} to {last}"
        remedy = "the movement is left out; correct the row, or copy the video again from the original"
        return Finding("unusable", row.where, expected, found, remedy)
    if onset < first:
        expected = f"an onset in the video, which begins at frame {first}"
        return Finding("differs", row.where, expected, found, "the onset is used as coded")
    if offset > last:
        expected = f"an offset in the video, which ends at frame {last}"
        return Finding("differs", row.where, expected, found, "the offset is used as coded")
    return None


def _event(row: Row, onset: int, apex: int | None, offset: int) -> LongEvent:
    """A movement; an apex outside of its frames is unknown."""
    inside = apex is None or onset <= apex <= offset
    note = "; ".join(filter(None, [row.note, "" if inside else f"apex {apex} is outside and taken as unknown"]))
    kind: Kind = MACRO if row.is_macro else MICRO
    return LongEvent(onset, apex if inside else None, offset, kind, row.emotion, row.action_units, note)
