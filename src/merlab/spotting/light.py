"""Whether faces are lit so that their movements can be seen: their brightness and contrast in some of the frames."""

from __future__ import annotations

import cv2
import numpy as np

from merlab.frames import Image
from merlab.json_models import FrozenModel
from merlab.spelling import percent

# Of the frames of a face, one in so many is looked at.
EVERY = 25
# Of the pixels, one in so many in each direction.
STEP = 4
DARK, OVEREXPOSED, LEAST_CONTRAST = 40.0, 250.0, 25.0
# The share of the looked at faces from which on a warning is given.
WARNED = 0.25


class Light(FrozenModel):
    """How many faces were looked at, and how many of them are dark, overexposed, or else nearly without contrast.

    The gray values of a face, 0 to 255, are dark where their median is below DARK, overexposed where it is at least
    OVEREXPOSED, and without contrast where the middle 90 % of them span less than LEAST_CONTRAST. In synthetic
    recordings of all presets, the changing light of conversations among them, the median is 169 to 213 and the span 91
    or more. A recording with 4 movements, darkened to .3 (median 54, span 31) or flattened to .3, gave 7 events; to .2
    (35, 21) or flattened to .14 (span 14) 15 to 19, because noise and compression then are as large as movements; with
    most pixels white it gave 15. The limits are between.
    """

    faces: int = 0
    dark: int = 0
    overexposed: int = 0
    flat: int = 0

    @classmethod
    def of(cls, face: Image) -> Light:
        """Of one aligned face, gray (H, W) or BGR (H, W, 3)."""
        seen = face[::STEP, ::STEP]
        gray = seen if seen.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(seen), cv2.COLOR_BGR2GRAY)
        low, median, high = np.percentile(gray, (5, 50, 95))
        dark, overexposed = bool(median < DARK), bool(median >= OVEREXPOSED)
        flat = bool(high - low < LEAST_CONTRAST) and not (dark or overexposed)
        return cls(faces=1, dark=dark, overexposed=overexposed, flat=flat)

    @property
    def is_good(self) -> bool:
        """Whether no face is dark, overexposed or without contrast."""
        return not (self.dark or self.overexposed or self.flat)

    def __add__(self, other: Light) -> Light:
        return Light(
            faces=self.faces + other.faces,
            dark=self.dark + other.dark,
            overexposed=self.overexposed + other.overexposed,
            flat=self.flat + other.flat,
        )

    def caveats(self) -> list[str]:
        """What limits the spotting, in sentences."""
        texts = (
            (self.dark, "the face is very dark", "record with more light"),
            (self.overexposed, "the face is overexposed", "record with less light or a shorter exposure"),
            (self.flat, "the face has nearly no contrast", "record without haze, backlight or a filter"),
        )
        return [
            f"{what} in {percent(count / self.faces)} % of the frames that were looked at: small movements cannot be "
            f"told from noise there, so that they are missed and others are false; {remedy}"
            for count, what, remedy in texts
            if count and count >= WARNED * self.faces
        ]
