"""The settings and the manifest of synthetic faces, recordings or flow: the typed content of their JSON files."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from merlab.json_models import FrozenModel
from merlab.synthesis.presets import DistractionRates, RenderPreset
from merlab.synthesis.sampling import ActiveUnit
from merlab.synthesis.varied import VariedClip, VariedSettings
from merlab.vocabulary import DistractionKind


class FaceSettings(FrozenModel):
    """Everything that decides the content of a tree of synthetic clips."""

    seed: int
    subjects: int
    clips: int
    raw: bool
    preset: str
    preset_settings: RenderPreset


class RecordingSettings(FrozenModel):
    """Everything that decides the content of a folder of long recordings.

    ``minutes`` of each recording and ``events`` per minute may be integers; they are then written as integers.
    ``megabits`` is the requested rate of MP4 files, Mbit/s; None: as many as the quality needs, or random within the
    limits of ``distractions``. ``distractions`` is None for a preset without distractions.
    """

    seed: int
    subjects: int
    minutes: int | float
    events: int | float
    raw: bool
    format: str
    preset: str
    preset_settings: RenderPreset
    fps: int = 200
    megabits: float | None = None
    distractions: DistractionRates | None = None


class DescribedClip(BaseModel):
    """The true content of one clip; frames are numbered as in the file names.

    ``blink`` is the interval of a blink in frames, which may reach beyond the clip; None if there is no blink.
    """

    subject: str
    clip: str
    emotion: str
    action_units: tuple[ActiveUnit, ...]
    first_frame: int
    last_frame: int
    onset: int
    apex: int
    offset: int
    blink: tuple[float, float] | None


class DescribedEvent(BaseModel):
    """One micro- or macro-expression of a recording; frames are numbered from 1, and seconds start at 0.

    ``beside`` are the kinds of the distractions during it.
    """

    onset: int
    apex: int
    offset: int
    emotion: str
    action_units: tuple[ActiveUnit, ...]
    kind: Literal["micro", "macro"] = "micro"
    onset_s: float | None = None
    apex_s: float | None = None
    offset_s: float | None = None
    beside: tuple[DistractionKind, ...] = ()


class DescribedDistraction(BaseModel):
    """One distraction of a recording; frames are numbered from 1, and seconds start at 0.

    The offset of a cut is its onset, and it changes all later frames.
    """

    kind: DistractionKind
    onset: int
    offset: int
    onset_s: float
    offset_s: float
    details: str


class DescribedRecording(BaseModel):
    """The true content of one recording.

    ``video`` is its path in the folder. ``blinks`` are (first frame, last frame), numbered from 1. ``gaze_shifts`` are
    (frame, x, y): the frame of the shift, numbered from 1, and the new gaze in px from straight ahead. ``megabits`` is
    the rate of an MP4 file that has a given rate, Mbit/s.
    """

    subject: str
    video: str
    fps: float
    frames: int
    events: tuple[DescribedEvent, ...]
    blinks: tuple[tuple[float, float], ...]
    gaze_shifts: tuple[tuple[float, float, float], ...]
    distractions: tuple[DescribedDistraction, ...] = ()
    megabits: float | None = None


class FaceManifest(BaseModel):
    """The manifest of a tree of synthetic clips."""

    title: str
    settings: FaceSettings
    versions: dict[str, str]
    clips: tuple[DescribedClip, ...]


class RecordingManifest(BaseModel):
    """The manifest of a folder of long recordings."""

    title: str
    settings: RecordingSettings
    versions: dict[str, str]
    recordings: tuple[DescribedRecording, ...]


class FlowSettings(FrozenModel):
    """Everything that decides the content of a folder of synthetic flow; ``clips`` is the number of each subject."""

    seed: int
    subjects: int
    clips: int
    preset: str
    preset_settings: VariedSettings


class FlowManifest(BaseModel):
    """The manifest of a folder of synthetic flow; ``files`` is the SHA-256 of each file of arrays, by its path."""

    title: str
    settings: FlowSettings
    versions: dict[str, str]
    files: dict[str, str]
    clips: tuple[VariedClip, ...]
