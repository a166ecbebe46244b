"""flow-ensemble: the mean of the probabilities of ``flow-cnn`` and ``joint-svm``.

Own method of merlab, without a publication: the recipe of docs/recognizer-experiments.md. A network and a machine with
a kernel err on different clips, and both take the same centered flow. A seed is one of each; the machine uses no random
numbers. The preset ``five`` averages five networks.
"""

from __future__ import annotations

from merlab.methods.ensembles import Member, ensemble_of
from merlab.methods.flow_cnn import FLOW_CNN
from merlab.methods.joint_svm import JOINT_SVM


def _members(seeds: int) -> tuple[Member, ...]:
    return Member(FLOW_CNN, "paper", seeds), Member(JOINT_SVM, "paper")


# It has one form besides ``five``, and both preset names, so that one name can be used for all methods of a run.
FLOW_ENSEMBLE = ensemble_of(
    "flow-ensemble",
    {"paper": _members(1), "reduced": _members(1), "five": _members(5)},
    title="mean of the probabilities of flow-cnn and joint-svm",
)
