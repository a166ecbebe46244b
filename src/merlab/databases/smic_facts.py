"""Public facts about the release of SMIC: its cameras, its counts, and the clips that one form of it lacks.

Sources: the counts of the paper (HS 164 clips of 16 subjects, VIS and NIR 71 of 8); for the clips of each subject, the
file list of the optical flow released for MEGC2019; ``SMIC-HS-E_annotation.xlsx``, whose sheet HS has 162 rows; for the
folders that the long release lacks, the notes of a public loader (me_recognition).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from merlab.databases.coded.quirks import Quirk


@dataclass(frozen=True)
class Camera:
    """One camera: its frame rate, its published clips, and the clips with a row in the annotation table.

    The counts of emotions are None if they are not known. ``sheet`` is its sheet in the annotation table; None if there
    is none.
    """

    name: str
    fps: float
    clips: int
    emotions: Mapping[str, int] | None
    coded_emotions: Mapping[str, int] | None
    clips_per_subject: Mapping[str, int] = field(default_factory=dict)
    sheet: str | None = None


_VIS = {"positive": 28, "negative": 24, "surprise": 19}

CAMERAS: dict[str, Camera] = {
    camera.name: camera
    for camera in (
        Camera(
            "HS",
            100.0,
            164,
            {"negative": 70, "positive": 51, "surprise": 43},
            {"negative": 69, "positive": 51, "surprise": 42},
            {
                "s01": 6,
                "s02": 6,
                "s03": 39,
                "s04": 19,
                "s05": 2,
                "s06": 4,
                "s08": 13,
                "s09": 4,
                "s11": 7,
                "s12": 9,
                "s13": 10,
                "s14": 10,
                "s15": 4,
                "s18": 7,
                "s19": 2,
                "s20": 22,
            },
            "HS",
        ),
        Camera("VIS", 25.0, 71, _VIS, _VIS, sheet="VIS"),
        Camera("NIR", 25.0, 71, None, None),
    )
}

UNCODED = "the annotation table lacks this clip of the 164; it is read if its folder contains only the clip"
NO_LONG_FOLDER = "left out: the long release is known to lack its frames; the release of single clips has them"

QUIRKS = (
    Quirk("s01 s01_ne_02", "no row", UNCODED),
    Quirk("s02 s02_sur_05", "no row", UNCODED),
    *(
        Quirk(clip, "no folder", NO_LONG_FOLDER)
        for clip in ("s03 s03_ne_03", "s03 s03_ne_20", "s04 s04_ne_05", "s04 s04_ne_06", "s09 s09_sur_02")
    ),
)
