"""Training: what holds for every network."""

import threading
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from merlab.errors import MerlabError
from merlab.training import NetworkWithLoss, NeuralClassifier, TrainingSettings, seeded, shifted
from merlab.training.best_epoch import BestEpoch
from merlab.training.checks import hold_out_subjects
from merlab.training.settings import is_large, resolve_device, resolve_precision
from merlab.training.steps import balanced_weights, make_optimizer, random_batches

CPU = torch.device("cpu")
QUICK = TrainingSettings(epochs=15, batch_size=8, learning_rate=0.02, device="cpu")
SUBJECTS = [f"sub{number % 8:02d}" for number in range(48)]


def small_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(4, 2),
    )


def bright_and_dark(clips: int = 48, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Class 1 is bright in the left half: trivially separable."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, clips)
    inputs = generator.normal(size=(clips, 1, 8, 8)).astype(np.float32)
    inputs[labels == 1, :, :, :4] += 3
    return inputs, labels


def fitted(settings: TrainingSettings = QUICK, seed: int = 0, network=small_network, **arguments) -> NeuralClassifier:
    inputs, labels = bright_and_dark()
    classifier = NeuralClassifier(network, 2, settings)
    classifier.fit(inputs, labels, SUBJECTS, seed, **arguments)
    return classifier


def with_settings(**changes) -> TrainingSettings:
    return TrainingSettings(**{**QUICK.model_dump(), **changes})


def test_threads_of_a_program_that_train_at_the_same_time_get_the_numbers_of_one_alone():
    alone = fitted(with_settings(epochs=1)).module.state_dict()
    both = threading.Barrier(2)

    def network() -> nn.Module:
        # Where two may train at once, they meet here.
        with suppress(threading.BrokenBarrierError):
            both.wait(0.05)
        return small_network()

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(fitted, with_settings(epochs=1), network=network) for _ in range(2)]
        for each in waiting:
            found = each.result().module.state_dict()
            assert all(torch.equal(found[name], value) for name, value in alone.items())


class TestSettings:
    def test_the_defaults_are_the_papers(self):
        settings = TrainingSettings()
        published = (500, 64, 1e-3, 0.9, 100)
        assert (
            settings.epochs,
            settings.batch_size,
            settings.learning_rate,
            settings.decay,
            settings.decay_every,
        ) == published

    @pytest.mark.parametrize(
        ("wrong", "fault"),
        [
            ({"epochs": 0}, "training setting epochs: Input should be greater than or equal to 1, got 0"),
            ({"learning_rate": float("nan")}, "training setting learning_rate: Input should be a finite number"),
            ({"batch_size": 1}, "training setting batch_size: .*, got 1"),
            ({"decay": 1.5}, "training setting decay: .*, got 1.5"),
            (
                {"epoch": 1},
                "unknown training setting 'epoch'; did you mean epochs\\? training settings are epochs, ",
            ),
            ({"optimizer": "adma"}, "training setting optimizer: Input should be 'adam', .*, got 'adma'"),
        ],
    )
    def test_a_setting_out_of_range_or_unknown_is_refused_by_name(self, wrong, fault):
        with pytest.raises(MerlabError, match=fault):
            TrainingSettings(**wrong)

    def test_the_learning_rate_decays_by_steps(self):
        rates = []
        watched = register_optimizer_step_pre_hook(lambda adam, *_: rates.append(adam.param_groups[0]["lr"]))
        try:
            fitted(with_settings(epochs=5, batch_size=48, learning_rate=0.1, decay=0.5, decay_every=2))
        finally:
            watched.remove()
        assert rates == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


