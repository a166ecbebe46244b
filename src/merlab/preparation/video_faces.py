"""A video, or a folder of images, becomes one aligned clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from merlab.alignment_record import RECORD
from merlab.errors import MerlabError
from merlab.faces.detection import Detector
from merlab.frames import (
    DamagedFrameError,
    Frames,
    Video,
    describe_numbers,
    dim_caveats,
    open_frames,
    read_image,
    require_rate,
    write_image,
)
from merlab.frames.opening import require_one_kind, require_unchanged, state_of, while_unchanged
from merlab.frames.sizes import require_one_size
from merlab.given import as_path, require_instance, require_yes_or_no
from merlab.json_files import json_text
from merlab.preparation.aligned_clip import AlignmentJob, ClipWriter, frame_name
from merlab.preparation.frame_range import FrameRange
from merlab.preparation.record import AlignmentRecord, VideoRequest, claimed, read_record
from merlab.preparation.settings import Settings, as_preparation_settings
from merlab.preparation.unfinished_clip import STATE, WORKING, UnfinishedClip
from merlab.processes.thread_limits import one_thread
from merlab.progress import Progress, shown_progress
from merlab.sinks import VideoSink
from merlab.spelling import counted
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import is_synthetic

FRAMES, SHEET, VIDEO = "frames", "sheet.png", "aligned.mp4"
# Every file of an aligned video, finished or not, by its path in the folder.
WRITTEN = re.compile(
    rf"({re.escape(WORKING)}/)?{FRAMES}/(alignment\.json|transforms\.csv|reg_[^/]+\.(jpg|png))|"
    rf"{re.escape(WORKING)}/{re.escape(STATE)}|sheet\.png|aligned\.mp4"
)
# If the first frame shows no face, this many evenly spaced frames are searched for one.
SEARCHED_FRAMES = 20
PLAYED_FPS = 25.0


def align(
    source: Path | str,
    out: Path | str,
    settings: Settings | None = None,
    *,
    frame_range: FrameRange | None = None,
    fps: float | None = None,
    video: bool = False,
    again: bool = False,
    progress: Progress | bool = True,
) -> AlignmentRecord:
    """Align a video or a folder of images into ``out``, and return the record of what was found.

    ``out`` gets the folder ``frames``, a contact sheet and a manifest. The result is read again if it is complete and
    the source has not changed since. Interrupted work is resumed; the bytes do not depend on interruptions.
    Memory does not grow with the length.

    Args:
        source: the video, or a folder of images that are numbered in their names.
        out: a new folder, or one that an earlier call with the same settings began.
        settings: how faces are found, how the head's movement is treated, and the format of the frames: a
            ``merlab.preparation.settings.Settings``.
        frame_range: the frames that are used, a ``merlab.preparation.frame_range.FrameRange``; the first one fixes the
            layout. Unless given, all.
        fps: frames per second, for a folder of images, or if the container is wrong.
        video: whether to write ``aligned.mp4`` as well.
        again: replace what ``out`` holds, when the new faces are complete.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: if the first frame shows no face, and if ``out`` cannot be written, is written by another process,
            or holds anything else.

    """
    source, out = as_path(source, "source"), as_path(out, "out")
    chosen = FrameRange() if frame_range is None else frame_range
    require_instance(chosen, FrameRange, "frame_range", "such as FrameRange(1, 100)")
    require_yes_or_no(video=video, again=again)
    settings = as_preparation_settings(settings)
    # A missing model file is reported before anything is written.
    settings.finding.open()
    if fps is not None:
        require_rate(fps)
    require_one_kind(source)
    frames = open_frames(source)
    state = state_of(source)
    request = VideoRequest(
        source=str(source.resolve()), **state._asdict(), part=chosen, fps=fps, video=video, **dict(settings.how_made())
    )
    wanted = [f"{FRAMES}/{RECORD}", SHEET, *([VIDEO] if video else [])]

    def is_complete(folder: Path) -> bool:
        return all((folder / name).is_file() for name in wanted)

    with claimed(source, out, request, again, is_complete, WRITTEN.fullmatch) as folder:
        unfinished = UnfinishedClip(folder / FRAMES, folder / WORKING, json_text(request.model_dump(mode="json")))
        if is_complete(folder):
            unfinished.remove()
        else:
            with shown_progress(progress) as show:
                job = _job(source, frames, chosen, fps, settings.finding.stamps)
                with one_thread(), unfinished.kept_if_stopped():
                    writer = unfinished.continued(_writer(unfinished.frames, job, frames, settings))
                    _align(writer, unfinished, folder, video, while_unchanged(show, source, state))
                require_unchanged(source, state)
        return read_record(folder / FRAMES)


def _align(writer: ClipWriter, unfinished: UnfinishedClip, out: Path, video: bool, progress: Progress) -> None:
    numbers = writer.job.numbers
    for number in numbers[writer.done :]:
        writer.write(number)
        unfinished.store(writer)
        progress(writer.done, len(numbers), f"frame {number}")
    if video:
        _write_video(out / VIDEO, writer, progress)
    write_image(out / SHEET, writer.finish())
    unfinished.finish()


def _write_video(path: Path, writer: ClipWriter, progress: Progress) -> None:
    """Write the aligned video from the written frames: an encoder that is interrupted cannot continue."""
    job = writer.job
    with VideoSink(path, job.fps or PLAYED_FPS) as sink:
        for done, number in enumerate(writer.written):
            progress(done, len(job.numbers), path.name)
            image = read_image(writer.folder / frame_name(writer.frames, number, writer.settings))
            sink.write(image, _seconds(job, number))


def _seconds(job: AlignmentJob, number: int) -> float | None:
    """When ``aligned.mp4`` shows a frame."""
    if job.clock:
        return job.clock.seconds(number) - job.clock.seconds(job.numbers[0])
    return (number - job.numbers[0]) / (job.fps or PLAYED_FPS)


def _job(source: Path, frames: Frames, chosen: FrameRange, fps: float | None, stamps: tuple[str, ...]) -> AlignmentJob:
    if not frames.numbers:
        raise MerlabError(f"{source} has no frames; give a video, or a folder of images numbered in their names")
    clock = frames.clock.at_rate(fps) if frames.clock is not None else None
    numbers, damaged = _from_sound(frames, chosen.of(frames, fps))
    require_one_size(frames, numbers)
    first, middle, last = numbers[0], numbers[len(numbers) // 2], numbers[-1]
    stamps = (*((SYNTHETIC,) if is_synthetic(source) else ()), *stamps)
    rate = clock.fps if clock else fps
    shown = first, middle, last
    of_source = [*_file_warnings(frames, fps), *dim_caveats(source)]
    warnings = [*of_source, *_start_warnings(damaged, first), *_gap_warnings(numbers)]
    return AlignmentJob(source.name, numbers, [first], shown, rate, clock, stamps, warnings)


def _from_sound(frames: Frames, numbers: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """The numbers from the first sound frame on, and those before it; raises DamagedFrameError if all are damaged."""
    for position, number in enumerate(numbers):
        try:
            frames.read(number)
        except DamagedFrameError:
            if position == len(numbers) - 1:
                raise
        else:
            return numbers[position:], numbers[:position]
    return numbers, ()


def _file_warnings(frames: Frames, fps: float | None) -> list[str]:
    """What a video file says that a user should know, as that it was cut off; none for images."""
    return list(frames.facts.at_rate(fps).notes()) if isinstance(frames, Video) else []


def _start_warnings(damaged: Sequence[int], first: int) -> list[str]:
    """A warning about damaged frames at the start, which are left out."""
    if not damaged:
        return []
    return [f"{counted(len(damaged), 'damaged frame')} at the start left out: the faces begin with frame {first}"]


def _gap_warnings(numbers: Sequence[int]) -> list[str]:
    """A warning about numbers that are missing between the first and the last frame of a folder of images."""
    if len(numbers) > numbers[-1] - numbers[0]:
        return []
    return [
        f"of the images there are {describe_numbers(numbers)}: a movement across missing frames is faster in these "
        "frames than it was; give every frame, or take those before or after"
    ]


def _writer(folder: Path, job: AlignmentJob, frames: Frames, settings: Settings) -> ClipWriter:
    """The writer of a job; if its first frame shows no face, the error names a frame that does."""
    try:
        return ClipWriter(folder, job, frames, settings)
    except MerlabError as error:
        detector = settings.finding.open().detector
        searched = list(job.numbers)[:: max(len(job.numbers) // SEARCHED_FRAMES, 1)]
        found = next((number for number in searched if _shows_face(frames, number, detector)), None)
        hint = (
            f"none is found in any of {len(searched)} evenly spaced frames"
            if found is None
            else f"frame {found} shows one: begin there with --frames {found}:"
        )
        raise MerlabError(f"{job.title}, frame {job.numbers[0]}: {error}; {hint}") from error


def _shows_face(frames: Frames, number: int, detector: Detector) -> bool:
    """Whether a face is found in a frame; not in one that is damaged."""
    try:
        return bool(detector.detect(frames.read(number)))
    except DamagedFrameError:
        return False
