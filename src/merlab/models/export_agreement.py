"""Whether an exported network gives the same answers as PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from merlab.frames import Float32Array
from merlab.inference.runtimes import Infer
from merlab.models.recognizer import Recognizer

# Float32 sums depend on their order; even logits in the hundreds agree within this share of their range.
ROUNDING = 1e-3


@dataclass(frozen=True)
class ExportAgreement:
    """An exported network compared with PyTorch on the same clips.

    ``logits`` and ``probabilities`` are the largest absolute differences; ``logit_range`` is the range of PyTorch's
    logits. ``changed`` counts the clips whose most probable class differs.
    """

    clips: int
    logits: float
    logit_range: float
    probabilities: float
    changed: int

    @property
    def exact(self) -> bool:
        """Whether the two differ by no more than the rounding of float32."""
        return self.changed == 0 and self.logits <= ROUNDING * max(self.logit_range, 1)


def compared_with_torch(recognizer: Recognizer, infer: Infer, inputs: Float32Array) -> ExportAgreement:
    """How the logits of ``infer`` differ from a recognizer's in PyTorch, on inputs (N, *recipe.shape)."""
    here, there = replace(recognizer, infer=None), replace(recognizer, infer=infer)
    logits, others = here.logits(inputs), there.logits(inputs)
    probabilities = np.abs(here.predict_proba(inputs) - there.predict_proba(inputs))
    return ExportAgreement(
        clips=len(inputs),
        logits=float(np.abs(logits - others).max()),
        logit_range=float(np.ptp(logits)),
        probabilities=float(probabilities.max()),
        changed=int((logits.argmax(axis=1) != others.argmax(axis=1)).sum()),
    )
