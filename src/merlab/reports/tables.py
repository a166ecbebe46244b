"""Tables and sentences from the summaries of a run (see ``summarize_run``).

A number reads "mean ± sd [low, high]": mean and standard deviation over seeds, and the 95 % interval of the mean from
resampling subjects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Literal

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from merlab.evaluation.metrics import METRIC_TITLES, METRICS, MetricName
from merlab.evaluation.significance import Comparison
from merlab.evaluation.summary import COMPARED_METRIC, DatabaseScores, Estimate, MethodSummary, summary_frame
from merlab.methods.baselines import BASELINE_NAMES, GUESS_NAMES
from merlab.spelling import counted, three_decimals
from merlab.stamps import STAMP_SEPARATOR, all_stamps, in_brackets, short_stamp

Measure = Literal["f1", "recall", "precision"]

SIGNIFICANCE_LEVEL = 0.05
COVERED_METRICS: tuple[MetricName, ...] = ("uf1", "uar", "accuracy")
# Letters of a line of stamps in the terminal: those of all but NETWORK fit.
STAMP_WIDTH = 18
# Letters of the name of a method that stay in one line.
PART_OF_NAME = 8
DIFFERENCE_TITLE = f"{METRIC_TITLES[COMPARED_METRIC]} difference"


def number(value: float, *, signed: bool = False) -> str:
    """``three_decimals`` without a leading zero: ``.713``, ``1.000``, ``−.050``; with ``signed`` also ``+.062``."""
    digits = three_decimals(abs(value))
    sign = "−" if value < 0 and float(digits) else "+" if signed else ""
    return sign + digits.removeprefix("0")


def estimate(
    mean: float, sd: float | None = None, interval: Sequence[float] | None = None, *, signed: bool = False
) -> str:
    """``mean ± sd [low, high]``; sd or interval is left out if it is None."""
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
    """``p = .021``, or ``p < .001`` where three decimals would read zero."""
    return "p < .001" if p_value < 0.001 else f"p = {number(p_value)}"


def results_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method, baselines included: the four metrics as text, clips, seeds, stamps."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                **_metric_cells(summary),
                "clips": str(summary.clips),
                "seeds": str(summary.seeds),
                "stamps": STAMP_SEPARATOR.join(summary.stamps),
            }
            for summary in summaries
        ]
    )


def results_numbers(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """The results at full precision for other programs, one column per number: ``uf1_mean``, ``uf1_sd``, ..."""
    return summary_frame(summaries).rename(columns={name: f"{name}_mean" for name in METRICS}).reset_index()


def class_table(summaries: Sequence[MethodSummary], measure: Measure) -> pd.DataFrame:
    """One row per method, one column per class with its number of clips: F1, recall or precision, mean over seeds."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                **{f"{label} ({of.clips})": number(getattr(of, measure)) for label, of in summary.per_class.items()},
            }
            for summary in summaries
        ]
    )


def database_table(summaries: Sequence[MethodSummary], metrics: Sequence[MetricName] = tuple(METRICS)) -> pd.DataFrame:
    """One row per method and database, each database's clips taken from the same predictions."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "database": database,
                "clips": str(scores.clips),
                "subjects": str(scores.subjects),
                **_metric_cells(scores, metrics),
                "classes absent": ", ".join(scores.absent_classes) or "none",
            }
            for summary in summaries
            for database, scores in summary.by_database.items()
        ]
    )


def coverage_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method and share of answered clips, the surest ones: UF1, UAR and accuracy, means over seeds.

    A method whose confidence is the same for all clips has no row.
    """
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "answered": f"{scores.share:.0%}",
                "clips": str(scores.clips),
                **{METRIC_TITLES[name]: number(getattr(scores, name)) for name in COVERED_METRICS},
            }
            for summary in summaries
            for scores in summary.by_coverage
        ]
    )


def comparison_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per pair of methods: their difference in UF1, its 95 % interval, p, and the conclusion."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "against": other,
                DIFFERENCE_TITLE: _difference_text(compared),
                "p": p_text(compared.p).removeprefix("p = ").removeprefix("p "),
                "shown": "a difference" if _is_shown(compared) else "no difference",
            }
            for summary in summaries
            for other, compared in summary.compared.items()
        ]
    )


def markdown_table(table: pd.DataFrame) -> str:
    """A table of text as GitHub-flavored Markdown, one line per row, ending in a newline."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "".join(f"| {' | '.join(_markdown_cell(str(cell)) for cell in row)} |\n" for row in rows)


def console_table(summaries: Sequence[MethodSummary], title: str = "Results") -> Table:
    """The results for a terminal of 80 columns; in a narrow one, print them as ``print_whole`` does.

    The title gives the number of clips, which all methods of a run share, and all stamps; each row gives the words of
    its own stamps. Macro precision is given in the report only.
    """
    stamps = all_stamps(summaries)
    clips = f", {counted(summaries[0].clips, 'clip')}" if summaries else ""
    table = Table(
        title=escape(f"{title}{clips}{in_brackets(stamps)}"),
        title_justify="left",
        caption="mean ± sd over seeds, below it the 95 % interval over subjects",
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    rows = results_table(summaries).drop(columns=[METRIC_TITLES["macro_precision"], "clips"])
    rows["stamps"] = [_stamp_lines(summary) for summary in summaries]
    cells = rows.map(lambda cell: cell.replace(" [", "\n["))
    for column in rows.columns:
        longest_word = max((len(word) for cell in cells[column] for word in cell.split()), default=0)
        # Half of a number would be a wrong number; a long name may go over several lines.
        least = min(longest_word, PART_OF_NAME) if column == "method" else longest_word
        table.add_column(column, overflow="fold", no_wrap=column == "stamps", min_width=least)
    for row in cells.to_numpy().tolist():
        table.add_row(*map(escape, row))
    return table


def _stamp_lines(summary: MethodSummary) -> str:
    """The words of the stamps, one stamp per line where it fits."""
    return "\n".join(line for stamp in summary.stamps for line in wrap(short_stamp(stamp), STAMP_WIDTH))


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
    better = _is_shown(compared) and compared.difference > 0
    beats = better and of_best < SIGNIFICANCE_LEVEL
    chosen = f" ({p_text(of_best)} as the best of {len(methods)} methods)" if better and len(methods) > 1 else ""
    sentence = (
        f"{method.method} {'beats' if beats else 'does not beat'} {baseline.method}: "
        f"UF1 {number(method.uf1.mean)} against {number(baseline.uf1.mean)}, "
        f"difference {_difference_text(compared)}, {p_text(compared.p)}{chosen}"
    )
    return f"{sentence}." if beats else f"{sentence}; {_why_not(compared)}."


def _why_not(compared: Comparison) -> str:
    if _is_shown(compared) and compared.difference < 0:
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


def _is_shown(compared: Comparison) -> bool:
    """Whether interval and p value both show that the methods differ."""
    if compared.interval is None:
        return False
    low, high = compared.interval
    return compared.p < SIGNIFICANCE_LEVEL and not low <= 0 <= high


def _metric_cells(
    scores: MethodSummary | DatabaseScores, metrics: Sequence[MetricName] = tuple(METRICS)
) -> dict[str, str]:
    return {METRIC_TITLES[name]: estimate_text(scores.estimate(name)) for name in metrics}


def _difference_text(compared: Comparison) -> str:
    return estimate(compared.difference, interval=compared.interval, signed=True)


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
