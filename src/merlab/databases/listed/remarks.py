"""What a user should know about the rows of a table of clips that can be used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from merlab.clips import Finding, one_under_two_names
from merlab.databases.listed.row_clip import Read
from merlab.databases.listed.table_rows import TEXTS
from merlab.frames import MAX_FRAMES_NAMED, ClipError, Video, describe_numbers
from merlab.spelling import counted, folded, one_letter_apart, told_apart
from merlab.table_files.cell_texts import DATE_CELL, are_action_units

# The frame rates of the table and of a video are the same where they differ by less than this factor.
SAME_RATE = 1.01
# With more labels than this, a column holds remarks and no labels, which are not compared with each other.
MOST_LABELS = 200


def remarks(table: str, read: Sequence[Read]) -> Iterator[Finding]:
    """Findings about usable rows: what was filled in or merged, and what looks like a mistake."""
    yield from _databases(table, read)
    yield from _labels(table, read)
    yield from _odd_texts(table, read)
    yield from _rates(table, read)
    yield from one_under_two_names(row.clip for row in read)
    for row in read:
        yield from _frames(row)
    filled = [row for row in read if row.clip.note]
    if filled:
        remedy = "the first and the last frame of the folder or video are used"
        yield Finding("handled", table, "an onset and an offset", f"not both in {_counted(filled)}", remedy)
    flow = [row for row in read if row.clip.holds_flow]
    if flow:
        remedy = "read as stored flow, R = u, G = v, B = optical strain; where it is a frame of a face, give its folder"
        yield Finding("handled", table, "a folder of images or a video", f"one image in {_counted(flow)}", remedy)
    numbered = [row for row in flow if (row.clip.onset, row.clip.apex, row.clip.offset) != (None, None, None)]
    if numbered:
        remedy = "frame numbers of a stored flow are not used; for a clip, give the folder of its frames"
        found = f"one image and frame numbers in {_counted(numbered)}"
        yield Finding("differs", table, "a stored flow without frame numbers, or a folder of frames", found, remedy)
    other_rate = [row for row in read if _has_other_rate(row)]
    if other_rate:
        remedy = "column fps is used; a video for slow motion may state another rate than it was recorded at"
        found = f"another one in {_counted(other_rate)}"
        expected = "in column fps the frame rate of the video, or of the aligned frames"
        yield Finding("differs", table, expected, found, remedy)


def _counted(rows: Sequence[Read]) -> str:
    return f"{counted(len(rows), 'row')}, the first {rows[0].record.where}"


def _databases(table: str, read: Sequence[Read]) -> Iterator[Finding]:
    """A finding about rows without a database beside rows with one: their people would be other people."""
    unnamed = [row for row in read if row.record.database == Path(table).stem]
    if 0 < len(unnamed) < len(read):
        remedy = "read as a database of its own, whose people are other people; complete the column database"
        found = f"none, so the name of the file, in {_counted(unnamed)}"
        yield Finding("differs", table, "a database in every row, or in none", found, remedy)


def _labels(table: str, read: Sequence[Read]) -> Iterator[Finding]:
    unlabeled = [row for row in read if not row.clip.emotion]
    if unlabeled:
        remedy = "these clips have no class, so every label scheme leaves them out"
        yield Finding("differs", table, "a label", f"none in {_counted(unlabeled)}", remedy)
    written: dict[str, set[str]] = defaultdict(set)
    for row in read:
        written[row.clip.emotion].add(row.record.label)
    for label, spellings in written.items():
        if len(spellings) > 1:
            remedy = f"all are read as {label}"
            yield Finding("handled", table, "one spelling per label", told_apart(spellings), remedy)
    for pair in combinations(sorted(written), 2) if len(written) <= MOST_LABELS else ():
        if one_letter_apart(*pair) or folded(pair[0]) == folded(pair[1]):
            remedy = "read as different labels; if it is one label, correct its spelling"
            yield Finding("differs", table, "one spelling per label", told_apart(pair), remedy)


def _odd_texts(table: str, read: Sequence[Read]) -> Iterator[Finding]:
    for column in TEXTS:
        dates = [row for row in read if DATE_CELL.fullmatch(getattr(row.record, column))]
        if dates:
            remedy = (
                "read as it is; if a spreadsheet made a date of a name such as 1-2, format the column as text first"
            )
            yield Finding(
                "differs", table, f"a name in column {column}", f"a date or time in {_counted(dates)}", remedy
            )
    no_units = [row for row in read if not are_action_units(row.record.action_units)]
    if no_units:
        found = f"{no_units[0].record.action_units!r} and the like in {_counted(no_units)}"
        remedy = "read without action units; correct the cells"
        yield Finding("differs", table, "action units such as 4+L10 in column action_units", found, remedy)


def _frames(row: Read) -> Iterator[Finding]:
    clip, where = row.clip, row.record.where
    if row.footage is None or clip.onset is None or clip.offset is None:
        return
    if clip.apex == clip.onset:
        found = f"onset and apex are both {clip.onset}"
        remedy = "inputs made from these two show no movement; correct the apex, or leave it empty to have it spotted"
        yield Finding("differs", where, "an apex after the onset", found, remedy)
    if row.footage.clock is not None:
        gaps = row.footage.clock.gaps_within(clip.onset, clip.offset)
        if gaps:
            found = f"time is missing before frame {', '.join(map(str, gaps[:MAX_FRAMES_NAMED]))}"
            remedy = "the movement is faster in these frames than it was; use frames before or after the gap"
            yield Finding("differs", where, "frames without a gap in time", found, remedy)
    if row.footage.is_video:
        return
    numbers = [number for number in row.footage.numbers if clip.onset <= number <= clip.offset]
    if len(numbers) < clip.offset - clip.onset + 1:
        remedy = "inputs made from onset and apex can be used; those that read every frame will refuse this clip"
        expected = f"every frame from {clip.onset} to {clip.offset}"
        yield Finding("differs", where, expected, describe_numbers(numbers), remedy)


def video_notes(read: Sequence[Read]) -> Iterator[Finding]:
    """What the videos say about themselves that a user should know, such as that one was cut off; decodes a frame."""
    videos = {row.clip.source: row for row in reversed(read) if row.footage and row.footage.is_video}
    for source, row in reversed(videos.items()):
        try:
            notes = list(Video(source).facts.notes())
        except ClipError:
            # Damaged frames are found where all are decoded.
            continue
        remedy = "the frames are used as they are; watch them before"
        for note in notes:
            yield Finding("differs", row.record.where, f"nothing to note about {source.name}", note, remedy)


def _rates(table: str, read: Sequence[Read]) -> Iterator[Finding]:
    """A finding for each folder or video whose rows state several frame rates, of which one at most is right."""
    rates: dict[Path, dict[float, Read]] = defaultdict(dict)
    for row in read:
        rates[row.clip.source].setdefault(row.clip.fps, row)
    for source, by_rate in rates.items():
        if len(by_rate) > 1:
            found = " and ".join(f"{fps:g} in {row.record.where}" for fps, row in by_rate.items())
            yield Finding(
                "differs", table, f"one frame rate for {source}", found, "correct the wrong rows in column fps"
            )


def _has_other_rate(row: Read) -> bool:
    stated = row.footage.fps if row.footage else None
    return stated is not None and max(stated, row.clip.fps) > SAME_RATE * min(stated, row.clip.fps)
