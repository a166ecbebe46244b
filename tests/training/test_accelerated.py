"""The accelerated loop: the same numbers as the plain loop, whatever is replayed, filled up or interleaved."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch._dynamo.exc import BackendCompilerFailed

from merlab.errors import MerlabError
from merlab.methods.layers import Attention, ConvBnRelu
from merlab.training import NeuralClassifier
from merlab.training.accelerated import AcceleratedLoop, Acceleration, compiled_loss
from merlab.training.clip_store import ClipStore
from merlab.training.loop import Loop
from merlab.training.replayable import mask_batch_norms
from merlab.training.settings import TrainingSettings
from merlab.training.steps import NetworkWithLoss, masked_loss, seeded

CPU = torch.device("cpu")
PLAIN = Acceleration()
CLIPS, CLASSES = 21, 3
SETTINGS = TrainingSettings(
    epochs=3, batch_size=8, learning_rate=0.02, class_weights="balanced", mirror=True, shift=1, decay_every=2
)
INPUTS = torch.rand(CLIPS, 2, 12, 10, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(CLIPS) % CLASSES


def network() -> nn.Module:
    return nn.Sequential(
        ConvBnRelu(2, 8, 3),
        nn.Dropout(0.2),
        Attention("cbam", 8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(8, CLASSES),
    )


def mirror(batch: torch.Tensor) -> torch.Tensor:
    return batch.flip(-1)


def plain_loop(make=network, settings: TrainingSettings = SETTINGS) -> Loop:
    return Loop(make(), INPUTS, LABELS, classes=CLASSES, settings=settings, mirror=mirror)


def accelerated_loop(
    how: Acceleration = PLAIN, make=network, settings: TrainingSettings = SETTINGS, inputs=INPUTS, rows=None
) -> AcceleratedLoop:
    rows = torch.arange(len(inputs)) if rows is None else rows
    return AcceleratedLoop(
        make(),
        ClipStore.of(inputs, CPU),
        rows,
        LABELS[: len(rows)],
        classes=CLASSES,
        settings=settings,
        mirror=mirror,
        acceleration=how,
    )


def trained(make_loop, seed: int = 0, epochs: int = 3) -> tuple[list[float], torch.Tensor]:
    """The losses of the epochs, and the logits of the trained network."""
    with seeded(seed, CPU):
        loop = make_loop()
        losses = [loop.epoch() for _ in range(epochs)]
    with torch.inference_mode():
        return losses, loop.module.eval()(INPUTS)


class TestSameNumbersAsThePlainLoop:
    @pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
    def test_without_fixed_shapes_every_bit_is_the_same(self, optimizer):
        settings = SETTINGS.model_copy(update={"optimizer": optimizer})
        losses, logits = trained(lambda: plain_loop(settings=settings))
        accelerated_losses, accelerated_logits = trained(lambda: accelerated_loop(settings=settings))
        assert accelerated_losses == losses
        assert torch.equal(accelerated_logits, logits)

    def test_with_fixed_shapes_only_rounding_differs(self):
        losses, logits = trained(plain_loop)
        filled_losses, filled_logits = trained(lambda: accelerated_loop(Acceleration(fixed_shapes=True)))
        assert filled_losses == pytest.approx(losses, rel=1e-5)
        assert torch.allclose(filled_logits, logits, atol=1e-4)

    def test_a_last_batch_of_one_joins_the_batch_before_it_here_too(self):
        settings = SETTINGS.model_copy(update={"batch_size": 10})
        assert (
            trained(lambda: accelerated_loop(settings=settings))[0] == trained(lambda: plain_loop(settings=settings))[0]
        )

    @pytest.mark.parametrize("p", [0.0, 1.0])
    def test_a_dropout_of_nothing_or_of_everything_is_torchs_too(self, p):
        def dropping() -> nn.Module:
            return nn.Sequential(network(), nn.Dropout(p), nn.Linear(CLASSES, CLASSES))

        plain, fast = trained(lambda: plain_loop(dropping)), trained(lambda: accelerated_loop(make=dropping))
        assert fast[0] == plain[0]
        assert torch.equal(fast[1], plain[1])

    @pytest.mark.parametrize("fixed", [False, True])
    def test_layers_that_a_network_keeps_in_evaluation_mode_stay_in_it(self, fixed):
        class Frozen(nn.Sequential):
            def train(self, mode: bool = True):
                super().train(mode)
                for layer in list(self)[:2]:
                    layer.eval()
                return self

        def frozen() -> nn.Module:
            return Frozen(*network().children())

        losses, logits = trained(lambda: plain_loop(frozen))
        other_losses, other_logits = trained(lambda: accelerated_loop(Acceleration(fixed_shapes=fixed), frozen))
        assert other_losses == pytest.approx(losses, rel=1e-5)
        assert torch.allclose(other_logits, logits, atol=1e-4)

    def test_sequences_are_trained_too(self):
        sequences = INPUTS[:, None].expand(-1, 4, -1, -1, -1).contiguous()

        def flat() -> nn.Module:
            return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 2 * 12 * 10, CLASSES))

        with seeded(0, CPU):
            plain = Loop(flat(), sequences, LABELS, classes=CLASSES, settings=SETTINGS, mirror=mirror).epoch()
        with seeded(0, CPU):
            assert accelerated_loop(make=flat, inputs=sequences).epoch() == plain

    def test_folds_trained_together_are_those_trained_one_after_the_other(self):
        rows = [torch.arange(0, 15), torch.arange(6, 21)]

        def loop_of(fold: int) -> AcceleratedLoop:
            with seeded(fold, CPU):
                return accelerated_loop(rows=rows[fold])

        alone = [[loop.epoch() for _ in range(3)] for loop in map(loop_of, (0, 1))]
        loops = [loop_of(0), loop_of(1)]
        together: list[list[float]] = [[], []]
        for _ in range(3):
            for loop in loops:
                loop.start_epoch()
            for losses, loop in zip(together, loops, strict=True):
                losses.append(loop.finish_epoch())
        assert together == alone


def test_a_fit_takes_the_loop_of_its_settings_and_gives_the_same_probabilities():
    def probabilities(loop: str, **others: Any) -> np.ndarray:
        settings = SETTINGS.model_copy(update={"loop": loop, **others})
        classifier = NeuralClassifier(network, CLASSES, settings, mirror=mirror)
        classifier.fit(INPUTS.numpy(), LABELS.numpy(), ["s"] * CLIPS, 3)
        return classifier.predict_proba(INPUTS.numpy())

    assert np.array_equal(probabilities("accelerated"), probabilities("plain"))
    with pytest.raises(MerlabError, match="synthetic_share and unit_loss to 0, or the training setting loop to plain"):
        probabilities("accelerated", unit_loss=1.0)


class FakeGraph:
    """Records the step that is captured instead of running it, as CUDA does."""

    capturing: FakeGraph | None = None

    def __init__(self) -> None:
        self.recorded: list[Callable[[], None]] = []

    def replay(self) -> None:
        for step in self.recorded:
            step()


@pytest.fixture
def fake_graphs(monkeypatch):
    @contextmanager
    def graph(fake, pool=None, stream=None):
        FakeGraph.capturing = fake
        yield
        FakeGraph.capturing = None

    run = AcceleratedLoop._step

    def step(loop, batch):
        if FakeGraph.capturing is None:
            run(loop, batch)
        else:
            FakeGraph.capturing.recorded.append(lambda: run(loop, batch))

    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    monkeypatch.setattr(AcceleratedLoop, "_step", step)


class TestGraphs:
    @pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
    def test_the_steps_for_warming_up_leave_no_trace(self, fake_graphs, optimizer):
        settings = SETTINGS.model_copy(update={"optimizer": optimizer})
        losses, logits = trained(lambda: plain_loop(settings=settings))
        replayed_losses, replayed_logits = trained(
            lambda: accelerated_loop(Acceleration(graphs=True), settings=settings)
        )
        assert replayed_losses == losses
        assert torch.equal(replayed_logits, logits)


class TestMasks:
    @pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 0.5, 3.0])])
    def test_the_loss_is_that_of_the_rows_with_mask_1(self, weights):
        logits, labels, mask = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([1.0, 1, 1, 1, 0, 0])
        expected = F.cross_entropy(logits[:4], labels[:4], weights)
        assert masked_loss(logits, labels, weights, mask).item() == pytest.approx(expected.item())

    def test_gradients_and_statistics_are_those_of_the_rows_with_mask_1(self):
        torch.manual_seed(0)
        plain = nn.Sequential(ConvBnRelu(2, 8, 3), nn.Flatten(), nn.Linear(8 * 12 * 10, 4), nn.BatchNorm1d(4)).double()
        filled = copy.deepcopy(plain)
        mask = torch.tensor([1.0] * 5 + [0.0] * 3)
        mask_batch_norms(filled, mask)
        batch = INPUTS[:8].double()
        plain(batch[:5]).square().sum().backward()
        (filled(batch).square() * mask[:, None]).sum().backward()
        for one, other in zip(plain.parameters(), filled.parameters(), strict=True):
            assert other.grad is not None
            assert one.grad is not None
            assert torch.allclose(other.grad, one.grad, rtol=1e-10, atol=1e-12)
        statistics = {name: value for name, value in filled.named_buffers() if not name.endswith(".mask")}
        for name, value in plain.named_buffers():
            assert torch.allclose(statistics[name], value, rtol=1e-12)

    @pytest.mark.parametrize("options", [{"momentum": None}, {"track_running_stats": False}])
    def test_a_normalization_without_running_statistics_of_a_fixed_weight_is_refused(self, options):
        """As torch documents it, momentum=None is an average over all batches."""
        with pytest.raises(MerlabError, match="set the training setting loop to accelerated or plain"):
            mask_batch_norms(nn.Sequential(nn.BatchNorm2d(4, **options)), torch.ones(8))

    def test_a_network_with_its_own_loss_is_refused_with_the_remedy(self):
        class Own(NetworkWithLoss):
            def __init__(self):
                super().__init__()
                self.inner = network()

            def forward(self, inputs):
                return self.inner(inputs)

        with pytest.raises(MerlabError, match="own loss.*; set the training setting loop to accelerated or plain"):
            accelerated_loop(Acceleration(fixed_shapes=True), make=Own)

    def test_a_dropout_that_is_called_twice_is_refused_with_the_remedy(self):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.dropout, self.linear = nn.Dropout(0.5), nn.Linear(240, CLASSES)

            def forward(self, inputs):
                return self.linear(self.dropout(self.dropout(inputs.flatten(1))))

        with pytest.raises(MerlabError, match="called twice.*; set the training setting loop to plain"):
            accelerated_loop(make=Twice)

    def test_random_numbers_outside_of_dropout_are_refused_with_the_remedy(self):
        class Noisy(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = network()

            def forward(self, inputs):
                return self.inner(inputs + torch.rand_like(inputs))

        with pytest.raises(MerlabError, match=r"outside of nn\.Dropout.*; set the training setting loop to plain"):
            accelerated_loop(make=Noisy)


def test_a_machine_without_a_compiler_is_told_the_remedy(monkeypatch):
    """As Windows and macOS are, unless their users have installed one."""

    # PyTorch 2.4 has no third argument.
    rest = [None] * (len(inspect.signature(BackendCompilerFailed).parameters) - 2)

    def refused(*_arguments: object) -> None:
        raise BackendCompilerFailed(refused, RuntimeError("Compiler: cl is not found."), *rest)

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: refused)
    compiled_loss.cache_clear()
    try:
        with pytest.raises(MerlabError, match=r"cl is not found.*set the training setting loop to accelerated"):
            compiled_loss()()
    finally:
        compiled_loss.cache_clear()


class TestClipStore:
    def test_gray_levels_are_kept_as_bytes_without_any_change(self):
        levels = torch.randint(0, 256, (4, 3, 5, 6)).float() / 255
        store = ClipStore.of(levels, CPU)
        assert store.rows.dtype == torch.uint8
        assert torch.equal(store.take(torch.tensor([2, 0])), levels[[2, 0]])

    @pytest.mark.parametrize("shape", [(4, 3, 5, 6), (4, 2, 3, 5, 6)])
    def test_other_values_are_kept_as_they_are(self, shape):
        values = torch.randn(shape)
        store = ClipStore.of(values, CPU)
        assert store.rows.dtype == torch.float32
        assert torch.equal(store.take(torch.tensor([3, 1])), values[[3, 1]])
