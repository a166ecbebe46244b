"""The motion score: how far a face moves away and returns anywhere, in units of its usual movement (noise)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, region_mask
from merlab.frames import Float32Array
from merlab.given import naming_fields, require_number
from merlab.spotting.jitter import noise_with_jitter
from merlab.spotting.motion import (
    COLUMNS,
    ROWS,
    block_centers,
    blocks_beside_lids,
    lid_blocks,
    lower_lid_blocks,
    usable_blocks,
)
from merlab.spotting.over_blocks import median_of_frames, product
from merlab.spotting.unit_filters import MEDIAN_TO_DEVIATION, UnitFilters, unit_filters, unit_movements

LEAST_SIGMA = 0.3
SIGMAS = 4
# The lowest and the highest value of each setting. Longer times leave nothing to compare in a window.
LARGEST_SETTING = 1e6
SCORE_RANGES: Mapping[str, tuple[float, float]] = {
    "smoothing": (0, 60),
    "reach": (0.001, 60),
    "settling": (0, 60),
    "least_noise": (1e-6, LARGEST_SETTING),
    "lid_leak": (0, 1),
    "units": (0, LARGEST_SETTING),
    "jitter": (0, LARGEST_SETTING),
}
MOST_UNEQUAL = 2.0
# The paper's five regions. Cheeks and mouth are halved because their sides often move alone; right and left are the
# subject's.
PARTS = (
    "eyes and brows",
    "nose",
    "cheeks, right",
    "cheeks, left",
    "mouth, right",
    "mouth, left",
    "chin",
)


@naming_fields(module=__name__)
@dataclass(frozen=True)
class ScoreSettings:
    """How the score is computed; times in seconds, so that it does not depend on the frame rate.

    Raises MerlabError for a value outside of its range.

    Attributes:
        smoothing: standard deviation of the Gaussian over time, 0 to 60.
        reach: the time between a frame and the earlier and later faces that it is compared with, 0.001 to 60; longer
            than any micro-expression takes to rise or to fall.
        settling: the time over which those two faces are averaged, 0 to 60.
        least_noise: the smallest noise of a block, px, 0.000001 to a million.
        lid_leak: the share of a blink's movement that optical flow smears over the rest of the face, 0 to 1.
        units: the score of a filter for an action unit is multiplied by this before it is compared with that of a pair,
            0 to a million; 0 leaves the filters out.
        jitter: weight of the jitter of a block in its noise, 0 to a million; only jitter above USUAL times its usual
            value counts; 0 leaves it out.

    """

    smoothing: float = 0.025
    reach: float = 0.45
    settling: float = 0.25
    least_noise: float = 0.03
    lid_leak: float = 0.35
    units: float = 1.0
    jitter: float = 4.0

    def __post_init__(self) -> None:
        require_in_range(self, SCORE_RANGES, "score.")


def require_in_range(settings: object, ranges: Mapping[str, tuple[float, float]], group: str = "") -> None:
    """Raises MerlabError, with the name of the setting, for a value that is not a number in its range; NaN is not."""
    for name, (lowest, highest) in ranges.items():
        require_number(getattr(settings, name), f"{group}{name} of spotting", lowest, highest)


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of n frames, and the displacements that they come from.

    ``pairs`` (n, pairs) are those of each pair of blocks, in units of noise: 1 is its usual movement. ``lids`` (n,) is
    how far the lids of both eyes move and return, px. ``smooth`` (n, ROWS, COLUMNS, 2) is where the blocks are,
    ``before`` and ``after`` their displacement from the earlier and from the later face, all px; ``noise`` (ROWS,
    COLUMNS) is in px, ``unsteady`` (n, ROWS, COLUMNS) that of each moment in relation to it, at least 1. ``seconds`` is
    how long the frames last; ``settings`` are those of the score.
    """

    pairs: Float32Array
    lids: Float32Array
    smooth: Float32Array
    before: Float32Array
    after: Float32Array
    noise: Float32Array
    unsteady: Float32Array
    seconds: float
    settings: ScoreSettings

    @cached_property
    def filters(self) -> UnitFilters:
        """The filters for action units; the calmer half of the frames shows which blocks move together."""
        most = self.pairs.max(axis=1)
        calm, least_noise = most <= np.median(most), self.settings.least_noise
        return unit_filters(self.before, self.after, self.noise, calm, least_noise=least_noise, seconds=self.seconds)

    @cached_property
    def units(self) -> Float32Array:
        """The score of each filter, (n, units): of movements in the direction of its unit alone.

        As that of a pair, it is lower where the blocks jitter; each counts by its share of the noise of the response.
        """
        before, after = self.filters.before, self.filters.after
        energy = np.where((before > 0) & (after > 0), _return_trip(before[..., None], after[..., None]), 0)
        shares = (product(self.filters.weights, self.filters.weights) * self.noise**2).reshape(energy.shape[1], -1)
        shares /= shares.sum(axis=1, keepdims=True)
        unsteady = self.unsteady.reshape(len(energy), -1) ** 2 @ shares.T
        return np.asarray(self.settings.units * np.sqrt(energy / unsteady), np.float32)

    @cached_property
    def total(self) -> Float32Array:
        """The score of the pair of blocks that moves most, or of the filter that responds most, (n,)."""
        if not self.settings.units:
            return np.asarray(self.pairs.max(axis=1), np.float32)
        return np.asarray(np.maximum(self.pairs.max(axis=1), self.units.max(axis=1)), np.float32)

    def strongest(self, frame: int) -> tuple[int, Float32Array]:
        """The pair that moves most in a frame, and the pattern (ROWS, COLUMNS, 2) of the movement that scores there.

        Where a filter has the score, the pair is the one that moves most as the unit moves it.
        """
        pair, moved = int(self.pairs[frame].argmax()), self.middle(frame)
        if not self.settings.units or self.units[frame].max() <= self.pairs[frame, pair]:
            return pair, np.asarray(moved * (pair_weights()[pair] / self.noise**2)[..., None], np.float32)
        unit = int(self.units[frame].argmax())
        as_unit = product(unit_movements()[unit], moved)
        return int(np.einsum("krc,rc->k", pair_weights(), as_unit).argmax()), self.filters.weights[unit]

    def middle(self, frames: int | NDArray[np.int_]) -> Float32Array:
        """How far the blocks are from where they were before and are after, the mean of both, px.

        (ROWS, COLUMNS, 2) in one frame, (m, ROWS, COLUMNS, 2) in several.
        """
        return np.asarray((self.before[frames] + self.after[frames]) / 2, np.float32)


