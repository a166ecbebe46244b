"""One row of a coding table and the frames that are there become a clip.

Every change to a row is a finding and a note on the clip: ``handled`` where it is a documented quirk of the release,
``differs`` where it is not. The rules are the same for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from merlab.clips import Clip, Finding
from merlab.databases.coded.release import Frames, QuirkKind, QuirksOfClip, Release
from merlab.databases.coded.table import Row
from merlab.frames import MAX_FRAMES_NAMED, describe_numbers

COPY_AGAIN = "copy the clip's folder again from the original"
UNANNOTATED = "unannotated"


@dataclass
class Reading:
    """A row on its way to a clip.

    ``onset``, ``apex`` and ``offset`` are as coded until a rule changes them. ``numbers`` are the frames that are
    there, ascending; None where they are not counted (videos, unless examined deeply). ``quirks`` are the documented
    ones of this clip.
    """

    row: Row
    source: Path
    numbers: Sequence[int] | None
    quirks: QuirksOfClip
    onset: int
    apex: int | None
    offset: int
    apex_source: str = "annotated"
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether nothing was found so far that forbids to use the clip."""
        return all(finding.severity != "unusable" for finding in self.findings)

    @property
    def described(self) -> str:
        """``46, 59, 86``."""
        return ", ".join("none" if number is None else str(number) for number in (self.onset, self.apex, self.offset))

    def lacks(self, *frames: int | None) -> bool:
        """Whether one of these frames is known to be absent."""
        return self.numbers is not None and any(frame not in self.numbers for frame in frames if frame is not None)

    def fault(self, expected: str, found: str, remedy: str) -> None:
        """The clip cannot be used."""
        self.findings.append(Finding("unusable", self.row.where, expected, found, remedy))

    def say(self, kind: QuirkKind, expected: str, found: str, what: str) -> None:
        """Note a change to the clip, and make it a finding."""
        quirk = self.quirks.get(kind)
        self.notes.append(f"{found}: {what}")
        severity, remedy = ("handled", quirk.handling) if quirk else ("differs", what)
        self.findings.append(Finding(severity, self.row.where, expected, found, remedy))  # type: ignore[arg-type]

    def replace(self, frames: Frames) -> None:
        """Other frame numbers, None where a number stays; a changed apex counts as corrected."""
        onset, apex, offset = frames
        if apex not in {None, self.apex}:
            self.apex, self.apex_source = apex, "corrected"
        self.onset, self.offset = onset or self.onset, offset or self.offset


def read_clip(
    row: Row, release: Release, database: str, source: Path, numbers: Sequence[int] | None, quirks: QuirksOfClip
) -> tuple[Clip | None, list[Finding]]:
    """The clip of a row, None when it cannot be used, and what was found about it."""
    reading = Reading(row, source, numbers, quirks, row.onset, row.apex, row.offset)
    for rule in (
        _mend_wrong_frames,
        _take_documented_range,
        _require_order,
        _end_where_the_frames_end,
        _require_frames,
    ):
        if reading.usable:
            rule(reading)
    if not reading.usable:
        return None, reading.findings
    if release.apex == UNANNOTATED:
        reading.apex_source = UNANNOTATED
    else:
        _give_an_apex(reading)
    clip = Clip(
        database=database,
        subject=row.subject,
        name=row.clip,
        fps=release.fps,
        onset=reading.onset,
        apex=reading.apex,
        offset=reading.offset,
        action_units=row.action_units,
        emotion=row.emotion,
        source=source,
        apex_source=reading.apex_source,
        note="; ".join(reading.notes),
    )
    return clip, reading.findings


def _mend_wrong_frames(reading: Reading) -> None:
    """Numbers that are documented to be mistakes of the table, where the table still has them."""
    quirk = reading.quirks.get("wrong frame")
    if quirk is None or quirk.frames is None or quirk.coded is None:
        return
    coded = (reading.onset, reading.apex, reading.offset)
    if any(wrong not in {None, number} for wrong, number in zip(quirk.coded, coded, strict=True)):
        return
    found = f"coded {reading.described}"
    reading.replace(quirk.frames)
    reading.say("wrong frame", "frame numbers without known mistakes", found, f"{reading.described} is used")


