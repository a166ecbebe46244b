"""joint-svm: an RBF support vector machine on centered flow and its mirror images.

Own method of merlab, without a publication: settings from an experiment on half of the subjects of the 442 clips of
MEGC2019 (docs/recognizer-experiments.md). Known parts: the RBF machine (Cortes and Vapnik, Machine Learning 20, 1995),
one against one; mirrored training samples.

Every training clip is used twice, as it is and mirrored. Classes weigh the same. A decision is the mean of the margins
of the clip and of its mirror image. The preset ``pretrained`` adds the clips of 100 random synthetic subjects and
their mirror images, which weigh as much as the training clips in total.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.methods.method import Method, Preset, Task
from merlab.methods.mirrored_kernel import Doubled, JointKernel, RealKernel, Subset
from merlab.methods.svm import require_two_classes, softmax_of_decisions
from merlab.training import Material, Mirror

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
    rank the classes and are not calibrated. A class without training clips gets probability 0. The seed chooses the
    synthetic subjects of a preset that needs them; nothing else is random.
    """

    def __init__(self, task: Task, *, preset: Preset, mirror: Mirror | None, material: Material) -> None:
        if mirror is None:
            raise MerlabError(f"joint-svm needs an input that can be mirrored, such as {CENTERED_UVS}")
        self.classes = task.classes
        self.mirror = mirror
        self.synthetic = material.synthetic if "synthetic" in preset.needs else None
        if "synthetic" in preset.needs and self.synthetic is None:
            raise MerlabError(
                "this preset of joint-svm adds synthetic clips to the training clips; pass --synthetic FOLDER, which "
                "`merlab make-flow FOLDER` writes, or choose another preset"
            )

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit on inputs (N, C, H, W); raises MerlabError if all training clips have the same class."""
        from sklearn.svm import SVC

        require_two_classes(labels)
        clips, twice = Doubled.of(inputs, self.mirror), np.concatenate([labels, labels])
        gamma = GAMMA / (clips.values.shape[1] * max(float(clips.values.var()), SMALLEST_VARIANCE))
        weights = balanced(twice)
        self.kernel: RealKernel | JointKernel = RealKernel(clips, gamma)
        if self.synthetic is not None:
            subset = Subset(self.synthetic, seed, self.mirror)
            self.kernel = JointKernel(clips, gamma, subset)
            twice, weights = with_synthetic(twice, subset.labels())
        # The kernel as one matrix product: several times faster than inside the machine.
        self.machine = SVC(C=COST, kernel="precomputed", decision_function_shape="ovo")
        self.machine.fit(self.kernel.of_training(), twice, sample_weight=weights)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes), the same for a clip and its mirror image."""
        present = self.machine.classes_
        margins = [
            class_margins(self.machine.decision_function(kernel), len(present))
            for kernel in self.kernel.of(Doubled.of(inputs, self.mirror))
        ]
        return softmax_of_decisions(np.mean(margins, axis=0) / TEMPERATURE, present, self.classes)


def balanced(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """One weight per clip (N,), with mean 1: every class that occurs has the same total weight."""
    counts = np.bincount(labels)
    return np.asarray(len(labels) / np.count_nonzero(counts) / counts[labels], np.float64)


def with_synthetic(
    labels: NDArray[np.int64], synthetic: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The labels of training clips and then of synthetic ones, and their weights: both have the same total weight."""
    weights = np.concatenate([balanced(labels), balanced(synthetic) * len(labels) / len(synthetic)])
    return np.concatenate([labels, synthetic]), weights


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


_SOURCE = "merlab's own method: C 1, gamma 2 / (d var), margins clipped to 2, softmax at .5"
# Without synthetic clips it has both preset names, so that one name can be used for all methods of a run.
_PRESETS = {
    **dict.fromkeys(("paper", "reduced"), Preset(source=_SOURCE)),
    "pretrained": Preset(
        source=f"{_SOURCE}; with the clips of 100 random synthetic subjects",
        needs=("synthetic",),
        seeded=True,
    ),
}

JOINT_SVM = Method(
    name="joint-svm",
    title="RBF SVM on centered flow and its mirror images",
    paper="none: merlab's own, docs/recognizer-experiments.md",
    input=CENTERED_UVS,
    presets=_PRESETS,
    pipeline=JointSvm,
    seeded=False,
)
