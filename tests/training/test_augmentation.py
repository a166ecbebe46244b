"""Random changes of training clips: what they keep, and how far they go."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlab.inputs import mirror_of, parse_recipe
from merlab.training.augmentation import augmented, moved, noisy
from merlab.training.settings import TrainingSettings

MIRROR = mirror_of(parse_recipe("flow:scale=centered"))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dots(count: int) -> torch.Tensor:
    """Smooth dots (count, 1, 28, 28) at the center."""
    y, x = np.mgrid[:28, :28] - 13.5
    dot = np.exp(-(x**2 + y**2) / 8)
    return torch.from_numpy(np.tile(dot, (count, 1, 1, 1)).astype(np.float32))


def centers(images: torch.Tensor) -> np.ndarray:
    """The center of mass (count, 2) of each image, as (x, y) from its center."""
    values = images[:, 0].numpy()
    y, x = np.mgrid[:28, :28] - 13.5
    total = values.sum(axis=(1, 2))
    return np.stack([(values * x).sum(axis=(1, 2)) / total, (values * y).sum(axis=(1, 2)) / total], axis=1)


def test_without_any_movement_an_image_stays_as_it_is():
    batch = torch.rand(5, 3, 28, 28, generator=generator())
    assert torch.allclose(moved(batch, 0, 0, 0, generator()), batch, atol=1e-5)


def test_shifts_are_uniform_up_to_the_stated_number_of_pixels_along_both_axes():
    shifts = centers(moved(dots(2000), 3.0, 0, 0, generator()))
    assert np.abs(shifts).max() <= 3.01
    assert shifts.std(axis=0) == pytest.approx([3 / np.sqrt(3)] * 2, rel=0.06)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.1


def test_scales_have_the_stated_standard_deviation():
    x = np.mgrid[:28, :28][1] - 13.5
    ramps = torch.from_numpy(np.tile(x, (2000, 1, 1, 1)).astype(np.float32))
    inside = moved(ramps, 0, 0.05, 0, generator())[:, 0, 14, 8:20].numpy()
    slopes = np.polyfit(np.arange(12), inside.T, 1)[0]
    assert slopes.mean() == pytest.approx(1, abs=0.01)
    assert slopes.std() == pytest.approx(0.05, rel=0.08)


def test_angles_have_the_stated_standard_deviation_in_radians():
    x = np.mgrid[:28, :28][1] - 13.5
    ramps = torch.from_numpy(np.tile(x, (2000, 1, 1, 1)).astype(np.float32))
    turned = moved(ramps, 0, 0, 0.05, generator())[:, 0, 8:20, 14].numpy()
    slopes = np.polyfit(np.arange(12), turned.T, 1)[0]
    assert np.arcsin(slopes).std() == pytest.approx(0.05, rel=0.08)


def test_a_turn_keeps_distances_also_where_width_and_height_differ():
    y, x = np.mgrid[:40, :80] - np.array([19.5, 39.5])[:, None, None]
    beside = np.exp(-((x - 15) ** 2 + y**2) / 8).astype(np.float32)
    turned = moved(torch.from_numpy(np.tile(beside, (50, 1, 1, 1))), 0, 0, 0.3, generator())[:, 0].numpy()
    total = turned.sum(axis=(1, 2))
    distances = np.hypot((turned * x).sum(axis=(1, 2)) / total, (turned * y).sum(axis=(1, 2)) / total)
    assert distances == pytest.approx(np.full(50, 15.0), abs=0.1)


def test_every_image_of_a_clip_is_moved_alike():
    clip = dots(4)[:, None].repeat(1, 5, 2, 1, 1)
    changed = moved(clip, 3, 0.1, 0.1, generator())
    assert changed.shape == clip.shape
    assert torch.allclose(changed[:, :1, :1].expand_as(changed), changed, atol=1e-6)


def test_noise_has_another_strength_in_each_clip_up_to_the_stated_one():
    noise = noisy(torch.zeros(3000, 1, 28, 28), 0.3, generator()).flatten(1).std(dim=1).numpy()
    assert noise.max() < 0.32
    assert (noise.mean(), noise.std()) == pytest.approx((0.15, 0.3 / np.sqrt(12)), rel=0.05)


def test_half_of_the_clips_are_mirrored():
    batch = torch.zeros(2000, 3, 4, 4)
    batch[:, 0] = 1
    changed, mirrored = augmented(batch, TrainingSettings(mirror=True), MIRROR, generator())
    assert mirrored is not None
    assert torch.equal(changed[:, 0, 0, 0] == -1, mirrored)
    assert float(mirrored.float().mean()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("settings", "spread"),
    [
        ({"move": 3.0}, (3 / np.sqrt(3), 3 / np.sqrt(3))),
        # Whole numbers from -2 to 2.
        ({"shift": 2}, (np.sqrt(2), np.sqrt(2))),
        ({"scale": 0.1}, (0.5, 0)),
        ({"turn": 0.1}, (0, 0.5)),
        ({"noise": 0.0}, (0, 0)),
    ],
)
def test_each_setting_moves_a_dot_that_is_5_pixels_right_of_the_center_as_it_states(settings, spread):
    beside = dots(1000).roll(5, dims=-1)
    changed, _ = augmented(beside, TrainingSettings(**settings), MIRROR, generator())
    assert centers(changed).std(axis=0) == pytest.approx(np.array(spread), rel=0.1, abs=0.05)


def test_the_noise_of_the_settings_is_added():
    changed, _ = augmented(torch.zeros(500, 1, 28, 28), TrainingSettings(noise=0.3), None, generator())
    assert float(changed.flatten(1).std(dim=1).mean()) == pytest.approx(0.15, rel=0.06)


def test_without_any_setting_a_batch_is_not_touched():
    batch = torch.rand(2, 3, 8, 8)
    for mirror in (None, MIRROR):
        changed, mirrored = augmented(batch, TrainingSettings(), mirror)
        assert changed is batch
        assert mirrored is None
