"""The clips that a network is trained on: of synthetic flow, only the subjects that are for training."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.evaluation import synthetic_flow
from merlab.evaluation.synthetic_flow import SyntheticFlow
from merlab.models.labeled_examples import division
from merlab.models.network_clips import NetworkClips, cropped_clips, examples_of_flow
from merlab.models.training import Training
from merlab.schemes import find_scheme
from merlab.synthesis import FlowClips
from tests.training_material import CENTERED, hand_made_flow, starts_in, write_start


def in_other_orders(flow: FlowClips) -> FlowClips:
    """The same clips, whose classes follow each other in another order for each of six subjects."""
    order = [3 * subject + (number + subject) % 3 for subject in range(6) for number in range(3)]
    emotions, names = (tuple(each[row] for row in order) for each in (flow.emotions, flow.names))
    return replace(flow, planes=flow.planes[order], emotions=emotions, names=names, intensities=flow.intensities[order])


CLIPS = in_other_orders(hand_made_flow(subjects=6))
TRAINING = Training("mine", "flow-cnn", "synthetic", find_scheme("megc2019"), CENTERED, 0, 1)


@pytest.fixture
def flow(tmp_path, monkeypatch) -> SyntheticFlow:
    """Three clips of each of six subjects."""
    monkeypatch.setattr(synthetic_flow, "read_flow", lambda folder: CLIPS)
    return SyntheticFlow.of(tmp_path / "flow-clips", CLIPS)


class Fitted:
    """A classifier that keeps what it is trained on."""

    def __init__(self, unit_loss: float = 0.0) -> None:
        self.settings = SimpleNamespace(unit_loss=unit_loss)

    def fit(self, inputs, labels, groups, seed, intensities=None, other_side=None):
        self.given = SimpleNamespace(
            inputs=inputs, labels=labels, groups=groups, seed=seed, intensities=intensities, other_side=other_side
        )


def given_by(clips: NetworkClips, number: int = 0, unit_loss: float = 0.0) -> Any:
    classifier: Any = Fitted(unit_loss)
    clips.fit(classifier, TRAINING, number)
    return classifier.given


def parts(flow):
    """All clips of the flow, and those for training, as one training divides them."""
    every = examples_of_flow(flow, TRAINING)
    return every, every.of(division(every.groups, TRAINING.seed)[0])


def test_every_clip_has_its_class_and_its_subject(flow):
    every, _ = parts(flow)
    # Disgust, happiness, surprise; happiness, surprise, disgust; ...
    assert every.labels.tolist() == [0, 1, 2, 1, 2, 0, 2, 0, 1] * 2
    assert every.groups == [f"synthetic/sub{number:03d}" for number in range(1, 7) for _ in range(3)]


@pytest.mark.parametrize("unit_loss", [0.0, 0.5])
def test_a_network_of_synthetic_flow_is_trained_on_the_training_subjects_alone(flow, unit_loss):
    _, train = parts(flow)
    given = given_by(NetworkClips(train, flow, beside=False, starts=()), number=3, unit_loss=unit_loss)
    assert 0 < len(set(given.groups)) < 6
    assert given.groups == train.groups
    assert given.labels.tolist() == train.labels.tolist()
    # The band of a class is in the first, the second or the last third of the rows.
    bands = given.inputs.mean(axis=(1, 3)).argmax(axis=1)
    assert (3 * bands // 28).tolist() == train.labels.tolist()
    assert given.seed == 3
    assert [given.intensities is None, given.other_side is None] == [unit_loss == 0] * 2
    if unit_loss:
        # The one unit of a clip that changed has the largest change.
        assert given.intensities.argmax(axis=1).tolist() == train.labels.tolist()
        assert given.intensities.max(axis=1).tolist() == [1] * len(train.labels)


def test_every_network_has_crops_of_its_own(flow):
    _, train = parts(flow)
    crops = [given_by(NetworkClips(train, flow, False, ()), number).inputs for number in (0, 1, 0)]
    assert not np.array_equal(crops[0], crops[1])
    assert np.array_equal(crops[0], crops[2])
    held_out = cropped_clips(flow, TRAINING, frozenset({"synthetic/sub001"}), 0)[0]
    assert held_out.groups == ["synthetic/sub001"] * 3


def test_flow_beside_the_clips_of_a_database_is_material_and_no_training_clip(flow):
    _, train = parts(flow)
    clips = NetworkClips(train, flow, beside=True, starts=())
    assert given_by(clips).inputs is train.inputs
    synthetic = clips.material(TRAINING).synthetic
    assert synthetic is not None
    assert synthetic.subjects == CLIPS.subjects
    assert replace(clips, beside=False).material(TRAINING).synthetic is None
    assert replace(clips, flow=None).material(TRAINING).synthetic is None


def test_starts_are_those_of_the_method(flow, tmp_path):
    starts = tuple(starts_in(*(write_start(tmp_path / f"{seed}.safetensors", seed=seed) for seed in (0, 1))))
    clips = NetworkClips(parts(flow)[1], flow, False, starts)
    assert clips.material(TRAINING).starts == {"flow-cnn": tuple(start.tensors for start in starts)}
    assert replace(clips, starts=()).material(TRAINING).starts == {}


def test_flow_that_has_changed_since_is_refused(flow):
    changed = replace(flow, digest="0")
    with pytest.raises(MerlabError, match="flow-clips has changed since the training began; run it again"):
        cropped_clips(changed, TRAINING, frozenset(), 0)
