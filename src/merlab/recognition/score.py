"""The motion score: how far each part of a face moves out and comes back, against what it does all the time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, region_mask
from merlab.recognition.motion import COLUMNS, EDGE, ROWS, FloatArray, block_centres, lid_blocks

EDGE_WEIGHT = 1.0
MEDIAN_TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class ScoreSettings:
    """How the score is made; times in seconds, so that any frame rate gives the same.

    Attributes:
        smoothing: standard deviation of the Gaussian over time.
        reach: how long before and after a frame the face that it is compared with lies; longer than any
            micro-expression takes to rise or to fall.
        settling: over how long those two faces are averaged.
        least_noise: what a block's noise is at least, px.
        lid_leak: the share of a blink's movement that optical flow smears over the rest of the face.

    """

    smoothing: float = 0.03
    reach: float = 0.4
    settling: float = 0.1
    least_noise: float = 0.03
    lid_leak: float = 0.35


@dataclass(frozen=True)
class Scores:
    """Of n frames: ``regions`` (n, PARTS) and ``lids`` (n,), and what was compared.

    ``regions`` is in units of noise: 1 is what a part of the face does all the time. ``lids`` is how far both lids
    move and come back, px. ``before`` and ``after`` (n, ROWS, COLUMNS, 2) are a frame's displacement, px, from the
    face before and the face after it; ``noise`` (ROWS, COLUMNS) px.
    """

    regions: FloatArray
    lids: FloatArray
    smooth: FloatArray
    before: FloatArray
    after: FloatArray
    noise: FloatArray

    @property
    def total(self) -> FloatArray:
        """The score of the part that moves most, (n,)."""
        return np.asarray(self.regions.max(axis=1), np.float32)


def score(tracks: FloatArray, fps: float, settings: ScoreSettings) -> Scores:
    """Score displacements (n, ROWS, COLUMNS, 2) of successive frames."""
    smooth = _smoothed(tracks, settings.smoothing * fps)
    rest = _averaged(smooth, max(1, round(settings.settling * fps)))
    frames, reach = np.arange(len(tracks)), max(1, round(settings.reach * fps))
    before = smooth - rest[np.maximum(frames - reach, 0)]
    after = smooth - rest[np.minimum(frames + reach, len(tracks) - 1)]
    return_trip = (before * after).sum(axis=-1)
    lids = np.min([return_trip[:, eye].mean(axis=1) for eye in lid_blocks()], axis=0)
    lids = np.maximum(lids, 0)
    change = np.abs(before + after) / 2
    noise = MEDIAN_TO_DEVIATION * np.sqrt((np.median(change, axis=0) ** 2).mean(axis=-1))
    noise = np.maximum(noise, settings.least_noise)
    net = return_trip - (settings.lid_leak**2 * lids)[:, None, None]
    energy = np.einsum("nrc,prc->np", net / noise**2, part_weights())
    return Scores(np.sqrt(np.maximum(energy, 0)), np.sqrt(lids), smooth, before, after, noise)


def _smoothed(tracks: FloatArray, sigma: float) -> FloatArray:
    if sigma < 0.3:
        return tracks
    columns = cv2.GaussianBlur(
        tracks.reshape(len(tracks), -1), (1, 2 * int(4 * sigma) + 1), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(columns.reshape(tracks.shape), np.float32)


def _averaged(tracks: FloatArray, frames: int) -> FloatArray:
    columns = cv2.blur(tracks.reshape(len(tracks), -1), (1, frames), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(columns.reshape(tracks.shape), np.float32)


@cache
def part_weights() -> FloatArray:
    """How much each block counts to each part, (PARTS, ROWS, COLUMNS), summing to 1 a part; the lids count nowhere."""
    x, _ = block_centres()
    right = x < (LAYOUT_WIDTH - 1) / 2
    weights = []
    for name, region in REGIONS.items():
        mask = region_mask(region, LAYOUT_WIDTH, LAYOUT_HEIGHT).astype(np.float32)
        share = cv2.resize(mask, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA) * ~lid_blocks().any(axis=0)
        halves = [share * right, share * ~right] if name in ("cheeks", "mouth") else [share]
        weights += [half / half.sum() for half in halves]
    return np.asarray(weights, np.float32)
