"""Networks that score every sample."""

from __future__ import annotations

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from merlab.spotting.comparison.flow_images import flow_image
from merlab.spotting.comparison.hoof import HOOF
from merlab.spotting.comparison.learning import in_processes, processes
from merlab.spotting.comparison.mean_net import MEAN_NET
from merlab.spotting.comparison.networks import pseudo_labels, smoothed
from merlab.spotting.comparison.softnet import SOFTNET
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.torch_networks import NETWORKS, _with_mirrored, scores, trained
from merlab.spotting.comparison.training import NetworkTraining
from tests.spotting.comparison.recorded import FPS, material

MICRO = Target("micro", 0.32)


def test_a_sample_is_labeled_1_where_its_window_overlaps_a_movement():
    """By the published rule: the window of k samples has an intersection over union above 0."""
    intervals, k = np.array([[5, 7], [12, 12]]), 3

    def by_sets(index):
        window = set(range(index, index + k))
        return float(any(window & set(range(onset, offset + 1)) for onset, offset in intervals))

    assert pseudo_labels(15, intervals, k).tolist() == [by_sets(index) for index in range(15)]
    assert pseudo_labels(4, np.zeros((0, 2), int), k).tolist() == [0] * 4


def test_from_a_recording_that_is_too_short_for_an_image_networks_learn_nothing(tmp_path):
    feature = SOFTNET.feature(MICRO, FPS)
    short = material(tmp_path, "short", feature.after, [], [feature])
    whole = material(tmp_path, "whole", feature.after + 20, [(8, 10, 12)], [feature])
    images, labels = SOFTNET._examples([short, whole], MICRO, 0)
    assert len(images) == len(labels) == 20
    assert len(SOFTNET._examples([short], MICRO, 0)[0]) == 0


def test_a_score_is_averaged_over_its_neighbors():
    curve = np.array([0.0, 0, 4, 0, 0])
    assert smoothed(curve, 2) == pytest.approx([0, 2, 2, 0, 0])
    assert smoothed(np.ones(5), 4) == pytest.approx(np.ones(5))
    assert len(smoothed(np.zeros(0), 2)) == 0


def test_the_image_of_a_flow():
    rows = np.mgrid[0:141, 0:116][0].astype(np.float32)
    flow = np.zeros((141, 116, 2), np.float32)
    flow[..., 1] = np.where(rows > 80, -1, 0)
    image = flow_image(flow)
    assert image.shape == (3, 42, 42)
    assert image.min() >= 0
    assert image.max() <= 1
    # The mouth moves up, the brows do not; without movement the image is empty.
    assert image[1, 30:].mean() < image[1, :8].mean()
    assert not flow_image(np.zeros((141, 116, 2), np.float32)).any()


def test_a_mirror_image_is_the_image_of_the_mirrored_flow():
    """Also where the eyes are masked, and where nothing moves to a side."""
    random = np.random.default_rng(0).normal(size=(141, 116, 2))
    flow = np.asarray(cv2.GaussianBlur(random, (0, 0), 6), np.float32)
    for axes in ([1, 1], [0, 1], [0, 0]):
        there, mirrored = (np.asarray(each * axes, np.float32) for each in (flow, flow[:, ::-1] * [-1, 1]))
        images, labels = _with_mirrored(torch.from_numpy(flow_image(there))[None], torch.ones(1))
        assert images[1].numpy() == pytest.approx(flow_image(mirrored), abs=2e-3)
        assert labels.tolist() == [1, 1]


@pytest.mark.parametrize("spotter", [SOFTNET, MEAN_NET], ids=lambda each: each.name)
def test_one_step_of_training(spotter):
    """It lowers the error on what it sees, and is the same for the same seed."""
    images = torch.rand(8, 3, 42, 42, generator=torch.Generator().manual_seed(1)).half()
    labels = torch.tensor([0.0, 1.0] * 4)
    images[labels > 0, 1] += 1
    untrained = trained(NETWORKS[spotter.name], images, labels, NetworkTraining(0, 8, 1e-3, 4), 0)
    some = NetworkTraining(epochs=12, batch_size=8, learning_rate=1e-3, negatives=4)
    once, twice = (scores(trained(NETWORKS[spotter.name], images, labels, some, 0), images.numpy()) for _ in range(2))
    assert once.shape == (8,)
    assert (once == twice).all()
    error = np.mean((once - labels.numpy()) ** 2)
    assert error < 0.9 * np.mean((scores(untrained, images.numpy()) - labels.numpy()) ** 2)


def test_parameters_are_those_of_the_released_networks():
    """SOFTNet: 16 filters of 5 x 5, 784 -> 400 -> 1; MEAN: 14 filters, batch norm, 8 of 5 x 5 x 14, 392 -> 1."""
    counts = [sum(each.numel() for each in NETWORKS[spotter.name]().parameters()) for spotter in (SOFTNET, MEAN_NET)]
    assert counts == [16 * 26 + 785 * 400 + 401, 14 * 26 + 28 + 8 * (25 * 14 + 1) + 393]


def test_networks_learn_in_processes_as_many_as_given_or_as_memory_suffices_for():
    assert in_processes(SOFTNET)
    # A copy cannot be found by its name in another process, and a method without a network is fast.
    assert not in_processes(replace(SOFTNET))
    assert not in_processes(HOOF)
    assert processes(3) == 3
    assert 1 <= processes(None) <= (os.cpu_count() or 1)


@pytest.mark.slow
def test_softnet_finds_what_it_was_trained_on(tmp_path):
    features = SOFTNET.features(MICRO, FPS)
    movements = [(40, 48, 56), (100, 108, 116)]
    seen = material(tmp_path, "seen", 150, movements, features)
    fitted = SOFTNET.fit([seen], MICRO, 0)
    found = fitted.spot(seen)
    apexes = [apex + 1 for _, apex, _ in movements]
    assert sum(any(each.onset <= apex <= each.offset for each in found) for apex in apexes) == 2
    assert fitted.spot(material(tmp_path, "still", 60, [], features)) == []
    assert fitted.spot(material(tmp_path, "short", 5, [], features)) == []
    assert fitted.facts["k_s"] == 0.16
