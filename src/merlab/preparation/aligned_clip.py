"""One clip's frames become aligned frames in a folder, and a record of what was found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from merlab.faces.alignment import AlignedFace, ClipAlignment
from merlab.faces.detection import Face
from merlab.faces.geometry import Transform
from merlab.faces.quality import frame_rate_warnings
from merlab.faces.tracking import TrackedFace
from merlab.frames import ClipError, Frames, Image, ImageFolder
from merlab.preparation.record import RECORD
from merlab.preparation.settings import Settings
from merlab.preparation.sheets import contact_sheet
from merlab.storage import write_json

# Where the head's movement is taken out: frame, and the six numbers of its 2 x 3 matrix, row by row.
TRANSFORMS = "transforms.csv"
MOST_NAMED = 5


@dataclass
class Events:
    """Where in a clip the face was not seen, and where it was another's or elsewhere."""

    lost: list[list[int]] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)
    _tracks: int = 0

    def add(self, number: int, tracked: TrackedFace | None) -> None:
        """Note frame ``number``, the one after the last."""
        if tracked is None:
            if self.lost and self.lost[-1][1] == number - 1:
                self.lost[-1][1] = number
            else:
                self.lost.append([number, number])
        elif tracked.track > self._tracks:
            self.jumps.append(number)
            self._tracks = tracked.track

    def warnings(self) -> list[str]:
        """The places, for a reader."""
        ranges = [str(first) if first == last else f"{first}..{last}" for first, last in self.lost]
        texts = []
        if ranges:
            texts.append(f"frames without a face: {_shortened(ranges)}")
        if self.jumps:
            texts.append(f"the face is another or elsewhere from frame {_shortened(map(str, self.jumps))} on")
        return texts


def _shortened(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = len(listed) - MOST_NAMED
    return ", ".join(listed[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Job:
    """What is to be aligned of a source.

    Attributes:
        title: how sheet and messages name it.
        numbers: the frames, ascending; the first fixes the layout.
        onsets: the frames whose landmarks are recorded; the first of ``numbers`` among them.
        shown: the frames that the sheet shows.
        fps: frames a second, None where it is not known.
        times: of the frames, seconds; None where they are evenly spaced.
        stamps: words that the sheet carries.

    """

    title: str
    numbers: Sequence[int]
    onsets: Sequence[int]
    shown: Sequence[int]
    fps: float | None
    times: Sequence[float] | None = None
    stamps: tuple[str, ...] = ()


class ClipWriter:
    """Writes the aligned frames of a job into a folder, one at a time; a few frames for the sheet stay in memory.

    Raises MerlabError where no face is found in the first frame, and ClipError where a frame is damaged.
    """

    def __init__(self, folder: Path, job: Job, frames: Frames, settings: Settings) -> None:
        self.folder, self.job, self.frames, self.settings = folder, job, frames, settings
        self.onset = frames.read(job.numbers[0])
        self.alignment = ClipAlignment(self.onset, settings.finding.open(), settings.motion)
        self.candidates = len(self.alignment.tracker.detector.detect(self.onset))
        self.events = Events()
        self.landmarks: dict[int, list[list[float]]] = {}
        self.shown: dict[int, Image] = {}

    def write(self, number: int) -> Image:
        """Write the frame of this number, and give it; numbers come in their order."""
        frame = self.frames.read(number)
        if frame.shape != self.onset.shape:
            sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (frame, self.onset)]
            raise ClipError(f"frame {number} is {sizes[0]}, the first of the clip {sizes[1]}; copy the clip again")
        face = self.alignment.align(frame)
        self.events.add(number, face.tracked)
        if self.settings.motion != "onset":
            self._append_transform(number, face.transform)
        if number in self.job.onsets:
            self.landmarks[number] = self._on_layout(face)
        if number in self.job.shown:
            self.shown[number] = face.image
        path = self.folder / frame_name(self.frames, number, self.settings)
        path.write_bytes(self.settings.encode(face.image))
        return face.image

    def _append_transform(self, number: int, transform: Transform) -> None:
        """One line a frame, so that memory does not grow with the clip."""
        with (self.folder / TRANSFORMS).open("a", encoding="utf-8") as file:
            file.write(",".join(map(repr, [number, *transform.rows[0], *transform.rows[1]])) + "\n")

    def _on_layout(self, face: AlignedFace) -> list[list[float]]:
        tracked = face.tracked or self.alignment.onset
        return [[round(x, 2), round(y, 2)] for x, y in face.transform(tracked.landmarks.points).tolist()]

    def finish(self) -> Image:
        """Write the record, once every frame is written; gives the contact sheet."""
        write_json(self.folder / RECORD, self.record())
        return contact_sheet(self.onset, self.alignment, self.shown, self.job.title, self.warnings(), self.job.stamps)

    def record(self) -> dict[str, Any]:
        """What was found; ``transform`` is that of the first frame, and of all others unless TRANSFORMS is there."""
        job, onset, quality = self.job, self.alignment.onset, self.alignment.quality
        return {
            "clip": job.title,
            "stamps": list(job.stamps),
            "frames": [job.numbers[0], job.numbers[-1]],
            "fps": job.fps,
            "transform": self.alignment.transform.to_json(),
            "face": _described_face(onset.face),
            "landmark_source": quality.source,
            "landmarks": self.landmarks,
            "quality": {
                "pupil_distance_px": round(quality.pupil_distance, 2),
                "coverage": round(quality.coverage, 4),
                "frames_with_face": quality.faces,
                "head_motion_px": round(quality.largest_head_motion, 3),
            },
            "lost": self.events.lost,
            "jumps": self.events.jumps,
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """All that a user of these faces must know."""
        across, down = self.alignment.onset.face.center
        several = (
            f"{self.candidates} faces in frame {self.job.numbers[0]}; taken is that around ({across:.0f}, {down:.0f})"
        )
        rate = frame_rate_warnings(self.job.fps, self.job.times)
        return [
            *([several] if self.candidates > 1 else []),
            *self.alignment.quality.warnings(self.settings.motion),
            *self.events.warnings(),
            *rate,
        ]


def frame_name(frames: Frames, number: int, settings: Settings) -> str:
    """``reg_img46.jpg``: the frame's own name, marked as registered; frames of a video are called img."""
    stem = frames.files[number].stem if isinstance(frames, ImageFolder) else f"img{number}"
    return f"{stem if stem.startswith('reg_') else 'reg_' + stem}.{settings.image}"


def _described_face(face: Face) -> dict[str, Any]:
    box = [round(side, 1) for side in (face.left, face.top, face.right, face.bottom)]
    return {"box": box, "confidence": round(face.confidence, 3)}
