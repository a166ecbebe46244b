"""Kernels of clips, mirror images and synthetic clips: the values of scikit-learn's own kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import mirrored_kernel
from merlab.methods.mirrored_kernel import Doubled, JointKernel, RealKernel, Subset, clips_of
from merlab.training import SyntheticClips

MIRROR = mirror_of(parse_recipe("flow:scale=centered,size=8x8"))
assert MIRROR is not None
RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(11, 3, 8, 8)).astype(np.float32)
TEST = RNG.normal(size=(4, 3, 8, 8)).astype(np.float32)
# Subjects whose names are not in the order of the rows; 130 subjects with 2 clips each.
SYNTHETIC = SyntheticClips(
    inputs=RNG.normal(size=(260, 3, 8, 8)).astype(np.float32),
    labels=np.arange(260) % 3,
    intensities=np.zeros((260, 2), np.float32),
    other_side=np.array([1, 0]),
    subjects=tuple(f"subject{row % 130}" for row in range(260)),
)
GAMMA = 2 / 192


def subset(seed: int = 0, synthetic: SyntheticClips = SYNTHETIC) -> Subset:
    assert MIRROR is not None
    return Subset(synthetic, seed, MIRROR)


def doubled(inputs: np.ndarray) -> Doubled:
    assert MIRROR is not None
    return Doubled.of(inputs, MIRROR)


def both(clips: Doubled) -> np.ndarray:
    return np.concatenate([clips.values, clips.mirrored]).astype(np.float64)


class TestAgainstScikitLearn:
    def test_of_real_clips(self):
        kernel = RealKernel(doubled(REAL), GAMMA)
        training = both(doubled(REAL))
        assert kernel.of_training() == pytest.approx(rbf_kernel(training, gamma=GAMMA), abs=1e-12)
        as_it_is, mirrored = kernel.of(doubled(TEST))
        expected = rbf_kernel(both(doubled(TEST)), training, GAMMA)
        assert np.concatenate([as_it_is, mirrored]) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.slow
    def test_of_real_and_synthetic_clips(self):
        kernel = JointKernel(doubled(REAL), GAMMA, subset())
        training = np.concatenate([both(doubled(REAL)), both(doubled(SYNTHETIC.inputs[subset().rows()]))])
        assert kernel.of_training() == pytest.approx(rbf_kernel(training, gamma=GAMMA), abs=1e-5)
        as_it_is, mirrored = kernel.of(doubled(TEST))
        expected = rbf_kernel(both(doubled(TEST)), training, GAMMA)
        assert np.concatenate([as_it_is, mirrored]) == pytest.approx(expected, abs=1e-5)


class TestTheSubset:
    def test_has_all_clips_of_100_subjects_which_the_seed_chooses(self):
        rows = subset().rows()
        subjects = {SYNTHETIC.subjects[row] for row in rows}
        assert len(subjects) == 100
        assert len(rows) == 200
        assert np.array_equal(subset().rows(), rows)
        assert not np.array_equal(subset(1).rows(), rows)

    def test_has_all_clips_where_there_are_fewer_subjects(self):
        few = replace(SYNTHETIC, subjects=tuple(f"subject{row % 20}" for row in range(260)))
        assert subset(0, few).rows().tolist() == list(range(260))

    def test_has_each_label_for_the_clip_and_for_its_mirror_image(self):
        labels = subset().labels()
        assert np.array_equal(labels[:200], SYNTHETIC.labels[subset().rows()])
        assert np.array_equal(labels[200:], labels[:200])

    def test_is_the_same_for_another_function_that_mirrors_the_same_input(self):
        other = mirror_of(parse_recipe("flow:scale=centered,size=8x8"))
        assert other is not None
        assert Subset(SYNTHETIC, 0, other) == subset()
        assert Subset(replace(SYNTHETIC), 0, other) != subset()


def test_distances_among_synthetic_clips_are_computed_once_for_all_folds(monkeypatch):
    clips_of.cache_clear()
    computed = []
    halves = mirrored_kernel._halves

    def counting(first: Doubled, second: Doubled):
        computed.append((len(first.values), len(second.values)))
        return halves(first, second)

    monkeypatch.setattr(mirrored_kernel, "_halves", counting)
    for fold in (REAL, REAL[1:]):
        JointKernel(doubled(fold), GAMMA, subset(7)).of_training()
    assert computed.count((200, 200)) == 1
