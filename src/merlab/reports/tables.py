"""Tables and sentences from the metrics of a run (the objects of metrics.json, see ``summarize_run``).

Every function takes that list of objects, one a method. A number reads "mean ± sd [low, high]": the mean and standard
deviation over seeds, and the 95 % interval of the mean from resampling subjects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from merlab.stamps import STAMP_SEPARATOR, all_stamps, short_stamp

Metrics = Sequence[dict[str, Any]]
Measure = Literal["f1", "recall", "precision"]

METRIC_TITLES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy", "macro_precision": "macro precision"}
GUESSES = ("constant", "random")
BASELINES = (*GUESSES, "linear-svm")
SIGNIFICANCE_LEVEL = 0.05


def number(value: float, *, signed: bool = False) -> str:
    """Three decimals without a leading zero: ``.713``, ``1.000``, ``−.050``; with ``signed`` also ``+.062``."""
    rounded = round(value, 3) + 0.0
    sign = "−" if rounded < 0 else "+" if signed else ""
    digits = f"{abs(rounded):.3f}"
    return sign + (digits[1:] if digits.startswith("0") else digits)


def estimate(
    mean: float, sd: float | None = None, interval: Sequence[float] | None = None, *, signed: bool = False
) -> str:
    """``mean ± sd [low, high]``; the parts that are None are left out."""
    text = number(mean, signed=signed)
    if sd is not None:
        text += f" ± {number(sd)}"
    if interval is not None:
        low, high = interval
        text += f" [{number(low, signed=signed)}, {number(high, signed=signed)}]"
    return text


def p_text(p_value: float) -> str:
    """``p = .021``, or ``p < .001`` where three decimals would say zero."""
    return "p < .001" if p_value < 0.001 else f"p = {number(p_value)}"


def results_table(metrics: Metrics) -> pd.DataFrame:
    """A row a method: the four metrics as text, clips, seeds, stamps. Floors are rows like all others."""
    rows = [
        {
            "method": summary["method"],
            **{title: estimate(**summary[name]) for name, title in METRIC_TITLES.items()},
            "clips": str(summary["clips"]),
            "seeds": str(summary["seeds"]),
            "stamps": STAMP_SEPARATOR.join(summary["stamps"]),
        }
        for summary in metrics
    ]
    return pd.DataFrame(rows)


def results_numbers(metrics: Metrics) -> pd.DataFrame:
    """What ``results_table`` says, as numbers at full precision for other programs: a column a number."""
    rows = []
    for summary in metrics:
        row: dict[str, Any] = {"method": summary["method"]}
        for name in METRIC_TITLES:
            low, high = summary[name]["interval"] or (None, None)
            row |= {
                f"{name}_mean": summary[name]["mean"],
                f"{name}_sd": summary[name]["sd"],
                f"{name}_low": low,
                f"{name}_high": high,
            }
        counts = {key: summary[key] for key in ("clips", "subjects", "seeds")}
        rows.append(row | counts | {"stamps": STAMP_SEPARATOR.join(summary["stamps"])})
    return pd.DataFrame(rows)


def class_table(metrics: Metrics, measure: Measure) -> pd.DataFrame:
    """A row a method, a column a class with its number of clips: F1, recall or precision, mean over seeds."""
    return pd.DataFrame(
        [
            {
                "method": summary["method"],
                **{f"{label} ({of['clips']})": number(of[measure]) for label, of in summary["per_class"].items()},
            }
            for summary in metrics
        ]
    )


def database_table(metrics: Metrics) -> pd.DataFrame:
    """A row a method and database, from the database's share of the same pooled predictions."""
    return pd.DataFrame(
        [
            {
                "method": summary["method"],
                "database": database,
                "clips": str(of["clips"]),
                "subjects": str(of["subjects"]),
                **{title: estimate(**of[name]) for name, title in METRIC_TITLES.items()},
                "classes absent": ", ".join(of["absent_classes"]) or "none",
            }
            for summary in metrics
            for database, of in summary["by_database"].items()
        ]
    )


def comparison_table(metrics: Metrics) -> pd.DataFrame:
    """A row a pair of methods: UF1 of the method minus the other, its 95 % interval, p, and what that shows."""
    rows = []
    for summary in metrics:
        for other, compared in summary["compared"].items():
            row = {
                "method": summary["method"],
                "against": other,
                "UF1 difference": estimate(compared["difference"], interval=compared["interval"], signed=True),
                "p": p_text(compared["p"]).removeprefix("p = ").removeprefix("p "),
                "shown": "a difference" if _is_shown(compared) else "no difference",
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=["method", "against", "UF1 difference", "p", "shown"])