def score(places: Float32Array, fps: float, settings: ScoreSettings) -> Scores:
    """Score the places (n, ROWS, COLUMNS, 2) of the blocks in successive frames.

    The score of a pair is the root of the mean over its blocks of b . a / noise², where b and a are the
    displacements from the faces ``reach`` earlier and later: large only where it moves away and returns within that
    time. A steady drift, or a movement that stays, gives b . a <= 0. Where the lids move away and return, as in a
    blink, the share of it that optical flow smears over the face is subtracted. Where a block jitters, its noise is
    larger (see ``jitter``).
    """
    smooth = _smoothed(places, settings.smoothing * fps)
    rest = _averaged(smooth, max(1, round(settings.settling * fps)))
    frames, reach = np.arange(len(places)), max(1, round(settings.reach * fps))
    before = smooth - rest[np.maximum(frames - reach, 0)]
    after = smooth - rest[np.minimum(frames + reach, len(places) - 1)]
    return_trip = _return_trip(before, after)
    lids = np.maximum(np.min([return_trip[:, eye].mean(axis=1) for eye in lid_blocks()], axis=0), 0)
    moved = np.asarray((before + after) / 2, np.float32)
    noise = np.maximum(_noise(moved), settings.least_noise)
    net = _lower_lids_up(return_trip, before, after) - (settings.lid_leak**2 * lids)[:, None, None]
    unsteady = noise_with_jitter(places, moved, noise, fps, settings.jitter)
    energy = (net / (noise * unsteady) ** 2).reshape(len(places), -1)
    pairs = np.sqrt(np.maximum(energy @ pair_weights().reshape(len(pair_weights()), -1).T, 0))
    return Scores(pairs, np.sqrt(lids), smooth, before, after, noise, unsteady, len(places) / fps, settings)


