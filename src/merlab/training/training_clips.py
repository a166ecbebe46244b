"""The clips that a network is trained on: those of a fold, and synthetic ones that are mixed into its batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.training.checks import check_inputs, check_labels, check_units
from merlab.training.material import SyntheticClips


@dataclass(frozen=True, eq=False)
class TrainingClips:
    """N clips of a fold, then M synthetic ones.

    Attributes:
        inputs: (N + M, [T,] C, H, W).
        labels: (N + M,).
        intensities: (N + M, units) of action units, relative to the largest of each clip; NaN for a clip without known
            ones. None if no clip has any.
        other_side: (units,) the position of the same unit on the other side of the face.
        synthetic: M.

    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]
    intensities: NDArray[np.float32] | None = None
    other_side: NDArray[np.int64] | None = None
    synthetic: int = 0

    def __post_init__(self) -> None:
        """Raise MerlabError for intensities that do not fit the clips or the sides."""
        if (self.intensities is None) != (self.other_side is None):
            raise MerlabError("intensities of action units and other_side belong together; pass both, or neither")
        if self.intensities is None or self.other_side is None:
            return
        check_units(self.intensities, self.other_side, len(self.labels))

    def followed_by(self, synthetic: SyntheticClips, classes: int) -> TrainingClips:
        """These clips, and synthetic ones after them; raises MerlabError if they are not of the same form."""
        if synthetic.inputs.shape[1:] != self.inputs.shape[1:]:
            raise MerlabError(
                f"synthetic clips of shape {synthetic.inputs.shape[1:]} cannot be mixed with clips of shape "
                f"{self.inputs.shape[1:]}; make them with the same recipe"
            )
        check_inputs(synthetic.inputs)
        check_labels(synthetic.labels, synthetic.subjects, len(synthetic.inputs), classes)
        check_units(synthetic.intensities, synthetic.other_side, len(synthetic.inputs))
        known = self.intensities
        if known is None:
            known = np.full((len(self.labels), len(synthetic.other_side)), np.nan, np.float32)
        check_units(known, synthetic.other_side, len(self.labels))
        return TrainingClips(
            np.concatenate([self.inputs, synthetic.inputs]),
            np.concatenate([self.labels, synthetic.labels]),
            np.concatenate([known, synthetic.intensities]),
            synthetic.other_side,
            synthetic=len(synthetic.labels),
        )
