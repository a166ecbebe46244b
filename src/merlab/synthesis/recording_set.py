"""What a folder of long recordings holds, and where: its settings, its recordings and their truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from merlab.errors import MerlabError
from merlab.synthesis.canvas_layout import CAMERA, CROP, FPS, Stream, random_stream
from merlab.synthesis.face_tree import class_counts
from merlab.synthesis.folder import require_at_least
from merlab.synthesis.identity import draw_identity
from merlab.synthesis.presets import RenderPreset, find_preset
from merlab.synthesis.recording import BLOCK, RecordingPlan, plan_recording
from merlab.synthesis.video import FORMATS, most_frames

VIDEOS, RAW_VIDEOS = "SYNTHETIC_videos", "SYNTHETIC_raw_videos"
EVENTS_TABLE = "SYNTHETIC_events.csv"


@dataclass(frozen=True)
class RecordingSet:
    """Long recordings, one a subject; everything in them follows from these settings.

    ``minutes`` of each recording and ``events`` a minute may be fractions. Raises MerlabError when the settings cannot
    be: no subject, no time, an unknown preset or format, more events than fit.
    """

    out: Path
    subjects: int
    minutes: float
    events: float
    preset_name: str
    seed: int
    raw: bool
    video_format: str

    def __post_init__(self) -> None:
        find_preset(self.preset_name)
        require_at_least(1, subjects=self.subjects)
        require_at_least(0, seed=self.seed, events=self.events)
        if self.frames < 1:
            raise MerlabError(f"minutes must be above 0, got {self.minutes}")
        if self.video_format not in FORMATS:
            raise MerlabError(f"no format is called {self.video_format!r}; there are {', '.join(FORMATS)}")
        most = most_frames(self.video_format, CAMERA if self.raw else CROP)
        if self.frames > most:
            raise MerlabError(
                f"an AVI file holds 4 GB, about {most / FPS / 60:.1f} minutes of this view; "
                "choose the format frames (true to the frames) or mp4 (small, but blurred)"
            )
        self.plan(0)

    @property
    def preset(self) -> RenderPreset:
        """The settings that the preset's name stands for."""
        return find_preset(self.preset_name)

    @property
    def settings(self) -> dict[str, Any]:
        """All that decides what the folder holds."""
        return {
            "seed": self.seed,
            "subjects": self.subjects,
            "minutes": self.minutes,
            "events": self.events,
            "raw": self.raw,
            "format": self.video_format,
            "preset": self.preset_name,
            "preset_settings": self.preset.model_dump(mode="json"),
        }

    @property
    def frames(self) -> int:
        """Of each recording."""
        return round(self.minutes * 60 * FPS)

    @property
    def steps(self) -> int:
        """Blocks of frames of each recording."""
        return -(-self.frames // BLOCK)

    @cached_property
    def emotions(self) -> list[list[str]]:
        """What each subject shows: classes as frequent over all recordings as in CASME II, then shuffled."""
        each = round(self.minutes * self.events)
        drawn = [
            emotion for emotion, count in class_counts(each * self.subjects).items() for emotion in [emotion] * count
        ]
        random_stream(self.seed, Stream.LABELS).shuffle(drawn)
        return [drawn[subject * each : (subject + 1) * each] for subject in range(self.subjects)]

    def plan(self, subject: int) -> RecordingPlan:
        """What the recording of a subject (from 0) shows."""
        identity = draw_identity(self.seed, subject)
        return plan_recording(identity, self.preset, self.frames, self.emotions[subject])

    def video(self, subject: int) -> Path:
        """Where the recording of a subject lies: a video or a folder of images."""
        return self.out / VIDEOS / self._name(subject)

    def raw_video(self, subject: int) -> Path:
        """Where its uncropped camera frames lie, if they were asked for."""
        return self.out / RAW_VIDEOS / self._name(subject)

    def is_written(self, subject: int) -> bool:
        """Whether all of a recording is there; each part appears whole or not at all."""
        return self.video(subject).exists() and (not self.raw or self.raw_video(subject).exists())

    def _name(self, subject: int) -> str:
        suffix = "" if self.video_format == "frames" else f".{self.video_format}"
        return f"SYNTHETIC_{subject_name(subject)}{suffix}"


def subject_name(subject: int) -> str:
    """``sub01`` of subject 0."""
    return f"sub{subject + 1:02d}"


def describe_recording(recordings: RecordingSet, subject: int) -> dict[str, Any]:
    """What a recording truly shows; frames are numbered from 1, gaze in px from straight ahead."""
    plan = recordings.plan(subject)
    return {
        "subject": subject_name(subject),
        "video": recordings.video(subject).relative_to(recordings.out).as_posix(),
        "fps": FPS,
        "frames": plan.frames,
        "events": [
            {
                "onset": event.onset + 1,
                "apex": event.apex + 1,
                "offset": event.offset + 1,
                "emotion": event.emotion,
                "action_units": [unit.description for unit in event.action_units],
            }
            for event in plan.events
        ],
        "blinks": [
            [round(1 + moment, 2) for moment in (blink.start, blink.start + 2 * blink.half)] for blink in plan.blinks
        ],
        "gaze_shifts": [
            [round(value, 2) for value in (1 + shift.moment, *map(float, shift.target))] for shift in plan.gaze_shifts
        ],
    }


def events_table(recordings: RecordingSet) -> pd.DataFrame:
    """Every event: video (the name of its file), subject, frames from 1, seconds from 0, emotion, action units."""
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
