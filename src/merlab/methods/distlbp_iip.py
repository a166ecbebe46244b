"""DiSTLBP-IIP (DiSTLBP-RIP): patterns of integral projections, groups selected for each pair of classes, an SVM.

Huang, Wang, Liu, Zhao, Feng and Pietikäinen, "Discriminative Spatiotemporal Local Binary Pattern with Revisited
Integral Projection for Spontaneous Facial Micro-Expression Recognition", IEEE Transactions on Affective Computing
10(1), 2019, arXiv:1608.02255. The descriptor is the input ``stlbp-iip``; its docstring lists what is published of it.

Published (abstract): a feature selection based on the Laplacian method finds the information that discriminates two
classes; SVM; 64.78 % on CASME II. Assumed, because only the abstract was read: a group is one histogram of one block;
its score for a pair of classes is the Laplacian score (He, Cai and Niyogi, NIPS 2005) on the graph that joins the
training clips of the same class; the fifth of the groups with the smallest scores is kept; one linear machine for each
pair, on the square roots of the shares (this is the Hellinger kernel), C = 1, balanced classes; a decision is the mean
of the margins of a class, as in ``joint-svm``. The share of groups is fixed in advance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.inputs.stlbp_iip import histogram_sizes
from merlab.methods.joint_svm import class_margins
from merlab.methods.method import Method, Preset, Task
from merlab.methods.svm import flattened, require_two_classes, softmax_of_decisions

COST = 1.0
KEPT_SHARE = 0.2
MASKS = (9, 7, 5)
# A smaller scatter is that of a group that does not differ between clips.
SMALLEST = 1e-9

Rows = NDArray[np.float64]


def laplacian_scores(features: Rows, labels: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Laplacian score (groups,) of each group of columns, on the graph of clips with the same class; low is good.

    ``starts`` (groups,) are the first columns of the groups. On this graph the score is the share of a group's scatter
    that is inside the classes: 0 where clips of a class are equal, 1 where the classes have equal means. A group that
    does not vary gets 1.
    """
    inside = np.zeros(features.shape[1])
    for label in np.unique(labels):
        of_class = features[labels == label]
        inside += of_class.var(axis=0) * len(of_class)
    total = features.var(axis=0) * len(features)
    inside, total = (np.add.reduceat(scatter, starts) for scatter in (inside, total))
    return np.asarray(np.where(total > SMALLEST, inside / np.maximum(total, SMALLEST), 1.0), np.float64)


@dataclass(frozen=True, eq=False)
class PairMachine:
    """The machine of two classes, and the columns of the groups that were selected for it."""

    columns: NDArray[np.bool_]
    machine: Any

    @classmethod
    def fitted(cls, features: Rows, is_second: NDArray[np.int64], starts: NDArray[np.int64]) -> PairMachine:
        """Select groups and fit on the clips of two classes; ``is_second`` (N,) is 1 for those of the second."""
        from sklearn.svm import LinearSVC

        kept = np.zeros(len(starts), bool)
        kept[np.argsort(laplacian_scores(features, is_second, starts), kind="stable")[: kept_groups(len(starts))]] = (
            True
        )
        columns = np.repeat(kept, np.diff([*starts, features.shape[1]]))
        # The problem is convex, and the state only sets the order of coordinate descent: one fixed state is enough.
        machine = LinearSVC(C=COST, class_weight="balanced", dual="auto", max_iter=100_000, random_state=0)
        return cls(columns, machine.fit(features[:, columns], is_second))

    def margins(self, features: Rows) -> NDArray[np.float64]:
        """The margins (M,), positive for the first class."""
        return np.asarray(-self.machine.decision_function(features[:, self.columns]), np.float64)


def kept_groups(groups: int) -> int:
    """How many groups are kept of this number."""
    return max(1, round(KEPT_SHARE * groups))


class DiscriminativeSvm:
    """One machine for each pair of classes, on the groups that discriminate it. Nothing is random.

    Probabilities are the softmax of the mean margin of each class: they rank the classes and are not calibrated. A
    class without training clips gets probability 0. Raises MerlabError for vectors that are not of ``stlbp-iip``.
    """

    def __init__(self, task: Task) -> None:
        self.classes = task.classes
        self.starts = group_starts(task.channels)

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit every pair; raises MerlabError if all training clips have the same class."""
        self.present = np.unique(labels)
        require_two_classes(labels)
        self.machines = list(self._machines(_features(inputs), labels))

    def _machines(self, features: Rows, labels: NDArray[np.int64]) -> Iterator[PairMachine]:
        for first, second in combinations(self.present, 2):
            rows = np.flatnonzero((labels == first) | (labels == second))
            yield PairMachine.fitted(features[rows], (labels[rows] == second).astype(np.int64), self.starts)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        features = _features(inputs)
        pairs = np.stack([machine.margins(features) for machine in self.machines], axis=1)
        if len(self.present) == 2:
            pairs = -pairs[:, 0]
        return softmax_of_decisions(class_margins(pairs, len(self.present)), self.present, self.classes)


def _features(inputs: NDArray[np.float32]) -> Rows:
    """The square roots of the shares (N, numbers), whose products are the Hellinger kernel."""
    return np.sqrt(flattened(inputs).astype(np.float64))


def group_starts(numbers: int) -> NDArray[np.int64]:
    """The first column of each histogram in a vector of ``stlbp-iip``; raises MerlabError for another vector."""
    sizes = next((histogram_sizes(mask) for mask in MASKS if numbers % sum(histogram_sizes(mask)) == 0), None)
    if sizes is None:
        raise MerlabError(f"distlbp-iip takes vectors of the input stlbp-iip, and got {numbers} numbers per clip")
    return np.cumsum([0, *(sizes * (numbers // sum(sizes)))[:-1]])


DISTLBP_IIP = Method(
    name="distlbp-iip",
    title="DiSTLBP-IIP: selected patterns of integral projections and SVMs",
    paper="Huang et al., IEEE Transactions on Affective Computing 10(1), 2019, arXiv:1608.02255",
    input="stlbp-iip:blocks=5x5,mask=9,frames=10,size=231x282",
    presets={
        "paper": Preset(source="the published descriptor; blocks, selected share, kernel and C are merlab's choice"),
        "reduced": Preset(
            source="merlab's choice for a CPU: the preset paper on frames of a quarter of the pixels",
            reduced=True,
            input="stlbp-iip:blocks=5x5,mask=9,frames=10,size=115x141",
        ),
    },
    pipeline=DiscriminativeSvm,
    takes=("vector",),
    seeded=False,
)