class TestLearning:
    def test_a_separable_problem_is_learned(self):
        unseen, truth = bright_and_dark(seed=1)
        assert (fitted().predict_proba(unseen).argmax(axis=1) == truth).mean() > 0.95

    @pytest.mark.slow
    def test_shuffled_labels_stay_near_chance_on_unseen_clips(self):
        inputs, labels = bright_and_dark(200)
        shuffled = np.random.default_rng(3).permutation(labels)
        classifier = NeuralClassifier(small_network, 2, QUICK)
        classifier.fit(inputs, shuffled, ["s"] * 200, seed=0)
        unseen, truth = bright_and_dark(200, seed=1)
        balanced = np.mean(
            [(classifier.predict_proba(unseen).argmax(axis=1) == truth)[truth == c].mean() for c in (0, 1)]
        )
        assert 0.3 < balanced < 0.7

    def test_probabilities_are_rows_that_sum_to_one(self):
        probabilities = fitted().predict_proba(bright_and_dark(7)[0])
        assert probabilities.shape == (7, 2)
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(7))

    def test_balanced_weights_make_a_rare_class_count_as_much_as_a_frequent_one(self):
        # The inputs are all equal, so the best constant prediction is the weighted class share.
        inputs = np.zeros((48, 1, 8, 8), np.float32)
        labels = np.array([0] * 40 + [1] * 8)
        shares = {}
        for weights in ("none", "balanced"):
            settings = with_settings(epochs=60, batch_size=48, learning_rate=0.1, class_weights=weights)
            classifier = NeuralClassifier(small_network, 2, settings)
            classifier.fit(inputs, labels, SUBJECTS, seed=0)
            shares[weights] = classifier.predict_proba(inputs[:1])[0, 1]
        assert shares["none"] == pytest.approx(8 / 48, abs=0.05)
        assert shares["balanced"] == pytest.approx(0.5, abs=0.05)

    def test_every_epoch_is_reported_and_the_loss_falls(self):
        reports = []
        fitted(on_epoch=lambda done, total, loss: reports.append((done, total, loss)))
        assert [report[:2] for report in reports] == [(epoch, 15) for epoch in range(1, 16)]
        assert reports[-1][2] < reports[0][2]


