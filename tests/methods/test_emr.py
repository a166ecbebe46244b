"""EMRNet: the halves of the face, the reversed gradient, and the domains of its training clips."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods import find_method
from merlab.methods.emr import EMR, AdversarialClassifier, ReversedGradient
from merlab.methods.method import Preset, Task
from merlab.training import Material, SyntheticClips, TrainingSettings

TASK = Task(3, 3, 28, 28)


def build(task: Task = TASK, **options):
    return EMR(task, width=0.125, **options)


def test_it_is_resnet_18_with_two_parts_and_three_classifiers():
    method = find_method("emr")
    network = method.module(Task(3, 3, 224, 224), method.preset("paper"))
    heads = 2 * (512 * 64 + 64) + (128 * 3 + 3) + 2 * (64 * 3 + 3)
    # ResNet-18 without its last layer has 11 176 512 parameters.
    assert parameters(network) == 11_176_512 + heads


def test_the_upper_three_of_seven_rows_are_the_upper_part():
    network = build(Task(3, 1, 224, 224)).eval()
    network.trunk = torch.nn.Identity()
    seen = []
    for part in network.parts:
        part.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
        part[0] = torch.nn.Linear(1, 64)
    rows = (1 + torch.arange(7.0).view(1, 1, 7, 1)) / 2  # becomes 0, 1, ... 6
    network(rows)
    assert [float(part) for part in seen] == [1, 4.5]


def test_the_reversed_gradient_is_the_negative_one_times_its_weight():
    features = torch.tensor([1.0, 2.0], requires_grad=True)
    reversed_features = ReversedGradient.apply(features, torch.tensor(0.5))
    assert features.tolist() == reversed_features.tolist()
    (gradient,) = torch.autograd.grad((reversed_features * torch.tensor([3.0, 4.0])).sum(), features)
    assert gradient.tolist() == [-1.5, -2]


@pytest.mark.parametrize(("step", "weight"), [(1, 0.0005), (1000, 0.4621), (10_000, 0.9999)])
def test_the_reversal_grows_from_0_to_1_over_10_000_steps(step, weight):
    # 2 / (1 + exp(-10 i / 10000)) - 1 = tanh(i / 2000)
    network = build(small=True, domains=2).train()
    network.domain.steps.fill_(step - 1)
    network.domain.layers = torch.nn.Identity()
    features = torch.zeros(1, requires_grad=True)
    (gradient,) = torch.autograd.grad(network.domain(features).sum(), features)
    assert gradient.item() == pytest.approx(-math.tanh(step / 2000), rel=1e-4)
    assert gradient.item() == pytest.approx(-weight, abs=1e-4)


def test_the_loss_is_the_sum_of_three_class_losses_and_the_domain_loss():
    network = build(small=True, domains=2)
    outputs = [torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 2)]
    classes, domains = torch.tensor([0, 2, 1, 1]), torch.tensor([0, 1, 1, 0])
    expected = torch.stack([F.cross_entropy(logits, classes) for logits in outputs[:3]]).sum()
    expected += F.cross_entropy(outputs[3], domains)
    assert torch.allclose(network.loss(outputs, classes + 3 * domains, None), expected)


def test_class_weights_weight_the_classes():
    network = build(small=True)
    outputs, labels, weights = [torch.randn(4, 3) for _ in range(3)], torch.tensor([0, 2, 1, 1]), torch.rand(3)
    expected = torch.stack([F.cross_entropy(logits, labels, weights) for logits in outputs]).sum()
    assert torch.allclose(network.loss(outputs, labels, weights), expected)


def adversarial(settings, material) -> AdversarialClassifier:
    training = TrainingSettings(epochs=1, **settings)
    preset = Preset(training=training, network={"width": 0.125, "small": True})
    return AdversarialClassifier(TASK, preset=preset, mirror=None, material=material)


CLIPS = np.random.default_rng(0).random((12, 3, 28, 28), dtype=np.float32)
LABELS = np.arange(12) % 3
SYNTHETIC_CLIPS = SyntheticClips(CLIPS, LABELS, np.zeros((12, 28), np.float32), np.arange(28), ("s",) * 12)


@pytest.mark.parametrize(
    ("databases", "settings", "material", "domains"),
    [
        (["casme2", "smic"], {}, Material(), 2),
        (["casme2", "smic"], {"synthetic_share": 0.5}, Material(SYNTHETIC_CLIPS), 3),
        (["casme2"], {"synthetic_share": 0.5}, Material(SYNTHETIC_CLIPS), 2),
    ],
)
def test_databases_and_synthetic_clips_are_its_domains(databases, settings, material, domains):
    classifier = adversarial(settings, material)
    classifier.fit(CLIPS, LABELS, [f"{databases[row % len(databases)]}/s{row}" for row in range(12)], seed=0)
    assert classifier.classifier is not None
    assert classifier.classifier.module.get_submodule("domain.layers.6").out_features == domains
    assert classifier.predict_proba(CLIPS).shape == (12, 3)


def test_a_selection_by_classes_is_refused():
    preset = Preset(training=TrainingSettings(selection="validation"))
    with pytest.raises(MerlabError, match="no epoch can be chosen by its classes alone; set selection to fixed"):
        AdversarialClassifier(TASK, preset=preset, mirror=None, material=Material())


def test_clips_of_one_domain_are_refused_with_the_remedy():
    with pytest.raises(MerlabError, match="all training clips are of casme2; .*use emr, without a domain classifier"):
        adversarial({}, Material()).fit(CLIPS, LABELS, ["casme2/s1"] * 12, seed=0)
