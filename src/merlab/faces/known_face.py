"""What is known of one of several faces in a video: where it was last seen, and what it looks like."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks
from merlab.faces.look_change import LookChange
from merlab.faces.looks import Look, blended, look_correlation
from merlab.faces.tracking import LEAST_OVERLAP

# A face is remembered while its look is this much like the remembered one, of which this share is renewed each time.
ALIKE, RENEWED = 0.8, 0.1
# How much more like a face another picture must be than the one that was followed.
CLEARLY = 0.15
# While this much less of a face lay in the picture, what it looked like there tells little of what it looks like.
LESS = 0.03


@dataclass(eq=False)
class KnownFace:
    """One face.

    Attributes:
        key: from 0, in the order in which faces are found.
        last: its landmarks where it was last seen.
        box: where it was last seen.
        look: what it looks like, the mean of about a second.
        home: where it last looked like that; ``box`` where it was never hidden.
        shown: how much of it lay in the picture there, 0..1.
        track: how often it returned after an absence.
        unseen: for how many frames it has not been seen.
        unlike: how often in succession its look was not kept.
        face_id: from 0, in the order in which faces are listed; None where it is only watched.
        changes: whether it becomes another one; it is not seen in the frame in which that is open.

    """

    key: int
    last: Landmarks
    box: Face
    look: Look
    home: Face
    shown: float
    track: int = 0
    unseen: int = 0
    unlike: int = 0
    face_id: int | None = None
    changes: LookChange = field(default_factory=LookChange)

    def continuity(self, look: Look, box: Face) -> float:
        """How well a face continues this one: how much it looks like it, less how far it jumps, in widths of a face."""
        jump = math.dist(box.center, self.box.center) / max(self.box.width, 1.0)
        return look_correlation(look, self.look) - jump

    def is_rather(self, look: Look, box: Face, followed: Look) -> bool:
        """Whether a face at the place where this one was last itself is this one, and not the one that is followed."""
        is_here = box.overlap(self.home) >= LEAST_OVERLAP
        return is_here and is_clearly(look_correlation(look, self.look), look_correlation(followed, self.look))

    def remember(self, look: Look, box: Face, shown: float) -> None:
        """Keep what the face looks like now, unless something hides it; a face that enters looks as it does inside."""
        if look_correlation(look, self.look) >= ALIKE:
            look = blended(self.look, look, RENEWED)
        elif shown <= self.shown + LESS:
            self.unlike += 1
            return
        self.home, self.look, self.shown, self.unlike = box, look, max(shown, self.shown), 0


def is_clearly(alike: float, other: float) -> bool:
    """Whether a face is this alike because it is that face, and not one of which the ``other`` likeness would be."""
    return alike >= ALIKE and alike - other > CLEARLY
