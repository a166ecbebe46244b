"""What a result states about its recognizer, with and without loading it."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.inference import runtimes
from merlab.models.shipped import SHIPPED
from merlab.videos.used_model import used_model


def test_the_card_alone_states_the_same_as_the_loaded_recognizer():
    assert used_model(None, "torch") == used_model(SHIPPED, "auto")


def test_unless_a_runtime_is_requested_the_recognizer_of_merlab_needs_no_pytorch():
    assert used_model(None, "auto") == used_model(None, "torch").model_copy(update={"runtime": "numpy"})


@pytest.mark.parametrize("weights", [None, SHIPPED])
def test_a_runtime_that_is_requested_is_not_replaced_by_another(monkeypatch, weights):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    with pytest.raises(MerlabError, match="runtime onnx: not installed"):
        used_model(weights, "onnx")


def test_a_package_that_the_input_needs_is_missed_before_a_video_is_read(monkeypatch):
    def missing(recipe):
        raise MerlabError(f"{recipe.kind.name} needs a package")

    monkeypatch.setattr("merlab.inputs.require_packages", missing)
    with pytest.raises(MerlabError, match="flow needs a package"):
        used_model(SHIPPED, "auto")