def _lower_lids_up(return_trip: Float32Array, before: Float32Array, after: Float32Array) -> Float32Array:
    """The product b . a of all blocks; that of the lower lids only of movements up, since a blink moves them down."""
    lower = lower_lid_blocks()
    up_before, up_after = np.maximum(-before[:, lower, 1:], 0), np.maximum(-after[:, lower, 1:], 0)
    counted = return_trip.copy()
    counted[:, lower] = _return_trip(up_before, up_after)
    return counted


def _return_trip(before: Float32Array, after: Float32Array) -> Float32Array:
    """The product b . a of displacements (..., components), (...,).

    Noise in the shorter of the two must not make a large movement that stays score, so the product counts at most
    MOST_UNEQUAL times the square of the shorter one.
    """
    nearer = np.minimum(product(before, before), product(after, after))
    return np.asarray(np.minimum(product(before, after), MOST_UNEQUAL * nearer), np.float32)


def _noise(change: Float32Array) -> Float32Array:
    """The usual movement of each block, (ROWS, COLUMNS) px: a standard deviation that rare movements do not change."""
    median = median_of_frames(np.abs(change))
    return np.asarray(MEDIAN_TO_DEVIATION * np.sqrt((median**2).mean(axis=-1)), np.float32)


def _smoothed(places: Float32Array, sigma: float) -> Float32Array:
    if sigma < LEAST_SIGMA:
        return places
    kernel = (1, 2 * int(SIGMAS * sigma) + 1)
    flat = places.reshape(len(places), -1)
    smooth = cv2.GaussianBlur(flat, kernel, sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth.reshape(places.shape), np.float32)


def _averaged(places: Float32Array, frames: int) -> Float32Array:
    mean = cv2.blur(places.reshape(len(places), -1), (1, frames), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mean.reshape(places.shape), np.float32)


@cache
def pair_weights() -> Float32Array:
    """The weight of each block in each pair of usable blocks that are side by side, (pairs, ROWS, COLUMNS).

    Many movements are no larger: the corner of a mouth, a brow, the middle of a lip. In a whole part of the face, they
    are lost among the blocks that do not move.
    """
    usable = usable_blocks()
    rows, columns = np.nonzero(usable[:, :-1] & usable[:, 1:])
    weights = np.zeros((len(rows), ROWS, COLUMNS), np.float32)
    for side in (0, 1):
        weights[np.arange(len(rows)), rows, columns + side] = 0.5
    return weights


@cache
def pair_parts() -> NDArray[np.int_]:
    """The part (index of PARTS) of each pair, (pairs,); the one with the nearest center if a pair is in none.

    So the lower lids, which rise and fall with the cheeks, belong to these.
    """
    shares = np.einsum("krc,prc->kp", pair_weights(), part_weights())
    centers = np.stack(block_centers(), axis=-1)
    of_pair, of_part = (np.einsum("krc,rcd->kd", weights, centers) for weights in (pair_weights(), part_weights()))
    distance = np.hypot(*np.moveaxis(of_pair[:, None] - of_part[None], -1, 0))
    return np.asarray(np.where(shares.max(axis=1) > 0, shares.argmax(axis=1), distance.argmin(axis=1)), np.int_)


@cache
def part_weights() -> Float32Array:
    """The weight of each block in each part of the face, (PARTS, ROWS, COLUMNS); the weights of a part sum to 1.

    The lids and the outermost blocks have weight 0: flow at the border of a frame is unreliable.
    """
    usable = blocks_beside_lids()
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
