"""What the service answers, as models; /openapi.json describes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from merlab.serving.job import JobState, VideoOptions
from merlab.serving.limits import Limits
from merlab.videos.metadata import SourceVideo, UsedModel, UsedSettings


def file_of(types: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """What /openapi.json says about the answer of a route that sends a file of one of these types."""
    content = {kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for kind in types}
    return {200: {"description": "The file", "content": content}}


class ServiceInfo(BaseModel):
    """The service: its version, what it accepts, the settings, and the local files that can be chosen.

    ``defaults`` is what a video without options gets, and ``weights`` names the weights that can be chosen.
    """

    version: str
    suffixes: list[str]
    limits: Limits
    defaults: VideoOptions
    weights: list[str]
    local: bool
    local_files: list[str]


class ResultFile(BaseModel):
    """One file of a result; its name is its path within the result."""

    name: str
    bytes: int


class JobStatus(BaseModel):
    """A job, and how far its current stage is, as in ``JobProgress``."""

    id: str
    name: str
    state: JobState
    progress: float
    stage: str
    done: int
    total: int
    left: str
    error: str | None
    bytes: int
    created: datetime
    started: datetime | None
    finished: datetime | None
    files: list[ResultFile] = []


class FlowScale(BaseModel):
    """How flow.png shows a displacement: ``full_px`` has the full color, arrows are ``arrow_length`` times as long."""

    full_px: float
    arrow_length: float


class WeakCandidate(BaseModel):
    """A candidate below the threshold: the columns of weak.csv. It is too uncertain to be counted as a movement."""

    face_id: int
    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    duration_s: float
    score: float
    part: str
    kind: str
    why_other: str


class ResultSummary(BaseModel):
    """The video of a result, the recognizer, the settings, the stamps, the warnings, and the weak candidates.

    ``meanings`` explains stamps, but for SYNTHETIC, which is about the recognizer here and not about the faces.
    ``part_boxes`` has left, top, right and bottom of each part of the face, as shares (0..1) of an aligned face.
    """

    video: SourceVideo
    model: UsedModel
    settings: UsedSettings
    stamps: list[str]
    warnings: list[str]
    meanings: dict[str, str] = {}
    weak: list[WeakCandidate] = []
    part_boxes: dict[str, tuple[float, float, float, float]] = {}
    flow_scale: FlowScale | None = None


class ScoreCurve(BaseModel):
    """Motion score and threshold of one face over time, in units of noise; None where the face is not seen."""

    face_id: int
    time_s: list[float | None]
    score: list[float | None]
    threshold: list[float | None]


class ShownPicture(BaseModel):
    """A picture of a movement; ``file`` is its path within the result."""

    title: str
    file: str


class MovedPart(BaseModel):
    """How far a part of the face moved on average, px of an aligned face, and in which direction."""

    part: str
    px: float
    direction: str


class ShownUnit(BaseModel):
    """An action unit that a movement is consistent with: its number and name in FACS, and its largest px.

    ``side`` is left, right or both; empty for a unit without sides.
    """

    number: int
    name: str
    side: str
    px: float


class ShownEvent(BaseModel):
    """A movement of a face: the columns of events.csv, the probability of each class, and the pictures.

    ``withheld`` has a sentence for each reason why it has no class; ``moved`` and ``units`` are ``regions`` and
    ``action_units``, read. ``face_box`` is the face at the apex: left, top, width and height in px of the video.
    """

    event: str
    video: str
    face_id: int
    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    duration_s: float
    score: float
    part: str
    kind: str = ""
    tier: str = "event"
    why_other: str = ""
    label: str = Field(alias="class")
    probability: float
    withheld: list[str] = []
    regions: str
    action_units: str
    probabilities: dict[str, float]
    pictures: list[ShownPicture]
    moved: list[MovedPart] = []
    units: list[ShownUnit] = []
    face_box: tuple[float, float, float, float] | None = None


class ShownResult(ResultSummary):
    """The content of view.json: a result as the page shows it."""

    faces: list[ScoreCurve]
    events: list[ShownEvent]
