"""Recurrent layers against torch's own implementation with packed sequences."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from merlab.inference.cost import parameters
from merlab.methods.layers import BidirectionalGRU, LastOutput, mean_of_first

LENGTHS = torch.tensor([4, 1, 6])
SEQUENCE = torch.rand(3, 6, 5, generator=torch.Generator().manual_seed(0))
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def same_weights(own: BidirectionalGRU, other: nn.GRU) -> None:
    for layer, (ahead, back) in enumerate(zip(own.forwards, own.backwards, strict=True)):
        for name in WEIGHTS:
            getattr(ahead, f"{name}_l0").data = getattr(other, f"{name}_l{layer}").data
            getattr(back, f"{name}_l0").data = getattr(other, f"{name}_l{layer}_reverse").data


@pytest.mark.parametrize("layers", [1, 2])
def test_sequences_of_different_lengths_give_what_torch_gives_for_packed_ones(layers):
    own, other = BidirectionalGRU(5, 4, layers), nn.GRU(5, 4, layers, batch_first=True, bidirectional=True)
    same_weights(own, other)
    packed = pack_padded_sequence(SEQUENCE, LENGTHS, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(other(packed)[0], batch_first=True)
    outputs = own(SEQUENCE, LENGTHS)
    for one, two, length in zip(outputs, expected, LENGTHS, strict=True):
        assert torch.allclose(one[:length], two[:length], atol=1e-6)
    assert parameters(own) == parameters(other)


def test_the_mean_leaves_out_what_is_after_the_end():
    means = mean_of_first(SEQUENCE, LENGTHS)
    assert torch.allclose(means[0], SEQUENCE[0, :4].mean(dim=0))
    assert torch.equal(means[1], SEQUENCE[1, 0])


def test_the_last_output_is_that_of_the_last_step_of_the_last_layer():
    layer = LastOutput(5, 7, layers=3)
    assert torch.equal(layer(SEQUENCE), layer.lstm(SEQUENCE)[1][0][-1])
