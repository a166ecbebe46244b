"""Training with synthetic clips in every batch, a loss of action units, and weights to start from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.training import NeuralClassifier, SyntheticClips, TrainingSettings, relative_intensities
from merlab.training.accelerated import AcceleratedLoop, Acceleration
from merlab.training.clip_store import ClipStore
from merlab.training.loop import Loop, UnitTargets
from merlab.training.steps import epoch_batches, unit_loss
from merlab.training.training_clips import TrainingClips

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(40, 3, 8, 8)).astype(np.float32)
LABELS = np.array([0] * 30 + [1] * 8 + [2] * 2)
GROUPS = [f"s{row % 8}" for row in range(40)]
SYNTHETIC = SyntheticClips(
    inputs=RNG.normal(size=(90, 3, 8, 8)).astype(np.float32),
    labels=np.arange(90) % 3,
    intensities=RNG.uniform(-1, 1, (90, 4)).astype(np.float32),
    other_side=np.array([1, 0, 2, 3]),
    subjects=tuple(f"synthetic{row // 10}" for row in range(90)),
)
SETTINGS = TrainingSettings(epochs=2, steps=3, batch_size=12, device="cpu", synthetic_share=1 / 3, unit_loss=2)


class TwoHeads(nn.Module):
    """A small network with 3 classes and 4 action units."""

    def __init__(self, units: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.classes, self.units = nn.Linear(8, 3), nn.Linear(8, units)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classes(self.features(inputs))
        return logits

    def heads(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(inputs)
        return self.classes(features), self.units(features)


def flipped(batch: Tensor) -> Tensor:
    return batch.flip(-1)


def fitted(settings: TrainingSettings = SETTINGS, network=TwoHeads, seed: int = 0, labels=LABELS, **options):
    arguments = {"synthetic": SYNTHETIC, **options}
    classifier = NeuralClassifier(network, 3, settings, mirror=flipped, **arguments)
    classifier.fit(REAL, labels, GROUPS, seed)
    return classifier


def changed(**settings) -> TrainingSettings:
    return TrainingSettings(**{**SETTINGS.model_dump(), **settings})


class TestTheShareOfSyntheticClips:
    def rows(self, **settings) -> Tensor:
        batches = epoch_batches(changed(**settings), torch.from_numpy(LABELS), synthetic=90)
        return torch.stack(batches)

    def test_a_third_of_84_clips_are_28_after_56_real_ones(self):
        rows = self.rows(batch_size=84, steps=50)
        assert rows.shape == (50, 84)
        assert bool((rows[:, :56] < 40).all())
        assert bool((rows[:, 56:] >= 40).all())

    def test_real_ones_are_balanced_by_class_and_synthetic_ones_are_drawn_evenly(self):
        rows = self.rows(batch_size=84, steps=500)
        real, drawn = rows[:, :56].flatten().numpy(), rows[:, 56:].flatten().numpy()
        assert np.bincount(LABELS[real]) / real.size == pytest.approx(np.full(3, 1 / 3), abs=0.02)
        counts = np.bincount(drawn - 40)
        assert len(counts) == 90
        # 14 000 draws among 90 clips: chi squared with 89 degrees of freedom is below 125 with p = .993.
        assert ((counts - drawn.size / 90) ** 2 / (drawn.size / 90)).sum() < 125

    def test_without_steps_every_real_clip_is_seen_once_and_each_batch_has_as_many_synthetic_ones(self):
        batches = epoch_batches(changed(steps=None), torch.from_numpy(LABELS), synthetic=90)
        assert [len(rows) for rows in batches] == [12] * 5
        assert sorted(row for rows in batches for row in rows.tolist() if row < 40) == list(range(40))
        assert all(int((rows >= 40).sum()) == 4 for rows in batches)

    def test_without_synthetic_clips_batches_are_as_ever(self):
        assert [len(rows) for rows in epoch_batches(SETTINGS, torch.from_numpy(LABELS))] == [12] * 3

    def test_a_share_that_leaves_no_real_or_no_synthetic_clip_is_refused(self):
        with pytest.raises(MerlabError, match="training setting: synthetic_share=0.99 leaves no real clip in a batch"):
            changed(synthetic_share=0.99)
        with pytest.raises(MerlabError, match=r"synthetic_share=0.04 leaves no synthetic clip in a batch of 12; raise"):
            changed(synthetic_share=0.04)
        assert changed(synthetic_share=0.05).synthetic_share == 0.05

    def test_synthetic_clips_reach_the_network_with_their_labels(self):
        """Synthetic clips alone show what class 2 looks like; the real ones have labels 0 and 1 only."""
        synthetic = replace(SYNTHETIC, inputs=SYNTHETIC.inputs + 4 * (np.arange(90) % 3 == 2)[:, None, None, None])
        settings = changed(epochs=20, learning_rate=0.02, unit_loss=0)
        classifier = fitted(settings, labels=LABELS % 2, synthetic=synthetic)
        assert (classifier.predict_proba(REAL + 4).argmax(axis=1) == 2).mean() > 0.9

    def test_a_fit_has_the_share_in_every_batch(self):
        batches = []

        class Watched(TwoHeads):
            def heads(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
                batches.append(inputs[:, 0, 0, 0].tolist())
                return super().heads(inputs)

        fitted(network=Watched)
        real = set(REAL[:, 0, 0, 0].tolist())
        assert [[value in real for value in batch] for batch in batches] == [[True] * 8 + [False] * 4] * 6

    def test_they_are_not_used_without_a_share(self):
        settings = changed(synthetic_share=0, unit_loss=0)
        assert np.array_equal(
            fitted(settings).predict_proba(REAL), fitted(settings, synthetic=None).predict_proba(REAL)
        )


class TestTheLossOfActionUnits:
    def test_is_the_mean_squared_error_of_the_clips_that_have_intensities(self):
        nan = float("nan")
        predicted = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.5, -1.0]])
        known = torch.tensor([[0.0, 0.0], [nan, nan], [0.5, 1.0]])
        # (1 + 0 + 0 + 4) / 4 values.
        assert float(unit_loss(predicted, known)) == pytest.approx(1.25)

    def test_without_any_intensities_is_zero(self):
        assert float(unit_loss(torch.ones(2, 3), torch.full((2, 3), torch.nan))) == 0

    def test_is_added_with_its_weight_to_the_cross_entropy_of_all_clips(self):
        torch.manual_seed(0)
        network = TwoHeads()
        inputs = torch.from_numpy(np.concatenate([REAL, SYNTHETIC.inputs]))
        labels = torch.from_numpy(np.concatenate([LABELS, SYNTHETIC.labels]))
        known = torch.full((130, 4), torch.nan)
        known[40:] = torch.from_numpy(SYNTHETIC.intensities)
        units = UnitTargets(known, torch.from_numpy(SYNTHETIC.other_side))
        settings = changed(epochs=1, steps=1, batch_size=60, label_smoothing=0.1)
        batch: list[Tensor] = []
        network.features.register_forward_pre_hook(lambda _, given: batch.append(given[0].clone()))
        loop = Loop(network, inputs, labels, classes=3, settings=settings, synthetic=90, units=units)
        torch.manual_seed(1)
        (rows,) = epoch_batches(settings, torch.from_numpy(LABELS), synthetic=90)
        copy = TwoHeads()
        copy.load_state_dict(network.state_dict())
        torch.manual_seed(1)
        loss = loop.epoch()
        logits, predicted = copy.heads(inputs[rows])
        logs = logits.log_softmax(dim=1)
        entropy = -(0.9 * logs[range(60), labels[rows]] + 0.1 * logs.mean(dim=1)).mean()
        error = ((predicted[40:] - known[rows[40:]]) ** 2).mean()
        assert torch.equal(batch[-1], inputs[rows])
        assert loss == pytest.approx(float((entropy + 2 * error).detach()), rel=1e-5)

    def test_mirrored_clips_have_their_sides_exchanged(self):
        units = UnitTargets(torch.tensor([[1.0, 0.0, 0.5], [1.0, 0.2, 0.0]]), torch.tensor([1, 0, 2]))
        rows = torch.tensor([1, 0])
        assert units.of(rows, torch.tensor([True, False])).tolist() == [
            pytest.approx([0.2, 1.0, 0.0]),
            pytest.approx([1.0, 0.0, 0.5]),
        ]
        assert torch.equal(units.of(rows, None), units.intensities[rows])

    @pytest.mark.slow
    def test_a_network_learns_the_intensities_of_its_training_clips_on_both_sides(self):
        """The left half of a clip moves with the unit of the left, the right half with that of the right."""
        rng = np.random.default_rng(1)
        known = rng.uniform(0, 1, (200, 2)).astype(np.float32)
        inputs = np.zeros((200, 3, 8, 8), np.float32)
        inputs[..., :4] = known[:, 0, None, None, None]
        inputs[..., 4:] = known[:, 1, None, None, None]
        settings = TrainingSettings(epochs=60, batch_size=20, learning_rate=0.01, unit_loss=4, mirror=True)
        classifier = NeuralClassifier(lambda: TwoHeads(2), 3, settings, mirror=flipped)
        classifier.fit(inputs, np.arange(200) % 3, ["s"] * 200, 0, intensities=known, other_side=np.array([1, 0]))
        assert isinstance(classifier.module, TwoHeads)
        with torch.inference_mode():
            _, predicted = classifier.module.heads(torch.from_numpy(inputs))
        assert np.corrcoef(predicted[:, 0], known[:, 0])[0, 1] > 0.9
        assert np.corrcoef(predicted[:, 1], known[:, 1])[0, 1] > 0.9

    def test_intensities_are_relative_to_the_largest_of_the_clip(self):
        changes = np.array([[0.5, -2.0], [0.01, 0.0], [0.0, 0.0]])
        assert relative_intensities(changes) == pytest.approx(np.array([[0.25, -1], [0.2, 0], [0, 0]]))

    def test_known_intensities_of_training_clips_stay_beside_those_of_synthetic_clips(self):
        known = RNG.uniform(-1, 1, (40, 4)).astype(np.float32)
        own = TrainingClips(REAL, LABELS, known, SYNTHETIC.other_side).followed_by(SYNTHETIC, 3)
        assert own.intensities is not None
        assert np.array_equal(own.intensities, np.concatenate([known, SYNTHETIC.intensities]))
        unknown = TrainingClips(REAL, LABELS).followed_by(SYNTHETIC, 3).intensities
        assert unknown is not None
        assert np.isnan(unknown[:40]).all()
        assert np.array_equal(unknown[40:], SYNTHETIC.intensities)


class TestWeightsToStartFrom:
    START = TwoHeads().state_dict()
    STILL = changed(learning_rate=1e-12)

    def test_are_those_of_the_untrained_network(self):
        trained = fitted(self.STILL, starts=(self.START,)).module.state_dict()
        assert torch.allclose(trained["classes.weight"], self.START["classes.weight"])
        assert torch.allclose(trained["features.1.weight"], self.START["features.1.weight"])

    def test_each_seed_has_its_own_modulo_their_number(self):
        other = {name: torch.zeros_like(value) for name, value in self.START.items()}
        weights = [
            fitted(self.STILL, seed=seed, starts=(self.START, other)).module.state_dict()["classes.weight"]
            for seed in (2, 3)
        ]
        assert torch.allclose(weights[0], self.START["classes.weight"])
        assert torch.allclose(weights[1], torch.zeros(3, 8), atol=1e-6)

    def test_are_not_changed_by_training(self):
        before = {name: value.clone() for name, value in self.START.items()}
        fitted(changed(learning_rate=0.1), starts=(self.START,))
        assert all(torch.equal(before[name], value) for name, value in self.START.items())


class TestWhatIsRefused:
    def test_a_share_without_synthetic_clips(self):
        with pytest.raises(MerlabError, match=r"synthetic_share=0\.333333 needs synthetic clips; pass --synthetic"):
            fitted(synthetic=None)

    def test_a_loss_of_action_units_without_intensities(self):
        with pytest.raises(MerlabError, match="unit_loss=2 needs clips with known intensities"):
            fitted(changed(synthetic_share=0))

    def test_a_loss_of_action_units_of_a_network_without_a_head_for_them(self):
        with pytest.raises(MerlabError, match="unit_loss=2 needs a network with a second head"):
            fitted(network=lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 3)))

    def test_a_head_of_another_number_of_action_units(self):
        with pytest.raises(MerlabError, match="predicts 5 intensities of action units, but the clips have 4"):
            fitted(network=lambda: TwoHeads(units=5))

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ({"inputs": SYNTHETIC.inputs[..., :7]}, r"synthetic clips of shape \(3, 8, 7\) cannot be mixed with clips"),
            ({"inputs": SYNTHETIC.inputs * np.nan}, "90 of 90 inputs contain NaN"),
            ({"labels": SYNTHETIC.labels + 1}, r"labels of 3 classes must be in 0\.\.2, got 1\.\.3"),
            ({"subjects": ("a",)}, "90 clips need 90 labels and 90 subjects, got 90 and 1"),
            ({"intensities": SYNTHETIC.intensities[:, :3]}, r"90 clips and 4 action units need .*, got \(90, 3\)"),
            ({"other_side": np.array([1, 1, 2, 3])}, r"other_side must contain each of the positions 0\.\.3 once"),
        ],
    )
    def test_synthetic_clips_that_do_not_fit(self, fault, message):
        with pytest.raises(MerlabError, match=message):
            fitted(synthetic=replace(SYNTHETIC, **fault))

    def test_intensities_without_sides(self):
        classifier = NeuralClassifier(TwoHeads, 3, changed(synthetic_share=0))
        with pytest.raises(MerlabError, match="belong together"):
            classifier.fit(REAL, LABELS, GROUPS, 0, intensities=np.zeros((40, 4), np.float32))

    def test_intensities_of_another_number_of_units_than_the_sides(self):
        classifier = NeuralClassifier(TwoHeads, 3, changed(synthetic_share=0))
        known = np.zeros((40, 5), np.float32)
        with pytest.raises(MerlabError, match=r"40 clips and 4 action units need intensities \(40, 4\), got \(40, 5\)"):
            classifier.fit(REAL, LABELS, GROUPS, 0, intensities=known, other_side=SYNTHETIC.other_side)

    @pytest.mark.parametrize("setting", [{"synthetic_share": 0}, {"unit_loss": 0}])
    def test_the_accelerated_loop_with_these_settings(self, setting):
        store, labels = ClipStore.of(torch.from_numpy(REAL), torch.device("cpu")), torch.from_numpy(LABELS)
        with pytest.raises(MerlabError, match="set synthetic_share and unit_loss to 0, or the training setting loop"):
            AcceleratedLoop(
                TwoHeads(),
                store,
                torch.arange(40),
                labels,
                classes=3,
                settings=changed(**setting),
                acceleration=Acceleration(),
            )


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    settings = changed(mirror=True, noise=0.2)
    first, again, other = (fitted(settings, seed=seed).predict_proba(REAL) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_validated_training_holds_out_real_subjects_alone():
    classifier = fitted(changed(selection="validation", epochs=3))
    assert 1 <= classifier.kept_epoch <= 3
