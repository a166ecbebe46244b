"""A recording as comparison methods see it: features of its samples, and its true events.

Frames are read once for all features that are missing, and every feature is kept in a file. An interrupted command
continues: what it had measured is not measured again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.databases.long_video import Kind, LongVideo
from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array
from merlab.frames import Float32Array, Image
from merlab.frames.opening import require_unchanged, state_of, while_unchanged
from merlab.optical_flow import Gray
from merlab.outputs.kept_arrays import Array, computing_versions, read_arrays, write_arrays
from merlab.progress import Progress, silent
from merlab.spelling import first_of
from merlab.spotting.aligned_frames import InPlaceOfDamaged
from merlab.spotting.comparison.breaks import breaks_of, broken_values, in_samples, touches
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.frame_reader import FrameReader
from merlab.spotting.comparison.kept_values import (
    KEPT_VERSION,
    PLACES,
    file_of,
    keep_pieces,
    keep_places,
    kept,
    kept_places,
    pieces_of,
    shown_frames,
)
from merlab.spotting.comparison.recording import OwnFeature, Recording
from merlab.spotting.comparison.sampling import Feature, Measuring, small_gray, step_of
from merlab.spotting.comparison.threshold import Peak
from merlab.spotting.motion import HEIGHT, MEASURED, WIDTH
from merlab.version import __version__

READ = "source"
FACTS, MISSING, BREAKS = "first_frames_whole_damaged", "missing", "breaks"
FRAMES_A_REPORT = 100
# In place of a sample that is lost; no value that depends on it is used.
NOTHING: Gray = np.zeros((HEIGHT, WIDTH), np.uint8)
MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class MeasuredRecording:
    """A recording whose features are kept in ``folder``.

    Attributes:
        video: the recording with its true events.
        folder: holds one file per feature.
        step: how many frames lie from one sample to the next.
        first: the number of the first frame.
        frames: how many frames there are, from the first to the last.
        whole_heads: whether the frames do not have the proportions of an aligned face.
        damaged: how many frames that were needed are damaged or blank. One or two in a row show the one before them
            that was needed.
        missing: how many are not there, because a camera dropped them; they are treated alike.
        breaks: where more of the samples in a row show nothing, and where time is missing, see ``breaks``.
        curves: those that were computed from the features, for the next fold.

    """

    video: LongVideo
    folder: Path
    step: int
    first: int
    frames: int
    whole_heads: bool
    damaged: int = 0
    missing: int = 0
    breaks: tuple[range, ...] = ()
    curves: dict[tuple[str, int], Float64Array] = field(default_factory=dict, repr=False)

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.video.fps / self.step

    @property
    def gaps(self) -> int:
        """How often time is missing."""
        return sum(not each for each in self.breaks)

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return -(-self.frames // self.step)

    @property
    def shows_nothing(self) -> bool:
        """Whether no sample shows anything."""
        return any(each.start <= 0 and each.stop > (self.samples - 1) * self.step for each in self.breaks)

    def values(self, feature: Feature) -> NDArray[np.generic]:
        """The values of a feature, (n, ...), NaN where they depend on samples of both sides of a break.

        Raises MerlabError if its file is missing or damaged, and removes it.
        """
        values = kept(self.folder, feature.key)
        broken = broken_values(len(values), feature.before + feature.after, in_samples(self.breaks, self.step))
        if not broken.any():
            return values
        known = np.array(values, np.result_type(values, np.float16))
        known[broken] = np.nan
        return known

    def curve(
        self, feature: Feature, k: int, computed: Callable[[NDArray[np.generic], int], Float64Array]
    ) -> Float64Array:
        """A curve (n,) from the values of a feature and a distance ``k``, computed once."""
        key = feature.key, k
        if key not in self.curves:
            self.curves[key] = computed(self.values(feature), k)
        return self.curves[key]

    def places(self) -> Iterator[Float32Array]:
        """Where the blocks of the face are, (ROWS, COLUMNS, 2) of every frame; raises MerlabError as ``values``."""
        return kept_places(self.folder)

    def shown_frames(self) -> NDArray[np.bool_]:
        """Which frames show something, so that their places are known, (frames,); raises MerlabError as ``values``."""
        return shown_frames(self.folder)

    def intervals(self, kind: Kind) -> NDArray[np.int_]:
        """The true intervals of a kind in samples, (n, 2)."""
        pairs = [(event.onset, event.offset) for event in self.video.events if event.kind == kind]
        return (np.array(pairs, np.int_).reshape(-1, 2) - self.first) // self.step

    def found(self, peak: Peak, kind: Kind) -> Found:
        """An interval of samples as one of frames, within the recording."""
        last = self.first + self.frames - 1
        onset, apex, offset = (int(np.clip(self.first + place * self.step, self.first, last)) for place in peak[:3])
        return Found(onset, apex, offset, peak.score, kind)

    def unbroken(self, found: Iterable[Found]) -> Iterator[Found]:
        """The intervals that do not touch a break."""
        first = self.first
        return (each for each in found if not touches(each.onset - first, each.offset - first, self.breaks))

    def recording(self, measured: str | None, *, truth: bool) -> Recording:
        """The recording for a method of your own, with the key of what it measures; without ``truth`` no true event."""
        return Recording(self.video, self.folder, self.first, self.frames, measured, truth=truth)


def measured_recording(
    video: LongVideo,
    features: Sequence[Feature | OwnFeature],
    root: Path,
    progress: Progress,
    *,
    places: bool,
    aligned: bool,
) -> MeasuredRecording:
    """The recording with these features, which are computed if they are not kept in a folder of ``root`` yet.

    With ``places``, also the places of the blocks. With ``aligned``, raises MerlabError for frames that do not have the
    proportions of an aligned face. Raises MerlabError for a source that cannot be read, has no frame, lacks half of its
    frames, or was changed while it was read.
    """
    folder = root / _identity(video)
    missing = [each for each in features if not file_of(folder, each.key).is_file()]
    wanted = [each for each in missing if isinstance(each, Feature)]
    needs_places = places and not file_of(folder, PLACES).is_file()
    facts = read_arrays(file_of(folder, READ))
    if facts is None or wanted or needs_places:
        facts = _read(video, wanted, folder, progress, places=needs_places, aligned=aligned)
    first, frames, whole_heads, damaged = (int(each) for each in np.asarray(facts[FACTS], np.int64))
    breaks = tuple(range(*each) for each in np.asarray(facts[BREAKS], np.int64).tolist())
    material = MeasuredRecording(
        video, folder, step_of(video.fps), first, frames, bool(whole_heads), damaged, int(facts[MISSING]), breaks
    )
    for own in (each for each in missing if isinstance(each, OwnFeature)):
        progress(video.frames, video.frames, f"measuring {video.name}")
        own.keep_only(folder, own.of(material.recording(None, truth=False)))
    return material


@dataclass(frozen=True)
class RecordingToRead:
    """A recording to read, as ``measured_recording`` takes it, for worker processes."""

    video: LongVideo
    features: tuple[Feature | OwnFeature, ...]
    root: Path
    places: bool

    @property
    def is_kept(self) -> bool:
        """Whether everything is kept, so that no frame is read."""
        folder = self.root / _identity(self.video)
        keys = [READ, *(each.key for each in self.features), *([PLACES] if self.places else [])]
        return all(file_of(folder, key).is_file() for key in keys)

    def __call__(self, progress: Progress = silent) -> MeasuredRecording:
        """Read what is missing."""
        return measured_recording(self.video, self.features, self.root, progress, places=self.places, aligned=False)


def read(recording: RecordingToRead, progress: Progress = silent) -> tuple[LongVideo, MeasuredRecording | MerlabError]:
    """The recording, and what was read or why it cannot be, so that the other recordings are read meanwhile."""
    try:
        return recording.video, recording(progress)
    except MerlabError as error:
        return recording.video, error


def unread(errors: Mapping[str, MerlabError]) -> MerlabError:
    """The first of the errors, and which other recordings have one."""
    first, *others = errors
    also = f". These cannot be read either: {first_of(others, MOST_NAMED)}" if others else ""
    return MerlabError(f"{errors[first]}{also}. The other recordings are read and kept: run the same command again")


def is_unmeasured(root: Path) -> bool:
    """Whether no feature, and no part of one, is kept in a folder of ``root``."""
    return all(path.name == file_of(root, READ).name for path in root.rglob("*.npz"))


def _identity(video: LongVideo) -> str:
    """A name for kept features: a source that was changed gets another one."""
    state = state_of(video.source)
    text = f"{video.source.resolve()} {state.bytes} {state.modified_ns} {video.fps} {video.frames}"
    text = f"{text} {__version__} {MEASURED} {KEPT_VERSION} {computing_versions()}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _read(
    video: LongVideo, features: Sequence[Feature], folder: Path, progress: Progress, *, places: bool, aligned: bool
) -> dict[str, Array]:
    """Read what is needed, and write the features and what was read.

    Without the places of the blocks, only the frames of samples become images: every fourth at 200 frames per second.
    """
    state = state_of(video.source)
    progress = while_unchanged(progress, video.source, state)
    pieces = {each.key: pieces_of(folder, each.key) for each in features}
    measuring = Measuring(features, {key: each.read() for key, each in pieces.items()})
    reader, step, lost = FrameReader(video, aligned), step_of(video.fps), list[int]()

    def measure(samples: Iterable[tuple[int, Image | None]]) -> None:
        for position, image in samples:
            if image is None:
                lost.append(position // step)
            if features:
                for key, value in measuring.add(NOTHING if image is None else small_gray(image)).items():
                    pieces[key].add(value)

    def shown() -> Iterator[Image | None]:
        """The frames that are read, of which the samples are measured on the way."""
        frames, samples = InPlaceOfDamaged(), InPlaceOfDamaged()
        for position, image in reader.images(1 if places else step):
            if position % step == 0:
                measure(samples.push(position, image))
            if position % FRAMES_A_REPORT == 0:
                progress(position, video.frames, f"reading {video.name}")
            yield from (each for _, each in frames.push(position, image))
        measure(samples.rest())
        yield from (each for _, each in frames.rest())
        # Before anything counts as whole.
        require_unchanged(video.source, state)

    if places:
        keep_places(folder, shown(), reader.clock, reader.keys)
    else:
        deque(shown(), maxlen=0)
    for key, each in pieces.items():
        keep_pieces(folder, key, each)
    breaks = breaks_of(lost, step, reader.gaps)
    facts: dict[str, Array] = {
        FACTS: np.array([reader.first, reader.count, reader.whole_heads, reader.damaged], np.int64),
        MISSING: np.array(reader.missing, np.int64),
        BREAKS: np.array([(each.start, each.stop) for each in breaks], np.int64).reshape(-1, 2),
    }
    write_arrays(file_of(folder, READ), facts)
    return facts
