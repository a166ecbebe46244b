"""The content of a tree of synthetic clips: its settings, its clips, and the files of each clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from merlab.errors import MerlabError
from merlab.given import as_whole
from merlab.synthesis.action_units import CASME2_PRIOR
from merlab.synthesis.canvas_layout import Stream, random_stream
from merlab.synthesis.folder import require_counts
from merlab.synthesis.manifest import FaceSettings
from merlab.synthesis.presets import RenderPreset, find_preset
from merlab.vocabulary import SynthesisPreset

CODING_TABLE = "SYNTHETIC-coding.xlsx"
CROPPED, RAW, TRUTH = "Cropped", "CASME2-RAW", "SYNTHETIC_truth"
FIRST_FRAMES = (1, 120)


@dataclass(frozen=True)
class TreeClip:
    """One clip of a tree: its subject and number (both from 0), its class, and the number of its first frame file."""

    subject: int
    clip: int
    emotion: str
    first_frame: int

    @property
    def subject_code(self) -> str:
        """The subject in the coding table: ``01``."""
        return f"{self.subject + 1:02d}"

    @property
    def name(self) -> str:
        """A clip name like those of CASME II, ``EP02_08``; unique within the subject."""
        return f"EP{self.clip + 1:02d}_{1 + self.clip * 7 % 19:02d}"

    @property
    def folder(self) -> Path:
        """The folder of the clip: ``sub01/EP02_08``."""
        return Path(f"sub{self.subject_code}") / self.name


@dataclass(frozen=True)
class Tree:
    """A tree of synthetic clips with the layout of CASME II; these settings decide everything in it.

    Raises MerlabError for invalid settings: no subject, fewer clips than subjects, an unknown preset.
    """

    out: Path
    subjects: int
    clips: int
    preset_name: SynthesisPreset
    seed: int
    raw: bool

    def __post_init__(self) -> None:
        find_preset(self.preset_name)
        require_counts(subjects=self.subjects, clips=self.clips)
        as_whole(self.seed, "seed", 0)
        if self.clips < self.subjects:
            raise MerlabError(
                f"every subject needs a clip, but clips is {self.clips} and subjects is {self.subjects}; "
                "request more clips or fewer subjects"
            )

    @property
    def preset(self) -> RenderPreset:
        """The settings of the preset."""
        return find_preset(self.preset_name)

    @property
    def settings(self) -> FaceSettings:
        """Everything that decides the content of the tree."""
        return FaceSettings(
            seed=self.seed,
            subjects=self.subjects,
            clips=self.clips,
            raw=self.raw,
            preset=self.preset_name,
            preset_settings=self.preset,
        )

    @cached_property
    def entries(self) -> tuple[TreeClip, ...]:
        """All clips by subject; clips are evenly distributed over subjects, and classes as frequent as in CASME II."""
        emotions = [emotion for emotion, count in class_counts(self.clips).items() for _ in range(count)]
        random_stream(self.seed, Stream.LABELS).shuffle(emotions)
        each, more = divmod(self.clips, self.subjects)
        numbers = [(subject, clip) for subject in range(self.subjects) for clip in range(each + (subject < more))]
        return tuple(
            TreeClip(subject, clip, emotion, _first_frame(self.seed, subject, clip))
            for (subject, clip), emotion in zip(numbers, emotions, strict=True)
        )

    def cropped(self, entry: TreeClip) -> Path:
        """The folder of a clip's cropped frames."""
        return self.out / CROPPED / entry.folder

    def raw_frames(self, entry: TreeClip) -> Path:
        """The folder of a clip's uncropped frames."""
        return self.out / RAW / entry.folder

    def truth(self, entry: TreeClip) -> Path:
        """The file with the exact movement of a clip."""
        return self.out / TRUTH / entry.folder.with_suffix(".npz")

    def is_written(self, entry: TreeClip) -> bool:
        """Whether a clip is complete; each of its files and folders appears whole or not at all."""
        paths = [self.cropped(entry), self.truth(entry)] + ([self.raw_frames(entry)] if self.raw else [])
        return all(path.exists() for path in paths)


def _first_frame(seed: int, subject: int, clip: int) -> int:
    return int(random_stream(seed, Stream.NUMBERING, subject, clip).integers(*FIRST_FRAMES))


def class_counts(clips: int) -> dict[str, int]:
    """The number of ``clips`` of each class: CASME II's frequencies 32/63/25/27/99, rounded by largest remainder."""
    total = sum(CASME2_PRIOR.values())
    shares = {emotion: clips * count / total for emotion, count in CASME2_PRIOR.items()}
    counts = {emotion: math.floor(share) for emotion, share in shares.items()}
    by_remainder = sorted(shares, key=lambda emotion: counts[emotion] - shares[emotion])
    for emotion in by_remainder[: clips - sum(counts.values())]:
        counts[emotion] += 1
    return counts
