"""What is measured of a face in each frame of a track, beside its place and its score: the columns MEASURES."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.spotting.even_grid import grid_of
from merlab.spotting.motion import lid_blocks
from merlab.spotting.motion_score import PARTS, Scores, ScoreSettings, pair_parts, score
from merlab.spotting.spotted_window import SpottedWindow
from merlab.videos.chunks.kept_chunk import KeptTrack
from merlab.videos.evidence.frame_units import frame_units
from merlab.videos.evidence.movement import BLINK
from merlab.videos.frame_table import LIDS, MEASURES, PART_COLUMNS, POSE, UNIT_COLUMNS, UNITS, Measured, columns_at


def track_measures(track: KeptTrack, window: SpottedWindow | None, clock: Clock, settings: ScoreSettings) -> Measured:
    """The measures in every frame of a track, (n, MEASURES); those of movement only in the frames of ``window``."""
    measures = np.full((len(track), len(MEASURES)), np.nan)
    measures[:, columns_at(POSE)] = np.stack([track.facts(name) for name in POSE], axis=1)
    if window is not None:
        scores, at = _scores(track, clock, settings)
        inside = np.arange(window.first - track.first, window.first - track.first + len(window.total))
        moments = at[inside]
        measures[inside, columns_at(PART_COLUMNS)] = _of_parts(scores)[moments]
        moved = scores.middle(moments)
        measures[inside, columns_at(LIDS)] = _lids(moved)
        measures[inside, columns_at(UNIT_COLUMNS)] = frame_units(moved, UNITS)
    return measures


def _of_parts(scores: Scores) -> Float32Array:
    """The score of each part, (n, PARTS): that of the pair of blocks in it that moves most."""
    of_pair = pair_parts()
    return np.stack([scores.pairs[:, of_pair == part].max(axis=1) for part in range(len(PARTS))], axis=1)


def _scores(track: KeptTrack, clock: Clock, settings: ScoreSettings) -> tuple[Scores, NDArray[np.int_]]:
    """The scores of a track as spotting computes them, and which of them belong to each frame."""
    grid = grid_of(range(track.first, track.first + len(track)), clock)
    if grid is None:
        return score(track.places, clock.fps, settings), np.arange(len(track))
    even: Float32Array = np.stack(list(grid.resampled(track.places)))
    return score(even, clock.fps, settings), grid.moment_of_frame


def _lids(moved: Float32Array) -> Measured:
    """How far the lids of the right and of the left eye have dropped, px, and whether both blink, (n, LIDS).

    Landmarks do not show it: those of the face mesh hardly follow a lid.
    """
    drops = np.stack([moved[:, eye, 1].mean(axis=1) for eye in lid_blocks()], axis=1)
    return np.column_stack([drops, drops.min(axis=1) > BLINK])
