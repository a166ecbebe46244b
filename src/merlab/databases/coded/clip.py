"""Make a clip from one row of a coding table and the frames in its folder.

Every change to a row gives a finding and a note on the clip. The finding is ``handled`` if the change is a documented
quirk of the release, and ``differs`` if it is not. The rules are the same for both.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from merlab.clips import Clip, Finding
from merlab.databases.coded.folders import entries
from merlab.databases.coded.quirks import KeyFrames, QuirkKind, QuirksOfClip, in_order
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import CORRECT, Row
from merlab.frames import IMAGE_SUFFIXES, MAX_FRAMES_NAMED, describe_numbers, folders_of_images, looks_like_video
from merlab.frames.opening import dead_link, leads_nowhere
from merlab.spelling import counted

COPY_AGAIN = "copy the clip's folder again from the original"
UNANNOTATED = "unannotated"


@dataclass
class ClipDraft:
    """A row while it is turned into a clip.

    ``onset``, ``apex`` and ``offset`` are as coded until a rule changes them. ``numbers`` are the existing frames,
    ascending. ``quirks`` are the documented quirks of this clip.
    """

    row: Row
    source: Path
    numbers: Sequence[int]
    quirks: QuirksOfClip
    release: Release
    onset: int
    apex: int | None
    offset: int
    apex_source: str = "annotated"
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether the clip can be used according to the findings so far."""
        return all(finding.severity != "unusable" for finding in self.findings)

    @property
    def frames_as_text(self) -> str:
        """Onset, apex and offset, such as ``46, 59, 86``."""
        return ", ".join("none" if number is None else str(number) for number in (self.onset, self.apex, self.offset))

    def lacks(self, *frames: int | None) -> bool:
        """Whether one of these frames is absent; None is a frame that is not known."""
        return any(frame not in self.numbers for frame in frames if frame is not None)

    def reject(self, expected: str, found: str, remedy: str) -> None:
        """Add a finding that makes the clip unusable."""
        self.findings.append(Finding("unusable", self.row.where, expected, found, remedy))

    def record_change(self, kind: QuirkKind | None, expected: str, found: str, change: str) -> None:
        """Add a note and a finding about a change to the clip; with ``kind`` None, no quirk documents it."""
        quirk = self.quirks.get(kind) if kind else None
        self.notes.append(f"{found}: {change}")
        remedy = quirk.handling if quirk else change
        self.findings.append(Finding("handled" if quirk else "differs", self.row.where, expected, found, remedy))

    def replace(self, frames: KeyFrames) -> None:
        """Replace onset, apex and offset; None keeps a number. The source of a changed apex becomes ``corrected``."""
        onset, apex, offset = frames
        if apex not in {None, self.apex}:
            self.apex, self.apex_source = apex, "corrected"
        self.onset, self.offset = onset or self.onset, offset or self.offset


def read_clip(
    row: Row, release: Release, database: str, source: Path, numbers: Sequence[int], quirks: QuirksOfClip
) -> tuple[Clip | None, list[Finding]]:
    """The clip of a row (None if it cannot be used), and all findings about it."""
    draft = ClipDraft(row, source, numbers, quirks, release, row.onset, row.apex, row.offset)
    draft.notes += [row.note] if row.note else []
    for rule in (
        _correct_wrong_frames,
        _use_documented_range,
        _require_order,
        _require_numbering,
        _shorten_to_last_frame,
        _require_frames,
    ):
        if draft.usable:
            rule(draft)
    if not draft.usable:
        return None, draft.findings
    _fill_apex(draft)
    clip = Clip(
        database=database,
        subject=row.subject,
        name=row.clip,
        fps=row.fps or release.fps,
        onset=draft.onset,
        apex=draft.apex,
        offset=draft.offset,
        action_units=row.action_units,
        emotion=row.emotion,
        source=source,
        apex_source=draft.apex_source,
        note="; ".join(draft.notes),
        objective_class=row.objective_class,
    )
    return clip, draft.findings


