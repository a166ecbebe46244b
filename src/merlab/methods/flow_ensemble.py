"""flow-ensemble: the mean of the probabilities of ``flow-cnn`` and ``joint-svm``.

Own method of merlab, without a publication: the recipe of docs/recognizer-experiments.md. A network and a machine with
a kernel err on different clips, and both take the same centered flow. A seed is one of each; the machine uses no random
numbers. The preset ``five`` averages five networks.

``pretrained`` is the recipe with synthetic flow: the network continues from weights that were trained on it, and both
use synthetic clips beside the training clips. ``pretrained-five`` averages five networks and five machines, each of
which has other synthetic subjects.
"""

from __future__ import annotations

from merlab.methods.ensembles import Member, ensemble_of
from merlab.methods.flow_cnn import FLOW_CNN
from merlab.methods.joint_svm import JOINT_SVM


def _from_scratch(seeds: int) -> tuple[Member, ...]:
    return Member(FLOW_CNN, "paper", seeds), Member(JOINT_SVM, "paper")


def _pretrained(seeds: int) -> tuple[Member, ...]:
    return Member(FLOW_CNN, "pretrained", seeds), Member(JOINT_SVM, "pretrained", seeds)


# From scratch it has both preset names, so that one name can be used for all methods of a run.
FLOW_ENSEMBLE = ensemble_of(
    "flow-ensemble",
    {
        "paper": _from_scratch(1),
        "reduced": _from_scratch(1),
        "five": _from_scratch(5),
        "pretrained": _pretrained(1),
        "pretrained-five": _pretrained(5),
    },
    title="mean of the probabilities of flow-cnn and joint-svm",
)
