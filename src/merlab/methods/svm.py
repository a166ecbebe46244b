"""Linear support vector machines with ``fit`` and ``predict_proba``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.inputs.recipe import SampleLayout
from merlab.methods.method import Task

Features = Callable[[NDArray[np.float32]], NDArray[np.floating]]

# A method on flattened inputs takes all layouts.
ANY_LAYOUT: tuple[SampleLayout, ...] = get_args(SampleLayout)


def flattened(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values of each input as one vector, for any layout: (N, ...) -> (N, numbers)."""
    return inputs.reshape(len(inputs), -1)


def require_two_classes(labels: NDArray[np.int64]) -> None:
    """Raises MerlabError if all training clips have the same class."""
    if len(np.unique(labels)) < 2:
        raise MerlabError(
            f"training needs clips of two classes or more, but all {len(labels)} are of one class; evaluate on more "
            "clips or with fewer folds"
        )


class LinearSvm:
    """A linear SVM (squared hinge loss, balanced classes, one against the rest) on ``features`` of the inputs.

    ``features`` maps inputs (N, ...) to (N, numbers). ``standardize`` scales each number by its mean and standard
    deviation over the training clips; otherwise the numbers stay unchanged. Probabilities are the softmax of the
    decision values: they rank the classes as the SVM does, and they are not calibrated. A class without training clips
    gets probability 0.
    """

    def __init__(self, task: Task, cost: float, *, features: Features = flattened, standardize: bool = False) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import LinearSVC

        self.classes = task.classes
        self.features = features
        # The problem is convex, and the state only sets the order of coordinate descent: one fixed state is enough.
        machine = LinearSVC(C=cost, class_weight="balanced", dual=True, max_iter=100_000, random_state=0)
        self.machine = make_pipeline(StandardScaler(), machine) if standardize else machine

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit one machine per class; raises MerlabError if all training clips have the same class."""
        require_two_classes(labels)
        self.machine.fit(self.features(inputs), labels)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Softmax of the decision values (N, classes)."""
        values = self.machine.decision_function(self.features(inputs))
        return softmax_of_decisions(values, self.machine.classes_, self.classes)


def softmax_of_decisions(values: NDArray[np.floating], present: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Probabilities (N, classes) from the decision values of the classes ``present``: (N, present), or (N,) of two.

    A class that is not present gets probability 0.
    """
    if values.ndim == 1:
        values = np.stack([-values, values], axis=1)
    decisions = np.full((len(values), classes), -np.inf)
    decisions[:, present] = values
    exponentials = np.exp(decisions - decisions.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float64)
