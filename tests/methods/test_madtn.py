import numpy as np
import pytest
import torch

from merlab.errors import MerlabError
from merlab.methods.layers.discrepancy import squared_discrepancy
from merlab.methods.madtn import MADTN, MADTN_METHOD, MMD_WEIGHT, TransferClassifier
from merlab.methods.method import Task
from merlab.training import Material

TASK = Task(3, 5, 16, 16)
LABELS = np.arange(18) % 3


def clips(offset=0.0, seed=0):
    images = np.random.default_rng(seed).normal(0, 0.3, (18, 5, 16, 16)).astype(np.float32)
    images[np.arange(18), 1, 3 + 5 * LABELS] += 1
    return images + np.float32(offset)


def network(**options):
    torch.manual_seed(0)
    return MADTN(TASK, width=0.125, small=True, **options)


def test_attention_weights_the_appearance_by_the_motion_alone():
    module = network().eval()
    still = torch.from_numpy(clips()[:1])
    moving = still.clone()
    moving[:, 1:, 4:8, 4:8] += 3
    one, other = (module.attention(inputs[:, 1:]) for inputs in (still, moving))
    assert one.shape == (1, 1, 16, 16)
    assert ((one > 0) & (one < 1)).all()
    # Two convolutions of 5 x 5 see four pixels around a pixel.
    assert torch.equal(one[..., 12:, 12:], other[..., 12:, 12:])
    assert not torch.allclose(one[..., 4:8, 4:8], other[..., 4:8, 4:8])


def test_the_loss_is_the_cross_entropy_and_the_weighted_discrepancy():
    inputs, labels = torch.from_numpy(clips()), torch.from_numpy(LABELS)
    alone = network().train()
    logits, nothing = alone(inputs)
    cross_entropy = torch.nn.functional.cross_entropy(logits, labels)
    assert nothing == 0
    assert torch.equal(alone.loss((logits, nothing), labels, None), cross_entropy)
    adapted = network(target=clips(offset=2)).train()
    logits, discrepancy = adapted(inputs)
    assert discrepancy > 0
    expected = torch.nn.functional.cross_entropy(logits, labels) + MMD_WEIGHT * discrepancy
    assert torch.allclose(adapted.loss((logits, discrepancy), labels, None), expected)


def test_the_target_is_not_part_of_the_weights_and_decides_nothing_at_test():
    adapted = network(target=clips(offset=2))
    assert "target" not in adapted.state_dict()
    plain = network()
    plain.load_state_dict(adapted.state_dict())
    inputs = torch.from_numpy(clips())
    assert torch.equal(plain.eval()(inputs), adapted.eval()(inputs))


def discrepancy_after(unlabeled):
    preset = MADTN_METHOD.preset("flow28")
    assert preset.training is not None
    training = preset.training.model_copy(update={"epochs": 20, "batch_size": 9, "mirror": False})
    changed = preset.model_copy(update={"training": training, "network": {"width": 0.125, "small": True}})
    classifier = TransferClassifier(TASK, preset=changed, mirror=None, material=Material())
    classifier.fit(clips(), LABELS, ["s"] * 18, 0, unlabeled=unlabeled)
    assert classifier.classifier is not None
    module = classifier.classifier.module
    assert isinstance(module, MADTN)
    assert module.target is None
    with torch.inference_mode():
        features = [module.features(torch.from_numpy(each)) for each in (clips(seed=1), clips(1, seed=2))]
    return squared_discrepancy(*features).item()


@pytest.mark.slow
def test_madtn_makes_the_features_of_two_databases_more_alike_with_unlabeled_clips():
    assert discrepancy_after(clips(1, seed=3)) < 0.5 * discrepancy_after(None)


def test_the_preset_paper_takes_one_training_step_and_needs_flow_after_the_appearance():
    module = MADTN(Task(5, 5, 64, 64), target=np.zeros((2, 5, 64, 64), np.float32)).train()
    # ResNet-18 without its last layer has 11 176 512 parameters; two more channels of input, attention, two layers.
    added = 2 * 64 * 49 + (4 * 16 * 25 + 32 + 16 * 25 + 1) + (512 + 1) * 128 + (128 + 1) * 5
    assert sum(parameter.numel() for parameter in module.parameters()) == 11_176_512 + added
    module.loss(module(torch.rand(4, 5, 64, 64)), torch.arange(4), None).backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    with pytest.raises(MerlabError, match="needs flow after 1 channels of appearance, and got 1 channels"):
        MADTN(Task(3, 1, 28, 28))
