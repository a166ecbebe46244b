"""Small recordings of arrays: a texture part of which moves away and back."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from merlab.databases.long_video import LongEvent, LongVideo
from merlab.spotting.comparison.kept_values import keep
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.sampling import Measuring

FPS = 50.0
SIZE = (56, 46)


@cache
def texture(seed=0):
    noise = np.random.default_rng(seed).uniform(0, 255, SIZE).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.interp(smooth, [smooth.min(), smooth.max()], [20, 235]).astype(np.float32)


def frames(count, movements, seed=0, px=1.5):
    """Gray frames (HEIGHT, WIDTH); in each movement (onset, apex, offset) the lower third shifts by ``px`` and back."""
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    mouth = np.clip((rows - 0.55 * SIZE[0]) / 4, 0, 1)
    course = np.zeros(count)
    for onset, apex, offset in movements:
        course += np.interp(np.arange(count), [onset, apex, offset], [0, 1, 0], 0, 0)
    for away in course:
        moved = cv2.remap(texture(seed), columns - np.float32(px * away) * mouth, rows, cv2.INTER_LINEAR)
        yield np.rint(moved).astype(np.uint8)


def measured(grays, features):
    """The features of all samples, by key."""
    measuring = Measuring(features)
    values: dict[str, list[np.ndarray]] = {each.key: [] for each in features}
    for gray in grays:
        for key, value in measuring.add(gray).items():
            values[key].append(value)
    return {key: np.stack(each) if each else np.zeros(0, np.float32) for key, each in values.items()}


def video(name, movements, count, subject=""):
    events = tuple(LongEvent(onset + 1, apex + 1, offset + 1, "micro") for onset, apex, offset in movements)
    return LongVideo("", subject or name, name, Path(name), FPS, count, events)


def material(folder, name, count, movements, features, seed=0):
    """A recording with these features, as if it had been read."""
    for key, values in measured(frames(count, movements, seed), features).items():
        keep(folder / name, key, values)
    return MeasuredRecording(video(name, movements, count), folder / name, 1, 1, count, False)
