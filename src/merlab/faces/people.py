"""All faces of a video through its frames: found, followed, lost, found again."""

from __future__ import annotations

from dataclasses import dataclass

from merlab.faces.detection import Detector, Face, most_prominent
from merlab.faces.landmarks import LEAST_PRESENCE, Landmarker, Landmarks
from merlab.faces.shots import CutFinder
from merlab.faces.tracking import LEAST_OVERLAP, TrackedFace
from merlab.frames import Image

MOST_FACES = 4
SEARCH_SECONDS = 0.5
# A face that is not seen for longer starts a new track: its movement in between is unknown.
PATIENCE_SECONDS = 0.2
# Two boxes that overlap by more are one face.
SAME_FACE = 0.4


@dataclass(frozen=True, eq=False)
class SeenFace:
    """A face in one frame.

    Attributes:
        face_id: from 0, in the order in which faces are found; after a cut every face is new.
        track: 0 at first, and one more each time the face returns after more than PATIENCE_SECONDS, and after a gap.
        tracked: where the face is; None where it is not seen for a moment.

    """

    face_id: int
    track: int
    tracked: TrackedFace | None


@dataclass(eq=False)
class _Person:
    """The state of one face: where it was last seen, and how many frames ago."""

    face_id: int
    last: Landmarks
    box: Face
    track: int = 0
    unseen: int = 0


class PeopleTracker:
    """Follows up to ``most`` faces at once, frame by frame; the largest and most central come first.

    The detector runs on the first frame, twice a second to find new faces, and whenever a face was just lost. In
    between each face is followed by its landmarks, as FaceTracker follows one. Without the face mesh the detector runs
    on every frame.
    """

    def __init__(self, detector: Detector, landmarker: Landmarker, fps: float, most: int = MOST_FACES) -> None:
        self.detector = detector
        self.landmarker = landmarker
        self.left_out = 0
        self._most = most
        self._search_every = max(1, round(SEARCH_SECONDS * fps))
        self._patience = max(1, round(PATIENCE_SECONDS * fps))
        self._cuts = CutFinder()
        self._people: list[_Person] = []
        self._named = 0
        self._since_search = self._search_every

    def find(self, image: Image) -> list[SeenFace]:
        """The faces of the next frame, (H, W, 3) BGR, by face_id, including those lost for a moment."""
        self._since_search += 1
        if self._cuts.is_cut(image):
            self._people, self._since_search = [], self._search_every
        found: dict[int, TrackedFace] = {}
        for person in self._present():
            tracked = self._follow(image, person)
            # Where one face hides another, both are followed to the same place.
            if tracked and not _is_one_of(tracked.box, found):
                found[person.face_id] = tracked
        if self._since_search >= self._search_every or len(found) < len(self._present()):
            self._since_search = 0
            self._search(image, found)
        return self._seen(found)

    def restart(self) -> None:
        """Time is missing before the next frame: every face is searched anew, and starts a new track.

        In the same scene, a face at the place of one before is that face, as after it was not seen for some time.
        """
        self._since_search = self._search_every
        for person in self._people:
            person.unseen = max(person.unseen, self._patience + 1)

    def _present(self) -> list[_Person]:
        return [person for person in self._people if person.unseen <= self._patience]

    def _follow(self, image: Image, person: _Person) -> TrackedFace | None:
        if person.unseen:
            return None
        landmarks = self.landmarker.follow(image, person.last)
        if landmarks is None or landmarks.presence < LEAST_PRESENCE:
            return None
        tracked = TrackedFace(landmarks.face, landmarks, detected=False, track=0)
        return tracked if tracked.box.overlap(person.box) >= LEAST_OVERLAP else None

    def _search(self, image: Image, found: dict[int, TrackedFace]) -> None:
        """Add to ``found`` the faces that the detector finds: those just lost, those known from before, new ones."""
        unnamed = 0
        for face in most_prominent(self.detector.detect(image), image.shape[1], image.shape[0]):
            if _is_one_of(face, found):
                continue
            landmarks = self.landmarker.locate(image, face)
            if landmarks.presence < LEAST_PRESENCE:
                continue
            tracked = TrackedFace(face, landmarks, detected=True, track=0)
            if _is_one_of(tracked.box, found):
                continue
            person = self._known(tracked.box, found)
            if person is None and len(found) >= self._most:
                unnamed += 1
                continue
            person = person or self._new(tracked)
            found[person.face_id] = tracked
        self.left_out = max(self.left_out, unnamed)

    def _known(self, box: Face, found: dict[int, TrackedFace]) -> _Person | None:
        """The face, missing in this frame, that was last seen at this place."""
        missing = [person for person in self._people if person.face_id not in found]
        overlaps = [(box.overlap(person.box), -person.face_id, person) for person in missing]
        best = max(overlaps, default=None, key=lambda entry: entry[:2])
        return best[2] if best and best[0] >= LEAST_OVERLAP else None

    def _new(self, tracked: TrackedFace) -> _Person:
        person = _Person(self._named, tracked.landmarks, tracked.box)
        self._named += 1
        self._people.append(person)
        return person

    def _seen(self, found: dict[int, TrackedFace]) -> list[SeenFace]:
        """The faces of this frame; updates the state of each."""
        seen = []
        for person in self._people:
            tracked = found.get(person.face_id)
            if tracked is None:
                person.unseen += 1
            else:
                person.track += person.unseen > self._patience
                person.last, person.box, person.unseen = tracked.landmarks, tracked.box, 0
            if person.unseen <= self._patience:
                seen.append(SeenFace(person.face_id, person.track, tracked))
        return seen


def _is_one_of(face: Face, found: dict[int, TrackedFace]) -> bool:
    return any(face.overlap(other.box) >= SAME_FACE for other in found.values())
