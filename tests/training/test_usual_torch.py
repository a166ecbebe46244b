"""What a program has set in PyTorch changes no result of merlab, and is as it was afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
import torch

import merlab
from merlab.models.recognizer import load_recognizer
from merlab.training import NeuralClassifier, TrainingSettings
from merlab.training.usual_torch import usual_torch
from merlab.videos.evidence.maps import maps
from tests.videos.recognizers import small_recognizer


@contextmanager
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SETTINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "float64": float64_by_default,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu"),
    "another device": lambda: torch.device("meta"),
}


def state() -> tuple[object, ...]:
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_device(),
        torch.get_float32_matmul_precision(),
    )


USUAL = (torch.float32, True, False, False, torch.device("cpu"), "highest")


def network() -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 2)
    )


def trained_answers() -> np.ndarray:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(12, 3, 8, 8)).astype(np.float32)
    labels = np.arange(12) % 2
    classifier = NeuralClassifier(network, 2, TrainingSettings(epochs=3, batch_size=4))
    classifier.fit(inputs, labels, [str(number) for number in range(12)], seed=1)
    return classifier.predict_proba(inputs)


@pytest.mark.parametrize("name", SETTINGS)
def test_training_gives_the_same_answers(name):
    expected = trained_answers()
    with SETTINGS[name]():
        before = state()
        assert before != USUAL
        np.testing.assert_array_equal(trained_answers(), expected)
        assert state() == before


@pytest.mark.parametrize("name", SETTINGS)
def test_a_recognizer_is_loaded_and_gives_the_same_answers_and_maps(tmp_path, name):
    recognizer = small_recognizer()
    recognizer.save(tmp_path / "small.safetensors")
    inputs = np.random.default_rng(0).normal(size=(1, *recognizer.recipe.shape)).astype(np.float32)
    expected, expected_maps = recognizer.predict_proba(inputs), maps(recognizer, inputs, 0)
    with SETTINGS[name]():
        before = state()
        loaded = load_recognizer(tmp_path / "small.safetensors")
        np.testing.assert_array_equal(loaded.predict_proba(inputs), expected)
        found = maps(loaded, inputs, 0)
        assert state() == before
    assert found.keys() == expected_maps.keys()
    for title, expected_map in expected_maps.items():
        np.testing.assert_array_equal(found[title], expected_map)


def test_the_usual_settings_are_those_with_which_torch_starts():
    torch.set_float32_matmul_precision("medium")
    try:
        with float64_by_default(), torch.inference_mode(), torch.autocast("cpu"), torch.device("meta"), usual_torch():
            assert state() == USUAL
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="torch has it since 2.9")
@pytest.mark.parametrize("library", ["cuda", "mkldnn"])
def test_the_precision_that_a_library_has_of_its_own_is_as_it_was_afterwards(library):
    products = {name: getattr(torch.backends, name).matmul for name in ("cuda", "mkldnn")}
    products[library].fp32_precision = "tf32"
    try:
        before = {name: each.fp32_precision for name, each in products.items()}
        with usual_torch():
            assert state() == USUAL
        assert {name: each.fp32_precision for name, each in products.items()} == before
    finally:
        products[library].fp32_precision = "none"


def test_a_thread_that_is_finished_takes_no_setting_from_another_one():
    entered, left = threading.Event(), threading.Event()

    def second() -> None:
        with usual_torch():
            entered.set()
            left.wait()
            found.append(torch.get_default_dtype())

    found: list[torch.dtype] = []
    with float64_by_default():
        thread = threading.Thread(target=second)
        with usual_torch():
            thread.start()
            entered.wait()
        left.set()
        thread.join()
        assert (found, torch.get_default_dtype()) == ([torch.float32], torch.float64)


def test_a_profile_takes_no_random_numbers_from_the_program():
    before = torch.get_rng_state()
    merlab.profile("off-apexnet", progress=False)
    assert torch.equal(torch.get_rng_state(), before)
