"""The scale of a picture of motion scores: linear up to 5 times the noise, logarithmic above.

The score of a laugh can be ten times that of a micro-expression, which a linear scale would hardly show beside it. The
page of the service has the same scale (``static/score_scale.js``).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from merlab.spotting.curve import Values

# The threshold of a quiet face (``floor``): noise lies below it, events above.
LINEAR_UP_TO: Final = 5.0
# Of the height of the picture.
LEAST_DISTANCE_OF_MARKS: Final = 0.15


def heights(scores: Values) -> Values:
    """How high scores of 0 and more are drawn: ``s / 5`` up to 5, and ``1 + ln(s / 5)`` above; NaN stays NaN."""
    share = np.asarray(scores, np.float64) / LINEAR_UP_TO
    return np.where(share > 1, 1 + np.log(np.maximum(share, 1)), share)


def scores_at(drawn: Values) -> Values:
    """The inverse of ``heights``."""
    drawn = np.asarray(drawn, np.float64)
    return LINEAR_UP_TO * np.where(drawn > 1, np.exp(np.maximum(drawn, 1) - 1), drawn)


def shares(scores: Values, top: float) -> Values:
    """The heights of scores as a share of that of ``top``, the score at the upper edge."""
    return heights(scores) / heights(np.array(top))


def round_scores(top: float) -> tuple[float, ...]:
    """Scores from 0 to ``top`` to write beside a picture: 1, 2 or 5 times a power of 10, never closer than 15 %."""
    marks, last = [0.0], 0.0
    for power in range(-1, math.floor(math.log10(top)) + 1):
        for score in (digit * 10.0**power for digit in (1, 2, 5)):
            share = float(shares(np.array(score), top))
            if score <= top and share - last >= LEAST_DISTANCE_OF_MARKS:
                marks.append(score)
                last = share
    return tuple(marks)


def score_text(score: float) -> str:
    """A score beside a picture, in five characters at most up to a million: ``0.5``, ``5000``, ``20k``."""
    return f"{score / 1000:g}k" if score >= 10_000 else f"{score:g}"
