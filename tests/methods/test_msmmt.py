"""MSMMT, msmmt: fused attention weights, the choice of patches, and the contrast between modalities."""

import math

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.methods.msmmt import TEMPERATURE, cross_modal_contrast, rollout

SMALL = Task(3, 4, 24, 24)


def build(task: Task, preset: str):
    method = find_method("msmmt")
    return method.module(task, method.preset(preset)).eval()


def test_fused_weights_are_a_product_of_the_layers_and_sum_to_one():
    one = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])  # all look at the first token
    # Half of the identity, half of the weights, twice: the second token keeps a quarter of itself.
    assert torch.allclose(rollout([one, one]), torch.tensor([[[1.0, 0.0], [0.75, 0.25]]]))
    random = [torch.softmax(torch.rand(2, 3, 5, 5), dim=3) for _ in range(4)]
    assert torch.allclose(rollout(random).sum(dim=2), torch.ones(2, 5))


def test_the_chosen_patches_are_those_with_the_largest_weight_for_the_class_token():
    encoder = build(SMALL, "reduced").motion[0]
    images = torch.rand(2, 3, 24, 24)
    tokens, fused = encoder.encode(images)
    chosen = encoder(images)
    assert torch.equal(chosen[:, 0], tokens[:, 0])
    for clip in range(2):
        best = fused[clip, 0, 1:].argsort(descending=True)[: encoder.chosen] + 1
        assert torch.equal(chosen[clip, 1:], tokens[clip, best])


def test_without_attention_between_patches_the_encoder_equals_its_blocks():
    encoder = build(SMALL, "reduced").texture[1]
    images = torch.rand(2, 1, 24, 24)
    tokens = encoder.tokens(images)
    for block in encoder.blocks:
        tokens = block(tokens)
    assert torch.allclose(encoder.encode(images)[0], tokens, atol=1e-6)


def test_there_is_one_encoder_for_each_modality_and_scale():
    network = build(Task(5, 6, 224, 224), "paper")
    sides = [encoder.tokens[0].embed.kernel_size[0] for encoder in (*network.motion, *network.texture)]
    assert sides == [16, 32, 16, 32]
    block = 12 * 384**2 + 13 * 384
    embeddings = 2 * sum(3 * side**2 * 384 + 384 + 384 + ((224 // side) ** 2 + 1) * 384 for side in (16, 32))
    assert parameters(network) == (4 * 6 + 1) * block + embeddings + 2 * 384 + 384 * 5 + 5


def test_the_contrast_is_small_if_and_only_if_the_modalities_of_a_clip_agree():
    one = torch.eye(4)
    # Similarities 1 and 0: log(e^10 + 3) - 10; unrelated: log 4.
    expected = math.log(math.exp(1 / TEMPERATURE) + 3) - 1 / TEMPERATURE
    assert cross_modal_contrast(one, 5 * one).item() == pytest.approx(expected, abs=1e-6)
    assert cross_modal_contrast(one, torch.ones(4, 4)).item() == pytest.approx(math.log(4))


def test_a_motion_without_texture_is_refused():
    with pytest.raises(MerlabError, match="got 3 channels; use a recipe with apex-and-flow"):
        build(Task(3, 3, 24, 24), "reduced")
    with pytest.raises(MerlabError, match="24x24 has no patch of 32 pixels"):
        build(Task(3, 6, 24, 24), "paper")
