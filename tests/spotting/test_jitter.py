"""Jitter of a block counts as noise where it is, and nowhere else; a movement of a face is smooth."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.jitter import noise_with_jitter
from merlab.spotting.motion import COLUMNS, ROWS, usable_blocks
from merlab.spotting.motion_score import ScoreSettings, score
from tests.videos.faces import moving_places, still_places, there_and_back

NOISE = np.full((ROWS, COLUMNS), 0.1, np.float32)
# A pair of blocks that are side by side, on a cheek.
ROW, PAIR = 7, slice(9, 11)


def jumping(frames: range, px: float = 1.5):
    """Blocks that are still but for a pair, which jumps between two places in most frames of ``frames``."""
    places, chance = still_places(2000), np.random.default_rng(0)
    assert usable_blocks()[ROW, PAIR].all()
    course = np.hanning(len(frames))
    places[frames.start : frames.stop, ROW, PAIR, 0] += (px * (chance.random(len(frames)) < course))[:, None]
    return places


@pytest.mark.parametrize(("fps", "frames"), [(200.0, 13), (60.0, 4), (30.0, 2)])
def test_is_the_usual_noise_where_blocks_are_still_and_while_they_move_as_a_face_does(fps, frames):
    """From 65 ms to the apex, the shortest rise of Yan et al. (2013), by 2 px."""
    places = moving_places(2 * there_and_back(2000, 1000, 1000 + frames, 1000 + 2 * frames))
    factor = noise_with_jitter(places, places, NOISE, fps, 4.0)
    assert factor[1000 : 1001 + 2 * frames].max() < 1.2
    assert np.delete(factor, np.arange(1000 - fps // 3, 1000 + fps // 2, dtype=int), axis=0).max() < 1.6


def test_is_that_of_the_jitter_where_and_when_a_block_jitters():
    """A second difference of independent errors of variance v has the variance 6 v."""
    places, chance = np.zeros((2000, ROWS, COLUMNS, 2), np.float32), np.random.default_rng(0)
    places += 0.01 * chance.standard_normal(places.shape)
    places[800:1200, ROW, 9] += 0.3 * chance.standard_normal((400, 2))
    still = np.zeros_like(places)
    factor = noise_with_jitter(places, still, NOISE, 200.0, 4.0)
    assert factor[900:1100, ROW, 9] == pytest.approx(np.full(200, np.sqrt(1 + (4 * 0.3 / 0.1) ** 2)), rel=0.2)
    assert np.delete(factor[:, ROW, 9], np.arange(745, 1255)).max() < 1.05
    assert np.delete(factor, ROW, axis=1).max() < 1.05


def test_can_be_left_out_and_needs_three_frames():
    places = jumping(range(900, 1000))
    assert (noise_with_jitter(places, places, NOISE, 200.0, 0.0) == 1).all()
    assert noise_with_jitter(places[:2], places[:2], NOISE, 200.0, 4.0).shape == (2, ROWS, COLUMNS)


def test_flow_that_jumps_between_two_places_does_not_score():
    """Skin without texture after strong compression, for a third of a second."""
    places = jumping(range(1000, 1066))
    with_jitter, without = (score(places, 200.0, ScoreSettings(jitter=weight)).total.max() for weight in (4.0, 0.0))
    assert with_jitter < 5 < without
