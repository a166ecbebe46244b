"""Options of training beside the paper's: drawn batches, smoothed labels, AdamW, mirrored averaging at test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from merlab.errors import MerlabError
from merlab.training import NetworkWithLoss, NeuralClassifier, TrainingSettings
from merlab.training.accelerated import AcceleratedLoop, Acceleration
from merlab.training.clip_store import ClipStore
from merlab.training.loop import Loop
from merlab.training.steps import (
    epoch_batches,
    in_memory_format,
    make_optimizer,
    masked_loss,
    refuse_probabilities,
    training_loss,
)

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(40, 3, 8, 8)).astype(np.float32)
LABELS = np.array([0] * 30 + [1] * 8 + [2] * 2)
GROUPS = [f"s{row % 8}" for row in range(40)]


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 3)
    )


def flipped(batch: torch.Tensor) -> torch.Tensor:
    return batch.flip(-1)


def test_a_setting_is_accepted_up_to_its_ends_and_refused_beyond():
    """Shares and smoothing leave something; a count is at least 1, and a batch has two clips for its statistics."""
    least: dict[str, Any] = {"epochs": 1, "batch_size": 2, "decay_every": 1, "steps": 1, "threads": 1}
    amounts = (
        "weight_decay",
        "label_smoothing",
        "synthetic_share",
        "unit_loss",
        "shift",
        "move",
        "scale",
        "turn",
        "noise",
    )
    TrainingSettings(**least, **dict.fromkeys(amounts, 0), decay=1)
    beyond = {name: [value - 1] for name, value in least.items()} | {name: [-1] for name in amounts}
    beyond |= {name: [0, 1] for name in ("warm_up", "validation_share")}
    beyond |= {name: [1, *beyond[name]] for name in ("label_smoothing", "synthetic_share", "scale")}
    beyond |= {"learning_rate": [0], "decay": [0, 1.1]}
    for name, values in beyond.items():
        for value in values:
            with pytest.raises(MerlabError, match=f"training setting {name}: "):
                TrainingSettings(**{name: value})


def test_probabilities_are_no_logits_also_where_some_are_0():
    with pytest.raises(MerlabError, match="returned probabilities, whose sum is 1"):
        refuse_probabilities(network(), torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]]))
    for logits in ([[1.5, -0.5, 0.0]], [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]):
        refuse_probabilities(network(), torch.tensor(logits))


def test_a_network_that_predicted_is_in_training_mode_again():
    module = network().eval()
    Loop(module, torch.from_numpy(INPUTS), torch.from_numpy(LABELS), classes=3, settings=TrainingSettings()).epoch()
    assert module.training


class TestDrawnBatches:
    SETTINGS = TrainingSettings(epochs=1, batch_size=60, steps=100)

    def test_are_as_many_and_as_large_as_stated(self):
        batches = epoch_batches(self.SETTINGS, torch.from_numpy(LABELS))
        assert [len(rows) for rows in batches] == [60] * 100

    def test_hold_every_class_equally_often(self):
        rows = torch.cat(epoch_batches(self.SETTINGS, torch.from_numpy(LABELS)))
        shares = np.bincount(LABELS[rows.numpy()]) / len(rows)
        assert shares == pytest.approx(np.full(3, 1 / 3), abs=0.02)
        assert len(rows.unique()) == 40

    def test_of_a_class_without_clips_hold_the_others(self):
        rows = torch.cat(epoch_batches(self.SETTINGS, torch.tensor([0, 2, 2])))
        assert float((rows == 0).float().mean()) == pytest.approx(1 / 2, abs=0.02)

    def test_change_the_rate_with_every_step(self):
        rates = []
        settings = TrainingSettings(epochs=2, batch_size=4, steps=5, schedule="cosine", learning_rate=1.0)
        loop = Loop(network(), torch.from_numpy(INPUTS), torch.from_numpy(LABELS), classes=3, settings=settings)
        loop.optimizer.register_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
        loop.epoch()
        loop.epoch()
        assert rates == pytest.approx((1 + np.cos(np.pi * np.arange(10) / 10)) / 2)


class TestSmoothedLabels:
    def test_divide_a_share_of_the_label_among_all_classes(self):
        logits = torch.tensor([[2.0, 0.0, -1.0]])
        logs = torch.log_softmax(logits, dim=1)[0]
        expected = -(0.9 * logs[0] + 0.1 * logs.mean())
        labels = torch.tensor([0])
        assert training_loss(nn.Identity(), logits, labels, None, 0.1) == pytest.approx(float(expected))
        assert masked_loss(logits, labels, None, torch.ones(1), 0.1) == pytest.approx(float(expected))

    def test_are_refused_for_a_network_with_its_own_loss(self):
        with pytest.raises(MerlabError, match="takes labels as they are; set label_smoothing to 0"):
            training_loss(NetworkWithLoss(), None, torch.tensor([0]), None, 0.1)


def test_adamw_decays_weights_outside_of_the_gradient():
    """With a gradient of 0, AdamW multiplies a weight by 1 - rate x decay."""
    module = nn.Linear(1, 1, bias=False)
    before = float(module.weight.detach())
    settings = TrainingSettings(optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    optimizer = make_optimizer(settings, module)
    module.weight.grad = torch.zeros_like(module.weight)
    optimizer.step()
    assert float(module.weight.detach()) == pytest.approx(before * (1 - 0.1 * 0.5))


def test_rmsprop_divides_a_gradient_by_the_root_of_its_mean_square():
    """The first step is rate x g / sqrt(0.01 g^2), so 10 times the rate (Tieleman and Hinton, 2012)."""
    module = nn.Linear(1, 1, bias=False)
    before = float(module.weight.detach())
    optimizer = make_optimizer(TrainingSettings(optimizer="rmsprop", learning_rate=0.01), module)
    module.weight.grad = torch.full_like(module.weight, 3.0)
    optimizer.step()
    assert float(module.weight.detach()) == pytest.approx(before - 10 * 0.01)


def test_channels_last_orders_kernels_of_images_and_leaves_those_of_sequences():
    volume, image = nn.Conv3d(2, 3, 3), nn.Conv2d(2, 3, 3)
    in_memory_format(nn.Sequential(volume, image), channels_last=True)
    assert volume.weight.is_contiguous()
    assert image.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("loop", ["plain", "accelerated"])
def test_without_channels_last_a_network_can_view_images_as_vectors(loop):
    class Viewing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolve, self.classify = nn.Conv2d(3, 4, 3), nn.Linear(144, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.classify(self.convolve(images).view(len(images), -1))
            return logits

    settings = TrainingSettings(epochs=1, device="cpu", channels_last=False, loop=loop)
    classifier = NeuralClassifier(Viewing, 3, settings)
    classifier.fit(INPUTS, LABELS, GROUPS, 0)
    assert classifier.predict_proba(INPUTS).shape == (40, 3)
    weight = classifier.module.get_parameter("convolve.weight")
    assert weight.is_contiguous()
    assert not weight.is_contiguous(memory_format=torch.channels_last)


class TestMirroringAtTest:
    SETTINGS = TrainingSettings(epochs=1, batch_size=8, device="cpu", mirror_at_test=True)

    def fitted(self, settings: TrainingSettings) -> NeuralClassifier:
        classifier = NeuralClassifier(network, 3, settings, mirror=flipped)
        classifier.fit(INPUTS, LABELS, GROUPS, 0)
        return classifier

    def test_averages_the_probabilities_of_a_clip_and_its_mirror_image(self):
        plain = self.fitted(self.SETTINGS.model_copy(update={"mirror_at_test": False}))
        mirrored = np.ascontiguousarray(INPUTS[..., ::-1])
        expected = (plain.predict_proba(INPUTS) + plain.predict_proba(mirrored)) / 2
        assert self.fitted(self.SETTINGS).predict_proba(INPUTS) == pytest.approx(expected)

    def test_needs_an_input_that_can_be_mirrored(self):
        with pytest.raises(MerlabError, match="needs a function that mirrors this input"):
            NeuralClassifier(network, 3, self.SETTINGS)


@pytest.mark.parametrize("steps", [None, 3])
def test_the_accelerated_loop_computes_what_the_plain_one_does(steps):
    settings = TrainingSettings(
        epochs=3,
        batch_size=56,
        steps=steps,
        optimizer="adamw",
        schedule="one-cycle",
        label_smoothing=0.1,
        mirror=True,
        move=1.5,
        scale=0.06,
        turn=0.05,
        noise=0.25,
    )
    inputs, labels = torch.from_numpy(INPUTS), torch.from_numpy(LABELS)
    losses = []
    for accelerated in (False, True):
        torch.manual_seed(0)
        module = network()
        torch.manual_seed(1)
        loop: Loop
        if accelerated:
            store = ClipStore.of(inputs, torch.device("cpu"))
            rows = torch.arange(len(labels))
            how = Acceleration()
            loop = AcceleratedLoop(
                module, store, rows, labels, classes=3, settings=settings, acceleration=how, mirror=flipped
            )
        else:
            loop = Loop(module, inputs, labels, classes=3, settings=settings, mirror=flipped)
        losses.append([loop.epoch() for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
