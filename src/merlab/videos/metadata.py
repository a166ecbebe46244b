"""The content of metadata.json: the video, the model, the settings and the limits of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, JsonValue, computed_field

from merlab.frames import MediaFacts
from merlab.json_models import FrozenModel
from merlab.spotting.motion_score import ScoreSettings
from merlab.spotting.timing import Timing
from merlab.stamps import FIVE_POINTS
from merlab.videos.words import WordSettings
from merlab.vocabulary import LandmarkSource, OverlayKind, WithheldReason


def overlay_kind(given: OverlayKind | bool) -> OverlayKind:
    """True and False, as in earlier versions, are ``frames`` and ``none``; everything else stays what it is."""
    return {True: "frames", False: "none"}[given] if isinstance(given, bool) else given  # type: ignore[return-value]


class SourceVideo(Timing):
    """The video: when its frames were recorded, its name, and their size in px.

    ``file`` is what a video file says about itself: container, codec, aspect of its pixels, rotation, mirroring,
    colors; None for images. ``damaged`` counts frames that could not be decoded or, of aligned faces, are blank.
    """

    name: str
    width: int
    height: int
    damaged: int
    file: MediaFacts | None


class FollowedFace(FrozenModel):
    """One face: its first and last frame, and in how many ``frames`` it is seen."""

    face_id: int
    first: int
    last: int
    frames: int


class UsedModel(FrozenModel):
    """The recognizer: from its card, with the SHA-256 of its file and the runtime that computed it."""

    name: str
    method: str
    preset: str
    scheme: str = ""
    digest: str
    recipe: str
    classes: tuple[str, ...]
    temperature: float
    stamps: tuple[str, ...]
    trained_on: dict[str, JsonValue]
    limits: str
    runtime: str


class UsedSettings(FrozenModel):
    """The settings of a result: those of Options that change it, and those of SpottingSettings.

    ``landmarks`` is None for faces that were aligned already, and, as ``words``, in results of earlier versions, whose
    ``overlay`` is a truth value.
    """

    # Results of a later merlab may have more settings.
    model_config = ConfigDict(extra="allow")

    unsure_below: float
    words: WordSettings | None = None
    aligned: bool
    landmarks: LandmarkSource | None = None
    most_faces: int
    overlay: Annotated[OverlayKind, BeforeValidator(overlay_kind)]
    overlay_lines: int | None = None
    save_inputs: bool = False
    p: float
    floor: float
    window: float
    shortest: float
    longest: float
    score: ScoreSettings


class FindingRequest(FrozenModel):
    """Everything that determines how faces are found and followed: what is kept was made for one such request.

    ``chunk`` and ``margin`` are numbers of frames, see Division; ``kept`` is the version of what is kept of a chunk,
    ``versions`` are those of the libraries that compute it; the other fields are those of RecognitionRequest.
    """

    source: str
    bytes: int
    modified_ns: int
    frames_promised: int
    fps: float
    aligned: bool
    landmarks: LandmarkSource | None
    most_faces: int
    face_models: dict[str, dict[str, str]]
    chunk: int
    margin: int
    kept: int
    versions: dict[str, str]
    merlab: str


class RecognitionRequest(UsedSettings):
    """Everything that determines a result; one that was made for another request is never overwritten.

    Attributes:
        source: the absolute path of the video.
        bytes, modified_ns: size and time of change of its file.
        frames_promised: the number of its time stamps, or of images.
        face_models: the networks that find the faces, with their digests by algorithm.
        weights: the SHA-256 of the recognizer's file.
        measured: the way in which movements are measured (``motion.MEASURED``); 1 in results that do not state it.

    """

    source: str
    bytes: int
    modified_ns: int
    frames_promised: int
    fps: float
    face_models: dict[str, dict[str, str]]
    weights: str
    runtime: str
    measured: int = 1
    merlab: str


class Made(FrozenModel):
    """When a result was made (ISO 8601, UTC), and in how many seconds."""

    at: str
    seconds: float


class VideoMetadata(FrozenModel):
    """The content of metadata.json.

    All but ``made`` is the same for the same video, settings and machine. ``dropped`` counts movements that were too
    long or too short; ``withheld`` lists, by event, why it has no class; ``warnings`` are sentences.
    """

    video: SourceVideo
    faces: tuple[FollowedFace, ...]
    model: UsedModel
    settings: UsedSettings
    versions: dict[str, str]
    dropped: int
    withheld: Mapping[str, tuple[WithheldReason, ...]] = {}
    warnings: tuple[str, ...]
    asked: RecognitionRequest
    made: Made

    @computed_field  # type: ignore[prop-decorator]
    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps of the result: those of the model, and FIVE POINTS where the faces were aligned by five points."""
        return (*self.model.stamps, *self._of_faces)

    @property
    def named_stamps(self) -> tuple[str, ...]:
        """The same stamps, where they need their origin: ``model: SYNTHETIC``."""
        return (*(f"model: {stamp}" for stamp in self.model.stamps), *self._of_faces)

    @property
    def _of_faces(self) -> tuple[str, ...]:
        return (FIVE_POINTS,) if self.settings.landmarks == "five-points" else ()
