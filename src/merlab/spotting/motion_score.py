"""The motion score: how far each part of a face moves out and comes back, against what it does all the time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, region_mask
from merlab.frames import Float32Array
from merlab.spotting.motion import COLUMNS, ROWS, block_centers, lid_blocks

MEDIAN_TO_DEVIATION = 1.4826
LEAST_SIGMA = 0.3
SIGMAS = 4
# The paper's five regions; those whose sides often move alone are halved, at the subject's right and left.
PARTS = (
    "eyes and brows",
    "nose",
    "cheeks, right",
    "cheeks, left",
    "mouth, right",
    "mouth, left",
    "chin",
)


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

    smoothing: float = 0.025
    reach: float = 0.45
    settling: float = 0.1
    least_noise: float = 0.03
    lid_leak: float = 0.35


@dataclass(frozen=True)
class Scores:
    """Of n frames: ``parts`` (n, PARTS) and ``lids`` (n,), and what was compared.

    ``parts`` is in units of noise: 1 is what that part of the face does all the time. ``lids`` is how far the lids of
    both eyes move and come back, px. ``smooth`` (n, ROWS, COLUMNS, 2) is where the blocks are, ``before`` and ``after``
    their displacement from the face before and from the face after the frame, all px; ``noise`` (ROWS, COLUMNS) px.
    """

    parts: Float32Array
    lids: Float32Array
    smooth: Float32Array
    before: Float32Array
    after: Float32Array
    noise: Float32Array

    @property
    def total(self) -> Float32Array:
        """The score of the part that moves most, (n,)."""
        return np.asarray(self.parts.max(axis=1), np.float32)


def score(tracks: Float32Array, fps: float, settings: ScoreSettings) -> Scores:
    """Score the places (n, ROWS, COLUMNS, 2) of the blocks in successive frames.

    A part's score is the root of the mean over its blocks of b . a / noise², where b and a are the displacements from
    the face ``reach`` before and after: large only where a movement goes out and comes back within that time. A
    steady drift, or a movement that stays, gives b . a <= 0. Where the lids go out and come back, as in a blink, what
    flow smears of it over the face is taken off.
    """
    smooth = _smoothed(tracks, settings.smoothing * fps)
    rest = _averaged(smooth, max(1, round(settings.settling * fps)))
    frames, reach = np.arange(len(tracks)), max(1, round(settings.reach * fps))
    before = smooth - rest[np.maximum(frames - reach, 0)]
    after = smooth - rest[np.minimum(frames + reach, len(tracks) - 1)]
    return_trip = (before * after).sum(axis=-1)
    lids = np.maximum(np.min([return_trip[:, eye].mean(axis=1) for eye in lid_blocks()], axis=0), 0)
    noise = np.maximum(_noise(np.asarray((before + after) / 2, np.float32)), settings.least_noise)
    net = return_trip - (settings.lid_leak**2 * lids)[:, None, None]
    energy = np.einsum("nrc,prc->np", net / noise**2, part_weights())
    return Scores(np.sqrt(np.maximum(energy, 0)), np.sqrt(lids), smooth, before, after, noise)


def _noise(change: Float32Array) -> Float32Array:
    """What each block does all the time, (ROWS, COLUMNS) px: a deviation that rare movements leave as it is."""
    median = np.median(np.abs(change), axis=0)
    return np.asarray(MEDIAN_TO_DEVIATION * np.sqrt((median**2).mean(axis=-1)), np.float32)


def _smoothed(tracks: Float32Array, sigma: float) -> Float32Array:
    if sigma < LEAST_SIGMA:
        return tracks
    kernel = (1, 2 * int(SIGMAS * sigma) + 1)
    flat = tracks.reshape(len(tracks), -1)
    smooth = cv2.GaussianBlur(flat, kernel, sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth.reshape(tracks.shape), np.float32)


def _averaged(tracks: Float32Array, frames: int) -> Float32Array:
    mean = cv2.blur(tracks.reshape(len(tracks), -1), (1, frames), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mean.reshape(tracks.shape), np.float32)


@cache
def part_weights() -> Float32Array:
    """How much each block counts to each part, (PARTS, ROWS, COLUMNS), summing to 1 a part.

    The lids count nowhere, nor do the outermost blocks: flow at the border of a frame is unsure.
    """
    usable = np.pad(np.ones((ROWS - 2, COLUMNS - 2), bool), 1) & ~lid_blocks().any(axis=0)
    x, _ = block_centers()
    right = x < (LAYOUT_WIDTH - 1) / 2
    weights = []
    for part in PARTS:
        region, _, side = part.partition(", ")
        mask = region_mask(REGIONS[region], LAYOUT_WIDTH, LAYOUT_HEIGHT).astype(np.float32)
        share = cv2.resize(mask, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA) * usable
        if side:
            share = share * (right if side == "right" else ~right)
        weights.append(share / share.sum())
    return np.asarray(weights, np.float32)
