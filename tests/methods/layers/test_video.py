"""Layers for videos against layers for images, frame by frame."""

import pytest
import torch
from torch import nn

from merlab.methods.layers import (
    SqueezeExcitation,
    VideoConvBnRelu,
    VideoPool,
    VideoSqueezeExcitation,
    halved,
    video_maps,
)


def test_a_kernel_that_sees_one_frame_is_a_convolution_of_images():
    layer = VideoConvBnRelu(2, 3).eval()
    weight = layer.get_parameter("0.weight")
    nn.init.zeros_(weight)
    nn.init.normal_(weight[:, :, 1])
    video = torch.rand(1, 2, 4, 5, 6)
    frames = nn.functional.conv2d(video[0].transpose(0, 1), weight[:, :, 1], padding=1)
    expected = torch.relu(frames.transpose(0, 1)[None] / (1 + 1e-5) ** 0.5)
    assert torch.allclose(layer(video), expected, atol=1e-5)


def test_squeeze_and_excitation_averages_over_time_and_space():
    layer, image_layer = VideoSqueezeExcitation(4), SqueezeExcitation(4)
    image_layer.load_state_dict(layer.gate.state_dict())
    video = torch.rand(2, 4, 3, 5, 6)
    as_image = video.reshape(2, 4, 15, 6)
    assert torch.allclose(layer(video), (as_image * image_layer(as_image)).view_as(video), atol=1e-6)


def test_a_sequence_has_its_frames_first_and_maps_their_channels():
    sequence = torch.rand(2, 5, 3, 4, 4)
    assert torch.equal(video_maps(sequence)[:, 1, 4], sequence[:, 4, 1])


@pytest.mark.parametrize(("frames", "expected"), [(True, (3, 4, 2)), (False, (5, 4, 2))])
def test_pooling_keeps_an_odd_end(frames, expected):
    assert VideoPool(frames=frames)(torch.rand(1, 1, 5, 7, 4)).shape[2:] == expected
    assert halved(7) == 4
    assert halved(7, times=2) == 2
