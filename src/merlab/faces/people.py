"""All faces of a video through its frames: found, followed, lost, found again."""

from __future__ import annotations

from dataclasses import dataclass

from merlab.faces.detection import Detector, Face, most_prominent
from merlab.faces.known_face import KnownFace, is_clearly
from merlab.faces.landmarks import LEAST_PRESENCE, Landmarker
from merlab.faces.look_change import Change
from merlab.faces.looks import look_correlation, look_of
from merlab.faces.shots import CutFinder
from merlab.faces.tracking import LEAST_OVERLAP, TrackedFace
from merlab.frames import Image

MOST_FACES = 4
# So many more are followed without being listed: one of them may hide a face that is.
WATCHED = 3
SEARCH_SECONDS = 0.5
# A face that is not seen for longer starts a new track: its movement in between is unknown.
PATIENCE_SECONDS = 0.2
# Two boxes that overlap by more are one face.
SAME_FACE = 0.4
# While one face is seen alone, its look is remembered this often.
LOOK_SECONDS = 0.1
# So often, while a face does not look like itself, the detector runs at once: after that, a hand or a turn is likely.
SUSPECTED = 10


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


class PeopleTracker:
    """Follows up to ``most`` faces at once, frame by frame; the largest and most central come first.

    Up to WATCHED more are followed, so that their movement is not given to one that they hide, but not listed.

    The detector runs on the first frame, twice a second to find new faces, and whenever a face was just lost. In
    between each face is followed by its landmarks, as FaceTracker follows one. Without the face mesh the detector runs
    on every frame. Where two faces come to the same place, what they look like tells which of them is seen there.
    """

    def __init__(self, detector: Detector, landmarker: Landmarker, fps: float, most: int = MOST_FACES) -> None:
        self.detector = detector
        self.landmarker = landmarker
        self.left_out = 0
        self._most = most
        self._search_every = max(1, round(SEARCH_SECONDS * fps))
        self._look_every = max(1, round(LOOK_SECONDS * fps))
        self._patience = max(1, round(PATIENCE_SECONDS * fps))
        self._cuts = CutFinder()
        self._people: list[KnownFace] = []
        self._known_until_now = 0
        self._named = 0
        self._since_search = self._search_every
        self._since_look = 0

    def find(self, image: Image) -> list[SeenFace]:
        """The faces of the next frame, (H, W, 3) BGR, by face_id, including those lost for a moment."""
        self._since_search += 1
        if self._cuts.is_cut(image):
            self._people, self._since_search = [], self._search_every
        found = self._followed(image)
        if self._since_search >= self._search_every or len(found) < len(self._present()):
            self._since_search = 0
            self._search(image, found)
        self._look(image, found)
        return self._seen(found)

    def restart(self) -> None:
        """Time is missing before the next frame: every face is searched anew, and starts a new track.

        In the same scene, a face at the place of one before is that face, as after it was not seen for some time.
        """
        self._since_search = self._search_every
        for person in self._people:
            person.unseen = max(person.unseen, self._patience + 1)
            person.changes.forget()

    def _present(self) -> list[KnownFace]:
        return [person for person in self._people if person.unseen <= self._patience]

    def _followed(self, image: Image) -> dict[int, TrackedFace]:
        """The faces that are followed into this frame.

        Where one hides another, both are followed to the same place: the one that is not seen there is lost.
        """
        found: dict[int, TrackedFace] = {}
        by_key = {person.key: person for person in self._people}
        for person in self._present():
            tracked = self._follow(image, person)
            if tracked is None:
                continue
            there = next((key for key, other in found.items() if _are_one(tracked.box, other.box)), None)
            if there is not None:
                lost = self._hidden(image, (by_key[there], found[there]), (person, tracked))
                lost.box = lost.home
                if lost is person:
                    continue
                del found[there]
            found[person.key] = tracked
        return found

    def _hidden(self, image: Image, *pair: tuple[KnownFace, TrackedFace]) -> KnownFace:
        """Which of two faces at one place is not the one that is seen there; the second, if nothing tells."""
        first, second = (person.continuity(look_of(image, seen.landmarks), seen.box) for person, seen in pair)
        return pair[0][0] if second > first else pair[1][0]

    def _follow(self, image: Image, person: KnownFace) -> TrackedFace | None:
        if person.unseen and not person.changes.is_open:
            return None
        landmarks = self.landmarker.follow(image, person.last)
        if landmarks is None or landmarks.presence < LEAST_PRESENCE:
            return None
        tracked = TrackedFace(landmarks.face, landmarks, detected=False, track=0)
        return tracked if tracked.box.overlap(person.box) >= LEAST_OVERLAP else None

    def _search(self, image: Image, found: dict[int, TrackedFace]) -> None:
        """Add to ``found`` the faces that the detector finds: those just lost, those known from before, new ones."""
        others = self._detected(image, found)
        for person, tracked in self._known(image, others, found):
            found[person.key] = tracked
            others.remove(tracked)
        unnamed = 0
        for tracked in others:
            returned, unknown = self._returned(image, tracked, found), tracked
            if returned is not None:
                unknown, found[returned.key] = found[returned.key], tracked
                returned.unseen = max(returned.unseen, self._patience + 1)
            if len(found) < self._most + WATCHED:
                found[self._new(image, unknown).key] = unknown
            else:
                unnamed += 1
        self.left_out = max(self.left_out, unnamed + self._list_more(found, image.shape[1], image.shape[0]))

    def _list_more(self, found: dict[int, TrackedFace], width: int, height: int) -> int:
        """Give numbers to the most prominent faces that have none, as long as there are few; how many remain."""
        waiting = {person.key: person for person in self._people if person.face_id is None and person.key in found}
        listed = len(found) - len(waiting)
        boxes = {found[key].face: person for key, person in waiting.items()}
        for face in most_prominent(list(boxes), width, height)[: max(self._most - listed, 0)]:
            boxes[face].face_id = self._next_number()
            listed += 1
        return len(found) - listed

    def _next_number(self) -> int:
        self._named += 1
        return self._named - 1

    def _detected(self, image: Image, found: dict[int, TrackedFace]) -> list[TrackedFace]:
        """The faces that the detector finds besides those ``found``, the largest and most central first."""
        seen = [tracked.box for tracked in found.values()]
        others: list[TrackedFace] = []
        for face in most_prominent(self.detector.detect(image), image.shape[1], image.shape[0]):
            if any(_are_one(face, box) for box in seen):
                continue
            landmarks = self.landmarker.locate(image, face)
            tracked = TrackedFace(face, landmarks, detected=True, track=0)
            if landmarks.presence >= LEAST_PRESENCE and not any(_are_one(tracked.box, box) for box in seen):
                others.append(tracked)
                seen.append(tracked.box)
        return others

    def _known(
        self, image: Image, faces: list[TrackedFace], found: dict[int, TrackedFace]
    ) -> list[tuple[KnownFace, TrackedFace]]:
        """The faces, missing in this frame, that were last seen at the places of these, the most alike first."""
        pairs, missing = [], [person for person in self._people if person.key not in found]
        for tracked in faces:
            look = look_of(image, tracked.landmarks)
            alike = {person.key: look_correlation(look, person.look) for person in missing}
            for person in missing:
                overlap = tracked.box.overlap(person.box)
                # Two people may have changed seats in the meantime.
                if overlap >= LEAST_OVERLAP and not is_clearly(max(alike.values()), alike[person.key]):
                    pairs.append((overlap + alike[person.key], -person.key, person, tracked))
        known: list[tuple[KnownFace, TrackedFace]] = []
        for _, _, person, tracked in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
            if not any(person is other or tracked is seen for other, seen in known):
                known.append((person, tracked))
        return known

    def _returned(self, image: Image, tracked: TrackedFace, found: dict[int, TrackedFace]) -> KnownFace | None:
        """The face that this one is, if another one hid it and was followed in its place; None if there is none."""
        look = look_of(image, tracked.landmarks)
        for person in self._people:
            other = found.get(person.key)
            if other is not None and person.is_rather(look, tracked.box, look_of(image, other.landmarks)):
                return person
        return None

    def _new(self, image: Image, tracked: TrackedFace) -> KnownFace:
        """A face that is not listed yet."""
        look = look_of(image, tracked.landmarks)
        box, shown = tracked.box, tracked.box.shown_in(image)
        person = KnownFace(self._known_until_now, tracked.landmarks, box, look, home=box, shown=shown)
        self._known_until_now += 1
        self._people.append(person)
        return person

    def _look(self, image: Image, found: dict[int, TrackedFace]) -> None:
        """Remember what the faces look like; where something hides a face, search what it is.

        A picture may consist of several, such as a split screen, that are cut one by one: a face that changes at once
        is a new one. A face alone is not compared, because a cut of the whole picture is found.
        """
        self._since_look = (self._since_look + 1) % self._look_every
        several = len(found) > 1
        for person in list(self._people):
            tracked = found.get(person.key)
            if tracked is None or not several:
                person.changes.forget()
            if tracked is None or not (several or self._since_look == 0):
                continue
            look = look_of(image, tracked.landmarks)
            change = person.changes.after(look) if several else Change.SAME
            if change is not Change.SAME:
                self._change(image, person, found, change)
            elif self._since_look == 0 and not _is_beside(tracked, found):
                person.remember(look, tracked.box, tracked.box.shown_in(image))
                if 0 < person.unlike <= SUSPECTED:
                    self._since_search = self._search_every

    def _change(self, image: Image, person: KnownFace, found: dict[int, TrackedFace], change: Change) -> None:
        """A face is not seen in the frame in which it changes; if it stays so, it is a new one from the next frame."""
        tracked = found.pop(person.key)
        person.last, person.box = tracked.landmarks, tracked.box
        if change is Change.OTHER:
            self._people.remove(person)
            new = self._new(image, tracked)
            new.face_id = None if person.face_id is None else self._next_number()
            found[new.key] = tracked

    def _seen(self, found: dict[int, TrackedFace]) -> list[SeenFace]:
        """The faces of this frame; updates the state of each."""
        seen = []
        for person in self._people:
            tracked = found.get(person.key)
            if tracked is None:
                person.unseen += 1
            else:
                person.track += person.unseen > self._patience
                person.last, person.box, person.unseen = tracked.landmarks, tracked.box, 0
            if person.unseen <= self._patience and person.face_id is not None:
                seen.append(SeenFace(person.face_id, person.track, tracked))
        return sorted(seen, key=lambda face: face.face_id)


def _are_one(face: Face, other: Face) -> bool:
    return face.overlap(other) >= SAME_FACE


def _is_beside(face: TrackedFace, found: dict[int, TrackedFace]) -> bool:
    """Whether another face touches this one."""
    return any(face is not other and face.box.overlap(other.box) > 0 for other in found.values())
