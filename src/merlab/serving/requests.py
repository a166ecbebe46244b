"""What a client sends beside a video. Jobs that are stored are read without these checks."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from merlab.frames import ClockError, require_rate
from merlab.frames.clock import HIGHEST_RATE, LOWEST_RATE
from merlab.serving.job import VideoOptions


def _camera_rate(fps: float) -> float:
    try:
        return require_rate(fps)
    except ClockError as error:
        raise PydanticCustomError("frame_rate", "{problem}", {"problem": str(error)}) from error


HIGHEST_THRESHOLD, MOST_FACES_SENT = 100, 20
BOUNDS: dict[str, JsonValue] = {"minimum": LOWEST_RATE, "maximum": HIGHEST_RATE}
CameraRate = Annotated[float, AfterValidator(_camera_rate), Field(json_schema_extra=BOUNDS)]


class SentOptions(VideoOptions):
    """The options of a video; values out of range are refused before the video is received."""

    fps: CameraRate | None = None
    threshold: float | None = Field(default=None, ge=0, le=HIGHEST_THRESHOLD)
    faces: int | None = Field(default=None, ge=1, le=MOST_FACES_SENT)
    weights: str | None = Field(default=None, max_length=255)


class LocalVideo(SentOptions):
    """A video, or a folder of images, on the machine of the service, in a folder that its operator allowed."""

    # Of JSON, where true would else be the number 1.
    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(min_length=1, max_length=4096)
