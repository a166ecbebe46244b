"""Anybody's video, or folder of images, becomes one aligned clip."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.frames import Frames, Video, describe_numbers, open_frames, write_image
from merlab.preparation.aligned_clip import ClipWriter, Job
from merlab.preparation.record import MANIFEST, RECORD, claim, read_record
from merlab.preparation.settings import Settings
from merlab.processes import one_thread
from merlab.progress import Progress, silent
from merlab.sinks import VideoSink
from merlab.stamps import SYNTHETIC
from merlab.storage import release_folder, whole_folder
from merlab.synthesis.folder import MANIFEST as SYNTHETIC_MANIFEST

FRAMES, SHEET, VIDEO = "frames", "sheet.png", "aligned.mp4"
# Frames of a video that are looked at, evenly spaced, to say where a face is when the first shows none.
LOOKS = 20
PLAYED_FPS = 25.0


@dataclass(frozen=True)
class Part:
    """Which part of a source is meant, by frame numbers or by seconds; None where it is not limited."""

    first: int | None = None
    last: int | None = None
    start: float | None = None
    end: float | None = None

    def of(self, frames: Frames, fps: float | None) -> list[int] | range:
        """The frame numbers; raises MerlabError where there are none, or seconds cannot be told."""
        numbers = frames.numbers
        if self.start is not None or self.end is not None:
            low, high = self.start or 0.0, self.end if self.end is not None else float("inf")
            chosen = [number for number, time in zip(numbers, _times(frames, fps), strict=True) if low <= time < high]
        else:
            low, high = self.first or 0, self.last if self.last is not None else float("inf")
            chosen = [number for number in numbers if low <= number <= high]
        if not chosen:
            raise MerlabError(f"the part asked for holds no frame; there are {describe_numbers(numbers)}")
        return range(chosen[0], chosen[-1] + 1) if len(chosen) == chosen[-1] - chosen[0] + 1 else chosen


def align(
    source: Path,
    out: Path,
    settings: Settings | None = None,
    *,
    part: Part | None = None,
    fps: float | None = None,
    video: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Align a video or a folder of images into ``out``, and give the record of what was found.

    ``out`` gets the folder ``frames``, a sheet, a manifest, and with ``video`` one to look at. ``fps`` replaces what
    the container says. Memory does not grow with the length; ``progress`` counts frames. The first frame of ``part``
    fixes the layout. Raises MerlabError where it shows no face, or ``out`` cannot be written or holds anything else.
    """
    settled, part = (settings or Settings()).settled(), part or Part()
    if fps is not None and not 0 < fps < float("inf"):
        raise MerlabError(f"a frame rate is a number above zero, got {fps}")
    frames = open_frames(source)
    described = {"source": str(source.resolve()), "part": vars(part), "fps": fps, "video": video, **settled.described()}
    claim(source, out, described)
    wanted = [out / FRAMES / RECORD, out / SHEET, *([out / VIDEO] if video else [])]
    if not all(path.is_file() for path in wanted):
        try:
            _align(_job(source, frames, part, fps or frames.fps), frames, settled, out, video, progress)
        except MerlabError:
            # The remedy may be another part or setting, which the same folder would else refuse.
            release_folder(out, MANIFEST)
            raise
    return read_record(out / FRAMES)


def _align(job: Job, frames: Frames, settings: Settings, out: Path, video: bool, progress: Progress) -> None:
    with one_thread(), whole_folder(out / FRAMES) as aside, ExitStack() as stack:
        writer = _writer(aside, job, frames, settings)
        show = stack.enter_context(VideoSink(out / VIDEO, job.fps or PLAYED_FPS)) if video else None
        for done, number in enumerate(job.numbers, start=1):
            face = writer.write(number)
            if show:
                show.write(face)
            progress(done, len(job.numbers), f"frame {number}")
        write_image(out / SHEET, writer.finish())


def _job(source: Path, frames: Frames, part: Part, fps: float | None) -> Job:
    if not frames.numbers:
        raise MerlabError(f"{source} holds no frames; give a video, or a folder of images whose names end in a number")
    numbers = part.of(frames, fps)
    first, middle, last = numbers[0], numbers[len(numbers) // 2], numbers[-1]
    times = [frames.times[number - 1] for number in numbers] if isinstance(frames, Video) else None
    drawn = any((folder / SYNTHETIC_MANIFEST).is_file() for folder in source.resolve().parents)
    stamps = (SYNTHETIC,) if drawn else ()
    return Job(source.name, numbers, [first], (first, middle, last), fps, times, stamps)


def _times(frames: Frames, fps: float | None) -> Sequence[float]:
    """When each frame is shown, seconds from the first."""
    if isinstance(frames, Video):
        return frames.times
    if fps is None:
        raise MerlabError("seconds cannot be told in a folder of images; give its --fps, or the part by --frames A:B")
    return [(number - frames.numbers[0]) / fps for number in frames.numbers]


def _writer(folder: Path, job: Job, frames: Frames, settings: Settings) -> ClipWriter:
    """The writer of a job; where its first frame shows no face, the error says which frames do."""
    try:
        return ClipWriter(folder, job, frames, settings)
    except MerlabError as error:
        detector = settings.finding.open().detector
        looked = list(job.numbers)[:: max(len(job.numbers) // LOOKS, 1)]
        shows = next((number for number in looked if detector.detect(frames.read(number))), None)
        there = f"none is found in any of {len(looked)} frames across it" if shows is None else (
            f"frame {shows} shows one: begin there, --frames {shows}:"
        )  # fmt: skip
        raise MerlabError(f"{job.title}, frame {job.numbers[0]}: {error}; {there}") from error
