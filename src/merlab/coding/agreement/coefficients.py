"""Agreement beyond chance: Cohen's kappa of two coders, Krippendorff's alpha of two or more, for nominal values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

Value = Hashable | None


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa (1960) of two coders' values of the same units; None if all values are the same, or for no unit."""
    from sklearn.metrics import cohen_kappa_score

    # The order of a set differs between runs, and with it the last digit of kappa.
    numbers = {value: number for number, value in enumerate(dict.fromkeys((*first, *second)))}
    if len(numbers) < 2:
        return None
    return float(cohen_kappa_score([numbers[each] for each in first], [numbers[each] for each in second]))


def kappa_of_counts(both: int, first: int, second: int, neither: int) -> float | None:
    """Cohen's kappa from how many units both, only the first, only the second and neither marked; None as above."""
    n = both + first + second + neither
    if not n:
        return None
    chance = ((both + first) * (both + second) + (neither + first) * (neither + second)) / n**2
    return None if chance == 1 else ((both + neither) / n - chance) / (1 - chance)


def facs_ratio(first: Sequence[bool], second: Sequence[bool]) -> float | None:
    """Twice the action units that both coders scored, divided by those of both together; None if neither scored one.

    From whether each coder scored each unit of each event. It is the ratio of FACS (Ekman and Friesen 1978, after
    Wexler 1972), with which databases of micro-expressions state how far their coders agree.
    """
    scored = sum(first) + sum(second)
    return 2 * sum(one and other for one, other in zip(first, second, strict=True)) / scored if scored else None


def krippendorff_alpha(units: Sequence[Sequence[Value]]) -> float | None:
    """Krippendorff's alpha (2011) for nominal values.

    ``units`` has, for each unit, the values of the coders; None where a coder gave none. A unit with fewer than two
    values does not count. None if all values are the same, or no unit counts.
    """
    # Of thousands of units, most have the values of others.
    alike = Counter(tuple(unit) for unit in units)
    return alpha_of_counts(
        [(times, Counter(value for value in unit if value is not None)) for unit, times in alike.items()]
    )


def alpha_of_counts(units: Sequence[tuple[int, Counter[Hashable]]]) -> float | None:
    """The same from how often units with these counts of values occur."""
    paired = [(times, count) for times, count in units if count.total() > 1]
    values: Counter[Hashable] = Counter()
    disagreeing = 0.0
    for times, count in paired:
        values.update({value: times * n for value, n in count.items()})
        disagreeing += times * _unlike(count) / (count.total() - 1)
    expected = _unlike(values) / max(values.total() - 1, 1)
    return 1 - disagreeing / expected if expected else None


def _unlike(count: Counter[Hashable]) -> int:
    """How many ordered pairs of values differ."""
    return int(count.total() ** 2 - sum(n**2 for n in count.values()))
