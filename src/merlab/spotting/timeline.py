"""The timeline of a video: spot its movements and write them down, frame by frame as the video is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merlab import __version__
from merlab.errors import MerlabError
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import ClipError, Frames, Image, describe_numbers, open_frames
from merlab.progress import Progress, silent
from merlab.spotting.spot import SpottedEvent, SpottingSettings, Window, spot
from merlab.storage import read_json, whole_folder, write_json

EVENTS, SCORES, METADATA = "events.csv", "scores.csv", "spotting.json"
SCORE_COLUMNS = ("frame", "time_s", "score", "lids_px", "threshold")
EVENT_COLUMNS = ("video", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s", "duration_s", "score", "part")
FULL_SPEED = 100.0
LARGEST_STRETCH = 1.15
FRAMES_A_REPORT = 100


@dataclass(frozen=True)
class Timeline:
    """What ``spot_video`` left in ``folder``: the events, one row each, and what a user should know about them."""

    folder: Path
    events: pd.DataFrame
    metadata: dict[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What limits the result, in sentences."""
        return list(self.metadata["warnings"])


def spot_video(
    source: Path,
    out: Path,
    *,
    fps: float | None = None,
    settings: SpottingSettings | None = None,
    progress: Progress = silent,
) -> Timeline:
    """Spot the movements of one video, or one folder of images, of an aligned face; write them into ``out``.

    ``fps`` overrides what a video says, and is needed for a folder. ``out`` gets events.csv (frames as numbered in the
    source, seconds from its first frame), scores.csv (a row a frame) and spotting.json, all together or none; a result
    of the same source and settings is found again. Memory does not grow with the video.

    Raises MerlabError for a source that cannot be read, has no frame rate, or does not hold aligned faces.
    """
    settings = settings or SpottingSettings()
    frames = open_frames(source)
    fps = fps or frames.fps
    if fps is None:
        raise MerlabError(f"{source} does not say how many frames a second it has; give --fps")
    asked = _asked(source, frames, fps, settings)
    if (out / METADATA).is_file():
        there = read_json(out / METADATA)
        if there.get("asked") == asked:
            return Timeline(out, pd.read_csv(out / EVENTS), there)
    elif out.exists():
        raise MerlabError(f"{out} exists and holds no result of `merlab spot`; choose another folder")
    with whole_folder(out) as aside:
        metadata = _write(source, frames, fps, settings, aside, progress)
        write_json(aside / METADATA, {"asked": asked} | metadata)
    return Timeline(out, pd.read_csv(out / EVENTS), {"asked": asked} | metadata)


def _asked(source: Path, frames: Frames, fps: float, settings: SpottingSettings) -> dict[str, Any]:
    """All that decides a result."""
    state = source.stat()
    return {
        "source": str(source.resolve()),
        "bytes": state.st_size,
        "modified_ns": state.st_mtime_ns,
        "frames_promised": frames.promised,
        "fps": fps,
        "settings": asdict(settings),
        "merlab": __version__,
    }


def _write(
    source: Path, frames: Frames, fps: float, settings: SpottingSettings, out: Path, progress: Progress
) -> dict[str, Any]:
    """Write events and scores as they come; gives what is to be said about them."""
    reader = _Reader(source, frames, progress)
    dropped = 0
    with (
        (out / EVENTS).open("w", newline="", encoding="utf-8") as events_file,
        (out / SCORES).open("w", newline="", encoding="utf-8") as scores_file,
    ):
        events, scores = csv.writer(events_file), csv.writer(scores_file)
        events.writerow(EVENT_COLUMNS)
        scores.writerow(SCORE_COLUMNS)
        for window in spot(reader.images(), fps, settings):
            scores.writerows(_score_rows(window, reader.first, fps))
            events.writerows(_event_row(event, source.name, reader.first, fps) for event in window.events)
            dropped += window.dropped
    if not reader.count:
        raise MerlabError(f"{source} holds no frame")
    warnings = limits(fps, reader.count, frames.promised, dropped, settings)
    return {"frames": reader.count, "seconds": round(reader.count / fps, 6), "dropped": dropped, "warnings": warnings}


class _Reader:
    """Reads the frames of a source in order; counts them, and sees that they are aligned faces without gaps."""

    def __init__(self, source: Path, frames: Frames, progress: Progress) -> None:
        self.count, self.first = 0, 1
        self._source, self._frames, self._progress = source, frames, progress

    def images(self) -> Iterator[Image]:
        """Every frame, (H, W, 3) BGR."""
        for number, image in self._frames:
            if not self.count:
                self.first = number
                require_aligned(self._source, image)
            if number != self.first + self.count:
                require_every_frame(self._source, self._frames)
            self.count += 1
            if self.count % FRAMES_A_REPORT == 0:
                self._progress(self.count, max(self.count, self._frames.promised), "spotting")
            yield image


def require_every_frame(source: Path, frames: Frames) -> None:
    """Raises MerlabError where numbers are missing between the first frame and the last."""
    numbers = frames.numbers
    if numbers and len(numbers) <= numbers[-1] - numbers[0]:
        raise MerlabError(
            f"{source} holds {describe_numbers(numbers)}; without every frame the times would be wrong: copy the "
            "missing ones, or give each part by itself"
        )


def require_aligned(source: Path, image: Image) -> None:
    """Raises ClipError where a frame has not the proportions of an aligned face."""
    height, width = image.shape[:2]
    stretch = (width / height) / (LAYOUT_WIDTH / LAYOUT_HEIGHT)
    if not 1 / LARGEST_STRETCH < stretch < LARGEST_STRETCH:
        raise ClipError(
            f"{source} has frames of {width}x{height} pixels, which are no aligned faces: those have the proportions "
            f"of {LAYOUT_WIDTH}x{LAYOUT_HEIGHT}, the eyes a quarter down; crop and align the faces first"
        )


def _score_rows(window: Window, first: int, fps: float) -> Iterator[tuple[object, ...]]:
    for index, (total, lids) in enumerate(zip(window.total, window.lids, strict=True), start=window.first - 1):
        yield first + index, f"{index / fps:.5f}", f"{total:.3f}", f"{lids:.3f}", f"{window.threshold:.3f}"


def _event_row(event: SpottedEvent, video: str, first: int, fps: float) -> tuple[object, ...]:
    moments = (event.onset, event.apex, event.offset)
    seconds = [f"{(moment - 1) / fps:.5f}" for moment in moments]
    numbers = [first + moment - 1 for moment in moments]
    return video, *numbers, *seconds, f"{event.duration(fps):.5f}", f"{event.score:.3f}", event.part


def limits(fps: float, count: int, promised: int, dropped: int, settings: SpottingSettings) -> list[str]:
    """What limits what was spotted in ``count`` frames of ``promised``, in sentences."""
    warnings = []
    if fps < FULL_SPEED:
        warnings.append(
            f"{fps:g} frames a second: a micro-expression of 0.2 s lasts {0.2 * fps:.1f} frames, so that short ones "
            f"are missed and times are only good to {1000 / fps:.0f} ms; databases have 100 to 200"
        )
    if count / fps < settings.window:
        warnings.append(
            f"only {count / fps:.1f} s: what a face does all the time is judged on {settings.window:g} s or more, "
            "and a movement that fills much of a short clip may be taken for noise"
        )
    if promised > count:
        warnings.append(f"{count} of {promised} frames could be read; the file may be damaged after that")
    if dropped:
        warnings.append(
            f"{dropped} movement(s) left out: shorter than {settings.shortest} s or longer than {settings.longest} s"
        )
    return warnings
