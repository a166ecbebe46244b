"""Whether an exported network still answers as PyTorch does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from merlab.evaluation.runtimes import Infer
from merlab.inputs.recipe import FloatArray
from merlab.recognition.model.recogniser import Recogniser

# Float32 sums in another order; a network whose logits lie in the hundreds still agrees to this share of their range.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Agreement:
    """Two arithmetics of one recogniser on the same clips.

    ``logits`` and ``probabilities`` are the largest absolute differences; ``logit_range`` is how far PyTorch's logits
    lie apart. ``changed`` counts the clips whose most probable class differs.
    """

    clips: int
    logits: float
    logit_range: float
    probabilities: float
    changed: int

    @property
    def exact(self) -> bool:
        """Whether nothing but the rounding of float32 lies between the two."""
        return self.changed == 0 and self.logits <= ROUNDING * max(self.logit_range, 1)


def agreement(recogniser: Recogniser, infer: Infer, inputs: FloatArray) -> Agreement:
    """How a recogniser's logits in PyTorch and those of another arithmetic differ on inputs (N, *recipe.shape)."""
    here, there = replace(recogniser, infer=None), replace(recogniser, infer=infer)
    logits, others = here.logits(inputs), there.logits(inputs)
    probabilities = np.abs(here.predict_proba(inputs) - there.predict_proba(inputs))
    return Agreement(
        clips=len(inputs),
        logits=float(np.abs(logits - others).max()),
        logit_range=float(np.ptp(logits)),
        probabilities=float(probabilities.max()),
        changed=int((logits.argmax(axis=1) != others.argmax(axis=1)).sum()),
    )
