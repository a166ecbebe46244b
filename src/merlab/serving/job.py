"""A job of the service: one video to recognize, and what its files hold."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from merlab.json_models import FrozenModel

# The files of a job: the job itself, its progress, its error, the upload, the result, and the result's view.
JOB, PROGRESS, ERROR, UPLOAD, RESULT, VIEW = "job.json", "progress.json", "fault.json", "upload", "result", "view.json"

JobState = Literal["queued", "running", "done", "failed", "canceled"]


class VideoOptions(FrozenModel):
    """What a client states about a video, as a job keeps it; ``requests.SentOptions`` checks it when it arrives.

    Attributes:
        fps: frames per second, for a folder of images, or if the file gives no frame rate or a wrong one.
        aligned: whether the frames are aligned faces already, so that no face has to be found.
        threshold: the lowest threshold of spotting, in units of noise; None takes the default.
        faces: how many faces are followed at once; None takes the default.
        weights: the name of one of the service's weights; None takes the first.

    """

    fps: float | None = None
    aligned: bool = False
    threshold: float | None = None
    faces: int | None = None
    weights: str | None = None


class Job(BaseModel):
    """One video to recognize.

    Attributes:
        name: the client's name of the video; it is never part of a path.
        source: the upload, or a local file or folder.
        options: what the client states about the video; ``asked`` in job.json.
        starts: how often the job was started; the job fails if the service ended during MAX_STARTS of them.
        error: why it failed, and the remedy.

    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: str
    name: str
    source: Path
    bytes: int
    created: datetime
    options: VideoOptions = Field(default=VideoOptions(), alias="asked")
    state: JobState = "queued"
    started: datetime | None = None
    finished: datetime | None = None
    starts: int = 0
    error: str | None = None


class JobProgress(BaseModel):
    """The content of progress.json.

    Attributes:
        progress: the finished share of the stage, 0..1.
        stage: the name of the stage.
        done, total: its finished and all steps, which are frames except in short stages; 0 of an unknown number.
        left: how long the stage still takes, such as ``about 2 min``; empty while this is not known.

    """

    progress: float
    stage: str
    done: int = 0
    total: int = 0
    left: str = ""


class Failure(BaseModel):
    """What is wrong, and the remedy."""

    error: str
