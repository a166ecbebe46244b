"""The score rises where a part of the face moves out and comes back, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.motion import block_centers, lid_blocks, lower_lid_blocks
from merlab.spotting.motion_score import PARTS, ScoreSettings, pair_parts, part_weights, score
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, moving_places, still_places, there_and_back

FPS = 200.0
SETTINGS = ScoreSettings()


class TestParts:
    def test_the_blocks_of_a_part_weigh_1_together_and_lids_and_border_nothing(self):
        weights = part_weights()
        assert weights.sum(axis=(1, 2)) == pytest.approx(np.ones(len(PARTS)), abs=1e-5)
        assert weights[:, lid_blocks().any(axis=0)].max() == 0
        assert max(weights[:, [0, -1]].max(), weights[:, :, [0, -1]].max()) == 0

    @pytest.mark.parametrize(
        ("part", "center"),
        [
            ("eyes and brows", (60, 36)),
            ("nose", (115, 130)),
            ("cheeks, right", (55, 130)),
            ("cheeks, left", (175, 130)),
            ("mouth, right", (66, 190)),
            ("mouth, left", (166, 190)),
            ("chin", (115, 250)),
        ],
    )
    def test_a_movement_scores_highest_in_its_own_part(self, part, center):
        places = moving_places(there_and_back(2000, 1000, 1030, 1060), center)
        assert PARTS[pair_parts()[score(places, FPS, SETTINGS).pairs[1030].argmax()]] == part


class TestScore:
    def test_peaks_at_the_apex_of_a_movement_that_comes_back(self):
        total = score(moving_places(there_and_back(2000, 1000, 1030, 1070)), FPS, SETTINGS).total
        assert abs(int(total.argmax()) - 1030) <= 2
        assert total.max() > 20
        assert np.delete(total, np.arange(950, 1120)).max() < 3

    def test_stays_low_where_a_movement_stays(self):
        course = np.clip((np.arange(2000) - 1000) / 30, 0, 1)
        assert score(moving_places(course), FPS, SETTINGS).total.max() < 3

    def test_stays_low_under_a_steady_drift(self):
        assert score(moving_places(np.linspace(0, 5, 2000)), FPS, SETTINGS).total.max() < 3

    def test_is_in_units_of_what_the_face_does_all_the_time(self):
        places = 10 * moving_places(there_and_back(2000, 1000, 1030, 1070))
        peak = score(places, FPS, SETTINGS).total.max()
        assert score(2 * places, FPS, SETTINGS).total.max() == pytest.approx(peak, rel=1e-3)
        restless = places + still_places(2000, 2.0, seed=1)
        assert score(restless, FPS, SETTINGS).total.max() < 0.5 * peak


class TestLowerLids:
    @staticmethod
    def moving(size):
        """The lower lid of the right eye goes down by ``size`` px and returns."""
        places = still_places(2000)
        places[:, lid_blocks()[0] & lower_lid_blocks(), 1] += size * there_and_back(2000, 1000, 1030, 1070)[:, None]
        return score(places, FPS, SETTINGS)

    def test_that_it_tightens_is_found_and_belongs_to_the_cheek(self):
        """Action unit 7 raises it."""
        scores = self.moving(-2.0)
        assert abs(int(scores.pairs.max(axis=1).argmax()) - 1030) <= 2
        assert scores.pairs.max() > 10
        assert PARTS[pair_parts()[scores.strongest(1030)[0]]] == "cheeks, right"

    def test_that_it_is_drawn_down_as_in_a_blink_does_not_score(self):
        assert self.moving(2.0).pairs.max() < 3


class TestBlinks:
    @staticmethod
    def blinking(eyes, leak=0.0):
        """Lids that go 10 px down and up, and the share of it that flow smears over the mouth."""
        course = there_and_back(2000, 1000, 1020, 1040)
        places = still_places(2000)
        for eye in lid_blocks()[eyes]:
            places[:, eye, 1] += 10 * course[:, None]
        places[..., 1] += 10 * leak * course[:, None, None] * bump(*block_centers(), LEFT_MOUTH_CORNER)
        return score(places, FPS, SETTINGS)

    def test_a_blink_of_both_eyes_is_seen_at_the_lids_and_does_not_score(self):
        scores = self.blinking(slice(0, 2), leak=0.2)
        assert scores.lids[1020] == pytest.approx(9.3, abs=0.7)
        assert scores.total[980:1060].max() < 3

    def test_without_the_blink_the_same_smear_would_score(self):
        assert self.blinking(slice(0, 0), leak=0.2).total[980:1060].max() > 5

    def test_a_wink_is_no_blink(self):
        assert self.blinking(slice(0, 1)).lids.max() < 0.5
