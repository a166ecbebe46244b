"""Numbers of a report as text.

A number reads "mean ± sd [low, high]": mean and standard deviation over seeds, and the 95 % interval of the mean from
resampling subjects.
"""

from __future__ import annotations

from collections.abc import Sequence

from merlab.evaluation.significance import SIGNIFICANCE_LEVEL, Comparison
from merlab.evaluation.summary import Estimate
from merlab.spelling import three_decimals

UNDEFINED = "–"


def number(value: float, *, signed: bool = False) -> str:
    """``three_decimals`` without a leading zero: ``.713``, ``1.000``, ``−.050``; with ``signed`` also ``+.062``.

    What rounds to zero has no sign.
    """
    digits = three_decimals(abs(value))
    sign = "" if not float(digits) else "−" if value < 0 else "+" if signed else ""
    return sign + digits.removeprefix("0")


def estimate(
    mean: float | None, sd: float | None = None, interval: Sequence[float] | None = None, *, signed: bool = False
) -> str:
    """``mean ± sd [low, high]``; sd or interval is left out if it is None, and ``–`` stands for an undefined mean."""
    if mean is None:
        return UNDEFINED
    text = number(mean, signed=signed)
    if sd is not None:
        text += f" ± {number(sd)}"
    if interval is not None:
        low, high = interval
        text += f" [{number(low, signed=signed)}, {number(high, signed=signed)}]"
    return text


def estimate_text(of: Estimate) -> str:
    """An ``Estimate`` as ``mean ± sd [low, high]``."""
    return estimate(of.mean, of.sd, of.interval)


def p_text(p_value: float) -> str:
    """``p = .021``; ``p < .001`` where three decimals would read zero, ``p < .050`` where they would read that."""
    if p_value < 0.001:
        return "p < .001"
    is_less = p_value < SIGNIFICANCE_LEVEL and number(p_value) == number(SIGNIFICANCE_LEVEL)
    return f"p {'<' if is_less else '='} {number(p_value)}"


def difference_text(compared: Comparison) -> str:
    """The difference of two methods, first minus second, with its sign: ``+.060 [+.010, +.110]``."""
    return estimate(compared.difference, interval=compared.interval, signed=True)
