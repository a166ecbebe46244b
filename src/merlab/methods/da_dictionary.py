"""DA-Dictionary: a pair of dictionaries shared by the training clips and unlabeled clips of another database.

Yan, Zheng, Cui, Zong, Zhang and Tang, "Unsupervised facial expression recognition using domain adaptation based
dictionary learning approach", Neurocomputing 319, 2018; the method is UDADL of the same authors, ICONIP 2016.

Published (abstract of 2016): a synthesis dictionary D and an analysis dictionary P connect samples and codes, so that a
code is one matrix product; unlabeled samples of the target are part of the learning, which moves their distribution
towards that of the source in the space of the codes; the geometric structure of both domains is preserved; every step
of the iteration has a closed form. The publication recognizes expressions in images of Multi-PIE and BU-3DFE; it has no
result on micro-expressions. Assumed, because only the abstracts were read: with samples X of both domains (principal
components, mean squared length 1), codes A and classifier W, it minimizes

    |X - D A|^2 + CODING |P X - A|^2 + LABELS sum_i v_i |y_i - W a_i|^2 + SHIFT N |P (m_source - m_target)|^2
    + GRAPH trace(P X L X' P') + RIDGE (|D|^2 + |P|^2 + |W|^2)

over one-of-K labels y and balanced weights v of the training clips. m are the means of the domains, so the fourth term
is the maximum mean discrepancy of the codes with a linear kernel; L is the Laplacian of the graph of the 5 nearest
neighbors inside each domain. The input is centered flow at 28 x 28. The decision is the largest number of W P x.

The target is given only under the protocol hold-out-database: the inputs of the test clips, without labels. Under other
protocols it learns from the training clips alone, and there is no fourth term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from merlab.methods.joint_svm import balanced
from merlab.methods.method import Method, Preset, Task
from merlab.methods.svm import ANY_LAYOUT, flattened, require_two_classes, softmax_of_decisions

COMPONENTS = 100
ATOMS = 60
CODING, LABELS, SHIFT, GRAPH, RIDGE = 1.0, 1.0, 10.0, 0.01, 0.1
NEIGHBORS = 5
STEPS = 30
SMALLEST = 1e-9

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Domains:
    """Samples in columns: those of the source, ``labeled``, then those of the target.

    Attributes:
        samples: X, (components, N).
        targets: one-of-K labels (classes, labeled) of the source.
        clip_weights: v, (labeled,).

    """

    samples: Matrix
    targets: Matrix
    clip_weights: NDArray[np.float64]

    @property
    def labeled(self) -> int:
        """The number of samples of the source."""
        return len(self.clip_weights)

    @cached_property
    def shift(self) -> Matrix:
        """The mean of the source minus the mean of the target, (components, 1); 0 without a target."""
        source, target = np.split(self.samples, [self.labeled], axis=1)
        if target.shape[1] == 0:
            return np.zeros((len(self.samples), 1))
        return np.asarray(source.mean(axis=1, keepdims=True) - target.mean(axis=1, keepdims=True), np.float64)

    @cached_property
    def structure(self) -> Matrix:
        """X L X', (components, components): how much neighbors inside a domain differ."""
        from scipy.linalg import block_diag
        from scipy.sparse.csgraph import laplacian
        from sklearn.neighbors import kneighbors_graph

        parts = [part.T for part in np.split(self.samples, [self.labeled], axis=1) if part.shape[1] > 1]
        graphs = [kneighbors_graph(part, min(NEIGHBORS, len(part) - 1)).toarray() for part in parts]
        together = block_diag(*[np.maximum(graph, graph.T) for graph in graphs])
        of_both = self.samples[:, : len(together)]
        return np.asarray(of_both @ laplacian(together) @ of_both.T, np.float64)


@dataclass(frozen=True, eq=False)
class Dictionaries:
    """D (components, atoms), P (atoms, components), W (classes, atoms), and the codes A (atoms, N) of the samples."""

    synthesis: Matrix
    analysis: Matrix
    classifier: Matrix
    codes: Matrix

    @classmethod
    def starting(cls, domains: Domains, atoms: int) -> Dictionaries:
        """From the principal directions of the samples, which need no random numbers."""
        directions, *_ = np.linalg.svd(domains.samples, full_matrices=False)
        analysis = directions[:, :atoms].T
        codes = analysis @ domains.samples
        return cls(analysis.T, analysis, _classifier(domains, codes), codes)

    def improved(self, domains: Domains) -> Dictionaries:
        """One round of the steps; each finds the best value of one matrix while the others are kept."""
        step = replace(self, codes=_codes(domains, self))
        step = replace(step, synthesis=_divided(domains.samples @ step.codes.T, step.codes @ step.codes.T))
        step = replace(step, classifier=_classifier(domains, step.codes))
        samples = domains.samples
        scatter = CODING * samples @ samples.T + GRAPH * domains.structure
        scatter += SHIFT * samples.shape[1] * domains.shift @ domains.shift.T
        return replace(step, analysis=_divided(CODING * step.codes @ samples.T, scatter))

    def objective(self, domains: Domains) -> float:
        """The value that every step makes smaller."""
        errors = domains.targets - self.classifier @ self.codes[:, : domains.labeled]
        of_analysis = self.analysis @ domains.structure @ self.analysis.T
        size = sum(float(np.sum(matrix**2)) for matrix in (self.synthesis, self.analysis, self.classifier))
        return float(
            np.sum((domains.samples - self.synthesis @ self.codes) ** 2)
            + CODING * np.sum((self.analysis @ domains.samples - self.codes) ** 2)
            + LABELS * np.sum(domains.clip_weights * errors**2)
            + SHIFT * domains.samples.shape[1] * self.discrepancy(domains)
            + GRAPH * np.trace(of_analysis)
            + RIDGE * size
        )

    def discrepancy(self, domains: Domains) -> float:
        """The squared maximum mean discrepancy of the codes of both domains, with a linear kernel."""
        return float(np.sum((self.analysis @ domains.shift) ** 2))


