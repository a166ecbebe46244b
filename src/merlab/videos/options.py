"""The settings of a recognition, apart from the video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.faces.people import MOST_FACES
from merlab.frames import require_rate
from merlab.given import as_jobs, as_path, as_whole, require_instance, require_number, require_yes_or_no
from merlab.preparation.settings import Settings
from merlab.progress import Progress
from merlab.registry import look_up
from merlab.spotting.spot import MADE_BY, SpottingSettings
from merlab.videos.metadata import UsedSettings, overlay_kind
from merlab.videos.words import WordSettings
from merlab.vocabulary import OVERLAY_KINDS, RUNTIME_CHOICES, OverlayKind, RuntimeChoice

if TYPE_CHECKING:
    from typing_extensions import Unpack

UNSURE_BELOW = 0.5
WORDS_MADE_BY = "merlab.videos.words.word_settings makes one from a dictionary"
# Arguments of ``recognize`` for which None is the same as leaving them out.
MAY_BE_NONE = ("fps", "finding", "weights", "words", "spotting", "overlay_lines")
# On a smaller overlay, no text can be read.
LEAST_LINES = 120


class RecognizeOptions(TypedDict, total=False):
    """The keyword arguments of ``recognize``."""

    fps: float | None
    aligned: bool
    most_faces: int
    finding: FaceFinding | None
    weights: Path | str | None
    runtime: RuntimeChoice
    unsure_below: float
    words: WordSettings | None
    spotting: SpottingSettings | None
    overlay: OverlayKind | bool
    overlay_lines: int | None
    save_inputs: bool
    again: bool
    jobs: int | None
    progress: Progress | bool


@dataclass(frozen=True)
class Options:
    """How a video is processed; raises MerlabError for values out of range.

    Attributes:
        fps: frames per second of the camera, for images, streams without time stamps, and slow motion.
        aligned: whether the frames are aligned faces already, so that no face has to be found.
        most_faces: how many faces are followed at once.
        finding: the detector and the landmarks that find faces.
        spotting: what counts as a movement.
        weights: a file of ``merlab pretrain``; None takes the model that ships with merlab.
        runtime: what computes the recognizer, a name in ``inference.runtimes.RUNTIMES`` or ``auto``.
        unsure_below: below this probability the class of an event stays empty.
        words: the other limits within which a class is named.
        overlay: what to write overlay.mp4 with: the frames of the video and the results drawn into them, or the
            landmarks of the faces on black in their place (``mesh``).
        overlay_lines: the most px of its shorter side; None takes the size of the video.
        save_inputs: whether to keep the input of the recognizer for each event.

    """

    fps: float | None = None
    aligned: bool = False
    most_faces: int = MOST_FACES
    finding: FaceFinding = field(default_factory=FaceFinding)
    spotting: SpottingSettings = field(default_factory=SpottingSettings)
    weights: Path | None = None
    runtime: RuntimeChoice = "auto"
    unsure_below: float = UNSURE_BELOW
    words: WordSettings = field(default_factory=WordSettings)
    overlay: OverlayKind = "frames"
    overlay_lines: int | None = None
    save_inputs: bool = False

    def __post_init__(self) -> None:
        if self.fps is not None:
            require_rate(self.fps)
        require_yes_or_no(aligned=self.aligned, save_inputs=self.save_inputs)
        as_whole(self.most_faces, "most_faces", 1)
        require_number(self.unsure_below, "unsure_below", 0, 1)
        require_instance(self.finding, FaceFinding, "finding", "of merlab.faces.alignment")
        require_instance(self.spotting, SpottingSettings, "spotting", MADE_BY)
        require_instance(self.words, WordSettings, "words", WORDS_MADE_BY)
        look_up(self.runtime, dict.fromkeys(RUNTIME_CHOICES), "runtime")
        look_up(self.overlay, dict.fromkeys(OVERLAY_KINDS), "overlay")
        if self.overlay_lines is not None:
            as_whole(self.overlay_lines, "overlay_lines", LEAST_LINES)
            if self.overlay == "none":
                raise MerlabError("--overlay-lines is the size of an overlay, and none is requested; give one of them")
        if self.overlay == "mesh" and (self.aligned or self.finding.landmarks != "mesh"):
            raise MerlabError(
                "an overlay of landmarks needs the face mesh; leave out --aligned and --landmarks five-points, or "
                "choose --overlay frames"
            )

    def used(self) -> UsedSettings:
        """The settings as a result's metadata lists them."""
        return UsedSettings(
            unsure_below=self.unsure_below,
            words=self.words,
            aligned=self.aligned,
            landmarks=None if self.aligned else self.finding.landmarks,
            most_faces=self.most_faces,
            overlay=self.overlay,
            overlay_lines=self.overlay_lines,
            save_inputs=self.save_inputs,
            **asdict(self.spotting),
        )

    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps of everything that is made from the faces."""
        return () if self.aligned else self.finding.stamps

    def face_models(self) -> dict[str, dict[str, str]]:
        """The networks that find the faces, with their digests; raises MerlabError where a file is missing."""
        if self.aligned:
            return {}
        self.finding.open()
        return Settings(self.finding).how_made().models


def options_of(**given: Unpack[RecognizeOptions]) -> Options:
    """The settings among the arguments of ``recognize``; raises MerlabError for any argument that is wrong."""
    for name in given:
        look_up(name, RecognizeOptions.__annotations__, "option")
    values: dict[str, Any] = {
        name: value for name, value in given.items() if value is not None or name not in MAY_BE_NONE
    }
    as_jobs(values.pop("jobs", None))
    require_yes_or_no(again=values.pop("again", False))
    values.pop("progress", None)
    if "weights" in values:
        values["weights"] = as_path(values["weights"], "weights")
    if "overlay" in values:
        values["overlay"] = overlay_kind(values["overlay"])
    return Options(**values)
