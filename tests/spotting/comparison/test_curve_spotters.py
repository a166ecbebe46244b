"""Methods with one curve and one threshold."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.optical_flow import dis
from merlab.spotting.comparison.curves import CurveSpotter
from merlab.spotting.comparison.hoof import HOOF
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.mdmd import MDMD, main_difference
from merlab.spotting.comparison.mean_net import MEAN_NET
from merlab.spotting.comparison.sampling import Around
from merlab.spotting.comparison.softnet import SOFTNET
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.threshold import Peak, best_p, contrast, peaks, runs
from merlab.spotting.scoring import iou
from tests.spotting.comparison.recorded import FPS, SIZE, frames, material, measured, texture

MICRO = Target("micro", 0.32)
# In samples from 0: onset, apex, offset.
MOVEMENTS = [(60, 68, 76), (130, 138, 147)]


@pytest.mark.parametrize("spotter", [LBP_CHI2, HOOF, MDMD], ids=lambda each: each.name)
def test_planted_movements_are_found_and_nothing_in_frames_that_are_alike(spotter, tmp_path):
    features = spotter.features(MICRO, FPS)
    moving = material(tmp_path, "moving", 200, MOVEMENTS, features)
    fitted = spotter.fit([moving], MICRO, 0)
    found = fitted.spot(moving)
    truth = [(onset + 1, offset + 1) for onset, _, offset in MOVEMENTS]
    overlaps = iou(truth, [(each.onset, each.offset) for each in found])
    assert (overlaps.max(axis=1) >= 0.5).all()
    assert len(found) == len(truth)
    assert 0 < fitted.facts["p"] < 1
    still = material(tmp_path, "still", 120, [], features)
    assert fitted.spot(still) == []
    assert spotter.fit([], MICRO, 0).spot(material(tmp_path, "short", 9, [], features)) == []


def test_the_main_difference_is_the_length_of_a_known_displacement():
    """The face moves 2 px to the right, and is back k later."""
    away, back = np.zeros((*SIZE, 2), np.float32), np.zeros((*SIZE, 2), np.float32)
    away[..., 0] = 2
    assert main_difference(away, back) == pytest.approx(2)
    assert main_difference(away, away) == pytest.approx(0)
    # Only one block in nine moves: 4 of the 12 largest.
    some = away.copy()
    some[SIZE[0] // 3 :] = 0
    some[:, SIZE[1] // 3 :] = 0
    assert main_difference(some, back) == pytest.approx(2 / 3, abs=0.15)


def test_the_main_difference_of_any_flow_is_that_of_its_definition():
    first, second = np.random.default_rng(0).normal(size=(2, 60, 48, 2)).astype(np.float32)
    of_blocks = []
    for top in range(0, 60, 10):
        for left in range(0, 48, 8):
            (u, v), (other_u, other_v) = (
                np.moveaxis(flow[top : top + 10, left : left + 8].astype(float), 2, 0) for flow in (first, second)
            )
            quadrant = 2 * (v < 0) + ((u < 0) != (v < 0))
            main = quadrant == np.bincount(quadrant.ravel(), minlength=4).argmax()
            shorter = np.sort((np.hypot(u, v) - np.hypot(other_u, other_v))[main])
            of_blocks.append(shorter[-round(len(shorter) / 3) :].mean())
    assert main_difference(first, second) == pytest.approx(np.mean(sorted(of_blocks)[-12:]), rel=1e-5)


def test_mdmd_of_a_shifted_image():
    image = texture().astype(np.uint8)
    shifted = np.roll(image, 2, axis=1)
    around = Around()
    for position, gray in enumerate((image, shifted, image)):
        around.add(position, gray, 2)
    (feature,) = MDMD.features(MICRO, 2.5)
    assert (feature.before, feature.after) == (1, 1)
    flow = dis(image, shifted)
    assert float(feature(around.at(1))) == pytest.approx(float(np.hypot(*flow.mean(axis=(0, 1)))), rel=0.25)


def test_a_feature_has_one_value_for_each_sample_with_its_neighbors():
    (feature,) = HOOF.features(MICRO, FPS)
    assert (feature.before, feature.after) == (8, 8)
    assert measured(frames(20, []), [feature])[feature.key].shape == (4, 36)
    assert measured(frames(16, []), [feature])[feature.key].shape == (0,)


@pytest.mark.parametrize("spotter", [LBP_CHI2, HOOF, MDMD, SOFTNET, MEAN_NET], ids=lambda each: each.name)
def test_a_recording_has_enough_samples_where_its_curve_can_hold_an_interval(spotter):
    """A peak has a neighbor on each side; of two values, one is above the mean."""
    least = spotter.least_samples(MICRO, FPS)
    (feature,) = spotter.features(MICRO, FPS)

    def finds(samples):
        values = np.zeros((samples - feature.before - feature.after, *(() if spotter is MDMD else (36,))))
        values[len(values) // 2] = 1
        if isinstance(spotter, CurveSpotter):
            curve = spotter.curve(values, feature.k)
            return bool(len(curve) and spotter.intervals(curve, 0.05, feature.k))
        return bool(peaks(values[:, 0], 0.05, 8))

    assert [finds(least - 1), finds(least)] == [False, True]


class TestThreshold:
    curve = np.array([0.0, 0, 1, 0, 0, 0, 0, 4, 3, 3, 0, 0])

    def test_contrast_is_zero_on_a_slope(self):
        assert contrast(np.arange(9.0), 2) == pytest.approx(np.zeros(5))
        assert contrast([0, 0, 3, 0, 0], 1) == pytest.approx([-1.5, 3, -1.5])
        assert len(contrast([1, 2], 1)) == 0

    def test_peaks_and_runs_above_the_threshold(self):
        # mean 11/12; p .5: the threshold is 2.46
        assert peaks(self.curve, 0.5, 2) == [Peak(5, 7, 9, 4.0)]
        assert runs(self.curve, 0.5) == [Peak(7, 7, 9, 4.0)]
        assert [each.apex for each in peaks(self.curve, 0.0, 2)] == [2, 7]
        assert peaks(np.full(9, 0.3), 0.0, 2) == runs(np.zeros(9), 0.0) == []

    def test_the_best_p_is_the_middle_of_those_with_the_best_f1(self):
        truth = [np.array([[7, 9]])]
        assert best_p([lambda p: runs(self.curve, p)], truth) == 0.35
        assert best_p([lambda p: runs(self.curve, p)], [np.zeros((0, 2), int)]) == 0.55