class TestNetworksThatReadTensorsWhenMade:
    """Vision transformers read the rates of stochastic depth from a tensor, and networks load weights of their own."""

    @staticmethod
    def network() -> nn.Module:
        rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
        head = nn.Linear(4, 2)
        stored = {"weight": torch.from_numpy(np.ones((2, 4), np.float32)), "bias": torch.from_numpy(np.zeros(2))}
        head.load_state_dict(stored)
        layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        return nn.Sequential(*layers, nn.Dropout(rates[-1]), head)

    def test_they_are_trained_without_a_warning(self):
        unseen, truth = bright_and_dark(seed=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            probabilities = fitted(network=self.network).predict_proba(unseen)
        assert (probabilities.argmax(axis=1) == truth).mean() > 0.9


@pytest.mark.parametrize("loop", ["plain", "accelerated"])
def test_a_network_may_override_train_without_returning_itself(loop):
    class Forgetful(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)

    classifier = fitted(with_settings(epochs=1, loop=loop), network=lambda: Forgetful(*small_network().children()))
    assert classifier.predict_proba(bright_and_dark(3)[0]).shape == (3, 2)
    assert not classifier.module.training


class TestOptimizers:
    def test_sgd_is_sgd_with_momentum(self):
        parameter = nn.Parameter(torch.zeros(1))
        module = nn.Module()
        module.weight = parameter
        optimizer = make_optimizer(with_settings(optimizer="sgd", learning_rate=0.1), module)
        for _ in range(2):
            parameter.grad = torch.ones(1)
            optimizer.step()
        # Steps of 0.1 x 1, then 0.1 x (1 + 0.9).
        assert parameter.item() == pytest.approx(-0.29)

    def test_sgd_learns_too(self):
        unseen, truth = bright_and_dark(seed=1)
        classifier = fitted(with_settings(optimizer="sgd", learning_rate=0.1))
        assert (classifier.predict_proba(unseen).argmax(axis=1) == truth).mean() > 0.9

    def test_a_network_with_its_own_loss_is_trained_by_it(self):
        class Swapped(NetworkWithLoss):
            """Its loss swaps the two classes, and it gets more than the logits."""

            def __init__(self):
                super().__init__()
                self.network = small_network()

            def forward(self, inputs):
                logits = self.network(inputs)
                return (logits, inputs) if self.training else logits

            def loss(self, outputs, labels, weights):
                logits, _ = outputs
                return nn.functional.cross_entropy(logits, 1 - labels, weights)

        unseen, truth = bright_and_dark(seed=1)
        assert (fitted(network=Swapped).predict_proba(unseen).argmax(axis=1) == truth).mean() < 0.1


class TestRepeatability:
    def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(self):
        unseen = bright_and_dark(seed=1)[0]
        first, again, other = (fitted(seed=seed).predict_proba(unseen) for seed in (5, 5, 6))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_the_callers_random_state_has_no_effect_and_does_not_change(self):
        unseen = bright_and_dark(seed=1)[0]
        torch.manual_seed(1)
        first = fitted().predict_proba(unseen)
        torch.manual_seed(2)
        before = torch.get_rng_state()
        assert np.array_equal(fitted().predict_proba(unseen), first)
        assert torch.equal(torch.get_rng_state(), before)

    def test_cudnn_is_deterministic_during_a_fit_and_a_prediction(self):
        class Watched(nn.Sequential):
            def forward(self, clips):
                seen.add((torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark))
                return super().forward(clips)

        seen: set[tuple[bool, bool]] = set()
        fitted(with_settings(epochs=1), network=lambda: Watched(small_network())).predict_proba(bright_and_dark(2)[0])
        assert seen == {(True, False)}

    @pytest.mark.slow
    def test_threads_are_set_for_the_fit_and_then_restored(self):
        before = torch.get_num_threads()
        seen = []
        fitted(with_settings(threads=before + 1, epochs=2), on_epoch=lambda *_: seen.append(torch.get_num_threads()))
        assert set(seen) == {before + 1}
        assert torch.get_num_threads() == before

    def test_initial_weights_depend_on_the_seed(self):
        with seeded(3, CPU):
            first = small_network().state_dict()
        with seeded(3, CPU):
            second = small_network().state_dict()
        assert all(torch.equal(first[name], second[name]) for name in first)


class TestSelection:
    def test_fixed_keeps_the_last_epoch(self):
        assert fitted().kept_epoch == QUICK.epochs

    def test_without_validation_clips_are_not_copied(self):
        inputs, labels = np.zeros((48, 1, 64, 64), np.float32), np.arange(48) % 2
        classifier = NeuralClassifier(small_network, 2, with_settings(epochs=1))
        tracemalloc.start()
        try:
            classifier.fit(inputs, labels, SUBJECTS, 0)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < inputs.nbytes

    def test_validation_holds_out_whole_subjects(self):
        kept, held_out = hold_out_subjects(SUBJECTS, 0.25, seed=0)
        assert len({SUBJECTS[row] for row in held_out}) == 2
        assert {SUBJECTS[row] for row in kept}.isdisjoint(SUBJECTS[row] for row in held_out)
        assert sorted([*kept, *held_out]) == list(range(48))

    def test_the_seed_chooses_the_subjects_of_the_validation(self, monkeypatch):
        seeds = []

        def held_out(groups, share, seed):
            seeds.append(seed)
            return hold_out_subjects(groups, share, seed)

        monkeypatch.setattr("merlab.training.classifier.hold_out_subjects", held_out)
        for seed in (0, 3):
            fitted(with_settings(selection="validation", epochs=1), seed)
        assert seeds == [0, 3]

    def test_validation_keeps_an_epoch_and_still_learns(self):
        classifier = fitted(with_settings(selection="validation"))
        unseen, truth = bright_and_dark(seed=1)
        assert 1 <= classifier.kept_epoch <= QUICK.epochs
        assert (classifier.predict_proba(unseen).argmax(axis=1) == truth).mean() > 0.9

    def test_validation_with_one_subject_names_the_remedy(self):
        inputs, labels = bright_and_dark()
        classifier = NeuralClassifier(small_network, 2, with_settings(selection="validation"))
        with pytest.raises(MerlabError, match="at least 2.*selection=fixed"):
            classifier.fit(inputs, labels, ["sub01"] * 48, seed=0)

    @pytest.mark.parametrize(
        ("scores", "kept"), [([0.9, 0.5, 0.7], 1), ([0.5, 0.9, 0.9], 2), ([0.1, 0.2, 0.3], 3), ([-np.inf, -np.inf], 1)]
    )
    def test_the_first_of_the_best_epochs_is_kept_with_its_weights(self, scores, kept):
        best, module = BestEpoch(), nn.Linear(1, 1)
        for epoch, score in enumerate(scores, start=1):
            nn.init.constant_(module.weight, epoch)
            best.consider(epoch, score, module)
        assert (best.epoch, best.score, float(best.weights["weight"])) == (kept, scores[kept - 1], kept)

    def test_the_leak_keeps_the_epoch_that_is_best_on_the_test_fold(self):
        # With half of the labels swapped, a test fold cannot be learned; an epoch can only fit it by chance.
        test, labels = bright_and_dark(seed=2)
        noisy = np.where(np.arange(48) % 2, labels, 1 - labels)
        leaky = fitted(with_settings(selection="best-epoch-on-test"), monitor=(test, noisy))
        fixed = fitted()

        def accuracy(classifier: NeuralClassifier) -> float:
            return float((classifier.predict_proba(test).argmax(axis=1) == noisy).mean())

        assert accuracy(leaky) >= accuracy(fixed)
        assert leaky.kept_epoch < QUICK.epochs

    @pytest.mark.parametrize(
        ("selection", "given"), [("best-epoch-on-test", False), ("fixed", True), ("validation", True)]
    )
    def test_only_the_leak_uses_the_test_fold(self, selection, given):
        monitor = bright_and_dark(seed=2) if given else None
        with pytest.raises(MerlabError, match="only best-epoch-on-test"):
            fitted(with_settings(selection=selection), monitor=monitor)


class TestFaults:
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_inputs_that_are_not_finite_are_named(self, value):
        inputs, labels = bright_and_dark()
        inputs[11, 0, 3, 3] = value
        with pytest.raises(MerlabError, match="1 of 48 inputs contain NaN or infinity, the first is row 11"):
            NeuralClassifier(small_network, 2, QUICK).fit(inputs, labels, SUBJECTS, seed=0)

    def test_inputs_that_are_not_finite_are_refused_at_prediction_too(self):
        with pytest.raises(MerlabError, match="NaN or infinity"):
            fitted().predict_proba(np.full((1, 1, 8, 8), np.nan, np.float32))

    def test_a_loss_that_is_not_finite_names_the_epoch_and_the_remedy(self):
        with pytest.raises(MerlabError, match=r"loss is (nan|inf) in epoch \d+; lower learning_rate"):
            fitted(with_settings(learning_rate=1e30))

    @pytest.mark.parametrize(
        ("outputs", "given"),
        [
            (lambda logits: logits[:, :1], r"a tensor of shape \(8, 1\) for 8 clips and 2 classes"),
            (lambda logits: logits.repeat(1, 5), r"a tensor of shape \(8, 10\)"),
            (lambda logits: (logits, logits), "tuple"),
        ],
    )
    def test_outputs_that_are_not_logits_are_named_in_the_first_step(self, outputs, given):
        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = small_network()

            def forward(self, batch):
                return outputs(self.layers(batch))

        with pytest.raises(
            MerlabError, match=rf"returned {given}.* must return one tensor of logits of shape \(8, 2\)"
        ):
            fitted(network=Network)

    @pytest.mark.parametrize("loop", ["plain", "accelerated"])
    def test_a_network_that_ends_in_a_softmax_is_told(self, loop):
        with pytest.raises(MerlabError, match="returned probabilities.* must return logits: leave the softmax"):
            fitted(network=lambda: nn.Sequential(small_network(), nn.Softmax(dim=1)), settings=with_settings(loop=loop))
        fitted(network=lambda: nn.Sequential(small_network(), nn.LogSoftmax(dim=1)), settings=with_settings(loop=loop))

    def test_a_network_that_applies_a_softmax_after_training_is_told(self):
        class Network(nn.Sequential):
            def forward(self, clips):
                logits = super().forward(clips)
                return logits if self.training else logits.softmax(dim=1)

        with pytest.raises(MerlabError, match="must return logits: leave the softmax"):
            fitted(network=lambda: Network(small_network()))
        fitted(network=lambda: nn.Sequential(small_network(), nn.Sigmoid()))

    def test_a_network_may_keep_what_it_computes_in_its_first_forward(self):
        class Network(nn.Sequential):
            offset = None

            def forward(self, clips):
                if self.offset is None:
                    self.offset = torch.ones(1)
                return super().forward(clips) + self.offset * next(self.parameters()).mean()

        classifier = fitted(network=lambda: Network(small_network()))
        assert classifier.predict_proba(bright_and_dark()[0]).shape == (len(bright_and_dark()[0]), 2)

    def test_a_network_that_drops_the_axis_of_a_single_clip_is_told(self):
        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = small_network()

            def forward(self, batch):
                return self.layers(batch).squeeze()

        classifier = fitted(network=Network)
        with pytest.raises(
            MerlabError, match=r"returned a tensor of shape \(2,\) for 1 clip .* also for a single clip"
        ):
            classifier.predict_proba(bright_and_dark()[0][:1])

    def test_labels_out_of_range_are_named(self):
        inputs, labels = bright_and_dark()
        with pytest.raises(MerlabError, match=r"labels of 2 classes must be in 0\.\.1, got 1\.\.2"):
            NeuralClassifier(small_network, 2, QUICK).fit(inputs, labels + 1, SUBJECTS, seed=0)

    def test_another_number_of_labels_than_clips_is_refused(self):
        inputs, labels = bright_and_dark()
        with pytest.raises(MerlabError, match="48 clips need 48 labels and 48 subjects, got 47 and 48"):
            NeuralClassifier(small_network, 2, QUICK).fit(inputs, labels[:-1], SUBJECTS, seed=0)

    def test_one_clip_is_too_few(self):
        inputs, labels = bright_and_dark(1)
        with pytest.raises(MerlabError, match="at least 2 training clips"):
            NeuralClassifier(small_network, 2, QUICK).fit(inputs, labels, ["sub01"], seed=0)

    def test_predicting_before_fitting_is_refused(self):
        with pytest.raises(MerlabError, match="not been trained"):
            NeuralClassifier(small_network, 2, QUICK).predict_proba(np.zeros((1, 1, 8, 8), np.float32))

    def test_a_device_out_of_memory_names_the_batch_size(self):
        class Exhausting(nn.Flatten):
            def forward(self, inputs):
                raise torch.cuda.OutOfMemoryError

        with pytest.raises(MerlabError, match="batches of 8; lower batch_size"):
            fitted(network=lambda: nn.Sequential(small_network(), Exhausting()))

    @pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
    def test_a_missing_gpu_is_named(self):
        with pytest.raises(MerlabError, match="no usable CUDA device"):
            resolve_device("cuda")

    def test_mirroring_needs_a_function(self):
        with pytest.raises(MerlabError, match="mirror_of"):
            NeuralClassifier(small_network, 2, with_settings(mirror=True))


class TestBatches:
    @given(count=st.integers(2, 200), size=st.integers(2, 64))
    def test_every_clip_is_in_one_batch_and_no_batch_is_one_clip(self, count, size):
        batches = random_batches(count, size, CPU)
        assert sorted(torch.cat(batches).tolist()) == list(range(count))
        assert all(2 <= len(batch) <= size + 1 for batch in batches)

    def test_a_single_last_clip_does_not_break_batch_normalization(self):
        def one_by_one():
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(1, 2))

        inputs, labels = bright_and_dark(9)
        classifier = NeuralClassifier(one_by_one, 2, with_settings(batch_size=8))
        classifier.fit(inputs, labels, ["s"] * 9, seed=0)
        assert classifier.kept_epoch == QUICK.epochs

    @given(counts=st.lists(st.integers(0, 20), min_size=2, max_size=6).filter(any))
    def test_balanced_weights_give_every_class_present_the_same_total(self, counts):
        labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
        totals = balanced_weights(labels, len(counts)) * torch.tensor(counts)
        present = [count > 0 for count in counts]
        expected = [len(labels) / sum(present) if here else 0 for here in present]
        assert totals.tolist() == pytest.approx(expected)


