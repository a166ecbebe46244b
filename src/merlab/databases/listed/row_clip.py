"""A row of a table of clips and the frames that it names become a clip, or the finding that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from merlab.alignment_record import alignment_of
from merlab.clips import Clip, Finding
from merlab.databases.listed.table_rows import FRAME_NUMBERS, SoundRow
from merlab.frames import (
    IMAGE_SUFFIXES,
    MAX_FRAMES_NAMED,
    ClipError,
    Clock,
    Video,
    describe_numbers,
    folders_of_images,
    open_frames,
)
from merlab.table_files.cell_texts import are_action_units


class Footage:
    """What a folder of images or a video holds, as far as that is known without decoding images.

    ``fps`` is what the video, or the record of merlab's alignment beside the images, says; None where neither does.
    Raises ClipError for what is neither a folder nor a readable video, MerlabError for a damaged record.
    """

    def __init__(self, source: Path) -> None:
        frames = open_frames(source)
        self.source = source
        self.is_video = isinstance(frames, Video)
        self.clock: Clock | None = frames.clock
        self.alignment = alignment_of(source)
        self.fps: float | None = frames.fps or (self.alignment.fps if self.alignment else None)

    @cached_property
    def numbers(self) -> Sequence[int]:
        """The frame numbers that are there, ascending; the deep examination finds those that are damaged."""
        return open_frames(self.source).numbers


@dataclass(frozen=True)
class Read:
    """A row that became a clip; ``footage`` is None for a stored optical-flow image."""

    record: SoundRow
    clip: Clip
    footage: Footage | None


def read_listed_clip(record: SoundRow, footage: Footage | None) -> Clip | Finding:
    """The clip of a row. ``footage`` is None for a stored optical-flow image, which has no frames."""
    onset, offset, note = record.onset, record.offset, ""
    if footage is not None:
        numbers = footage.numbers
        fault = _absent(record, numbers)
        if fault:
            return fault
        onset, offset = onset or numbers[0], offset or numbers[-1]
        if onset == offset:
            remedy = "correct the row, or add the frames of the movement"
            found = f"onset and offset are both {onset}"
            return Finding("unusable", record.where, "two frames or more from onset to offset", found, remedy)
        filled = [f"{name} unknown" for name in ("onset", "offset") if getattr(record, name) is None]
        note = f"{', '.join(filled)}: frames {onset} to {offset} are used" if filled else ""
    fps = record.fps or (footage.fps if footage else None)
    if fps is None:
        found = "none, and the frames do not state it"
        return Finding("unusable", record.where, "a frame rate", found, "add a column fps with frames per second")
    try:
        return Clip(
            database=record.database,
            subject=record.subject,
            name=record.clip,
            fps=fps,
            onset=onset,
            apex=record.apex,
            offset=offset,
            action_units=record.action_units if are_action_units(record.action_units) else "",
            emotion=record.label,
            source=record.source,
            apex_source="unannotated" if record.apex is None else "annotated",
            note=note,
            aligned=_aligned(record, footage),
            objective_class=record.objective_class,
        )
    except ClipError as error:
        expected = "names without / and \\, and frame numbers from 1 up, onset <= apex <= offset"
        return Finding("unusable", record.where, expected, str(error), "correct the row")


def _aligned(record: SoundRow, footage: Footage | None) -> bool | None:
    """Whether the frames are aligned faces: as the row states, else True for stored flow and what merlab aligned."""
    known = footage is None or footage.alignment is not None
    return record.aligned if record.aligned is not None else known or None


def _absent(record: SoundRow, numbers: Sequence[int]) -> Finding | None:
    """The finding about a row whose frames are not there, or whose onset would be frame 0."""
    if not numbers:
        deeper = folders_of_images(record.source)
        remedy = (
            f"give the folder that has them: {' or '.join(map(str, deeper[:MAX_FRAMES_NAMED]))}"
            if deeper
            else f"give a folder of images ({', '.join(IMAGE_SUFFIXES)}) whose names end in their number, such as "
            "img1.jpg, or a whole video"
        )
        return Finding("unusable", record.where, f"frames in {record.source}", "none with a number", remedy)
    if record.onset is None and numbers[0] == 0:
        remedy = "write 1 or a later frame into column onset, or rename the frames to begin with 1"
        return Finding("unusable", record.where, "an onset from 1 up", "none, and a first frame of 0", remedy)
    given = {name: number for name in FRAME_NUMBERS if (number := getattr(record, name)) is not None}
    absent = [f"{name} {number}" for name, number in given.items() if number not in numbers]
    if not absent:
        return None
    remedy = "correct the row, or add the frames that are missing"
    if numbers[0] == 1 and {"onset", "offset"} <= given.keys() and len(numbers) == given["offset"] - given["onset"] + 1:
        remedy = f"the frames seem to be numbered anew from 1: number them from {given['onset']} on, or count from 1"
    expected = ", ".join(f"{name} {number}" for name, number in given.items())
    found = f"{describe_numbers(numbers)} in {record.source}; absent: {', '.join(absent)}"
    return Finding("unusable", record.where, expected, found, remedy)
