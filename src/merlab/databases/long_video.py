"""Long videos of a database with all their movements: the truth of spotting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from merlab.clips import Finding
from merlab.given import as_path
from merlab.registry import look_up

Kind = Literal["micro", "macro"]
TRUTH = ("video", "subject", "onset", "apex", "offset", "kind", "emotion", "action_units", "fps", "note")
LENGTHS = ("video", "subject", "frames", "fps", "seconds", "source")


@dataclass(frozen=True)
class LongEvent:
    """One movement: its frames as in the file names (the apex is None if unknown), kind, emotion and action units.

    ``note`` says how the row was completed; emotion and action units are empty where they are unknown. Raises
    MerlabError for another kind.
    """

    onset: int
    apex: int | None
    offset: int
    kind: Kind
    emotion: str = ""
    action_units: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        look_up(self.kind, dict.fromkeys(get_args(Kind)), "kind of movement")


@dataclass(frozen=True)
class LongVideo:
    """A video (a folder of images, or a file) with ``frames`` frames, and its events, which may be none.

    ``name`` is unique in its database, and is what spotted events must have in their column video.
    """

    database: str
    subject: str
    name: str
    source: Path
    fps: float
    frames: int
    events: tuple[LongEvent, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", as_path(self.source, f"the source of {self.name}"))

    @property
    def seconds(self) -> float:
        """The length of the video."""
        return self.frames / self.fps


@dataclass(frozen=True)
class LongVideos:
    """The long videos of a database, with what was found while reading them."""

    videos: tuple[LongVideo, ...]
    findings: tuple[Finding, ...] = ()
    stamps: tuple[str, ...] = ()

    @property
    def kinds(self) -> dict[str, int]:
        """The number of events of each kind."""
        return dict(Counter(event.kind for video in self.videos for event in video.events))

    def truth(self) -> pd.DataFrame:
        """One row per event, with the columns TRUTH, as ``merlab score-spotting`` reads them."""
        rows = [
            (
                video.name,
                video.subject,
                event.onset,
                event.apex,
                event.offset,
                event.kind,
                event.emotion,
                event.action_units,
                video.fps,
                event.note,
            )
            for video in self.videos
            for event in video.events
        ]
        return pd.DataFrame(rows, columns=list(TRUTH)).astype({"onset": "Int64", "apex": "Int64", "offset": "Int64"})

    def lengths(self) -> pd.DataFrame:
        """One row per video, also of those without any event, with the columns LENGTHS."""
        rows = [
            (video.name, video.subject, video.frames, video.fps, video.seconds, str(video.source))
            for video in self.videos
        ]
        return pd.DataFrame(rows, columns=list(LENGTHS))