def _take_documented_range(reading: Reading) -> None:
    """Where the folder lacks the table's frames and holds those of the documented range, take the latter."""
    quirk = reading.quirks.get("frame range")
    if quirk is None or quirk.frames is None or reading.numbers is None:
        return
    coded = (reading.onset, reading.apex, reading.offset)
    documented = tuple(other or number for other, number in zip(quirk.frames, coded, strict=True))
    if documented == coded or reading.lacks(*documented):
        return
    held = f"the table says {reading.described}, the folder holds {describe_numbers(reading.numbers)}"
    if reading.lacks(*coded) or reading.onset >= reading.offset:
        reading.replace(quirk.frames)
        what = f"the documented range {reading.described} is used"
        reading.say("frame range", "the table's frames in the folder", held, what)
    else:
        expected = f"{', '.join(map(str, documented))}, the frames of the release's selection"
        remedy = "the table's range is used; look at the clip, and change its row if the movement is elsewhere"
        reading.findings.append(Finding("differs", reading.row.where, expected, held, remedy))


def _require_order(reading: Reading) -> None:
    onset, apex, offset = reading.onset, reading.apex, reading.offset
    known = [onset, offset] if apex is None else [onset, apex, offset]
    if known != sorted(known) or onset == offset:
        found = f"onset {onset}, apex {'none' if apex is None else apex}, offset {offset}"
        remedy = "correct the row, or copy the table again from the original"
        reading.fault("onset <= apex <= offset and onset < offset", found, remedy)


def _end_where_the_frames_end(reading: Reading) -> None:
    """An offset beyond the last frame moves to the last frame, as long as onset and apex stay before it."""
    if not reading.numbers:
        return
    onset, offset = reading.onset, reading.offset
    last, apex = reading.numbers[-1], reading.apex or onset
    if onset < last < offset and apex <= last:
        expected, found = f"frames {onset} to {offset}", f"offset {offset}, but the folder ends at {last}"
        reading.offset = last
        reading.say("frame range", expected, found, f"{last} is used as the offset")


def _require_frames(reading: Reading) -> None:
    """Every frame from onset to offset must be there."""
    onset, offset, numbers = reading.onset, reading.offset, reading.numbers
    absent = [] if numbers is None else sorted(set(range(onset, offset + 1)) - set(numbers))
    if numbers is None or not absent:
        return
    roles = {onset: "onset ", reading.apex: "apex ", offset: "offset "}
    named = sorted(sorted(absent, key=lambda number: number not in roles)[:MAX_FRAMES_NAMED])
    listed = ", ".join(f"{roles.get(number, '')}{number}" for number in named)
    more = f" and {len(absent) - len(named)} more" if len(absent) > len(named) else ""
    remedy = COPY_AGAIN
    if numbers and numbers[0] == 1 and len(numbers) == offset - onset + 1:
        remedy = f"the frames seem to be renumbered from 1; give them their own numbers back, {onset} first"
    found = f"{describe_numbers(numbers)}; absent: {listed}{more}"
    reading.fault(f"frames {onset} to {offset} in {reading.source}", found, remedy)


def _give_an_apex(reading: Reading) -> None:
    """A missing apex, or one on the onset (zero motion), becomes the midpoint, rounded up; one on the offset stays."""
    onset, apex = reading.onset, reading.apex
    if apex is not None and apex != onset:
        if apex == reading.offset:
            expected, found = "an apex before the offset", f"apex and offset are both {apex}"
            reading.say("apex is offset", expected, found, "kept as coded")
        return
    reading.apex, reading.apex_source = (onset + reading.offset + 1) // 2, "midpoint"
    what = f"the midpoint of onset and offset, {reading.apex}, is used"
    if apex is None:
        reading.say("no apex", "an apex", "no apex in the coding table", what)
    else:
        expected, found = "an apex after the onset", f"onset and apex are both {apex}, zero motion"
        reading.say("apex is onset", expected, found, what)
