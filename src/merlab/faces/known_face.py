"""What is known of one of several faces in a video: where it was last seen, and what it looks like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks
from merlab.faces.looks import Look, blended, likeness
from merlab.faces.tracking import LEAST_OVERLAP

# On synthetic faces, looks of different people are .58 to .84 alike, .69 in the median, those of one face .83 or more,
# also where it begins to move, and .99 in most successive frames.
SUDDEN, STEADY = 0.8, 0.97
# A face is remembered while its look is this much like the remembered one, of which this share is renewed each time.
ALIKE, RENEWED = 0.8, 0.1
# How much more like a face another picture must be than the one that was followed.
CLEARLY = 0.15


class Change(Enum):
    """Of a face from one frame to the next: it is the same, may be another one, or is another one since before."""

    SAME = auto()
    SUDDEN = auto()
    OTHER = auto()


@dataclass(eq=False)
class KnownFace:
    """One face.

    Attributes:
        face_id: from 0, in the order in which faces are found.
        last: its landmarks where it was last seen.
        box: where it was last seen.
        look: what it looks like, the mean of about a second.
        home: where it last looked like that; ``box`` where it was never hidden.
        track: how often it returned after an absence.
        unseen: for how many frames it has not been seen.
        sudden: its look in the previous frame, where it changed at once; that frame is one in which it is not seen.

    """

    face_id: int
    last: Landmarks
    box: Face
    look: Look
    home: Face
    track: int = 0
    unseen: int = 0
    sudden: Look | None = None
    _before: Look | None = None
    _is_steady: bool = False

    def continuity(self, look: Look, box: Face) -> float:
        """How well a face continues this one: how much it looks like it, less how far it jumps, in widths of a face."""
        jump = math.dist(box.center, self.box.center) / max(self.box.width, 1.0)
        return likeness(look, self.look) - jump

    def is_rather(self, look: Look, box: Face, followed: Look) -> bool:
        """Whether a face at the place where this one was last itself is this one, and not the one that is followed."""
        alike = likeness(look, self.look)
        is_here = box.overlap(self.home) >= LEAST_OVERLAP
        return is_here and alike >= ALIKE and alike - likeness(followed, self.look) > CLEARLY

    def remember(self, look: Look, box: Face) -> bool:
        """Keep what the face looks like now, unless something hides it; whether it was kept."""
        if likeness(look, self.look) < ALIKE:
            return False
        self.home, self.look = box, blended(self.look, look, RENEWED)
        return True

    def change(self, look: Look) -> Change:
        """What the look in the next frame says. Another face is as steady as the one before; a hand is not."""
        if self.sudden is not None and self._before is not None:
            is_other = likeness(look, self.sudden) >= STEADY and likeness(look, self._before) < SUDDEN
            self.forget_change()
            return Change.OTHER if is_other else Change.SAME
        alike = 1.0 if self._before is None else likeness(look, self._before)
        if self._is_steady and alike < SUDDEN:
            self.sudden = look
            return Change.SUDDEN
        self._is_steady = self._before is not None and alike >= STEADY
        self._before = look
        return Change.SAME

    def forget_change(self) -> None:
        """The next look is compared with no other one."""
        self.sudden = self._before = None
        self._is_steady = False