def _correct_wrong_frames(draft: ClipDraft) -> None:
    """Correct the documented mistakes of the table, if this copy of the table still has them."""
    quirk = draft.quirks.get("wrong frame")
    corrected = quirk.corrected((draft.onset, draft.apex, draft.offset)) if quirk else None
    if corrected is None:
        return
    found = f"coded {draft.frames_as_text}"
    draft.replace(corrected)
    change = f"{draft.frames_as_text} is used"
    draft.record_change("wrong frame", "frame numbers without known mistakes", found, change)


def _use_documented_range(draft: ClipDraft) -> None:
    """Use the documented range if the folder has its frames, and those of the table are absent or out of order."""
    quirk = draft.quirks.get("frame range")
    if quirk is None or quirk.frames is None:
        return
    coded = (draft.onset, draft.apex, draft.offset)
    documented = quirk.replaced(coded)
    if documented == coded or draft.lacks(*documented):
        return
    # A clip that is known by its line alone: in a table in another order, it is another clip. Where names repeat,
    # the next clip may be in the same folder.
    alone = quirk.clip.startswith("row ") and not draft.release.table.names_repeat
    if alone and documented[2] != draft.numbers[-1]:
        return
    found = f"the table states {draft.frames_as_text}, the folder has {describe_numbers(draft.numbers)}"
    if quirk.replaces(coded, draft.numbers):
        draft.replace(quirk.frames)
        change = f"the documented range {draft.frames_as_text} is used"
        draft.record_change("frame range", "the table's frames in the folder", found, change)
    else:
        expected = f"{', '.join(map(str, documented))}, the frames of the release's selection"
        remedy = "the range of the table is used; watch the clip, and correct its row if the movement is elsewhere"
        draft.findings.append(Finding("differs", draft.row.where, expected, found, remedy))


def _require_order(draft: ClipDraft) -> None:
    if not in_order((draft.onset, draft.apex, draft.offset)):
        apex = "none" if draft.apex is None else draft.apex
        found = f"onset {draft.onset}, apex {apex}, offset {draft.offset}"
        draft.reject("onset <= apex <= offset and onset < offset", found, CORRECT)


def _require_numbering(draft: ClipDraft) -> None:
    """Reject a clip whose frames are numbered from 0, or are as many as the table states but in another range.

    Not in a long video, whose frames are counted from its beginning; one numbered from 0 has a finding of its own.
    """
    if not draft.numbers or draft.release.long:
        return
    first, last, count = draft.numbers[0], draft.numbers[-1], len(draft.numbers)
    onset, offset = draft.onset, draft.offset
    as_many = count == last - first + 1 == offset - onset + 1
    if first == onset or not (as_many or first == 0):
        return
    shift = onset - first if as_many else 1
    remedy = (
        f"the frames seem to be renumbered from {first}; rename them to their original numbers: {shift:+d} for every "
        "file, or correct the row if the movement is in these frames"
        if draft.source.is_dir()
        else "the video seems to hold the movement alone; copy the video of the whole clip from the original"
    )
    draft.reject(f"frames {onset} to {offset} in {draft.source}", describe_numbers(draft.numbers), remedy)


def _shorten_to_last_frame(draft: ClipDraft) -> None:
    """Move an offset beyond the last frame to the last frame, if onset and apex are not beyond it.

    Only where the folder begins at the onset: other frames may be renumbered.
    """
    if not draft.numbers:
        return
    onset, offset = draft.onset, draft.offset
    last, apex = draft.numbers[-1], draft.apex or onset
    if onset < last < offset and apex <= last and draft.numbers[0] == onset:
        expected, found = f"frames {onset} to {offset}", f"offset {offset}, but the last frame in the folder is {last}"
        draft.offset = last
        quirk = draft.quirks.get("frame range")
        # Other frames than these are documented, but the folder has not shown them to be those of this clip.
        kind: QuirkKind | None = None if quirk and quirk.frames else "frame range"
        draft.record_change(kind, expected, found, f"{last} is used as the offset")


