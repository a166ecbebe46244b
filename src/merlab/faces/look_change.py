"""Whether a face is another one from one frame to the next, where the picture around it is not cut."""

from __future__ import annotations

from enum import Enum, auto

from merlab.faces.looks import Look, look_correlation

# On synthetic faces, looks of different people are .58 to .84 alike, .69 in the median, those of one face .83 or more,
# also where it begins to move, and .99 in most successive frames.
SUDDEN, STEADY = 0.8, 0.97


class Change(Enum):
    """Of a face from one frame to the next: it is the same, may be another one, or is another one since before."""

    SAME = auto()
    SUDDEN = auto()
    OTHER = auto()


class LookChange:
    """Compares the looks of a face in successive frames. Another face is as steady as the one before; a hand is not."""

    def __init__(self) -> None:
        self._before: Look | None = None
        self._sudden: Look | None = None
        self._is_steady = False

    @property
    def is_open(self) -> bool:
        """Whether the face may have become another one in the previous frame."""
        return self._sudden is not None

    def after(self, look: Look) -> Change:
        """What the look in the next frame says."""
        if self._sudden is not None and self._before is not None:
            is_other = look_correlation(look, self._sudden) >= STEADY and look_correlation(look, self._before) < SUDDEN
            self.forget()
            return Change.OTHER if is_other else Change.SAME
        alike = 1.0 if self._before is None else look_correlation(look, self._before)
        if self._is_steady and alike < SUDDEN:
            self._sudden = look
            return Change.SUDDEN
        self._is_steady = self._before is not None and alike >= STEADY
        self._before = look
        return Change.SAME

    def forget(self) -> None:
        """The next look is compared with no other one."""
        self._before = self._sudden = None
