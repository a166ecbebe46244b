"""The settings and the manifest of synthetic faces, recordings or flow: the typed content of their JSON files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.sampling import ActiveUnit
from merlab.synthesis.varied import VariedClip, VariedSettings


class FaceSettings(BaseModel):
    """Everything that decides the content of a tree of synthetic clips."""

    model_config = ConfigDict(frozen=True)

    seed: int
    subjects: int
    clips: int
    raw: bool
    preset: str
    preset_settings: RenderPreset


class RecordingSettings(BaseModel):
    """Everything that decides the content of a folder of long recordings.

    ``minutes`` of each recording and ``events`` per minute may be integers; they are then written as integers.
    """

    model_config = ConfigDict(frozen=True)

    seed: int
    subjects: int
    minutes: int | float
    events: int | float
    raw: bool
    format: str
    preset: str
    preset_settings: RenderPreset


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
    """One micro-expression of a recording; frames are numbered from 1."""

    onset: int
    apex: int
    offset: int
    emotion: str
    action_units: tuple[ActiveUnit, ...]


class DescribedRecording(BaseModel):
    """The true content of one recording.

    ``video`` is its path in the folder. ``blinks`` are (first frame, last frame), numbered from 1. ``gaze_shifts`` are
    (frame, x, y): the frame of the shift, numbered from 1, and the new gaze in px from straight ahead.
    """

    subject: str
    video: str
    fps: float
    frames: int
    events: tuple[DescribedEvent, ...]
    blinks: tuple[tuple[float, float], ...]
    gaze_shifts: tuple[tuple[float, float, float], ...]


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


class FlowSettings(BaseModel):
    """Everything that decides the content of a folder of synthetic flow; ``clips`` is the number of each subject."""

    model_config = ConfigDict(frozen=True)

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
