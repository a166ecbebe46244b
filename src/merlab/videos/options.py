"""What decides a result, beside the video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.faces.people import MOST_FACES
from merlab.inference.runtimes import AUTO
from merlab.preparation.settings import Settings
from merlab.spotting.spot import SpottingSettings

UNSURE_BELOW = 0.5


@dataclass(frozen=True)
class Options:
    """How a video is looked at; raises MerlabError for what cannot be.

    Attributes:
        fps: frames a second, where a folder of images does not say or a container is wrong.
        aligned: whether the frames are aligned faces already, so that none has to be found.
        most_faces: how many faces are followed at once.
        finding: how faces are found.
        spotting: what counts as a movement.
        weights: a file of ``merlab pretrain``; None takes the model that ships with merlab.
        runtime: what the recognizer is computed with, a name of ``evaluation.runtimes.RUNTIMES`` or ``auto``.
        unsure_below: the probability under which an event gets no class.
        overlay: whether the video is written again with what was found drawn into it.

    """

    fps: float | None = None
    aligned: bool = False
    most_faces: int = MOST_FACES
    finding: FaceFinding = field(default_factory=FaceFinding)
    spotting: SpottingSettings = field(default_factory=SpottingSettings)
    weights: Path | None = None
    runtime: str = AUTO
    unsure_below: float = UNSURE_BELOW
    overlay: bool = True

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise MerlabError(f"a frame rate is a number above zero, got {self.fps}")
        if not 0 <= self.unsure_below <= 1:
            raise MerlabError(f"a probability lies between 0 and 1, got {self.unsure_below}")
        if self.most_faces < 1:
            raise MerlabError(f"at least one face must be followed, got {self.most_faces}")

    def described(self) -> dict[str, Any]:
        """The settings as they stand in a result's metadata."""
        return {
            "unsure_below": self.unsure_below,
            "aligned": self.aligned,
            "most_faces": self.most_faces,
            "overlay": self.overlay,
            **asdict(self.spotting),
        }

    def face_models(self) -> dict[str, dict[str, str]]:
        """The networks that find the faces, with their hashes; raises MerlabError where a file is missing."""
        if self.aligned:
            return {}
        models: dict[str, dict[str, str]] = Settings(self.finding).settled().described()["models"]
        return models
