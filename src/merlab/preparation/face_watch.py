"""Whether the face that is followed through a clip is still the same one, where somebody else comes in front of it."""

from __future__ import annotations

from merlab.faces.detection import Detector, Face
from merlab.faces.known_face import ALIKE, RENEWED
from merlab.faces.look_change import STEADY, Change, LookChange
from merlab.faces.looks import Look, blended, look_correlation, look_of
from merlab.faces.tracking import TrackedFace
from merlab.frames import Image

# A face that something hides for half or more looks less like itself than this: less than two people look alike.
HIDDEN = 0.55
# How much larger than the face the place is in which another one may hide it.
AROUND = 1.5


class FaceWatch:
    """Watches the face of a clip, frame by frame.

    The landmarks pass to a face that comes in front, or is shown in its place, without a jump. So the face is compared
    with what it looked like, and where it is not like that, the detector tells whether other faces are there: what is
    seen may as well be a hand.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._track = 0
        self._known: Look | None = None
        self._before: Look | None = None
        self._changes = LookChange()
        # Whether another face was near since the face looked like itself.
        self._in_company = False
        # What the face looked like when others were last searched near it.
        self._searched: Look | None = None

    def other_since(self, image: Image, tracked: TrackedFace | None) -> int | None:
        """How many frames ago the face in the next frame, ``image``, became another one: 0 or 1; None if it did not.

        After that, the face that is followed is known as soon as it looks the same in two frames.
        """
        if tracked is None:
            self._changes.forget()
            return None
        look, before = look_of(image, tracked.landmarks), self._before
        self._before, change = look, self._changes.after(look)
        if tracked.track > self._track:
            self._track = tracked.track
            self._start()
            self._changes.forget()
        if self._known is None:
            if before is None or look_correlation(look, before) >= STEADY:
                self._known = look
            return None
        since = self._since(image, tracked.box, look, self._known, change)
        if since is not None:
            self._start()
        return since

    def _start(self) -> None:
        self._known, self._in_company, self._searched = None, False, None

    def _since(self, image: Image, box: Face, look: Look, known: Look, change: Change) -> int | None:
        if change is Change.OTHER and len(self._detector.detect(image)) > 1:
            return 1
        alike = look_correlation(look, known)
        if alike >= ALIKE:
            self._start()
            self._known = blended(known, look, RENEWED)
            return None
        # Another face that comes in front changes the look; a light or a turn that stays does not.
        if not self._in_company and (self._searched is None or look_correlation(look, self._searched) < STEADY):
            self._searched, self._in_company = look, self._is_another_near(image, box)
        return 0 if alike < HIDDEN and self._in_company else None

    def _is_another_near(self, image: Image, box: Face) -> bool:
        around = _enlarged(box)
        return sum(face.overlap(around) > 0 for face in self._detector.detect(image)) > 1


def _enlarged(box: Face) -> Face:
    across, down = box.width * (AROUND - 1) / 2, box.height * (AROUND - 1) / 2
    return Face(box.left - across, box.top - down, box.right + across, box.bottom + down, box.confidence)
