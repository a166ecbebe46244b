"""The content of a folder of long recordings: its settings and its recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import ImageFolder
from merlab.given import as_whole, is_number, require_number
from merlab.registry import look_up
from merlab.synthesis.canvas_layout import CAMERA, CROP, FPS, Stream, random_stream
from merlab.synthesis.face_tree import class_counts
from merlab.synthesis.folder import require_counts
from merlab.synthesis.frame_rates import FrameRate
from merlab.synthesis.identity import Identity, sample_identity
from merlab.synthesis.manifest import RecordingSettings
from merlab.synthesis.presets import DistractionRates, RenderPreset, find_recording_content
from merlab.synthesis.recording import BLOCK, NEUTRAL_GAP, RecordingPlan, plan_recording
from merlab.synthesis.sampling import LONGEST_MOVEMENT
from merlab.synthesis.timetable import free_time
from merlab.synthesis.video import FORMATS, most_frames
from merlab.vocabulary import RECORDING_RATES, RecordingPreset, VideoFormat

VIDEOS, RAW_VIDEOS = "SYNTHETIC_videos", "SYNTHETIC_raw_videos"
EVENTS_TABLE, VIDEOS_TABLE = "SYNTHETIC_events.csv", "SYNTHETIC_videos.csv"
DISTRACTIONS_TABLE = "SYNTHETIC_distractions.csv"
# A day, and ten events per second.
MOST_MINUTES, MOST_EVENTS = 1440, 600
# Mbit/s.
LEAST_MEGABITS, MOST_MEGABITS = 0.1, 100.0


@dataclass(frozen=True)
class RecordingSet:
    """Long recordings, one per subject; these settings decide everything in them.

    ``minutes`` of each recording and ``events`` per minute may be fractions. Raises MerlabError for invalid settings:
    no subject, no time, an unknown preset, format or frame rate, more events than fit.
    """

    out: Path
    subjects: int
    minutes: float
    events: float
    preset_name: RecordingPreset
    seed: int
    raw: bool
    video_format: VideoFormat
    fps: int = 200
    megabits: float | None = None

    def __post_init__(self) -> None:
        find_recording_content(self.preset_name)
        require_counts(subjects=self.subjects)
        as_whole(self.seed, "seed", 0)
        require_number(self.events, "events", 0)
        if self.events > MOST_EVENTS:
            raise MerlabError(f"{self.events:g} events per minute do not fit into a minute; request fewer")
        look_up(self.video_format, FORMATS, "format")
        self._require_rates()
        if not (is_number(self.minutes) and 0 < self.minutes <= MOST_MINUTES and self.frames >= 1):
            raise MerlabError(f"minutes must be above 0, and at most {MOST_MINUTES}, got {self.minutes!r}")
        most = most_frames(self.video_format, CAMERA if self.raw else CROP)
        if self.frames > most:
            raise MerlabError(
                f"an AVI file holds at most 4 GB, about {most / self.fps / 60:.1f} minutes of this view; choose the "
                "format frames (the same frames) or mp4 (small files, but blurred)"
            )
        self._require_time()

    def _require_time(self) -> None:
        """Raises MerlabError if the events of any subject do not fit; samples them only if the longest do not."""
        longest = [LONGEST_MOVEMENT] * self.events_each
        fit = free_time(longest, self._ticks, NEUTRAL_GAP) >= 0
        for subject in range(0 if fit else self.subjects):
            self.plan(subject)

    def _require_rates(self) -> None:
        if not is_number(self.fps) or self.fps not in RECORDING_RATES:
            raise MerlabError(f"fps must be one of {', '.join(map(str, RECORDING_RATES))}, got {self.fps!r}")
        if self.megabits is None:
            return
        if self.video_format != "mp4":
            raise MerlabError(
                f"megabits is the rate of an mp4 file, but the format is {self.video_format}; choose the format mp4"
            )
        require_number(self.megabits, "megabits", LEAST_MEGABITS, MOST_MEGABITS)

    @property
    def preset(self) -> RenderPreset:
        """The settings of the preset."""
        return find_recording_content(self.preset_name).faces

    @property
    def rates(self) -> DistractionRates | None:
        """How often there are distractions; None for a preset without any."""
        return find_recording_content(self.preset_name).distractions

    @property
    def rate(self) -> FrameRate:
        """The frame rate."""
        return FrameRate(self.fps)

    @property
    def settings(self) -> RecordingSettings:
        """Everything that decides the content of the folder."""
        return RecordingSettings(
            seed=self.seed,
            subjects=self.subjects,
            minutes=self.minutes,
            events=self.events,
            raw=self.raw,
            format=self.video_format,
            preset=self.preset_name,
            preset_settings=self.preset,
            fps=self.fps,
            megabits=self.megabits,
            distractions=self.rates,
        )

    @property
    def frames(self) -> int:
        """The number of frames of each recording."""
        return self.rate.frames(self.minutes)

    @property
    def steps(self) -> int:
        """The number of blocks of frames of each recording."""
        return -(-self.frames // BLOCK)

    @property
    def events_each(self) -> int:
        """The number of micro-expressions of each recording."""
        return round(self.minutes * self.events)

    @cached_property
    def emotions(self) -> list[list[str]]:
        """The emotions of each subject, in random order; over all recordings they are as frequent as in CASME II."""
        each = self.events_each
        counts = class_counts(each * self.subjects)
        emotions = [emotion for emotion, count in counts.items() for _ in range(count)]
        random_stream(self.seed, Stream.LABELS).shuffle(emotions)
        return [emotions[subject * each : (subject + 1) * each] for subject in range(self.subjects)]

    def plan(self, subject: int) -> RecordingPlan:
        """The content of the recording of a subject (from 0)."""
        return plan_recording(self._identity(subject), self.preset, self._ticks, self.emotions[subject], self.rates)

    @property
    def _ticks(self) -> int:
        return round(self.minutes * 60 * FPS)

    def _identity(self, subject: int) -> Identity:
        """The subject; among distractions, more subjects wear glasses."""
        identity = sample_identity(self.seed, subject)
        if self.rates is None:
            return identity
        wears = bool(random_stream(self.seed, Stream.GLASSES, subject).random() < self.rates.glasses)
        return replace(identity, appearance=replace(identity.appearance, glasses=wears))

    def megabits_of(self, subject: int) -> float | None:
        """The rate of a subject's MP4 file, Mbit/s; None if it is not given, so that the quality is constant."""
        if self.megabits is not None or self.rates is None or self.video_format != "mp4":
            return self.megabits
        low, high = np.log(self.rates.megabits)
        return round(float(np.exp(random_stream(self.seed, Stream.COMPRESSION, subject).uniform(low, high))), 2)

    def video(self, subject: int) -> Path:
        """The path of a subject's recording: a video or a folder of images."""
        return self.out / VIDEOS / self._name(subject)

    def raw_video(self, subject: int) -> Path:
        """The path of its uncropped camera frames, which are written if ``raw`` is set."""
        return self.out / RAW_VIDEOS / self._name(subject)

    def is_written(self, subject: int) -> bool:
        """Whether a recording is complete; each of its files appears whole or not at all."""
        return self._is_whole(self.video(subject)) and (not self.raw or self._is_whole(self.raw_video(subject)))

    def _is_whole(self, path: Path) -> bool:
        """Whether a recording is there, and no frame was removed from a folder of images."""
        return path.exists() and (self.video_format != "frames" or len(ImageFolder(path).names) == self.frames)

    def _name(self, subject: int) -> str:
        suffix = "" if self.video_format == "frames" else f".{self.video_format}"
        return f"SYNTHETIC_{subject_name(subject)}{suffix}"


def subject_name(subject: int) -> str:
    """``sub01`` of subject 0."""
    return f"sub{subject + 1:02d}"
