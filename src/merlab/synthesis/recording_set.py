"""The content of a folder of long recordings: its settings, its recordings and their truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.synthesis.canvas_layout import CAMERA, CROP, FPS, Stream, random_stream
from merlab.synthesis.face_tree import class_counts
from merlab.synthesis.folder import require_at_least
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.manifest import DescribedEvent, DescribedRecording, RecordingSettings
from merlab.synthesis.presets import RenderPreset, find_preset
from merlab.synthesis.recording import BLOCK, Event, RecordingPlan, plan_recording
from merlab.synthesis.video import FORMATS, most_frames
from merlab.vocabulary import SynthesisPreset, VideoFormat

VIDEOS, RAW_VIDEOS = "SYNTHETIC_videos", "SYNTHETIC_raw_videos"
EVENTS_TABLE = "SYNTHETIC_events.csv"
# A day, and ten events per second.
MOST_MINUTES, MOST_EVENTS = 1440, 600


@dataclass(frozen=True)
class RecordingSet:
    """Long recordings, one per subject; these settings decide everything in them.

    ``minutes`` of each recording and ``events`` per minute may be fractions. Raises MerlabError for invalid settings:
    no subject, no time, an unknown preset or format, more events than fit.
    """

    out: Path
    subjects: int
    minutes: float
    events: float
    preset_name: SynthesisPreset
    seed: int
    raw: bool
    video_format: VideoFormat

    def __post_init__(self) -> None:
        find_preset(self.preset_name)
        require_at_least(1, subjects=self.subjects)
        require_at_least(0, seed=self.seed, events=self.events)
        if self.events > MOST_EVENTS:
            raise MerlabError(f"{self.events:g} events per minute do not fit into a minute; request fewer")
        if not 0 < self.minutes <= MOST_MINUTES or self.frames < 1:
            raise MerlabError(f"minutes must be above 0, and at most {MOST_MINUTES}, got {self.minutes}")
        if self.video_format not in FORMATS:
            raise MerlabError(f"unknown format {self.video_format!r}; formats are {', '.join(FORMATS)}")
        most = most_frames(self.video_format, CAMERA if self.raw else CROP)
        if self.frames > most:
            raise MerlabError(
                f"an AVI file holds at most 4 GB, about {most / FPS / 60:.1f} minutes of this view; choose the format "
                "frames (the same frames) or mp4 (small files, but blurred)"
            )
        self.plan(0)

    @property
    def preset(self) -> RenderPreset:
        """The settings of the preset."""
        return find_preset(self.preset_name)

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
        )

    @property
    def frames(self) -> int:
        """The number of frames of each recording."""
        return round(self.minutes * 60 * FPS)

    @property
    def steps(self) -> int:
        """The number of blocks of frames of each recording."""
        return -(-self.frames // BLOCK)

    @cached_property
    def emotions(self) -> list[list[str]]:
        """The emotions of each subject, in random order; over all recordings they are as frequent as in CASME II."""
        each = round(self.minutes * self.events)
        counts = class_counts(each * self.subjects)
        emotions = [emotion for emotion, count in counts.items() for _ in range(count)]
        random_stream(self.seed, Stream.LABELS).shuffle(emotions)
        return [emotions[subject * each : (subject + 1) * each] for subject in range(self.subjects)]

    def plan(self, subject: int) -> RecordingPlan:
        """The content of the recording of a subject (from 0)."""
        identity = sample_identity(self.seed, subject)
        return plan_recording(identity, self.preset, self.frames, self.emotions[subject])

    def video(self, subject: int) -> Path:
        """The path of a subject's recording: a video or a folder of images."""
        return self.out / VIDEOS / self._name(subject)

    def raw_video(self, subject: int) -> Path:
        """The path of its uncropped camera frames, which are written if ``raw`` is set."""
        return self.out / RAW_VIDEOS / self._name(subject)

    def is_written(self, subject: int) -> bool:
        """Whether a recording is complete; each of its files appears whole or not at all."""
        return self.video(subject).exists() and (not self.raw or self.raw_video(subject).exists())

    def _name(self, subject: int) -> str:
        suffix = "" if self.video_format == "frames" else f".{self.video_format}"
        return f"SYNTHETIC_{subject_name(subject)}{suffix}"


def subject_name(subject: int) -> str:
    """``sub01`` of subject 0."""
    return f"sub{subject + 1:02d}"


def describe_recording(recordings: RecordingSet, subject: int) -> DescribedRecording:
    """The true content of the recording of a subject (from 0)."""
    plan = recordings.plan(subject)
    return DescribedRecording(
        subject=subject_name(subject),
        video=recordings.video(subject).relative_to(recordings.out).as_posix(),
        fps=FPS,
        frames=plan.frames,
        events=tuple(_described_event(event) for event in plan.events),
        blinks=tuple(
            (round(1 + blink.start, 2), round(1 + (blink.start + 2 * blink.half), 2)) for blink in plan.blinks
        ),
        gaze_shifts=tuple(
            (round(1 + shift.moment, 2), round(float(shift.target[0]), 2), round(float(shift.target[1]), 2))
            for shift in plan.gaze_shifts
        ),
    )


def _described_event(event: Event) -> DescribedEvent:
    return DescribedEvent(
        onset=event.onset + 1,
        apex=event.apex + 1,
        offset=event.offset + 1,
        emotion=event.emotion,
        action_units=tuple(unit.rounded() for unit in event.action_units),
    )


def events_table(recordings: RecordingSet) -> pd.DataFrame:
    """One row per event: video (file name), subject, frames from 1, seconds from 0, emotion, action units."""
    rows = []
    for subject in range(recordings.subjects):
        for event in recordings.plan(subject).events:
            seconds = [frame / FPS for frame in (event.onset, event.apex, event.offset)]
            codes = "+".join(unit.code for unit in event.action_units)
            numbers = (event.onset + 1, event.apex + 1, event.offset + 1)
            name = recordings.video(subject).name
            rows.append((name, subject_name(subject), *numbers, *seconds, event.emotion, codes))
    columns = ["video", "subject", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s"]
    return pd.DataFrame(rows, columns=[*columns, "emotion", "action_units"])