def markdown_table(table: pd.DataFrame) -> str:
    """A table of text as GitHub-flavored Markdown, one line a row, ending in a newline."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "".join(f"| {' | '.join(_markdown_cell(str(cell)) for cell in row)} |\n" for row in rows)


def console_table(metrics: Metrics, title: str = "Results") -> Table:
    """The results for a terminal of 80 columns; all stamps stand in the title, and beside the methods they belong to.

    Clips are the same for all methods of a run and stand in the title; macro precision is left to the report.
    """
    stamps = all_stamps(metrics)
    clips = f", {metrics[0]['clips']} clips" if metrics else ""
    table = Table(
        title=escape(f"{title}{clips}" + (f" [{STAMP_SEPARATOR.join(stamps)}]" if stamps else "")),
        title_justify="left",
        caption="mean ± sd over seeds, below it the 95 % interval over subjects",
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    rows = results_table(metrics).drop(columns=["macro precision", "clips"])
    rows["stamps"] = ["\n".join(map(short_stamp, summary["stamps"])) for summary in metrics]
    for column in rows.columns:
        table.add_column(column)
    for row in rows.to_numpy().tolist():
        table.add_row(*(escape(cell.replace(" [", "\n[")) for cell in row))
    return table


def chance_level(classes: Sequence[str]) -> float:
    """The expected UAR of every guess that ignores the clip, be it constant, uniform or by class frequency."""
    return 1 / len(classes)


def verdict(metrics: Metrics) -> str:
    """Whether the best method beats the best baseline by UF1, and whether anything is above chance, in plain sentences.

    The baselines are constant, random and linear-svm. "Beats" means that the 95 % interval of the paired difference
    is above 0 and that p is below .05. The stamps of all methods are given at the end, in brackets.
    """
    stamps = all_stamps(metrics)
    sentences = [
        _against_floor(metrics),
        _against_chance(metrics),
        f"[{STAMP_SEPARATOR.join(stamps)}]" if stamps else "",
    ]
    return " ".join(filter(None, sentences))


def _against_floor(metrics: Metrics) -> str:
    contender = _best(summary for summary in metrics if summary["method"] not in BASELINES)
    floor = _best(summary for summary in metrics if summary["method"] in BASELINES)
    if contender is None or floor is None:
        missing = f"no floor ({', '.join(BASELINES)})" if floor is None else "no method other than the baselines"
        best = contender or floor
        reached = f"; the best UF1 is {estimate(**best['uf1'])} by {best['method']}" if best else ""
        return f"This run holds {missing}, so nothing can be said to beat a floor{reached}."
    compared = _difference(contender, floor)
    beats = _is_shown(compared) and compared["difference"] > 0
    difference = estimate(compared["difference"], interval=compared["interval"], signed=True)
    sentence = (
        f"{contender['method']} {'beats' if beats else 'does not beat'} {floor['method']}: "
        f"UF1 {number(contender['uf1']['mean'])} against {number(floor['uf1']['mean'])}, "
        f"difference {difference}, {p_text(compared['p'])}"
    )
    return f"{sentence}." if beats else f"{sentence}; {_why_not(compared)}."


def _why_not(compared: dict[str, Any]) -> str:
    if _is_shown(compared):
        return "the floor is better"
    if compared["interval"] is None:
        return "with one subject the interval of the difference is not defined"
    low, high = compared["interval"]
    if low <= 0 <= high:
        return "the interval of the difference includes 0"
    return f"p is not below {number(SIGNIFICANCE_LEVEL)}"


def _against_chance(metrics: Metrics) -> str:
    judged = [summary for summary in metrics if summary["method"] not in GUESSES]
    if not judged or any(summary["uar"]["interval"] is None for summary in judged):
        return ""
    chance = chance_level(judged[0]["classes"])
    if any(summary["uar"]["interval"][0] > chance for summary in judged):
        return ""
    return (
        f"No method is above chance: no 95 % interval of UAR lies above {number(chance)}, "
        f"what guessing among {len(judged[0]['classes'])} classes gives."
    )


def _best(summaries: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    return max(summaries, key=lambda summary: float(summary["uf1"]["mean"]), default=None)


def _difference(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """First minus second, whichever of the two holds the comparison."""
    if second["method"] in first["compared"]:
        return dict(first["compared"][second["method"]])
    backward = second["compared"][first["method"]]
    interval = backward["interval"]
    return {
        **backward,
        "difference": -backward["difference"],
        "interval": None if interval is None else [-interval[1], -interval[0]],
    }


def _is_shown(compared: dict[str, Any]) -> bool:
    """Whether interval and p value both say that the methods differ."""
    if compared["interval"] is None:
        return False
    low, high = compared["interval"]
    return bool(compared["p"] < SIGNIFICANCE_LEVEL and not low <= 0 <= high)


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
