"""The frames of one clip become aligned frames in a folder, with a record of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from merlab.alignment_record import RECORD
from merlab.faces.alignment import AlignedFace, ClipAlignment
from merlab.faces.detection import Face
from merlab.faces.geometry import Transform
from merlab.faces.quality import frame_rate_warnings
from merlab.faces.tracking import TrackedFace
from merlab.frames import ClipError, Clock, DamagedFrameError, Frames, Image, ImageFolder
from merlab.json_models import write_model
from merlab.preparation.face_watch import FaceWatch
from merlab.preparation.record import AlignmentQuality, AlignmentRecord, FaceBox
from merlab.preparation.settings import Settings
from merlab.preparation.sheets import contact_sheet
from merlab.spelling import first_of, seconds_text

# With a head motion that is removed: frame number, and the six numbers of its 2 x 3 matrix, row by row.
TRANSFORMS = "transforms.csv"
MOST_LISTED = 5

StoredPoints = tuple[tuple[float, float], ...]


@dataclass
class Interruptions:
    """Where in a clip no face was found (``lost``, first and last frame), and where the face changed (``jumps``)."""

    lost: list[tuple[int, int]] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)
    _tracks: int = 0
    _before: int = 0

    def add(self, number: int, tracked: TrackedFace | None, other_since: int | None = None) -> None:
        """Add frame ``number``; frames come in ascending order. ``other_since`` is that of ``FaceWatch``."""
        if tracked is None:
            first = number
            if self.lost and self.lost[-1][1] == number - 1:
                first, _ = self.lost.pop()
            self.lost.append((first, number))
        elif tracked.track > self._tracks:
            self.jumps.append(number)
            self._tracks = tracked.track
        elif other_since is not None:
            self.jumps.append(self._before if other_since else number)
        self._before = number

    def warnings(self) -> list[str]:
        """The places, as sentences."""
        ranges = [str(first) if first == last else f"{first}..{last}" for first, last in self.lost]
        texts = []
        if ranges:
            texts.append(f"frames without a face: {first_of(ranges, MOST_LISTED)}")
        if self.jumps:
            jumps = first_of(map(str, self.jumps), MOST_LISTED)
            texts.append(f"the face is another one, or elsewhere, from frame {jumps} on")
        return texts


@dataclass(frozen=True)
class AlignmentJob:
    """The frames of a source that are aligned together.

    Attributes:
        title: the name in the sheet and in messages.
        numbers: the frame numbers, ascending; the first frame fixes the layout.
        onsets: the frame numbers whose landmarks are recorded; the first of ``numbers`` is one of them.
        shown: the frame numbers that the sheet shows.
        fps: frames per second, None if unknown.
        clock: of the source; None if it has no time stamps.
        stamps: stamps of the sheet.
        warnings: of the source, for the record.
        needed: the frame numbers that must be decoded, or DamagedFrameError is raised; other damaged frames are left
            out, as frames without a face.

    """

    title: str
    numbers: Sequence[int]
    onsets: Sequence[int]
    shown: Sequence[int]
    fps: float | None
    clock: Clock | None = None
    stamps: tuple[str, ...] = ()
    warnings: Sequence[str] = ()
    needed: Sequence[range] = ()


class ClipWriter:
    """Writes the aligned frames of a job into a folder, one at a time; only the frames of the sheet stay in memory.

    Raises MerlabError if no face is found in the first frame, and ClipError for a frame of another size. A damaged
    frame is not written, or raises DamagedFrameError where the job needs it.
    """

    def __init__(self, folder: Path, job: AlignmentJob, frames: Frames, settings: Settings) -> None:
        self.folder, self.job, self.frames, self.settings = folder, job, frames, settings
        self.onset = frames.read(job.numbers[0])
        self.alignment = ClipAlignment(self.onset, settings.finding.open(), settings.motion)
        self.candidates = len(self.alignment.tracker.detector.detect(self.onset))
        self.interruptions = Interruptions()
        self.watch = FaceWatch(self.alignment.tracker.detector)
        self.landmarks: dict[int, StoredPoints] = {}
        self.shown: dict[int, Image] = {}
        # How many frames are written or left out, and the numbers of the latter.
        self.done = 0
        self.damaged: list[int] = []

    @property
    def shared(self) -> dict[str, object]:
        """What a checkpoint leaves out: what a new writer of the same job has as well, and does not change."""
        tracker = self.alignment.tracker
        networks = {"detector": tracker.detector, "landmarker": tracker.landmarker}
        given = {name: getattr(self, name) for name in ("folder", "job", "frames", "settings", "onset")}
        return {**given, **networks}

    def write(self, number: int) -> None:
        """Write the frame with this number, aligned; numbers come in ascending order."""
        try:
            self._write(number, self.frames.read(number))
        except DamagedFrameError:
            if any(number in each for each in self.job.needed):
                raise
            self.damaged.append(number)
            self.interruptions.add(number, None)
        self.done += 1

    def _write(self, number: int, frame: Image) -> None:
        if frame.shape != self.onset.shape:
            sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (frame, self.onset)]
            raise ClipError(
                f"frame {number} has {sizes[0]} pixels, the first frame {sizes[1]}; all must have one size: copy the "
                "clip again, or give the frames of each size on their own"
            )
        face = self.alignment.align(frame)
        self.interruptions.add(number, face.tracked, self.watch.other_since(frame, face.tracked))
        if self.settings.motion != "onset":
            self._append_transform(number, face.transform)
        if number in self.job.onsets:
            self.landmarks[number] = self._on_layout(face)
        if number in self.job.shown:
            self.shown[number] = face.image
        path = self.folder / frame_name(self.frames, number, self.settings)
        path.write_bytes(self.settings.encode(face.image))

    @property
    def written(self) -> list[int]:
        """The numbers of the frames that are written until now, ascending."""
        left_out = frozenset(self.damaged)
        return [number for number in self.job.numbers[: self.done] if number not in left_out]

    def _append_transform(self, number: int, transform: Transform) -> None:
        """Append one line per frame, so that memory does not grow with the clip."""
        with (self.folder / TRANSFORMS).open("a", encoding="utf-8", newline="\n") as file:
            file.write(",".join(map(repr, [number, *transform.rows[0], *transform.rows[1]])) + "\n")

    def _on_layout(self, face: AlignedFace) -> StoredPoints:
        tracked = face.tracked or self.alignment.onset
        return tuple((round(x, 2), round(y, 2)) for x, y in face.transform(tracked.landmarks.points).tolist())

    def finish(self) -> Image:
        """Write the record after the last frame; returns the contact sheet."""
        write_model(self.folder / RECORD, self.record())
        return contact_sheet(self.onset, self.alignment, self.shown, self.job.title, self.warnings(), self.job.stamps)

    def record(self) -> AlignmentRecord:
        """What was found; ``transform`` is that of all frames unless TRANSFORMS has one per frame."""
        job, quality = self.job, self.alignment.quality
        return AlignmentRecord(
            clip=job.title,
            stamps=job.stamps,
            frames=(job.numbers[0], job.numbers[-1]),
            fps=job.fps,
            transform=self.alignment.transform.rows,
            face=_box(self.alignment.onset.face),
            landmark_source=quality.source,
            landmarks=self.landmarks,
            quality=AlignmentQuality(
                pupil_distance_px=round(quality.pupil_distance, 2),
                coverage=round(quality.coverage, 4),
                frames_with_face=quality.faces,
                head_motion_px=round(quality.largest_head_motion, 3),
            ),
            lost=tuple(self.interruptions.lost),
            jumps=tuple(self.interruptions.jumps),
            warnings=tuple(self.warnings()),
        )

    def warnings(self) -> list[str]:
        """Everything that a user of these faces must know."""
        across, down = self.alignment.onset.face.center
        several = (
            f"{self.candidates} faces in frame {self.job.numbers[0]}; the one at ({across:.0f}, {down:.0f}) is used"
        )
        rate = [*frame_rate_warnings(self.job.fps), *clock_warnings(self.job.clock, self.job.numbers)]
        return [
            *([several] if self.candidates > 1 else []),
            *self.alignment.quality.warnings(self.settings.motion),
            *self.interruptions.warnings(),
            *damage_warnings(self.damaged, len(self.job.numbers)),
            *self.job.warnings,
            *rate,
        ]


def damage_warnings(damaged: Sequence[int], frames: int) -> list[str]:
    """A warning with the numbers of the frames that were left out because they cannot be decoded; empty without any."""
    if not damaged:
        return []
    return [
        f"{len(damaged)} of {frames} frames are damaged and left out: "
        f"{first_of(map(str, damaged), MOST_LISTED)}; a movement across them looks faster in the frames that "
        "are left; copy them again from the original"
    ]


def clock_warnings(clock: Clock | None, numbers: Sequence[int]) -> list[str]:
    """Warnings about time that is missing between the frames ``numbers`` of a video, and about an uneven rate."""
    if clock is None:
        return []
    texts = []
    gaps = clock.gaps_within(numbers[0], numbers[-1])
    if gaps:
        steps = (f"{gap} ({seconds_text(clock.step_before(gap))} s after the one before)" for gap in gaps)
        named = first_of(steps, MOST_LISTED)
        texts.append(
            f"time is missing before frame {named}: a movement across it is faster in these frames than it was; take "
            "the frames before or after it"
        )
    if clock.varies:
        texts.append(
            "the frame rate varies, so that speeds and durations counted in frames are wrong; record at a constant rate"
        )
    return texts


def frame_name(frames: Frames, number: int, settings: Settings) -> str:
    """``reg_img46.jpg``: the name of the frame's file with the prefix of registered faces; img for a video."""
    stem = frames.file(number).stem if isinstance(frames, ImageFolder) else f"img{number}"
    return f"{stem if stem.startswith('reg_') else 'reg_' + stem}.{settings.image}"


def _box(face: Face) -> FaceBox:
    left, top, right, bottom = (round(side, 1) for side in (face.left, face.top, face.right, face.bottom))
    return FaceBox(box=(left, top, right, bottom), confidence=round(face.confidence, 3))
