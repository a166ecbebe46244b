"""A file of weights: what is loaded is what was saved, and any other file is refused."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from merlab.errors import MerlabError
from merlab.models.recognizer import load_recognizer
from merlab.models.shipped import CARD, SHIPPED, shipped_card, shipped_network
from tests.helpers import mutated
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
    assert loaded.card.model_copy(update={"content_digest": None}) == saved.card
    assert len(loaded.digest) == 64


def test_a_saved_recognizer_has_the_card_and_the_digest_of_its_file(tmp_path):
    saved = small_recognizer().save(tmp_path / "weights.safetensors")
    loaded = load_recognizer(tmp_path / "weights.safetensors")
    assert (saved.card, saved.digest) == (loaded.card, loaded.digest)
    assert (small_recognizer().verified, saved.verified, loaded.verified) == (False, True, True)


@pytest.mark.parametrize("read", [shipped_card, shipped_network])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "is damaged: its content differs from the digest"),
        (lambda content: content.replace(b"negative", b"positive", 1), "is damaged: its content differs from"),
        (lambda content: content.replace(b"merlab-card", b"merlab-cord", 1), "is damaged \\('merlab-card'\\)"),
        (lambda content: content[:5000], "is damaged \\(.*header"),
        (lambda content: b"", "is damaged \\(.*header"),
        (lambda content: None, "does not exist"),
    ],
)
def test_without_pytorch_a_damaged_or_missing_file_of_merlab_is_refused(tmp_path, monkeypatch, read, fault, message):
    path, content = tmp_path / "weights.safetensors", fault(SHIPPED.read_bytes())
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("merlab.models.shipped.SHIPPED", path)
    with pytest.raises(MerlabError, match=f"{message}.*; install merlab again"):
        read()


def test_weights_that_two_layers_share_are_saved_under_both_names(tmp_path):
    shared = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    shared[1].weight = shared[0].weight
    replace(small_recognizer(), module=shared).save(tmp_path / "shared.safetensors")
    tensors = load_file(tmp_path / "shared.safetensors")
    assert tensors.keys() == shared.state_dict().keys()
    assert all(torch.equal(tensors[name], value) for name, value in shared.state_dict().items())


def test_loading_it_changes_no_random_number_of_the_program(file):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load_recognizer(file)
    assert torch.equal(torch.rand(3), expected)


def test_its_text_says_what_it_tells_apart_and_that_it_is_synthetic():
    recipe = small_recognizer().card.recipe
    text = "Recognizer small: ststnet for negative, positive, surprise; input {}; runtime torch [SYNTHETIC]"
    assert repr(small_recognizer()) == text.format(recipe)


def test_a_file_of_other_code_than_that_which_runs_is_loaded_with_a_warning(tmp_path, recwarn):
    for name, code in (("same", ""), ("other", "f00d")):
        small_recognizer(code=code).save(tmp_path / f"{name}.safetensors")
    load_recognizer(tmp_path / "same.safetensors")
    assert not recwarn.list
    with pytest.warns(UserWarning, match="the code of the method ststnet or its input.* may differ from its scores"):
        load_recognizer(tmp_path / "other.safetensors")


def test_probabilities_are_the_softmax_of_the_logits_divided_by_the_temperature(inputs):
    hot, cold = small_recognizer(temperature=4.0), small_recognizer()
    expected = torch.from_numpy(cold.logits(inputs) / 4).softmax(dim=1).numpy()
    assert np.allclose(hot.predict_proba(inputs), expected)
    assert np.allclose(hot.predict_proba(inputs).sum(axis=1), 1)


def test_another_function_can_compute_the_logits(inputs):
    other = replace(small_recognizer(), infer=lambda batch: np.tile([0.0, 0.0, 9.0], (len(batch), 1)))
    assert other.predict_proba(inputs).argmax(axis=1).tolist() == [2] * 4


@pytest.mark.slow
def test_a_recognizer_under_another_runtime_names_it_and_classifies_alike(inputs):
    pytest.importorskip("onnxruntime")
    here, there = small_recognizer(), small_recognizer().on("onnx")
    assert (here.runtime, there.runtime, there.on("auto").runtime) == ("torch", "onnx", "torch")
    assert np.allclose(there.logits(inputs), here.logits(inputs), atol=1e-4)
    assert there.on("torch").infer is None
    # As it is sent to another process.
    sent = pickle.loads(pickle.dumps(there))
    assert sent.runtime == "onnx"
    assert np.array_equal(sent.logits(inputs), there.logits(inputs))


def test_a_copy_of_a_recognizer_keeps_the_function_that_computes_it(inputs):
    other = replace(small_recognizer(), infer=lambda batch: np.tile([0.0, 0.0, 9.0], (len(batch), 1)))
    assert deepcopy(other).predict_proba(inputs).argmax(axis=1).tolist() == [2] * 4
    here = small_recognizer()
    assert np.array_equal(pickle.loads(pickle.dumps(here)).logits(inputs), here.logits(inputs))


def test_inputs_that_are_not_finite_are_refused(inputs):
    inputs[0, 0, 0, 0] = np.nan
    with pytest.raises(MerlabError, match="NaN"):
        small_recognizer().logits(inputs)


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
@pytest.mark.parametrize(
    ("change", "given"),
    [
        (lambda inputs: inputs[..., :20], r"float32 of \(4, 3, 28, 20\)"),
        (lambda inputs: inputs[:, :2], r"float32 of \(4, 2, 28, 28\)"),
        (lambda inputs: inputs[0], r"float32 of \(3, 28, 28\)"),
        (lambda inputs: inputs.astype(np.uint8), "uint8 of"),
        (lambda inputs: inputs.tolist(), "list"),
    ],
)
def test_inputs_of_another_form_are_refused_by_every_runtime(inputs, runtime, change, given):
    recognizer = replace(small_recognizer(), infer=None if runtime == "torch" else lambda batch: np.zeros((4, 3)))
    with pytest.raises(
        MerlabError, match=rf"inputs of small must be an array \(clips, 3, 28, 28\) of float32, got {given}"
    ):
        recognizer.predict_proba(change(inputs))


def test_inputs_in_float64_and_reversed_ones_are_converted(inputs):
    right = small_recognizer().predict_proba(inputs)
    assert np.array_equal(small_recognizer().predict_proba(inputs.astype(np.float64)), right)
    assert np.array_equal(small_recognizer().predict_proba(inputs[::-1])[::-1], right)


def test_a_file_is_as_readable_as_others_that_the_user_makes(file, tmp_path):
    (tmp_path / "other").touch()
    assert file.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_is_not_taken_for_a_missing_file(tmp_path):
    with pytest.raises(MerlabError, match="is a folder; give a file"):
        load_recognizer(tmp_path)


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


def flipped_in_the_card(content, random):
    """The file with one flipped bit in its first quarter kilobyte or in its card."""
    place = int(random.integers(1200))
    return content[:place] + bytes([content[place] ^ 1 << int(random.integers(8))]) + content[place + 1 :]


def probabilities_or_refusal(file, inputs):
    try:
        return load_recognizer(file).predict_proba(inputs)
    except MerlabError as error:
        return str(error)


@pytest.mark.parametrize("fault", [mutated, flipped_in_the_card])
def test_a_damaged_file_is_refused_or_predicts_as_before(file, inputs, fault):
    random = np.random.default_rng(7)
    sound, right = file.read_bytes(), load_recognizer(file).predict_proba(inputs)
    refusals = 0
    for _ in range(60):
        file.write_bytes(fault(sound, random))
        result = probabilities_or_refusal(file, inputs)
        refusals += isinstance(result, str)
        assert str(file) in result if isinstance(result, str) else np.array_equal(result, right)
    assert refusals > 50


def test_damage_of_the_shipped_file_is_found(tmp_path):
    random, copy = np.random.default_rng(8), tmp_path / "synthetic.safetensors"
    content = SHIPPED.read_bytes()
    assert load_recognizer().verified
    for _ in range(20):
        place = int(random.integers(200_000, len(content)))
        copy.write_bytes(
            content[:place] + bytes([content[place] ^ 1 << int(random.integers(8))]) + content[place + 1 :]
        )
        with pytest.raises(MerlabError, match=r"synthetic\.safetensors is damaged: .*copy it again"):
            load_recognizer(copy)


def older(file, **tensors):
    """The file as an earlier merlab wrote it, without a digest, with other tensors; None removes one."""
    content = {name: value for name, value in (load_file(file) | tensors).items() if value is not None}
    save_file(content, file, {CARD: small_recognizer().card.model_dump_json()})


def first_tensor(file):
    return next((name, value) for name, value in load_file(file).items() if value.is_floating_point())


def test_an_older_file_without_a_digest_is_read_but_is_not_called_verified(file, inputs):
    assert load_recognizer(file).verified
    right = load_recognizer(file).predict_proba(inputs)
    older(file)
    assert not load_recognizer(file).verified
    assert np.array_equal(load_recognizer(file).predict_proba(inputs), right)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.fill_(np.nan), "is damaged: .*not finite.*copy it again"),
        (lambda value: value.fill_(-np.inf), "is damaged: .*not finite.*copy it again"),
        (lambda value: value[None].clone(), r"another network .*the tensor .* is \(1, .*`merlab pretrain`"),
        (lambda value: value.double(), "another network .*float64, not .*float32"),
        (lambda value: value.view(torch.int32), "another network .*int32, not .*float32"),
        (lambda value: None, "another network .*is missing"),
    ],
    ids=["nan", "infinite", "shape", "double", "integers", "missing"],
)
def test_an_older_file_with_a_wrong_tensor_is_refused(file, change, message):
    name, value = first_tensor(file)
    older(file, **{name: change(value)})
    with pytest.raises(MerlabError, match=message):
        load_recognizer(file)


def test_an_older_file_with_an_unknown_tensor_is_refused(file):
    older(file, extra=torch.zeros(1))
    with pytest.raises(MerlabError, match="another network .*the tensor extra is unknown"):
        load_recognizer(file)


def test_a_network_that_gives_no_number_is_an_error(inputs):
    broken = replace(small_recognizer(), infer=lambda batch: np.full((len(batch), 3), np.nan))
    with pytest.raises(MerlabError, match="network small gives values that are not finite.*merlab weights"):
        broken.predict_proba(inputs)


def test_one_value_that_is_not_finite_is_enough_for_an_error(inputs):
    def infer(clips):
        return np.where(np.arange(3 * len(clips)).reshape(-1, 3) == 4, np.inf, 0.0)

    with pytest.raises(MerlabError, match=r"values that are not finite \(torch\)"):
        replace(small_recognizer(), infer=infer).predict_proba(inputs)


@pytest.mark.parametrize("temperature", ["Infinity", "NaN", "1e999", "9" * 5000, "[" * 5000])
def test_a_card_with_an_impossible_number_is_refused(file, temperature):
    card = small_recognizer().card.model_dump_json().replace('"temperature":1.0', f'"temperature":{temperature}')
    save_file(load_file(file), file, {CARD: card})
    with pytest.raises(MerlabError, match="card is damaged"):
        load_recognizer(file)


def test_the_same_weights_are_the_same_file(file, tmp_path):
    for copy in range(4):
        assert small_recognizer().save(tmp_path / f"{copy}.safetensors").digest == load_recognizer(file).digest


def test_the_card_can_be_read_without_merlab(file):
    header = json.loads(file.read_bytes()[8 : 8 + int.from_bytes(file.read_bytes()[:8], "little")])
    assert json.loads(header["__metadata__"][CARD])["classes"] == ["negative", "positive", "surprise"]
