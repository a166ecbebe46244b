"""Write long recordings frame by frame, in one or several processes.

The work can be resumed, and the same settings give the same frames.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from merlab.given import as_jobs, as_path, require_yes_or_no
from merlab.processes.thread_limits import one_thread
from merlab.progress import Progress, shown_progress
from merlab.storage import write_csv, write_text
from merlab.synthesis.canvas_layout import CAMERA, CROP, Window
from merlab.synthesis.folder import (
    MANIFEST,
    README,
    SETTINGS,
    claimed,
    is_described,
    stack_versions,
    warn_of_other_versions,
    write_manifest,
    write_waiting,
)
from merlab.synthesis.manifest import RecordingManifest
from merlab.synthesis.recorded_view import RecordedView
from merlab.synthesis.recording import BLOCK
from merlab.synthesis.recording_set import (
    DISTRACTIONS_TABLE,
    EVENTS_TABLE,
    RAW_VIDEOS,
    VIDEOS,
    VIDEOS_TABLE,
    RecordingSet,
)
from merlab.synthesis.recording_truth import describe_recording, distractions_table, events_table, videos_table
from merlab.synthesis.texture import paint_face
from merlab.synthesis.video import FORMATS, Encoding, WriteFrame
from merlab.vocabulary import RecordingPreset, VideoFormat

TITLE = "SYNTHETIC long recordings with micro-expressions (of no real person)"
README_TEXT = f"""{TITLE}

Every face, frame and event in this folder is SYNTHETIC: made by merlab, and of no real person. Results on these
recordings show how a method works on synthetic faces. They are not results on people.

