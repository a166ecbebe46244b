"""KTGSL: kernelized sparse learning on two groups of features.

Wei, Lu, Yan and Zong, "Learning two groups of discriminative features for micro-expression recognition", Neurocomputing
479, 2022.

Published (abstract): a kernelized two-groups sparse learning (KTGSL) model selects discriminative features from two
different groups of features; either both groups have learned weights, with one penalty each, or the weights of one
group are fixed. CASME II 72.58 % (180 of 248). Assumed, because only the abstract was read: the two groups are LBP-TOP
and HOOF of the same blocks (input ``lbp-top-hoof``), and a weight belongs to a block of one of them; both groups have
learned weights; the kernel of each block is exp(-chi-squared / mean chi-squared), centered; the model is the kernelized
group sparse learning of the same laboratory (Zong et al., IEEE Transactions on Multimedia 20(11), 2018) with a penalty
per group. It minimizes, over weights w and coefficients C,

    sum_i v_i |y_i - (K C)_i|^2 + RIDGE trace(C' K C) + N sum_g PENALTY_g w_g,    K = sum_g w_g K_g,    w >= 0

for one-of-K labels y and balanced weights v of N training clips. Both steps of the alternation are exact, kernel ridge
regression for C and a lasso without negative weights for w, so the objective never grows. The largest prediction is the
decision. Penalties and ridge are fixed in advance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.inputs.lbp_top_hoof import DIRECTIONS, TEXTURE_NUMBERS
from merlab.methods.joint_svm import balanced
from merlab.methods.method import Method, Preset, Task
from merlab.methods.svm import flattened, require_two_classes, softmax_of_decisions

RIDGE = 1.0
# Of the blocks of LBP-TOP and of the blocks of HOOF, relative to the number of training clips.
PENALTIES = (0.03, 0.03)
LARGEST_STEPS = 30
# The alternation ends where the objective falls by less than this share.
SMALLEST_GAIN = 1e-4
SMALLEST_DISTANCE = 1e-9

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Problem:
    """The objective of the docstring above.

    Attributes:
        kernels: (kernels, N, N), between the training clips.
        targets: (N, classes), the centered labels y.
        clip_weights: (N,), v.
        penalties: (kernels,), of the weight of each kernel.

    """

    kernels: Rows
    targets: Rows
    clip_weights: NDArray[np.float64]
    penalties: NDArray[np.float64]

    def best_coefficients(self, weights: NDArray[np.float64]) -> Rows:
        """The coefficients (N, classes) that are best for these weights: kernel ridge regression."""
        from sklearn.kernel_ridge import KernelRidge

        machine = KernelRidge(alpha=RIDGE, kernel="precomputed")
        machine.fit(combined(self.kernels, weights), self.targets, sample_weight=self.clip_weights)
        return np.asarray(machine.dual_coef_, np.float64)

    def best_weights(self, coefficients: Rows) -> NDArray[np.float64]:
        """The weights (kernels,) that are best for these coefficients: a lasso in the weights times their costs."""
        from sklearn.linear_model import Lasso

        outputs = self.kernels @ coefficients
        costs = self.penalties + RIDGE * np.einsum("nc,gnc->g", coefficients, outputs)
        rows = np.sqrt(self.clip_weights)[:, None]
        columns = (outputs * rows).reshape(len(outputs), -1).T / costs
        wanted = (self.targets * rows).ravel()
        # scikit-learn halves the squared error and divides it by the number of rows.
        lasso = Lasso(alpha=0.5 / len(wanted), fit_intercept=False, positive=True, max_iter=10_000)
        return np.asarray(lasso.fit(columns, wanted).coef_ / costs, np.float64)

    def objective(self, weights: NDArray[np.float64], coefficients: Rows) -> float:
        """The value that both steps make smaller."""
        outputs = combined(self.kernels, weights) @ coefficients
        errors = self.clip_weights @ ((self.targets - outputs) ** 2).sum(axis=1)
        return float(errors + RIDGE * np.sum(coefficients * outputs) + self.penalties @ weights)


@dataclass(frozen=True, eq=False)
class Solution:
    """Weights (kernels,), coefficients (N, classes), and the objective after every pair of steps."""

    weights: NDArray[np.float64]
    coefficients: Rows
    objectives: tuple[float, ...]

    def predict(self, kernels: Rows) -> Rows:
        """Predictions (M, classes) from the kernels (kernels, M, N) between new clips and the training clips."""
        return np.asarray(combined(kernels, self.weights) @ self.coefficients, np.float64)


def solve(problem: Problem) -> Solution:
    """Alternate between coefficients and weights, from equal weights, until the objective hardly falls."""
    weights = np.full(len(problem.kernels), 1 / len(problem.kernels))
    coefficients = problem.best_coefficients(weights)
    reached = [problem.objective(weights, coefficients)]
    for _ in range(LARGEST_STEPS):
        weights = problem.best_weights(coefficients)
        coefficients = problem.best_coefficients(weights)
        reached.append(problem.objective(weights, coefficients))
        if reached[-2] - reached[-1] < SMALLEST_GAIN * reached[-2]:
            break
    return Solution(weights, coefficients, tuple(reached))


def combined(kernels: Rows, weights: NDArray[np.float64]) -> Rows:
    """The weighted sum of kernels (kernels, M, N): (M, N)."""
    return np.asarray(np.tensordot(weights, kernels, axes=1), np.float64)


class TwoGroupSparseLearning:
    """KTGSL on vectors of ``lbp-top-hoof``. Nothing is random.

    Probabilities are the softmax of the predictions: they rank the classes and are not calibrated. A class without
    training clips gets probability 0. ``solution.weights`` are those of LBP-TOP's blocks, then of
    HOOF's.
    """

    def __init__(self, task: Task) -> None:
        blocks, rest = divmod(task.channels, TEXTURE_NUMBERS + DIRECTIONS)
        if rest or not blocks:
            raise MerlabError(
                f"ktgsl takes vectors of the input lbp-top-hoof, and got {task.channels} numbers per clip"
            )
        self.classes = task.classes
        self.blocks = blocks

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Learn weights and coefficients; raises MerlabError if all training clips have the same class."""
        self.present, positions = np.unique(labels, return_inverse=True)
        require_two_classes(labels)
        self.kernels = [ChiSquaredKernel(part) for part in self._parts(inputs)]
        # With balanced weights, every class has the same share: the mean of the labels is 1 / classes.
        targets = np.eye(len(self.present))[positions] - 1 / len(self.present)
        penalties = np.repeat(PENALTIES, self.blocks) * len(labels)
        stacked = np.stack([kernel.of_training for kernel in self.kernels])
        self.solution = solve(Problem(stacked, targets, balanced(labels), penalties))

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        kernels = np.stack([kernel(part) for kernel, part in zip(self.kernels, self._parts(inputs), strict=True)])
        predictions = self.solution.predict(kernels)
        values = predictions[:, 1] - predictions[:, 0] if len(self.present) == 2 else predictions
        return softmax_of_decisions(values, self.present, self.classes)

    def _parts(self, inputs: NDArray[np.float32]) -> list[Rows]:
        """The histograms of each block: those of LBP-TOP (N, 177), then those of HOOF (N, 8)."""
        values = flattened(inputs).astype(np.float64)
        texture, motion = np.split(values, [self.blocks * TEXTURE_NUMBERS], axis=1)
        return [*np.split(texture, self.blocks, axis=1), *np.split(motion, self.blocks, axis=1)]


