"""CapsuleNet against the size of its released code, and routing against numbers computed by hand."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.capsulenet import routed, squash
from merlab.methods.method import Task


def build(task: Task, preset: str):
    method = find_method("capsulenet")
    return method.module(task, method.preset(preset)).eval()


def test_it_has_the_size_and_cost_of_the_released_code():
    # Counted on the public code at 3 classes: 13.8 M parameters, 7.6 G multiply-accumulates.
    network = build(Task(3, 3, 224, 224), "paper")
    assert parameters(network) / 1e6 == pytest.approx(13.8, abs=0.05)
    assert macs(network, 3, 224, 224) / 1e9 == pytest.approx(7.6, abs=0.05)


def test_a_squashed_capsule_keeps_its_direction_and_is_shorter_than_1():
    # Length 5 becomes 25 / 26, length 0 stays.
    squashed = squash(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    assert torch.allclose(squashed, torch.tensor([[0.6 * 25 / 26, 0.8 * 25 / 26], [0.0, 0.0]]))


def test_the_first_round_divides_each_vote_evenly():
    votes = torch.tensor([[[[2.0], [4.0]], [[0.0], [2.0]]]])  # two classes, two capsules
    # Sums of half the votes: 3 and 1, squashed to 9 / 10 and 1 / 2.
    assert torch.allclose(routed(votes, rounds=1), torch.tensor([[[0.9], [0.5]]]))


def test_the_second_round_moves_votes_to_the_class_that_agrees():
    votes = torch.tensor([[[[2.0], [4.0]], [[0.0], [2.0]]]])
    # Agreements are 0.9 x 2 and 0.9 x 4 with the first class, 0 and 0.5 x 2 with the second.
    to_first = torch.sigmoid(torch.tensor([1.8 - 0, 3.6 - 1]))
    sums = torch.stack([(to_first * torch.tensor([2.0, 4.0])).sum(), ((1 - to_first) * torch.tensor([0.0, 2.0])).sum()])
    expected = sums**2 / (1 + sums**2)
    assert torch.allclose(routed(votes, rounds=2).flatten(), expected, atol=1e-6)


def test_the_margin_loss_asks_for_a_long_capsule_of_the_class_and_short_ones_of_the_others():
    network = build(Task(3, 3, 28, 28), "flow28")
    lengths, labels = torch.tensor([[0.89, 0.21, 0.005]]), torch.tensor([0])
    # (0.99 - 0.89)^2 + 0.5 x (0.21 - 0.01)^2; the third is within its margin.
    assert network.loss(lengths, labels, None).item() == pytest.approx(0.01 + 0.5 * 0.04)


def test_probabilities_are_proportional_to_the_lengths():
    network = build(Task(3, 3, 28, 28), "flow28")
    torch.nn.init.normal_(network.votes)
    flow = torch.rand(2, 3, 28, 28)
    shares = network(flow).softmax(dim=1)
    network.training = True  # only the output changes; batch normalization stays in evaluation mode
    lengths = network(flow)
    assert torch.allclose(shares, lengths / lengths.sum(dim=1, keepdim=True), atol=1e-5)


@pytest.mark.parametrize(("preset", "channels", "side"), [("reduced", 1, 64), ("reduced", 1, 47), ("flow28", 3, 28)])
def test_it_takes_other_sizes(preset, channels, side):
    assert build(Task(4, channels, side, 64), preset)(torch.rand(2, channels, side, 64)).shape == (2, 4)


def test_an_input_that_is_too_small_is_refused_with_the_remedy():
    with pytest.raises(MerlabError, match="64x64 pixels are too few for two convolutions of 9 x 9"):
        build(Task(3, 3, 64, 64), "paper")