class TestAugmentation:
    def test_mirroring_uses_the_given_function_on_about_half_of_the_clips(self):
        seen = []

        def spying_network():
            network = small_network()
            network.register_forward_pre_hook(lambda _, batch: seen.append(batch[0].clone()))
            return network

        classifier = NeuralClassifier(
            spying_network, 2, with_settings(epochs=10, mirror=True), mirror=lambda batch: torch.full_like(batch, 9)
        )
        classifier.fit(*bright_and_dark(), SUBJECTS, seed=0)
        mirrored = (torch.cat(seen) == 9).all(dim=(1, 2, 3)).float().mean()
        assert 0.4 < mirrored < 0.6

    @given(pixels=st.integers(1, 5), seed=st.integers(0, 1000))
    def test_shifting_moves_by_whole_pixels_and_repeats_the_border(self, pixels, seed):
        ramp = torch.arange(12.0).expand(1, 1, 12, 12)
        with seeded(seed, CPU):
            moved = shifted(ramp, pixels)
        by = int(ramp[0, 0, 5, 5] - moved[0, 0, 5, 5])
        assert abs(by) <= pixels
        assert torch.equal(moved[0, 0, 0], (torch.arange(12.0) - by).clamp(0, 11))

    def test_all_frames_of_a_sequence_are_shifted_together(self):
        sequences = torch.arange(12.0).expand(6, 4, 2, 12, 12)
        with seeded(0, CPU):
            moved = shifted(sequences, 3)
        assert moved.shape == sequences.shape
        assert torch.equal(moved, moved[:, :1, :1].expand_as(moved))
        assert len({tuple(moved[clip, 0, 0, 0].tolist()) for clip in range(6)}) > 1

    def test_a_network_on_sequences_is_trained_like_any_other(self):
        images, labels = bright_and_dark()
        sequences = np.repeat(images[:, None], 5, axis=1)
        classifier = NeuralClassifier(
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(5 * 64, 2)),
            2,
            with_settings(epochs=30, mirror=True, shift=1),
            mirror=lambda batch: batch.flip(-2),
        )
        classifier.fit(sequences, labels, SUBJECTS, seed=0)
        assert (classifier.predict_proba(sequences).argmax(axis=1) == labels).mean() > 0.9


