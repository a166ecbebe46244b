"""Learning rates against torch's own schedulers."""

from __future__ import annotations

import pytest
import torch

from merlab.training.schedules import learning_rate
from merlab.training.settings import TrainingSettings
from merlab.training.without_compiler import made


def optimizer(rate: float) -> torch.optim.Optimizer:
    return made(torch.optim.SGD, [torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates_of(schedule: torch.optim.lr_scheduler.LRScheduler, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(schedule.optimizer.param_groups[0]["lr"])
        schedule.optimizer.step()
        schedule.step()
    return rates


def test_a_step_decay_is_torchs():
    settings = TrainingSettings(epochs=40, learning_rate=0.5, decay=0.9, decay_every=7)
    expected = rates_of(torch.optim.lr_scheduler.StepLR(optimizer(0.5), 7, 0.9), 40)
    assert [learning_rate(settings, done) for done in range(40)] == pytest.approx(expected)


def test_the_papers_decay_multiplies_the_rate_by_nine_tenths_every_hundred_epochs():
    # Section IV.B: 0.001 at first, step decay once every 100 of the 500 epochs, gamma 0.9.
    rates = [learning_rate(TrainingSettings(), done) for done in (0, 99.9, 100, 200, 300, 400, 499.9)]
    assert rates == pytest.approx([1e-3, 1e-3, 9e-4, 8.1e-4, 7.29e-4, 6.561e-4, 6.561e-4])


def test_a_cosine_is_torchs():
    settings = TrainingSettings(epochs=40, learning_rate=0.5, schedule="cosine")
    expected = rates_of(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer(0.5), 40), 40)
    assert [learning_rate(settings, done) for done in range(40)] == pytest.approx(expected)


def test_a_cosine_with_restarts_is_torchs():
    settings = TrainingSettings(epochs=40, learning_rate=0.5, schedule="cosine-restarts", decay_every=8)
    expected = rates_of(torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer(0.5), 8), 40)
    assert [learning_rate(settings, done) for done in range(40)] == pytest.approx(expected)


def test_cosine_waves_rise_again_like_torchs_cosine_after_its_t_max():
    settings = TrainingSettings(epochs=40, learning_rate=0.5, schedule="cosine-waves", decay_every=8)
    expected = rates_of(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer(0.5), 8), 41)
    rates = [learning_rate(settings, done) for done in range(41)]
    assert rates == pytest.approx(expected, abs=1e-6)
    assert (rates[0], rates[8], rates[16], rates[40]) == pytest.approx((0.5, 0, 0.5, 0), abs=1e-9)


def test_one_cycle_has_the_start_the_peak_and_the_end_of_torchs():
    settings = TrainingSettings(epochs=100, learning_rate=0.5, schedule="one-cycle", warm_up=0.2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer(0.5), 0.5, total_steps=101, pct_start=0.2, cycle_momentum=False
    )
    expected = rates_of(schedule, 101)
    rates = [learning_rate(settings, done) for done in range(101)]
    assert (rates[0], max(rates), rates[-1]) == pytest.approx((expected[0], max(expected), expected[-1]), rel=1e-3)
    # torch's peak is one step earlier: it counts steps from 0 to total_steps - 1, and the peak is at pct_start of them.
    assert rates == pytest.approx(expected, abs=0.03)


def test_a_fraction_of_an_epoch_counts_where_the_rate_changes_with_every_step():
    smooth = TrainingSettings(epochs=10, schedule="cosine")
    assert learning_rate(smooth, 1) < learning_rate(smooth, 0.5) < learning_rate(smooth, 0)
    stepped = TrainingSettings(epochs=10, decay=0.5, decay_every=1)
    assert learning_rate(stepped, 0.5) == learning_rate(stepped, 0)
