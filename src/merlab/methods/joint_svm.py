"""joint-svm: an RBF support vector machine on centered flow and its mirror images.

Own method of merlab, without a publication: settings from an experiment on half of the subjects of the 442 clips of
MEGC2019 (docs/recognizer-experiments.md). Known parts: the RBF machine (Cortes and Vapnik, Machine Learning 20, 1995),
one against one; mirrored training samples.

Every training clip is used twice, as it is and mirrored. Classes weigh the same. A decision is the mean of the margins
of the clip and of its mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from merlab.errors import MerlabError
from merlab.methods.method import Method, Preset, Task
from merlab.methods.svm import flattened, softmax_of_decisions
from merlab.training import Mirror

COST = 1.0
# The width of the kernel: gamma is this, divided by the number of values of a clip and by their variance.
GAMMA = 2.0
SMALLEST_VARIANCE = 1e-12
LARGEST_MARGIN = 2.0
TEMPERATURE = 0.5
CENTERED_UVS = "flow:channels=uvs,scale=centered,size=28x28,crop=corrected"


class JointSvm:
    """An RBF SVM, one class against one, on inputs and their mirror images.

    Probabilities are the softmax of the mean margin of each class, divided by 0.5; margins are clipped to +-2. They
    rank the classes and are not calibrated. A class without training clips gets probability 0. Nothing is random.
    """

    def __init__(self, task: Task, *, mirror: Mirror | None) -> None:
        if mirror is None:
            raise MerlabError(f"joint-svm needs an input that can be mirrored, such as {CENTERED_UVS}")
        self.classes = task.classes
        self.mirror = mirror

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit on inputs (N, C, H, W); raises MerlabError if all training clips have the same class."""
        if len(np.unique(labels)) < 2:
            raise MerlabError(
                f"joint-svm needs training clips of 2 classes, but all {len(labels)} are of class {labels[0]}; "
                "evaluate on more clips or with fewer folds"
            )
        values = flattened(inputs)
        self.gamma = GAMMA / (values.shape[1] * max(float(values.var()), SMALLEST_VARIANCE))
        self.training = np.concatenate([values, flattened(self._mirrored(inputs))])
        twice = np.concatenate([labels, labels])
        # The kernel as one matrix product: several times faster than inside the machine.
        self.machine = SVC(C=COST, kernel="precomputed", decision_function_shape="ovo")
        self.machine.fit(self._kernel(self.training), twice, sample_weight=balanced(twice))

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes), the same for a clip and its mirror image."""
        present = self.machine.classes_
        margins = [
            class_margins(self.machine.decision_function(self._kernel(flattened(each))), len(present))
            for each in (inputs, self._mirrored(inputs))
        ]
        return softmax_of_decisions(np.mean(margins, axis=0) / TEMPERATURE, present, self.classes)

    def _kernel(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """exp(-gamma d squared) of values (M, numbers) and the training values: (M, 2 N)."""
        return np.asarray(rbf_kernel(values.astype(np.float64), self.training, self.gamma), np.float64)

    def _mirrored(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.mirror(torch.from_numpy(np.ascontiguousarray(inputs))).numpy(), np.float32)


def balanced(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """One weight per clip (N,), with mean 1: every class that occurs has the same total weight."""
    counts = np.bincount(labels)
    return np.asarray(len(labels) / np.count_nonzero(counts) / counts[labels], np.float64)


def class_margins(pairs: NDArray[np.floating], classes: int) -> NDArray[np.float64]:
    """The mean margin of each class (N, classes) against the others, each clipped to +-2.

    ``pairs`` is what scikit-learn's one-against-one machine gives: one column for each pair of classes in the order
    (0, 1), (0, 2), ..., (1, 2), ..., positive for the first; for two classes (N,), positive for the second.
    """
    columns = -pairs[:, None] if pairs.ndim == 1 else pairs
    clipped = np.clip(columns, -LARGEST_MARGIN, LARGEST_MARGIN)
    margins = np.zeros((len(pairs), classes))
    for column, (first, second) in enumerate(zip(*np.triu_indices(classes, 1), strict=True)):
        margins[:, first] += clipped[:, column]
        margins[:, second] -= clipped[:, column]
    return margins / (classes - 1)


# It has one form, and both preset names, so that one name can be used for all methods of a run.
_PRESETS = dict.fromkeys(
    ("paper", "reduced"),
    Preset(source="merlab's own method: C 1, gamma 2 / (d var), margins clipped to 2, softmax at .5"),
)

JOINT_SVM = Method(
    name="joint-svm",
    title="RBF SVM on centered flow and its mirror images",
    paper="none: merlab's own, docs/recognizer-experiments.md",
    input=CENTERED_UVS,
    presets=_PRESETS,
    pipeline=JointSvm,
    seeded=False,
)