class ChiSquaredKernel:
    """exp(-chi-squared / mean chi-squared) between histograms, centered on the training clips (N, bins)."""

    def __init__(self, training: Rows) -> None:
        from sklearn.metrics.pairwise import additive_chi2_kernel
        from sklearn.preprocessing import KernelCenterer

        self.training = np.ascontiguousarray(training)
        distances = -additive_chi2_kernel(self.training)
        self.width = max(float(distances.mean()), SMALLEST_DISTANCE)
        self.center = KernelCenterer()
        self.of_training = np.asarray(self.center.fit_transform(np.exp(-distances / self.width)), np.float64)

    def __call__(self, histograms: Rows) -> Rows:
        """The kernel between histograms (M, bins) and the training clips: (M, N)."""
        from sklearn.metrics.pairwise import additive_chi2_kernel

        kernel = np.exp(additive_chi2_kernel(np.ascontiguousarray(histograms), self.training) / self.width)
        return np.asarray(self.center.transform(kernel), np.float64)


KTGSL = Method(
    name="ktgsl",
    title="KTGSL: kernelized sparse learning on two groups of features",
    paper="Wei et al., Neurocomputing 479, 2022",
    input="lbp-top-hoof:blocks=5x5,radii=1x1x4,frames=10,size=231x282",
    presets={
        "paper": Preset(source="the abstract gives no settings: features, kernel and penalties are merlab's choice"),
        "reduced": Preset(
            source="merlab's choice for a CPU: the preset paper on frames of a quarter of the pixels",
            reduced=True,
            input="lbp-top-hoof:blocks=5x5,radii=1x1x4,frames=10,size=115x141",
        ),
    },
    pipeline=TwoGroupSparseLearning,
    takes=("vector",),
    seeded=False,
)
