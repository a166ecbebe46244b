"""How faces are prepared, and everything else that determines the aligned frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import cv2

from merlab.faces.alignment import FaceFinding
from merlab.faces.mesh_network import runtime_version
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.given import naming_fields, require_instance
from merlab.outputs.kept_arrays import computing_versions
from merlab.preparation.record import HowMade, RecordedSettings
from merlab.registry import look_up
from merlab.version import __version__
from merlab.vocabulary import HEAD_MOTIONS, HeadMotion, ImageFormat

JPEG_QUALITY = 95


@naming_fields(module=__name__)
@dataclass(frozen=True)
class Settings:
    """How faces are found, how the head's movement is treated, and how the aligned frames are stored.

    ``finding`` are the detector and the landmarks. ``motion`` is ``onset`` (one transform per clip), ``rigid`` (the
    movement of the head since the onset is removed) or ``landmarks`` (every frame by its own). ``image`` is ``jpg``
    (quality 95) or ``png``.

    Raises MerlabError for a motion or an image format that does not exist.
    """

    finding: FaceFinding = field(default_factory=FaceFinding)
    motion: HeadMotion = "onset"
    image: ImageFormat = "jpg"

    def __post_init__(self) -> None:
        require_instance(self.finding, FaceFinding, "finding", "such as FaceFinding(landmarks='five-points')")
        look_up(self.motion, dict.fromkeys(HEAD_MOTIONS), "motion")
        look_up(self.image, dict.fromkeys(get_args(ImageFormat)), "image format")

    def encode(self, image: Image) -> bytes:
        """One aligned frame as the bytes of its file."""
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if self.image == "jpg" else []
        return cv2.imencode(f".{self.image}", image, options)[1].tobytes()

    def how_made(self) -> HowMade:
        """Everything that determines the bytes of aligned frames: settings, model files, versions."""
        used = dict.fromkeys([self.finding.detector, "face-mesh" if self.finding.landmarks == "mesh" else "yunet"])
        return HowMade(
            settings=RecordedSettings(
                detector=self.finding.detector,
                landmarks=self.finding.landmarks,
                motion=self.motion,
                image=self.image,
                jpeg_quality=JPEG_QUALITY if self.image == "jpg" else None,
            ),
            models={name: {MODELS[name].algorithm: MODELS[name].digest} for name in used},
            versions={
                "merlab": __version__,
                **computing_versions(),
                **(runtime_version() if self.finding.landmarks == "mesh" else {}),
            },
        )


def as_preparation_settings(given: Settings | None) -> Settings:
    """The settings that Python gives, or the default ones; raises MerlabError for anything else."""
    settings = Settings() if given is None else given
    require_instance(settings, Settings, "settings", "merlab.preparation.settings.Settings(image='png')")
    return settings
