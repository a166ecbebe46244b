import math

import pytest
import torch

from merlab.methods.layers.discrepancy import WIDTHS, squared_discrepancy

SAMPLES = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))


def test_equal_domains_have_no_discrepancy():
    assert squared_discrepancy(SAMPLES, SAMPLES).item() == pytest.approx(0, abs=1e-6)
    assert squared_discrepancy(SAMPLES, SAMPLES.flip(0)).item() == pytest.approx(0, abs=1e-6)


def test_two_points_have_the_analytic_discrepancy():
    one, other = torch.tensor([[0.0]]), torch.tensor([[2.0]])
    # Of the four squared distances 0, 4, 4 and 0 the mean is 2; each kernel gives 1 + 1 - 2 exp(-4 / (width 2)).
    expected = sum(2 - 2 * math.exp(-2 / width) for width in WIDTHS) / len(WIDTHS)
    assert squared_discrepancy(one, other).item() == pytest.approx(expected, rel=1e-5)


def test_it_grows_with_the_distance_of_the_domains_and_its_gradient_moves_them_together():
    found = [squared_discrepancy(SAMPLES, SAMPLES + shift).item() for shift in (0.2, 0.5, 1.0, 2.0)]
    assert found == sorted(found)
    shift = torch.tensor(1.0, requires_grad=True)
    squared_discrepancy(SAMPLES, SAMPLES + shift).backward()
    assert shift.grad is not None
    assert shift.grad > 0


def test_equal_points_everywhere_give_finite_gradients():
    points = torch.zeros(4, 3, requires_grad=True)
    squared_discrepancy(points, torch.zeros(4, 3)).backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()