{VIDEOS}/SYNTHETIC_sub01   one recording per subject, faces cropped to 231 x 282 px
{RAW_VIDEOS}/         the same uncropped, 640 x 480 px, with --raw
{EVENTS_TABLE}        every event: frames from 1, seconds from 0, emotion, action units, kind (micro or macro),
                            and the distractions beside it
{DISTRACTIONS_TABLE}  every distraction: kind, frames from 1, seconds from 0 (preset conversation)
{VIDEOS_TABLE}        the length and the frame rate of every recording
{MANIFEST}   settings, versions, and what each recording truly shows, blinks and shifts of gaze included
{SETTINGS}   the settings of this folder; the same command resumes it
"""


def make_videos(
    out: Path | str,
    *,
    subjects: int = 5,
    minutes: float = 1.0,
    events: float = 8.0,
    preset: RecordingPreset = "default",
    seed: int = 0,
    raw: bool = False,
    video_format: VideoFormat = "avi",
    fps: int = 200,
    megabits: float | None = None,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress | bool = False,
) -> Path:
    """Write SYNTHETIC long recordings with ``events`` micro-expressions per minute into ``out``, and return ``out``.

    A second call with the same settings writes the recordings that are missing. Memory does not grow with ``minutes``.

    Args:
        out: a new folder, or one that an earlier call with the same settings began.
        subjects: synthetic identities, one recording each, 1 or more.
        minutes: the length of each recording, above 0 and at most 1440.
        events: micro-expressions per minute, 0 to 600, as far as they fit.
        preset: ``default``, ``easy``, ``hard``, ``null`` (no events, only disturbances), or ``conversation``: the same
            events among macro-expressions, talking, chewing, hands, turns, slipping glasses, changing light, cuts and a
            second person, with their truth in SYNTHETIC_distractions.csv.
        seed: 0 or more.
        raw: also write uncropped camera frames.
        video_format: ``avi``, ``mp4`` or ``frames``.
        fps: 30, 60, 100 or 200 frames per second; a seed shows the same movements at the same seconds at each.
        megabits: the rate of an mp4 file, 0.1 to 100 Mbit/s; unless given, the quality is constant, and in a
            conversation each recording has a random rate of 1 to 8 Mbit/s.
        again: replace a complete folder, or one of other settings, when the new one is complete.
        jobs: the number of processes; None: one per core.
        progress: counts blocks of 800 frames; True shows it on standard error, False does not, a function is called
            with it.

    Raises:
        MerlabError: for a setting of a wrong type or range, and if ``out`` is written by another process or holds
            anything else.

    """
    out = as_path(out, "out")
    require_yes_or_no(raw=raw, again=again)
    as_jobs(jobs)
    recordings = RecordingSet(out, subjects, minutes, events, preset, seed, raw, video_format, fps, megabits)
    _warn_of_no_event(recordings)
    with claimed(out, recordings.settings, again, "synthetic recordings") as folder, shown_progress(progress) as show:
        _write(replace(recordings, out=folder), jobs, show)
    return out


def _warn_of_no_event(recordings: RecordingSet) -> None:
    """Warn where events were requested, but recordings are so short that none has one."""
    if recordings.events and not recordings.events_each and recordings.preset_name != "null":
        warnings.warn(
            f"the recordings will show no micro-expression: {float(recordings.events):g} per minute are "
            f"{recordings.minutes * recordings.events:.2g} per recording; request more, or longer recordings",
            stacklevel=3,
        )


def _write(recordings: RecordingSet, jobs: int | None, progress: Progress) -> None:
    """Write what is missing of a set of recordings."""
    waiting = [subject for subject in range(recordings.subjects) if not recordings.is_written(subject)]
    total = recordings.steps * recordings.subjects
    if not waiting and is_described(recordings.out, *_tables(recordings)):
        progress(total, total, "found done")
        warn_of_other_versions(recordings.out)
        return
    work, activity = partial(_write_recordings, recordings), f"writing recordings, {BLOCK} frames per step"
    steps = total - recordings.steps * len(waiting), total
    write_waiting(recordings.out, work, waiting, steps, jobs, progress, activity)
    _write_index(recordings)


def _write_recordings(recordings: RecordingSet, subjects: Sequence[int]) -> Iterator[None]:
    """Write the recordings of these subjects; yields after each block of frames."""
    for subject in subjects:
        yield from write_recording(recordings, subject)


def write_recording(recordings: RecordingSet, subject: int) -> Iterator[None]:
    """Write the recording of a subject; yields after each block of frames."""
    plan = recordings.plan(subject)
    with one_thread():
        layers = paint_face(plan.identity, recordings.preset.blur)
    with ExitStack() as stack:
        outputs: list[tuple[RecordedView, WriteFrame]] = []
        for path, window in _windows(recordings, subject):
            with one_thread():
                view = RecordedView(plan, layers, window, recordings.fps)
            outputs.append((view, stack.enter_context(_opened(recordings, subject, path, window))))
        for ticks, states in recordings.rate.blocks(plan, recordings.frames):
            with one_thread():
                for view, write in outputs:
                    for frame in view.frames(ticks, states):
                        write(frame)
            yield


def _opened(recordings: RecordingSet, subject: int, path: Path, window: Window) -> AbstractContextManager[WriteFrame]:
    """The file of a view, to write frames into."""
    encoding = Encoding(window, recordings.fps, recordings.preset.jpeg_quality, recordings.megabits_of(subject))
    return FORMATS[recordings.video_format](path, encoding)


def _windows(recordings: RecordingSet, subject: int) -> Iterator[tuple[Path, Window]]:
    """The path and the window of each view of a recording."""
    yield recordings.video(subject), CROP
    if recordings.raw:
        yield recordings.raw_video(subject), CAMERA


def _tables(recordings: RecordingSet) -> dict[str, Callable[[RecordingSet], pd.DataFrame]]:
    """What makes each table of a folder, by the name of its file."""
    distractions = {} if recordings.rates is None else {DISTRACTIONS_TABLE: distractions_table}
    return {EVENTS_TABLE: events_table, VIDEOS_TABLE: videos_table, **distractions}


def _write_index(recordings: RecordingSet) -> None:
    out = recordings.out
    write_text(out / README, README_TEXT)
    for name, table_of in _tables(recordings).items():
        write_csv(out / name, table_of(recordings))
    manifest = RecordingManifest(
        title=TITLE,
        settings=recordings.settings,
        versions=stack_versions(),
        recordings=tuple(describe_recording(recordings, subject) for subject in range(recordings.subjects)),
    )
    write_manifest(out, manifest)
