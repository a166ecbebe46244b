"""One row of CASME II's coding table and the frames that are there become a clip.

Every change to a row is a finding and a note on the clip: ``handled`` where it is a documented quirk of the release
(``casme2_facts``), ``differs`` where it is not. The rules are the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from merlab.clips import MAX_FRAMES_NAMED, Clip, describe_numbers
from merlab.databases.base import Finding
from merlab.databases.casme2_facts import FPS, Quirk, QuirkKind
from merlab.databases.casme2_table import Row

COPY_AGAIN = "copy the clip's folder again from the original"


@dataclass
class Reading:
    """A clip on its way from the table's row to what can be used.

    ``numbers`` are the frames that are there, ascending; None where they are not counted (videos, unless examined
    deeply). ``quirks`` are the documented ones of this clip.
    """

    row: Row
    clip: Clip
    numbers: Sequence[int] | None
    quirks: Mapping[QuirkKind, Quirk]
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether nothing was found so far that forbids to use the clip."""
        return all(finding.severity != "unusable" for finding in self.findings)

    @property
    def span(self) -> tuple[int, int]:
        """Onset and offset, which every row has."""
        assert self.clip.onset is not None
        assert self.clip.offset is not None
        return self.clip.onset, self.clip.offset

    def lacks(self, *frames: int | None) -> bool:
        """Whether one of these frames is known to be absent."""
        return self.numbers is not None and any(frame not in self.numbers for frame in frames if frame is not None)

    def change(self, kind: QuirkKind, expected: str, found: str, what: str, **values: object) -> None:
        """Replace fields of the clip, and say so in its note and in a finding."""
        quirk = self.quirks.get(kind)
        note = "; ".join(filter(None, (self.clip.note, f"{found}: {what}")))
        self.clip = replace(self.clip, **{"note": note, **values})  # type: ignore[arg-type]
        remedy = quirk.handling if quirk else what
        self.findings.append(Finding("handled" if quirk else "differs", self.row.where, expected, found, remedy))


def read_clip(
    row: Row, database: str, source: Path, numbers: Sequence[int] | None, quirks: Mapping[QuirkKind, Quirk]
) -> tuple[Clip | None, list[Finding]]:
    """The clip of a row, None when it cannot be used, and what was found about it."""
    clip = Clip(
        database=database,
        subject=row.subject,
        name=row.clip,
        fps=FPS,
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        action_units=row.action_units,
        emotion=row.emotion,
        source=source,
    )
    reading = Reading(row, clip, numbers, quirks)
    for rule in (_take_documented_range, _end_where_the_frames_end, _require_frames, _give_an_apex):
        if reading.usable:
            rule(reading)
    return (reading.clip if reading.usable else None), reading.findings


def _take_documented_range(reading: Reading) -> None:
    """Where the folder lacks the table's frames and holds those of the documented range, take the latter."""
    clip, quirk = reading.clip, reading.quirks.get("frame range")
    if quirk is None or quirk.frames is None or reading.numbers is None or reading.lacks(*quirk.frames):
        return
    onset, apex, offset = quirk.frames
    documented, coded = f"{onset}, {apex}, {offset}", f"{clip.onset}, {clip.apex}, {clip.offset}"
    held = f"the table says {coded}, the folder holds {describe_numbers(reading.numbers)}"
    if reading.lacks(clip.onset, clip.apex, clip.offset):
        values = {"onset": onset, "apex": apex, "offset": offset, "apex_source": "corrected"}
        what = f"the documented range {documented} is used"
        reading.change("frame range", "the table's frames in the folder", held, what, **values)
    elif coded != documented:
        expected = f"{documented}, the frames of the release's selection"
        remedy = "the table's range is used; look at the clip, and change its row if the movement is elsewhere"
        reading.findings.append(Finding("differs", reading.row.where, expected, held, remedy))


def _end_where_the_frames_end(reading: Reading) -> None:
    """An offset beyond the last frame moves to the last frame, as long as onset and apex stay before it."""
    if not reading.numbers:
        return
    onset, offset = reading.span
    last, apex = reading.numbers[-1], reading.clip.apex or onset
    if onset < last < offset and apex <= last:
        reading.change(
            "frame range",
            f"frames {onset} to {offset}",
            f"offset {offset}, but the folder ends at {last}",
            f"{last} is used as the offset",
            offset=last,
        )


def _require_frames(reading: Reading) -> None:
    """Every frame from onset to offset must be there."""
    clip, numbers = reading.clip, reading.numbers
    onset, offset = reading.span
    absent = [] if numbers is None else sorted(set(range(onset, offset + 1)) - set(numbers))
    if numbers is None or not absent:
        return
    roles = {onset: "onset ", clip.apex: "apex ", offset: "offset "}
    named = sorted(sorted(absent, key=lambda number: number not in roles)[:MAX_FRAMES_NAMED])
    listed = ", ".join(f"{roles.get(number, '')}{number}" for number in named)
    more = f" and {len(absent) - len(named)} more" if len(absent) > len(named) else ""
    remedy = COPY_AGAIN
    if numbers and numbers[0] == 1 and len(numbers) == offset - onset + 1:
        remedy = f"the frames seem to be renumbered from 1; give them their own numbers back, {onset} first"
    reading.findings.append(
        Finding(
            "unusable",
            reading.row.where,
            f"frames {onset} to {offset} in {clip.source}",
            f"{describe_numbers(numbers)}; absent: {listed}{more}",
            remedy,
        )
    )


def _give_an_apex(reading: Reading) -> None:
    """A missing apex, or one on the onset (zero motion), becomes the midpoint, rounded up; one on the offset stays."""
    clip = reading.clip
    midpoint = (sum(reading.span) + 1) // 2
    filled = {"apex": midpoint, "apex_source": "midpoint"}
    what = f"the midpoint of onset and offset, {midpoint}, is used"
    if clip.apex is None:
        reading.change("no apex", "an apex", "no apex in the coding table", what, **filled)
    elif clip.apex == clip.onset:
        expected = "an apex after the onset"
        reading.change("apex is onset", expected, f"onset and apex are both {clip.apex}, zero motion", what, **filled)
    elif clip.apex == clip.offset:
        expected = "an apex before the offset"
        reading.change("apex is offset", expected, f"apex and offset are both {clip.apex}", "kept as coded")
