"""The settings of a recognizer's training: which networks they state, and what they need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.methods import Method, Preset
from merlab.models.training import Training, default_preset, require_material
from merlab.schemes import find_scheme
from tests.helpers import make_clip
from tests.training_material import CENTERED, starts_in, write_start

MEGC = find_scheme("megc2019")
OWN = ClipTable((make_clip(Path("flow"), database="smic"),))


FIXED: dict[str, Any] = {"recipe": None, "seed": 0, "seeds": 1}


def training(method: str = "flow-cnn", preset: str = "paper", **changes: Any) -> Training:
    return Training(**{"name": "mine", "method": method, "preset": preset, "scheme": MEGC, **FIXED, **changes})


def test_each_seed_has_networks_of_its_own():
    numbers = [training(members=3).numbers_of(seed) for seed in range(3)]
    assert numbers == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize(
    ("method", "members", "options"),
    [
        # Its settings average mirror images at test, and its network can.
        ("flow-cnn", 1, {"mirrored": True}),
        ("flow-cnn", 4, {"members": 4, "mirrored": True}),
        ("ststnet", 1, {}),
    ],
)
def test_the_network_that_is_kept_averages_members_and_mirror_images(method, members, options):
    assert dict(training(method, members=members).kept_network()) == options


@pytest.mark.parametrize("value", [(8, 16), {1: 2}, {8}, Path("widths")])
def test_options_of_a_network_that_a_file_cannot_keep_as_they_are_are_refused_before_the_training(monkeypatch, value):
    own = Method("lab-net", network=nn.Module, presets={"mine": Preset(network={"widths": value}, training={})})
    monkeypatch.setattr("merlab.models.training.find_method", lambda _: own)
    monkeypatch.setattr(Method, "preset_with", lambda method, name, options: method.preset(name))
    with pytest.raises(MerlabError, match="preset mine of lab-net: .* cannot keep the network option widths, which is"):
        training("lab-net", "mine")
    kept = Preset(network={"widths": [8, 16], "by": {"side": 0.5}, "name": None}, training={})
    monkeypatch.setitem(own.presets, "mine", kept)
    assert training("lab-net", "mine").kept_network() == kept.network


def test_a_given_input_replaces_that_of_the_preset_and_this_one_that_of_the_method():
    assert training("dbfem").full_recipe().kind.name == "onset-apex"
    assert training("dbfem", "flow28").full_recipe().kind.name == "flow"
    assert str(training(recipe=CENTERED).full_recipe()).startswith("flow:algorithm=dis,channels=uvs,scale=centered")
    assert training(recipe="flow:size=24x24").full_recipe().shape[-2:] == (24, 24)


def test_labels_are_stated_of_a_scheme_that_is_not_merlabs_even_if_it_has_the_same_name():
    own = replace(MEGC, emotions={**MEGC.emotions, "calm": "positive"})
    stated, others = (training(scheme=scheme).stated()["course"] for scheme in (MEGC, own))
    assert isinstance(stated, dict)
    assert isinstance(others, dict)
    assert "labels" not in stated
    assert others == {**stated, "labels": dict(own.emotions)}


def test_code_is_stated_of_what_is_not_merlabs():
    assert "code" not in training().stated()


@pytest.mark.parametrize(
    ("method", "own", "starts", "preset"),
    [
        ("flow-cnn", None, False, "synthetic"),
        ("flow-cnn", None, True, "synthetic"),
        ("flow-cnn", OWN, True, "pretrained"),
        ("flow-cnn", OWN, False, "reduced"),
        ("dbfem", None, False, "synthetic28"),
        ("ststnet", OWN, True, "reduced"),
    ],
)
def test_the_preset_is_that_for_the_clips_and_the_start_where_the_method_has_one(method, own, starts, preset):
    assert default_preset(method, own, starts) == preset


def test_a_preset_gets_what_it_needs_and_nothing_else(tmp_path):
    starts, flow = tuple(starts_in(write_start(tmp_path / "start.safetensors"))), object()
    mixing = training(preset="pretrained", recipe=CENTERED)
    for own, synthetic, given, message in (
        (OWN, flow, (), "--from start.safetensors, which `merlab pretrain start.safetensors --method flow-cnn"),
        (None, flow, starts, "real ones; add --database and --root"),
        (OWN, None, starts, "real ones; add --synthetic flow-clips, which `merlab make-flow flow-clips` makes"),
    ):
        with pytest.raises(MerlabError, match=message):
            require_material(mixing, own, synthetic, given)
    require_material(mixing, OWN, flow, starts)
    plain = replace(mixing, preset="paper")
    with pytest.raises(MerlabError, match="preset paper of flow-cnn does not mix synthetic clips into its batches"):
        require_material(plain, OWN, flow, ())
    for own, synthetic in ((OWN, None), (None, flow)):
        require_material(plain, own, synthetic, starts)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"method": "ststnet"}, "holds weights of ststnet, not of flow-cnn; use --method ststnet"),
        (
            {"classes": ("surprise", "positive", "negative")},
            "has the classes surprise, positive, negative, but this run",
        ),
        ({"recipe": "flow:channels=uvs,scale=minmax,size=28x28"}, "channels, scale, size and view must be the same"),
        ({"databases": ["smic"]}, "was trained on smic, whose subjects are tested in this run"),
    ],
)
def test_a_start_fits_method_classes_input_and_clips(tmp_path, start, message):
    starts = starts_in(write_start(tmp_path / "start.safetensors", **start))
    with pytest.raises(MerlabError, match=message):
        require_material(training(recipe=CENTERED), OWN, None, starts)
