"""Clips whose frames are in one folder or video, which are aligned together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from merlab.alignment_record import RECORD
from merlab.clips import Clip, Finding
from merlab.databases.frame_checks import check_clip
from merlab.errors import MerlabError
from merlab.frames import ClipError, Frames, ImageFolder, dim_caveats, open_frames, write_image
from merlab.frames.opening import state_of
from merlab.preparation.aligned_clip import AlignmentJob, ClipWriter
from merlab.preparation.record import AlignmentRecord, read_record
from merlab.preparation.settings import Settings
from merlab.preparation.unfinished_clip import UnfinishedClip
from merlab.storage import WriteError

NEEDED = "a clip needs each of its frames from onset to offset, so `merlab align` alone leaves damaged ones out"
REMEDY = "repair or remove the clip, then run the same command again; it continues with the missing clips"


@dataclass(frozen=True)
class SharedFrames:
    """Clips whose frames are in one folder or video, and the places of their aligned frames and of their sheet.

    ``working`` is where the frames are until all of them are aligned.
    """

    clips: tuple[Clip, ...]
    folder: Path
    working: Path
    sheet: Path
    stamps: tuple[str, ...]
    settings: Settings

    @property
    def title(self) -> str:
        """``sub01 EP02_01f``."""
        return ", ".join(f"{clip.subject} {clip.name}" for clip in self.clips)

    @property
    def onsets(self) -> list[int]:
        """The onsets of the clips, the first of which fixes the layout."""
        return [clip.onset for clip in self.clips if clip.onset is not None]

    @property
    def needed(self) -> list[range]:
        """The frames from onset to offset of each clip: inputs may use any of them, so none may be lacking."""
        return [range(clip.onset or 0, (clip.offset or 0) + 1) for clip in self.clips]

    @property
    def last(self) -> int:
        """The last frame of all clips."""
        return max(clip.offset or 0 for clip in self.clips)

    @property
    def done(self) -> bool:
        """Whether the frames that the table states now are there; folder and sheet each appear whole or not at all."""
        if not ((self.folder / RECORD).is_file() and self.sheet.is_file()):
            return False
        record = read_record(self.folder)
        is_of_these = record.frames == (min(self.onsets), self.last) and set(self.onsets) <= record.landmarks.keys()
        return is_of_these and not self._lacks_a_needed_frame(record)

    def _lacks_a_needed_frame(self, record: AlignmentRecord) -> bool:
        """Whether a damaged frame was left out that a clip needs since its row in the table was corrected."""
        # What is damaged counts as frames without a face; without any, no folder is listed.
        without = [number for first, last in record.lost for number in range(first, last + 1)]
        written = ImageFolder(self.folder).names if without else {}
        absent = {number for number in without if number not in written and any(number in each for each in self.needed)}
        source = self.clips[0].source
        # Numbers that the folder of the database lacks were reported when it was read.
        return not absent.isdisjoint(ImageFolder(source).names) if source.is_dir() else bool(absent)


def align_source(source: SharedFrames) -> tuple[str, list[Finding]]:
    """Align the clips of one source, or continue; returns its title and its faults.

    Raises WriteError if files cannot be written.
    """
    try:
        frames = open_frames(source.clips[0].source)
        job = _job(source, frames)
        unfinished = UnfinishedClip(source.folder, source.working, _made_for(source, job))
        with unfinished.kept_if_stopped():
            writer = unfinished.continued(ClipWriter(unfinished.frames, job, frames, source.settings))
            for number in job.numbers[writer.done :]:
                writer.write(number)
                unfinished.store(writer)
            write_image(source.sheet, writer.finish())
            unfinished.finish()
    except WriteError:
        raise
    except ClipError as error:
        return source.title, _damage(source, error)
    except MerlabError as error:
        return source.title, [Finding("unusable", source.title, "a face to align", str(error), REMEDY)]
    return source.title, []


def _job(source: SharedFrames, frames: Frames) -> AlignmentJob:
    numbers: Sequence[int] = range(min(source.onsets), source.last + 1)
    if isinstance(frames, ImageFolder):
        numbers = [number for number in numbers if number in frames.names]
    first = source.clips[0]
    assert first.onset is not None
    assert first.offset is not None
    shown = (first.onset, first.apex or (first.onset + first.offset) // 2, first.offset)
    # The database knows the rate of its cameras; its videos may play slower.
    clock = frames.clock.at_rate(first.fps) if frames.clock is not None else None
    dim = dim_caveats(first.source)
    return AlignmentJob(
        source.title, numbers, source.onsets, shown, first.fps, clock, source.stamps, dim, needed=source.needed
    )


def _made_for(source: SharedFrames, job: AlignmentJob) -> str:
    """Everything that determines the frames of a source: the tables and the frames themselves may change."""
    path = source.clips[0].source
    made = source.settings.how_made().model_dump_json()
    return f"{made} {path.resolve()} {state_of(path)} {job.numbers[0]} {job.numbers[-1]} {job.onsets} {job.shown}"


def _damage(source: SharedFrames, error: ClipError) -> list[Finding]:
    """Every damaged frame of a source, not only the first."""
    if not source.clips[0].source.is_dir():
        remedy = f"copy it again; {NEEDED}; {REMEDY}"
        return [Finding("unusable", source.title, "a video that can be decoded", str(error), remedy)]
    checked = [finding for clip in source.clips if (finding := check_clip(clip)) is not None]
    damaged = [finding for finding in checked if finding.severity == "unusable"]
    found = [replace(finding, remedy=f"{finding.remedy}; {NEEDED}") for finding in damaged]
    return found or [Finding("unusable", source.title, "frames that can be decoded", str(error), REMEDY)]
