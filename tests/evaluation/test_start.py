"""Weights to start from belong to the method, the input, the classes and the clips of a run, or are refused."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from merlab.errors import MerlabError
from merlab.evaluation.run_record import FittedFacts
from merlab.evaluation.start import constants_of
from merlab.inputs import as_recipe, parse_recipe
from merlab.methods import Task, find_method
from merlab.models.card import FlowSource, TrainedOn
from merlab.models.recognizer import load_recognizer
from merlab.training import TrainingSettings
from tests.helpers import own_input
from tests.training_material import CENTERED, CLASSES, starts_in, write_start


@pytest.fixture
def start(tmp_path):
    return starts_in(write_start(tmp_path / "start.safetensors"))[0]


@pytest.mark.parametrize(
    "recipe",
    [
        CENTERED,
        f"{CENTERED},crop=corrected",
        f"{CENTERED},algorithm=tvl1",
        "released-flow:scale=centered",
        "released-flow:scale=centered,crop=corrected",
    ],
)
def test_the_same_sample_may_come_from_another_crop_algorithm_or_file(start, recipe):
    start.require_input("flow-cnn", parse_recipe(recipe))


@pytest.mark.parametrize(
    "recipe",
    [
        "flow:channels=uvs,scale=minmax,size=28x28",
        "flow:channels=uv,scale=centered,size=28x28",
        "flow:channels=uvs,scale=centered,size=32x28",
        "flow:channels=uvs,scale=centered,size=28x28,regions=mask,view=local",
        "flow:channels=uvs,scale=centered,size=28x28,magnify=linear2",
        "released-flow:scale=minmax",
        "released-flow:scale=centered,as=channels",
        "apex:size=28x28",
    ],
)
def test_another_sample_is_refused_with_both_recipes(start, recipe):
    with pytest.raises(MerlabError) as caught:
        start.require_input("flow-cnn", parse_recipe(recipe))
    assert str(start.recipe) in str(caught.value)
    assert str(parse_recipe(recipe)) in str(caught.value)


def test_other_classes_or_another_order_are_refused(start):
    start.require_classes(CLASSES)
    for classes in (CLASSES[::-1], CLASSES[:2]):
        with pytest.raises(MerlabError, match="has the classes negative, positive, surprise, but this run has"):
            start.require_classes(classes)


def test_a_network_of_another_form_is_refused_with_the_tensor(start):
    method = find_method("flow-cnn")
    with torch.device("meta"):
        same, other = (method.module(Task(3, 3, side, side), method.preset("paper")) for side in (28, 32))
    start.require_network(same)
    with pytest.raises(MerlabError, match=r"tensor features.* is \(64, 1960\) in the file and \(64, 2560\) here"):
        start.require_network(other)


def test_weights_of_another_epsilon_are_refused_with_both_values(tmp_path):
    # An earlier merlab made weights of the preset paper with torch's epsilon; that of Inception-v3 is 0.001.
    method, paper = find_method("ltfem"), find_method("ltfem").preset("paper")
    narrow = {"width": 0.0625}
    recipe = "flow:channels=uvs,scale=centered,size=32x32,regions=mask"
    earlier, now = (
        starts_in(write_start(tmp_path / f"{number}.safetensors", "ltfem", recipe=recipe, network=options))[0]
        for number, options in enumerate([narrow, {**narrow, **paper.network}])
    )
    network = method.outline(Task(3, 3, 32, 32), paper.model_copy(update={"network": {**narrow, **paper.network}}))
    now.require_network(network)
    with pytest.raises(MerlabError, match=r"epsilon is 1e-05 in the file and 0.001 here.*train the start again"):
        earlier.require_network(network)


def test_other_constants_of_equal_tensors_are_refused_and_other_dropout_is_not(start):
    def network(stride: int = 2, dropout: float = 0.5) -> torch.nn.Module:
        recurrent = torch.nn.LSTM(4, 4, num_layers=2, dropout=dropout)
        return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=stride), torch.nn.Dropout(dropout), recurrent)

    start = replace(start, tensors=network().state_dict(), constants=constants_of(network()))
    start.require_network(network(dropout=0.1))
    with pytest.raises(MerlabError, match=r"0.stride is \(2, 2\) in the file and \(1, 1\) here"):
        start.require_network(network(stride=1))


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("slstt-mean", {"heads": 2}, "heads is 4 in the file and 2 here"),
        ("rcn-a", {"shortcut": True}, "unit is RecurrentUnit in the file and ShortcutUnit here"),
        ("rcn-a", {"attention": "none"}, "attention is output in the file and none here"),
        ("slstt-mean", {"dropout": 0.5}, None),
    ],
)
def test_network_options_that_leave_all_tensors_as_they_are_and_compute_something_else_are_refused(
    start, name, options, told
):
    method, preset = find_method(name), find_method(name).preset("reduced")
    task = Task.of(3, as_recipe(preset.input or method.input))
    given = method.module(task, preset)
    network = method.module(task, preset.model_copy(update={"network": {**preset.network, **options}}))
    start = replace(start, tensors=given.state_dict(), constants=constants_of(given))
    start.require_network(given)
    with pytest.raises(MerlabError, match=told) if told else nullcontext():
        start.require_network(network)


def test_a_tensor_too_many_or_too_few_is_refused_and_the_first_by_name_is_told(start):
    network = find_method("flow-cnn").module(Task(3, 3, 28, 28), find_method("flow-cnn").preset("paper"))
    first, second, *_ = sorted(start.tensors)
    fewer = replace(
        start, tensors={name: value for name, value in start.tensors.items() if name not in (first, second)}
    )
    with pytest.raises(MerlabError, match=rf"the tensor {first} is absent in the file and \("):
        fewer.require_network(network)
    more = replace(
        start, tensors={**start.tensors, "another.bias": torch.zeros(7), "another.weight": torch.zeros(7, 2)}
    )
    with pytest.raises(MerlabError, match=r"the tensor another.bias is \(7,\) in the file and absent here"):
        more.require_network(network)


def test_what_of_a_published_network_fitted_once_is_not_compared_again(start):
    fitted = FittedFacts(layout="resnet18", taken=0, adapted=[], left_out=[], random=[])
    replace(start, tensors={}, fitted=fitted).require_network(torch.nn.Linear(2, 2))


def test_the_crop_of_an_input_of_your_own_does_not_decide_how_a_sample_is_read(start):
    plain = as_recipe(own_input(lambda clip, frames, recipe: None, strain=lambda recipe: [0]))
    replace(start, recipe=plain).require_input("mine", replace(plain, crop="corrected"))


def test_a_start_of_tested_subjects_is_refused_and_one_of_synthetic_faces_alone_is_not(start, tmp_path):
    start.require_unseen(["casme2", "smic", "synthetic"])
    (real,) = starts_in(write_start(tmp_path / "real.safetensors", databases=["casme2", "smic"]))
    real.require_unseen(["samm"])
    with pytest.raises(MerlabError, match=r"real.safetensors was trained on smic, whose subjects are tested"):
        real.require_unseen(["samm", "smic"])


def test_a_start_of_one_database_has_seen_the_people_of_another(tmp_path):
    (start,) = starts_in(write_start(tmp_path / "start.safetensors", databases=["samm"]))
    with pytest.raises(MerlabError, match="was trained on samm, whose subjects are tested"):
        start.require_unseen(["samm-long"])


def test_faces_of_a_folder_of_your_own_count_as_a_database(tmp_path):
    (own,) = starts_in(write_start(tmp_path / "own.safetensors", databases=["synthetic"]))
    with pytest.raises(MerlabError, match="was trained on synthetic"):
        own.require_unseen(["synthetic"])


@pytest.mark.parametrize(("share", "databases"), [(0.0, ()), (1 / 3, ("synthetic",))])
def test_synthetic_faces_are_those_of_your_own_folder_if_flow_was_mixed_into_their_batches(tmp_path, share, databases):
    written = load_recognizer(write_start(tmp_path / "written.safetensors"))
    training = TrainingSettings(synthetic_share=share)
    trained_on = TrainedOn(databases=("synthetic",), flow=FlowSource(digest="f10", clips=3040, subjects=152))
    card = written.card.model_copy(update={"training": training, "trained_on": trained_on})
    replace(written, card=card).save(tmp_path / "start.safetensors")
    (start,) = starts_in(tmp_path / "start.safetensors")
    assert start.databases == databases


def test_a_run_states_the_file_the_network_and_what_it_was_trained_on(tmp_path):
    path = write_start(tmp_path / "real.safetensors", databases=["casme2", "smic"])
    (start,) = starts_in(path)
    assert start.facts().model_dump(exclude={"fitted"}) == {
        "name": "real.safetensors",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "digest": start.digest,
        "method": "flow-cnn",
        "databases": ["casme2", "smic"],
    }


def test_the_digest_is_that_of_the_tensors_and_the_sha256_that_of_the_file(tmp_path):
    paths = [write_start(tmp_path / f"{name}.safetensors", seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    one, same, other = starts_in(*paths)
    assert one.digest == same.digest != other.digest
    assert one.sha256 != same.sha256
