"""What a run shows, in sentences: whether a method beats the baselines, and whether any is above chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from merlab.evaluation.significance import SIGNIFICANCE_LEVEL, Comparison
from merlab.evaluation.summary import MethodSummary
from merlab.methods.baselines import BASELINE_NAMES, GUESS_NAMES
from merlab.reports.numbers import difference_text, estimate_text, number, p_text
from merlab.stamps import STAMP_SEPARATOR, all_stamps


def chance_level(classes: Sequence[str]) -> float:
    """The expected UAR of every guess that ignores the clip: constant, uniform, or by class frequency."""
    return 1 / len(classes)


def verdict(summaries: Sequence[MethodSummary]) -> str:
    """Whether the best method beats the best baseline by UF1, and whether any method is above chance, in sentences.

    "Beats" means that the 95 % interval of the paired difference is above 0 and that p is below .05, also if it is
    multiplied by the number of methods of which this one is the best (Bonferroni): the best of many equal ones is often
    above a baseline by chance. The stamps of all methods are given at the end, in brackets.
    """
    stamps = all_stamps(summaries)
    sentences = [
        _against_baseline(summaries),
        _against_chance(summaries),
        f"[{STAMP_SEPARATOR.join(stamps)}]" if stamps else "",
    ]
    return " ".join(filter(None, sentences))


def _against_baseline(summaries: Sequence[MethodSummary]) -> str:
    methods = [summary for summary in summaries if summary.method not in BASELINE_NAMES]
    method = _best(methods)
    baseline = _best(summary for summary in summaries if summary.method in BASELINE_NAMES)
    if method is None or baseline is None:
        missing = "method other than the baselines"
        if baseline is None:
            missing = f"baseline ({', '.join(BASELINE_NAMES)}) to compare with"
        best = method or baseline
        reached = f"; the best UF1 is {estimate_text(best.uf1)} by {best.method}" if best else ""
        return f"This run has no {missing}{reached}."
    compared = _difference(method, baseline)
    of_best = min(1.0, len(methods) * compared.p)
    better = is_shown(compared) and compared.difference > 0
    beats = better and of_best < SIGNIFICANCE_LEVEL
    chosen = f" ({p_text(of_best)} as the best of {len(methods)} methods)" if better and len(methods) > 1 else ""
    sentence = (
        f"{method.method} {'beats' if beats else 'does not beat'} {baseline.method}: "
        f"UF1 {number(method.uf1.mean)} against {number(baseline.uf1.mean)}, "
        f"difference {difference_text(compared)}, {p_text(compared.p)}{chosen}"
    )
    return f"{sentence}." if beats else f"{sentence}; {_why_not(compared)}."


def _why_not(compared: Comparison) -> str:
    if is_shown(compared) and compared.difference < 0:
        return "the baseline is better"
    if compared.interval is None:
        return "with one subject the interval of the difference is undefined"
    low, high = compared.interval
    if low <= 0 <= high:
        return "the interval of the difference includes 0"
    return f"p is not below {number(SIGNIFICANCE_LEVEL)}"


def _against_chance(summaries: Sequence[MethodSummary]) -> str:
    judged = [summary for summary in summaries if summary.method not in GUESS_NAMES]
    intervals = [summary.uar.interval for summary in judged]
    if not judged or None in intervals:
        return ""
    chance = chance_level(judged[0].classes)
    if any(interval is not None and interval[0] > chance for interval in intervals):
        return ""
    return (
        f"No method is shown to be above chance: no 95 % interval of UAR is above {number(chance)}, "
        f"the UAR of guessing among {len(judged[0].classes)} classes."
    )


def _best(summaries: Iterable[MethodSummary]) -> MethodSummary | None:
    return max(summaries, key=lambda summary: summary.uf1.mean, default=None)


def _difference(first: MethodSummary, second: MethodSummary) -> Comparison:
    """First minus second; the comparison may be stored with either of the two."""
    if second.method in first.compared:
        return first.compared[second.method]
    backward = second.compared[first.method]
    return Comparison(
        metric=backward.metric,
        difference=-backward.difference,
        interval=backward.interval and (-backward.interval[1], -backward.interval[0]),
        p=backward.p,
    )


def is_shown(compared: Comparison) -> bool:
    """Whether interval and p value both show that the methods differ."""
    if compared.interval is None:
        return False
    low, high = compared.interval
    return compared.p < SIGNIFICANCE_LEVEL and not low <= 0 <= high
