"""A file of weights: what is loaded is what was saved, and any other file is refused."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from merlab.errors import MerlabError
from merlab.models.recognizer import CARD, load_recognizer
from tests.videos.recognizers import small_recognizer


@pytest.fixture
def inputs():
    return np.random.default_rng(0).random((4, 3, 28, 28), np.float32)


@pytest.fixture
def file(tmp_path):
    small_recognizer().save(tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_a_loaded_recognizer_classifies_as_the_saved_one(file, inputs):
    saved, loaded = small_recognizer(), load_recognizer(file)
    assert np.array_equal(loaded.logits(inputs), saved.logits(inputs))
    assert loaded.card == saved.card
    assert len(loaded.digest) == 64


def test_probabilities_are_the_softmax_of_the_logits_divided_by_the_temperature(inputs):
    hot, cold = small_recognizer(temperature=4.0), small_recognizer()
    expected = torch.from_numpy(cold.logits(inputs) / 4).softmax(dim=1).numpy()
    assert np.allclose(hot.predict_proba(inputs), expected)
    assert np.allclose(hot.predict_proba(inputs).sum(axis=1), 1)


def test_another_function_can_compute_the_logits(inputs):
    other = replace(small_recognizer(), infer=lambda batch: np.tile([0.0, 0.0, 9.0], (len(batch), 1)))
    assert other.predict_proba(inputs).argmax(axis=1).tolist() == [2] * 4


def test_a_recognizer_under_another_runtime_names_it_and_classifies_alike(inputs):
    pytest.importorskip("onnxruntime")
    here, there = small_recognizer(), small_recognizer().on("onnx")
    assert (here.runtime, there.runtime, there.on("auto").runtime) == ("torch", "onnx", "torch")
    assert np.allclose(there.logits(inputs), here.logits(inputs), atol=1e-4)
    assert there.on("torch").infer is None


def test_inputs_that_are_not_finite_are_refused(inputs):
    inputs[0, 0, 0, 0] = np.nan
    with pytest.raises(MerlabError, match="NaN"):
        small_recognizer().logits(inputs)


def rewritten(file, **changes):
    card = small_recognizer().card.model_dump(mode="json") | changes
    save_file(load_file(file), file, {CARD: json.dumps(card)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda file: file.unlink(), "does not exist"),
        (lambda file: file.write_bytes(b""), "not a complete safetensors file"),
        (lambda file: file.write_bytes(file.read_bytes()[:-100]), "not a complete safetensors file"),
        (lambda file: file.write_bytes(pickle.dumps({"a": 1})), "not a complete safetensors file"),
        (lambda file: save_file({"a": torch.zeros(1)}, file), "without a merlab card"),
        (lambda file: rewritten(file, format=2), "format"),
        (lambda file: save_file(load_file(file), file, {CARD: "{}"}), "card is damaged"),
        (lambda file: rewritten(file, unknown_field=1), "another merlab"),
        (lambda file: rewritten(file, method="rcn-a"), "another network"),
        (lambda file: rewritten(file, method="gone"), "another network"),
    ],
)
def test_any_other_file_is_refused_with_the_remedy(file, spoil, message):
    spoil(file)
    with pytest.raises(MerlabError, match=message):
        load_recognizer(file)


def test_the_same_weights_are_the_same_file(file, tmp_path):
    for copy in range(4):
        assert small_recognizer().save(tmp_path / f"{copy}.safetensors").digest == load_recognizer(file).digest


def test_the_card_can_be_read_without_merlab(file):
    header = json.loads(file.read_bytes()[8 : 8 + int.from_bytes(file.read_bytes()[:8], "little")])
    assert json.loads(header["__metadata__"][CARD])["classes"] == ["negative", "positive", "surprise"]
