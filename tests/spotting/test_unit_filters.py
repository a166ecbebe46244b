"""A filter for an action unit finds a weak movement that is spread over the face, which no pair of blocks shows."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.motion import COLUMNS, ROWS, usable_blocks, without_head
from merlab.spotting.motion_score import PARTS, ScoreSettings, pair_parts, score
from merlab.spotting.unit_blocks import unit_blocks
from merlab.spotting.unit_filters import unit_filters, unit_movements
from tests.videos.faces import still_places, there_and_back

FPS, NOISE = 200.0, 0.1


def filters_for(changes):
    """The filters for a face that always moves like ``changes`` (n, ROWS, COLUMNS, 2) px."""
    noise = np.full((ROWS, COLUMNS), NOISE, np.float32)
    calm, seconds = np.ones(len(changes), bool), len(changes) / FPS
    return unit_filters(changes, changes, noise, calm, least_noise=0.01, seconds=seconds)


class TestFilters:
    def test_in_independent_noise_a_filter_is_the_movement_of_its_unit(self):
        filters = filters_for(still_places(4000, NOISE))
        for unit, weights in zip(
            unit_movements()[:, usable_blocks()], filters.weights[:, usable_blocks()], strict=True
        ):
            cosine = (unit * weights).sum() / np.linalg.norm(unit) / np.linalg.norm(weights)
            assert cosine == pytest.approx(1, abs=0.03)
            # Its response to 1 px is then the signal-to-noise ratio of all blocks together.
            assert (unit * weights).sum() == pytest.approx(np.linalg.norm(unit) / NOISE, rel=0.1)

    def test_what_all_blocks_do_together_all_the_time_counts_less_than_what_a_unit_does(self):
        restless = still_places(4000, 0.05)
        restless += np.random.default_rng(1).normal(0, NOISE, (4000, 1, 1, 2)).astype(np.float32)
        filters, unit = filters_for(restless), unit_movements()[0]
        together = np.zeros_like(unit)
        together[usable_blocks(), 1] = np.linalg.norm(unit[usable_blocks()]) / np.sqrt(usable_blocks().sum())
        assert abs((together * filters.weights[0]).sum()) < 0.1 * (unit * filters.weights[0]).sum()

    def test_a_movement_that_is_usual_for_a_face_counts_less_by_the_share_of_it_that_noise_is_not(self):
        """By the inverse of the covariance I + k p p^T / 2, half of which is that of independent blocks."""
        usable, k = usable_blocks(), 8.0
        unit, other = (unit_movements()[list(unit_blocks()).index(key)] for key in ("12l", "10l"))
        usual = np.where(usable[..., None], other, 0) / np.linalg.norm(other[usable])
        amplitude = np.random.default_rng(1).normal(0, NOISE * np.sqrt(k), (4000, 1, 1, 1))
        filters = filters_for(np.asarray(still_places(4000, NOISE) + amplitude * usual, np.float32))
        weights = filters.weights[list(unit_blocks()).index("12l")]
        along = float((usual * unit).sum())
        expected = (along / (1 + k / 2)) / (np.square(unit[usable]).sum() - k / 2 / (1 + k / 2) * along**2)
        assert abs(along) > 0.3 * np.linalg.norm(unit[usable])
        assert (usual * weights).sum() / (unit * weights).sum() == pytest.approx(expected, rel=0.15)


class TestScore:
    def test_a_weak_spread_movement_is_found_by_its_filter_and_not_by_pairs(self):
        smile = without_head(unit_blocks()["12r"]) + without_head(unit_blocks()["12l"])
        course = there_and_back(2000, 1000, 1030, 1060)[:, None, None, None]
        places = np.asarray(still_places(2000, NOISE) + 0.15 * course * smile, np.float32)
        scores, pairs = (score(places, FPS, ScoreSettings(units=units)) for units in (1, 0))
        assert scores.total[1010:1051].max() > 2 * pairs.total[1010:1051].max()
        assert scores.total[1010:1051].max() > 8
        assert pairs.total[1010:1051].max() < 5
        assert np.delete(scores.total, np.arange(900, 1160)).max() < 4
        assert PARTS[pair_parts()[scores.strongest(1030)[0]]].startswith(("mouth", "cheeks"))

    def test_a_movement_against_the_direction_of_a_unit_does_not_score_by_its_filter(self):
        course = there_and_back(2000, 1000, 1030, 1060)[:, None, None, None]
        number = list(unit_blocks()).index("12l")
        unit = unit_movements()[number]
        there, against = (
            score(np.asarray(still_places(2000, NOISE) + size * course * unit, np.float32), FPS, ScoreSettings())
            for size in (0.5, -0.5)
        )
        assert there.units[1030, number] > 10
        assert against.units[1000:1060, number].max() < 2
