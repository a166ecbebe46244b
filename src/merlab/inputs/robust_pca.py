"""Robust principal component analysis: a matrix as the sum of one of low rank and a sparse one.

Candès, Li, Ma and Wright, "Robust Principal Component Analysis?", Journal of the ACM 58(3), 2011, solved by the inexact
augmented Lagrange multipliers of Lin, Chen and Ma, arXiv:1009.5055.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-6
LARGEST_STEPS = 500
# Slower than the usual 1.5, with which small errors of the part of low rank remain.
GROWTH = 1.2
LARGEST_GROWTH = 1e7

Matrix = NDArray[np.float64]


def robust_pca(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """(low rank, sparse) with the sum ``matrix`` (rows, columns), weighted by 1 / sqrt(larger side) as published.

    Minimizes the sum of singular values of the first plus this weight times the sum of absolute values of the second.
    The decomposition uses the Gram matrix of the columns, so there should be fewer columns than rows. The sum is exact
    to 1e-6 of the norm of the matrix.
    """
    size = float(np.linalg.norm(matrix))
    if size == 0:
        return np.zeros_like(matrix), np.zeros_like(matrix)
    weight = 1 / np.sqrt(max(matrix.shape))
    largest = float(np.sqrt(np.linalg.eigvalsh(matrix.T @ matrix)[-1]))
    multiplier = matrix / max(largest, np.abs(matrix).max() / weight)
    penalty = start = 1.25 / largest
    low_rank = np.zeros_like(matrix)
    for _ in range(LARGEST_STEPS):
        shifted = matrix + multiplier / penalty
        sparse = shrunk(shifted - low_rank, weight / penalty)
        low_rank = with_shrunk_singular_values(shifted - sparse, 1 / penalty)
        rest = matrix - low_rank - sparse
        multiplier += penalty * rest
        penalty = min(penalty * GROWTH, start * LARGEST_GROWTH)
        if np.linalg.norm(rest) < TOLERANCE * size:
            break
    return low_rank, sparse


def shrunk(values: Matrix, threshold: float) -> Matrix:
    """Each value moved towards 0 by ``threshold``, and 0 where it would pass it."""
    return values - np.clip(values, -threshold, threshold)


def with_shrunk_singular_values(matrix: Matrix, threshold: float) -> Matrix:
    """The matrix with each singular value moved towards 0 by ``threshold``, and 0 where it would pass it."""
    squares, vectors = np.linalg.eigh(matrix.T @ matrix)
    values = np.sqrt(np.maximum(squares, 0))
    kept = values > threshold
    factors = 1 - threshold / values[kept]
    return np.asarray(matrix @ (vectors[:, kept] * factors) @ vectors[:, kept].T, np.float64)
