"""Transformer layers against torch's own implementation, which is independent of merlab's."""

import pytest
import torch
from torch import nn

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods.layers import EncoderBlock, PatchTokens, PositionEmbedding, SelfAttention, maps_of, tokens_of

TOKENS = torch.rand(2, 5, 12, generator=torch.Generator().manual_seed(0))


def test_self_attention_equals_that_of_torch():
    own, other = SelfAttention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    own.project.load_state_dict({"weight": other.in_proj_weight, "bias": other.in_proj_bias})
    own.join.load_state_dict(other.out_proj.state_dict())
    expected, weights = other(TOKENS, TOKENS, TOKENS, average_attn_weights=False)
    attended, own_weights = own.attend(TOKENS)
    assert torch.allclose(attended, expected, atol=1e-6)
    assert torch.allclose(own_weights, weights, atol=1e-6)


def test_the_block_equals_the_encoder_layer_of_torch_with_normalization_first():
    own = EncoderBlock(12, 3, hidden=20).eval()
    other = nn.TransformerEncoderLayer(12, 3, 20, activation="gelu", batch_first=True, norm_first=True).eval()
    own.attention.project.load_state_dict(
        {"weight": other.self_attn.in_proj_weight, "bias": other.self_attn.in_proj_bias}
    )
    own.attention.join.load_state_dict(other.self_attn.out_proj.state_dict())
    own.perceptron[1].load_state_dict(other.linear1.state_dict())
    own.perceptron[4].load_state_dict(other.linear2.state_dict())
    assert torch.allclose(own(TOKENS), other(TOKENS), atol=1e-5)


def test_a_token_that_must_not_be_seen_changes_no_other_token():
    attention = SelfAttention(12, 3)
    hidden = torch.zeros(5, 5)
    hidden[:4, 4] = -torch.inf
    changed = TOKENS.clone()
    changed[:, 4] += 1
    assert torch.equal(attention(TOKENS, hidden)[:, :4], attention(changed, hidden)[:, :4])
    assert not torch.equal(attention(TOKENS)[:, :4], attention(changed)[:, :4])


def test_a_block_of_vit_base_has_its_7_1_million_parameters():
    # Dosovitskiy et al.: 12 blocks of width 768 and 12 heads; one has 4 x 768^2 + 8 x 768^2 weights, 9 x 768 biases and
    # 4 x 768 for the two normalizations.
    assert parameters(EncoderBlock(768, 12)) == 12 * 768**2 + 13 * 768


def test_heads_may_have_their_own_width():
    attention = SelfAttention(12, 5, head_width=7, bias=False)
    assert attention(TOKENS).shape == TOKENS.shape
    assert parameters(attention) == 12 * 3 * 35 + 35 * 12 + 12


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(MerlabError, match="a width of 12 cannot be divided among 5 heads; choose a multiple of 5"):
        SelfAttention(12, 5)


def test_the_class_token_is_first_and_every_position_has_its_own_numbers():
    embedding = PositionEmbedding(5, 12, class_token=True)
    nn.init.ones_(embedding.get_parameter("first"))
    placed = embedding(TOKENS)
    assert torch.equal(placed[0, 0], 1 + embedding.positions[0, 0])
    assert torch.equal(placed[:, 1:], TOKENS + embedding.positions[:, 1:])
    assert len(embedding.positions[0].unique(dim=0)) == 6


def test_patches_become_tokens_row_by_row():
    patches = PatchTokens(1, 1, 2)
    nn.init.ones_(patches.embed.weight)
    nn.init.zeros_(patches.get_parameter("embed.bias"))
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    # Sums of the 2 x 2 patches: 0 + 1 + 4 + 5, 2 + 3 + 6 + 7, ...
    assert patches(image).flatten().tolist() == [10, 18, 42, 50]


def test_maps_and_tokens_are_the_same_numbers():
    maps = torch.rand(2, 3, 4, 5)
    assert torch.equal(tokens_of(maps)[:, 6], maps[:, :, 1, 1])
    assert torch.equal(maps_of(tokens_of(maps), 4, 5), maps)
