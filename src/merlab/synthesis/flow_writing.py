"""Write varied synthetic clips as optical flow, subject by subject, in one or several processes.

The work can be resumed, and the same settings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from merlab.errors import MerlabError
from merlab.given import as_jobs, as_path, as_whole, require_yes_or_no
from merlab.json_models import write_model
from merlab.processes.thread_limits import one_thread
from merlab.progress import Progress, shown_progress
from merlab.storage import whole_file, write_text
from merlab.synthesis.flow_clips import FLOW, TITLE, digest_of, flow_file, read_flow_manifest
from merlab.synthesis.folder import (
    MANIFEST,
    README,
    SETTINGS,
    claimed,
    is_described,
    require_counts,
    stack_versions,
    warn_of_other_versions,
    write_waiting,
)
from merlab.synthesis.identity import Identity, sample_identity
from merlab.synthesis.manifest import FlowManifest, FlowSettings
from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.sampling import ClipPlan
from merlab.synthesis.texture import paint_face
from merlab.synthesis.varied import VARIED, VariedClip, VariedSettings, draw_clip, preset_of_subject
from merlab.synthesis.varied_flow import WINDOW, render_flow, unit_changes

README_TEXT = f"""{TITLE}

Every movement and label in this folder is SYNTHETIC: it was rendered by merlab, and shows no real person. It is made
to train recognizers. Results on it are not results on people.

{FLOW}/sub001.npz   for numpy.load; planes (clips, 3, 120, 97) float16: horizontal flow, vertical flow and strain from
    onset to apex, at a third of the window 291 x 360 px around the crop of 231 x 282 px, in px of the crop;
    intensities (clips, 28) float32: change of activity of each action unit and side
{MANIFEST}   settings, versions, what each clip shows, and the SHA-256 of each file
{SETTINGS}   the settings of this folder; the same command resumes it
"""


def make_flow(
    out: Path | str,
    *,
    subjects: int = 152,
    clips: int = 20,
    seed: int = 0,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress | bool = False,
) -> Path:
    """Write the flow of ``clips`` varied SYNTHETIC clips of each subject into ``out``, and return ``out``.

    A second call with the same settings resumes interrupted work, and replaces damaged files. The bytes depend on the
    settings and the versions of the libraries, not on ``jobs`` or interruptions.

    Args:
        out: a new folder, or one that an earlier call with the same settings began.
        subjects: synthetic identities, 1 or more.
        clips: clips of each subject, 1 or more.
        seed: 0 or more.
        again: replace a complete folder, or one of other settings, when the new one is complete.
        jobs: the number of processes; None: one per core; 1: this process.
        progress: counts clips; True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a setting of a wrong type or range, and if ``out`` is written by another process or holds
            anything else.

    """
    out = as_path(out, "out")
    require_counts(subjects=subjects, clips=clips)
    as_whole(seed, "seed", 0)
    require_yes_or_no(again=again)
    as_jobs(jobs)
    settings = FlowSettings(seed=seed, subjects=subjects, clips=clips, preset=VARIED, preset_settings=VariedSettings())
    with claimed(out, settings, again, "synthetic flow") as folder, shown_progress(progress) as show:
        _write(folder, settings, jobs, show)
    return out


@dataclass(frozen=True)
class Subject:
    """One subject of a folder: its identity, its preset, and what was drawn for each of its clips."""

    identity: Identity
    preset: RenderPreset
    clips: tuple[tuple[VariedClip, ClipPlan], ...]

    @classmethod
    def drawn(cls, settings: FlowSettings, subject: int) -> Subject:
        """Subject number ``subject``, from 0."""
        identity = sample_identity(settings.seed, subject)
        preset = preset_of_subject(settings.preset_settings, settings.seed, subject)
        numbers = range(settings.clips)
        return cls(
            identity,
            preset,
            tuple(draw_clip(settings.preset_settings, identity, preset, number) for number in numbers),
        )


def _name(subject: int) -> str:
    return f"sub{subject + 1:03d}"


def _write(out: Path, settings: FlowSettings, jobs: int | None, progress: Progress) -> None:
    """Write what is missing of a folder, and what differs from its manifest."""
    known = _known_digests(out)
    waiting = [subject for subject in range(settings.subjects) if not _is_written(out, subject, known)]
    total = settings.subjects * settings.clips
    if not waiting and known and is_described(out):
        progress(total, total, "found done")
        warn_of_other_versions(out)
        return
    steps = total - settings.clips * len(waiting), total
    write_waiting(out, partial(_write_subjects, out, settings), waiting, steps, jobs, progress, "rendering flow")
    _write_index(out, settings)


def _known_digests(out: Path) -> dict[str, str]:
    """The digests of the files in a complete folder; empty if it is incomplete."""
    try:
        return read_flow_manifest(out).files
    except MerlabError:
        return {}


def _is_written(out: Path, subject: int, known: dict[str, str]) -> bool:
    file = flow_file(_name(subject))
    return digest_of(out / file) == known[file.as_posix()] if known else _is_whole(out / file)


def _is_whole(path: Path) -> bool:
    """Whether a file of arrays is there and has the checksums that were stored in it."""
    try:
        with ZipFile(path) as arrays:
            return arrays.testzip() is None
    except (OSError, BadZipFile):
        return False


def _write_subjects(out: Path, settings: FlowSettings, subjects: Sequence[int]) -> Iterator[str]:
    """Write the arrays of these subjects; yields the name of each clip when its flow is computed."""
    for number in subjects:
        subject = Subject.drawn(settings, number)
        with one_thread():
            layers = paint_face(subject.identity, subject.preset.blur)
            renderer = FaceRenderer(subject.identity, layers, subject.preset, WINDOW)
        planes = []
        for clip, plan in subject.clips:
            with one_thread():
                planes.append(render_flow(renderer, clip, plan))
            yield clip.clip
        with whole_file(out / flow_file(_name(number))) as temporary, temporary.open("wb") as file:
            intensities = [unit_changes(clip, plan) for clip, plan in subject.clips]
            np.savez(file, planes=np.stack(planes), intensities=np.stack(intensities))


def _write_index(out: Path, settings: FlowSettings) -> None:
    """Write the files that describe all clips; the manifest comes last, because it marks the folder as complete."""
    write_text(out / README, README_TEXT)
    files = [flow_file(_name(subject)) for subject in range(settings.subjects)]
    clips = [clip for subject in range(settings.subjects) for clip, _ in Subject.drawn(settings, subject).clips]
    manifest = FlowManifest(
        title=TITLE,
        settings=settings,
        versions=stack_versions(),
        files={file.as_posix(): digest_of(out / file) for file in files},
        clips=tuple(clips),
    )
    write_model(out / MANIFEST, manifest)
