"""Single clips of SMIC: their folders state onset, offset and emotion; a table is only compared with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.clip import remedy_without_frames
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.folders import entries, fault_of_folder, is_folder
from merlab.databases.coded.layout import Layout
from merlab.databases.coded.missing_folders import unlistable
from merlab.databases.coded.row import Row
from merlab.databases.smic_release import CLIP, EMOTIONS, emotion_of, parse_subject
from merlab.frames import ClipError, describe_numbers, open_frames
from merlab.frames.opening import leads_nowhere
from merlab.spelling import counted, first_of

# Folders between that of the subjects and a clip, where an archive was unpacked twice.
DEEPEST = 4
NAMED = 3


def with_folders(table: CodingTable, layout: Layout) -> tuple[CodingTable, list[Finding]]:
    """The table with its rows replaced by the folders of single clips, and findings about their differences.

    A folder contains its clip from onset to offset, and the name of its parent is the emotion. Rows without a folder
    are kept.
    """
    by_clip = {(row.subject, row.folder): row for row in table.rows}
    findings: list[Finding] = []
    for (subject, name), source in layout.clips.items():
        row = by_clip.pop((subject, name), None)
        numbers, fault = _numbers(source)
        where = f"{subject} {name}"
        if not CLIP.fullmatch(name):
            remedy = "rename it to the name of its clip, or move it elsewhere if it is not a clip"
            findings.append(Finding("unusable", where, "a clip name such as s01_ne_01", source.name, remedy))
        elif numbers and numbers[0] == 0:
            expected, remedy = "frame numbers from 1 on", "restore the original numbers of the frames, or add 1 to each"
            findings.append(Finding("unusable", where, expected, describe_numbers(numbers), remedy))
        elif fault:
            findings.append(
                Finding("unusable", where, "frames that can be listed", fault, remedy_without_frames(source))
            )
        else:
            line, emotion = (row.number if row else 0), emotion_of(source)
            note = _other_range(row, numbers) if row else ""
            from_folder = Row(line, subject, name, name, numbers[0], None, numbers[-1], "", emotion, note=note)
            findings += _misplaced(from_folder, source)
            findings += _contradictions(row, from_folder, numbers) if row else ()
            by_clip[subject, name] = from_folder
    return replace(table, rows=tuple(by_clip[key] for key in sorted(by_clip))), findings


def unlistable_emotions(layout: Layout) -> Iterator[Finding]:
    """Findings about folders of a subject, down to its clips, that cannot be listed: these clips are not known."""
    for subject in layout.subjects.values():
        for micro in (path for path in entries(subject) if path.name.lower() == "micro"):
            clips = (path for emotion in entries(micro) for path in entries(emotion))
            for path in (micro, *entries(micro), *filter(leads_nowhere, clips)):
                if fault := fault_of_folder(path):
                    yield unlistable(path, fault, "unusable")


def clips_elsewhere(layout: Layout) -> Iterator[Finding]:
    """A finding about folders with the name of a clip that are not where clips are: nothing is read from them."""
    read = {os.path.realpath(path) for paths in layout.sources.values() for path in paths}
    named = (path for folder in layout.folders for path in _named_as_clips(folder, DEEPEST))
    elsewhere = [str(path) for path in named if os.path.realpath(path) not in read]
    if elsewhere:
        expected = "clips in folders such as s01/micro/negative/s01_ne_01"
        found = f"{counted(len(elsewhere), 'clip')} elsewhere: {first_of(elsewhere, NAMED)}"
        remedy = "nothing is read from there; move them, or rename the folders above them"
        yield Finding("differs", str(layout.folder), expected, found, remedy)


def _named_as_clips(folder: Path, depth: int) -> Iterator[Path]:
    for path in filter(is_folder, entries(folder)):
        if CLIP.fullmatch(path.name):
            yield path
        elif depth:
            yield from _named_as_clips(path, depth - 1)


def _numbers(source: Path) -> tuple[Sequence[int], str]:
    """The frame numbers in a folder, and the fault if the folder cannot be used."""
    try:
        numbers = open_frames(source).numbers
    except ClipError as error:
        return (), str(error)
    return numbers, "" if numbers else f"{source} has no frames"


def _misplaced(from_folder: Row, source: Path) -> Iterator[Finding]:
    """A finding if the name of a clip's folder states another subject or emotion than the folders above it."""
    match = CLIP.fullmatch(source.name)
    if match and (parse_subject(match[1]), EMOTIONS[match[2].lower()]) != (from_folder.subject, from_folder.emotion):
        expected = f"a clip of {from_folder.subject}, {from_folder.emotion}, as the folders above state"
        remedy = "the folders above are used; move the clip to the folders of its name, or rename it"
        yield Finding("differs", from_folder.where, expected, source.name, remedy)


def _other_range(row: Row, numbers: Sequence[int]) -> str:
    """What is changed for a clip whose folder has other frames than the table states; empty if nothing is."""
    if (row.onset, row.offset) == (numbers[0], numbers[-1]):
        return ""
    stated = f"the table states frames {row.onset} to {row.offset}"
    return f"{stated}: {numbers[0]} to {numbers[-1]} are used, as in the folder"


def _contradictions(row: Row, from_folder: Row, numbers: Sequence[int]) -> Iterator[Finding]:
    if row.emotion != from_folder.emotion:
        expected = f"{from_folder.emotion}, as the folder states"
        remedy = "the emotion of the folder is used; correct the row, or move the folder"
        yield Finding("differs", row.where, expected, f"{row.emotion} in the table", remedy)
    if (row.onset, row.offset) != (from_folder.onset, from_folder.offset):
        expected = f"frames {row.onset} to {row.offset}, as the table states"
        remedy = "the frames in the folder are used; frames may be missing at its ends: compare with the original"
        yield Finding("differs", row.where, expected, describe_numbers(numbers), remedy)