class TestPrecision:
    def test_a_requested_precision_is_used(self):
        settings = TrainingSettings(precision="bfloat16")
        assert resolve_precision(settings, CPU, parameters=10, pixels=10) == "bfloat16"

    @pytest.mark.parametrize(
        ("flags", "parameters", "side", "expected"),
        [
            ("avx2", 8_000_000, 256, "float32"),
            ("avx512_bf16", 8_000_000, 256, "bfloat16"),
            ("amx_bf16", 8_000_000, 256, "bfloat16"),
            ("avx512_bf16", 500_000, 256, "float32"),
            ("avx512_bf16", 8_000_000, 80, "float32"),
        ],
    )
    def test_a_cpu_uses_bfloat16_only_if_it_has_it_and_the_work_is_large(
        self, monkeypatch, flags, parameters, side, expected
    ):
        monkeypatch.setattr("merlab.training.settings.processor_field", lambda _: f"fpu {flags} sse")
        assert resolve_precision(TrainingSettings(), CPU, parameters, side * side) == expected

    @pytest.mark.parametrize(
        ("parameters", "pixels", "large"),
        [(1_000_000, 128 * 128, True), (999_999, 128 * 128, False), (1_000_000, 128 * 128 - 1, False)],
    )
    def test_a_million_parameters_and_128_pixels_squared_are_large(self, parameters, pixels, large):
        assert is_large(parameters, pixels) == large

    def test_the_size_of_network_and_input_decides(self, monkeypatch):
        sizes = set()

        def precision(settings, device, parameters, pixels):
            sizes.add((parameters, pixels))
            return "float32"

        monkeypatch.setattr("merlab.training.classifier.resolve_precision", precision)
        inputs, labels = np.zeros((4, 1, 8, 6), np.float32), np.arange(4) % 2
        classifier = NeuralClassifier(small_network, 2, with_settings(epochs=1))
        classifier.fit(inputs, labels, ["s"] * 4, seed=0)
        # 4 kernels of 9 weights, 4 biases; 2 x 4 of the normalization; 2 x 4 weights, 2 biases.
        assert sizes == {(58, 48)}

    @pytest.mark.parametrize(
        ("capability", "expected"), [((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")]
    )
    def test_a_gpu_uses_bfloat16_from_compute_capability_8_on(self, monkeypatch, capability, expected):
        """As NVIDIA's Ampere and later do, also for small networks."""
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
        assert resolve_precision(TrainingSettings(), torch.device("cuda"), parameters=10, pixels=10) == expected

    @pytest.mark.parametrize(("name", "kind"), [("auto", "cuda"), ("cuda", "cuda"), ("cpu", "cpu")])
    def test_a_gpu_is_taken_where_there_is_one_unless_the_cpu_is_requested(self, monkeypatch, name, kind):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert resolve_device(name).type == kind

    def test_bfloat16_training_learns_too(self):
        unseen, truth = bright_and_dark(seed=1)
        classifier = fitted(with_settings(precision="bfloat16"))
        assert (classifier.predict_proba(unseen).argmax(axis=1) == truth).mean() > 0.9