def _require_frames(draft: ClipDraft) -> None:
    """Reject the clip if a frame between onset and offset is absent, unless the camera dropped it."""
    onset, offset, numbers = draft.onset, draft.offset, draft.numbers
    there = {number for number in numbers if onset <= number <= offset}
    count = offset - onset + 1 - len(there)
    if not count:
        return
    if draft.release.frames_dropped and not draft.lacks(onset, draft.apex, offset):
        found, change = f"{counted(count, 'frame')} absent between onset and offset", "the camera dropped them"
        draft.record_change("dropped frames", f"frames {onset} to {offset}", found, change)
        return
    roles = {onset: "onset ", draft.apex: "apex ", offset: "offset "}
    # Not as a list of all frames: a wrong offset can be very large.
    absent = (number for number in range(onset + 1, offset) if number not in there and number not in roles)
    first = [number for number in roles if number is not None and number not in there]
    named = sorted(itertools.islice(itertools.chain(first, absent), MAX_FRAMES_NAMED))
    listed = ", ".join(f"{roles.get(number, '')}{number}" for number in named)
    more = f" and {count - len(named)} more" if count > len(named) else ""
    found = f"{describe_numbers(numbers)}; absent: {listed}{more}"
    remedy = COPY_AGAIN if numbers else remedy_without_frames(draft.source)
    draft.reject(f"frames {onset} to {offset} in {draft.source}", found, remedy)


def remedy_without_frames(source: Path) -> str:
    """What to do about a clip's folder without frames.

    It may be a link that leads nowhere, an archive may have been unpacked one level too deep, and files may be of
    another format or without numbers.
    """
    if lost := next(filter(leads_nowhere, entries(source)), None):
        return f"{lost.name} in it is {dead_link(lost)}: restore that, or {COPY_AGAIN}"
    deeper = " and ".join(map(str, folders_of_images(source)))
    if deeper:
        return (
            f"if the frames of the clip are those in {deeper}, move them into the folder above; otherwise {COPY_AGAIN}"
        )
    files = [path.name for path in entries(source) if path.is_file()]
    if not files:
        return COPY_AGAIN
    if len(files) == 1 and looks_like_video(source / files[0]):
        return f"if {files[0]} is the clip, put it in the place of this folder; otherwise {COPY_AGAIN}"
    form = f"files of {', '.join(IMAGE_SUFFIXES)} whose names end in their number"
    return f"if {files[0]} is one of its frames, write them as {form}; otherwise {COPY_AGAIN}"


def _fill_apex(draft: ClipDraft) -> None:
    """Replace a missing apex, or an apex on the onset (no motion), by the midpoint, rounded up.

    An apex on the offset is kept; in a release without apexes, none is filled in.
    """
    if draft.release.apex == UNANNOTATED:
        draft.apex_source = UNANNOTATED
        return
    onset, apex = draft.onset, draft.apex
    if apex is not None and apex != onset:
        if apex == draft.offset:
            expected, found = "an apex before the offset", f"apex and offset are both {apex}"
            draft.record_change("apex is offset", expected, found, "kept as coded")
        return
    middle = (onset + draft.offset + 1) // 2
    # The camera may have dropped the frame in the middle, but not the offset.
    there = (number for number in draft.numbers if number > onset)
    draft.apex = min(there, key=lambda number: abs(number - middle))
    draft.apex_source = "midpoint"
    what = "the midpoint of onset and offset" if draft.apex == middle else f"the frame nearest to the midpoint {middle}"
    change = f"{draft.apex} is used, {what}"
    if apex is None:
        draft.record_change("no apex", "an apex", "no apex in the coding table", change)
    else:
        expected, found = "an apex after the onset", f"onset and apex are both {apex}, so there is no motion"
        draft.record_change("apex is onset", expected, found, change)