def _codes(domains: Domains, given: Dictionaries) -> Matrix:
    """The best codes of all samples; those of the source also follow their labels, with the weight of their class."""
    wanted = given.synthesis.T @ domains.samples + CODING * given.analysis @ domains.samples
    gram = given.synthesis.T @ given.synthesis + CODING * np.eye(len(wanted))
    codes = np.linalg.solve(gram, wanted)
    weights = LABELS * domains.clip_weights
    for weight in np.unique(weights):
        rows = np.flatnonzero(weights == weight)
        pulled = wanted[:, rows] + weight * given.classifier.T @ domains.targets[:, rows]
        codes[:, rows] = np.linalg.solve(gram + weight * given.classifier.T @ given.classifier, pulled)
    return np.asarray(codes, np.float64)


def _classifier(domains: Domains, codes: Matrix) -> Matrix:
    weighted = codes[:, : domains.labeled] * (LABELS * domains.clip_weights)
    return _divided(domains.targets @ weighted.T, weighted @ codes[:, : domains.labeled].T)


def _divided(products: Matrix, gram: Matrix) -> Matrix:
    """The solution of a ridge regression, products (gram + RIDGE)^-1."""
    return np.asarray(np.linalg.solve(gram + RIDGE * np.eye(len(gram)), products.T).T, np.float64)


class DomainAdaptiveDictionary:
    """UDADL on flattened inputs. Nothing is random.

    Probabilities are the softmax of W P x: they rank the classes and are not calibrated. A class without training clips
    gets probability 0. After ``fit``, ``domains`` and ``dictionaries`` are what was learned from and what was learned.
    """

    def __init__(self, task: Task) -> None:
        self.classes = task.classes

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        *,
        unlabeled: NDArray[np.float32] | None = None,
    ) -> None:
        """Learn from inputs with labels, and from ``unlabeled`` inputs of the target if they are given.

        Raises MerlabError if all training clips have the same class.
        """
        from sklearn.decomposition import PCA

        self.present, positions = np.unique(labels, return_inverse=True)
        require_two_classes(labels)
        everything = flattened(inputs if unlabeled is None else np.concatenate([inputs, unlabeled]))
        self.pca = PCA(min(COMPONENTS, len(everything) - 1, everything.shape[1]), svd_solver="full").fit(everything)
        components = self.pca.transform(everything)
        self.scale = max(float(np.sqrt(np.mean(np.sum(components**2, axis=1)))), SMALLEST)
        targets = np.eye(len(self.present))[positions] - 1 / len(self.present)
        self.domains = Domains(np.asarray(components.T / self.scale, np.float64), targets.T, balanced(labels))
        self.dictionaries = Dictionaries.starting(self.domains, ATOMS)
        for _ in range(STEPS):
            self.dictionaries = self.dictionaries.improved(self.domains)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        samples = self.pca.transform(flattened(inputs)).T / self.scale
        values = (self.dictionaries.classifier @ self.dictionaries.analysis @ samples).T
        decisions = values[:, 1] - values[:, 0] if len(self.present) == 2 else values
        return softmax_of_decisions(decisions, self.present, self.classes)


DA_DICTIONARY = Method(
    name="da-dictionary",
    title="DA-Dictionary: a pair of dictionaries shared with unlabeled clips of another database",
    paper="Yan et al., Neurocomputing 319, 2018",
    input="flow:channels=uvs,scale=centered,size=28x28",
    # The published form is fast enough for any machine, so it has both preset names.
    presets=dict.fromkeys(
        ("paper", "reduced"),
        Preset(source="the abstracts give no settings: input, sizes and weights of the terms are merlab's choice"),
    ),
    pipeline=DomainAdaptiveDictionary,
    takes=ANY_LAYOUT,
    seeded=False,
    transductive=True,
)
