"""The maximum mean discrepancy between two samples.

Gretton, Borgwardt, Rasch, Schölkopf and Smola, "A Kernel Two-Sample Test", JMLR 13, 2012; several Gaussian kernels as
in Long, Cao, Wang and Jordan, "Learning Transferable Features with Deep Adaptation Networks", ICML 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor

# The widths of the kernels, relative to the mean squared distance of the samples together.
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
SMALLEST = 1e-12


def squared_discrepancy(source: Tensor, target: Tensor) -> Tensor:
    """The biased estimate () of the squared discrepancy of samples (N, features) and (M, features).

    It is the mean over Gaussian kernels of five widths, at least 0, and 0 for equal samples.
    """
    together = torch.cat([source, target])
    distances = torch.cdist(together, together, compute_mode="donot_use_mm_for_euclid_dist").square()
    width = distances.detach().mean().clamp(min=SMALLEST)
    kernel = torch.stack([torch.exp(-distances / (factor * width)) for factor in WIDTHS]).mean(dim=0)
    size = len(source)
    return kernel[:size, :size].mean() + kernel[size:, size:].mean() - 2 * kernel[:size, size:].mean()
