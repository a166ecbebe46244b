"""Figures 1, 4 and 6 of the dual-branch paper, from the values measured on a bench."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlab.evaluation.metrics import METRIC_TITLES
from merlab.evaluation.summary import Estimate
from merlab.inference.cost import network_of
from merlab.methods import find_method
from merlab.reports.figures import BASELINE_COLOR, METHOD_COLOR, confusion_figure, stamp_across, stamped_figure
from merlab.reproduction.architecture import architecture_figure
from merlab.reproduction.bench import Bench
from merlab.reproduction.compared_table import MEASURED, PROPOSED, TABLE_5, ComparedTable
from merlab.reproduction.dataflow import trace
from merlab.reproduction.paper_tables import table_5

BAR = 0.38


def figure_1(bench: Bench) -> Figure:
    """The architecture of the proposed network with its published settings, made from its modules."""
    module, shape = network_of(find_method(PROPOSED), "paper", None, channels=None)
    title = (
        "Figure 1: DBFEM+CAFFM as merlab builds it (channels×rows×columns)\n"
        "where arrows meet, maps are weighted, added or concatenated"
    )
    return architecture_figure(trace(module, shape), title)


def figure_4(bench: Bench) -> Figure:
    """Table 5 as bars."""
    return bar_chart(table_5(bench), "Figure 4: ResNet with different numbers of layers")


def figure_6(bench: Bench) -> Figure:
    """The confusion matrix of the proposed network."""
    summary = bench.measure([bench.setup(PROPOSED)])[PROPOSED]
    title = f"Figure 6: {PROPOSED}, {bench.database}"
    return confusion_figure(summary.confusion, summary.classes, title, summary.stamps)


def bar_chart(table: ComparedTable, title: str) -> Figure:
    """One panel per metric; each row of Table 5 as two bars: published hatched, measured filled with its interval."""
    rows = [(row, row.summary) for row in table.rows if row.label in TABLE_5 and row.summary is not None]
    figure, axes = stamped_figure(9.0, 4.2, table.stamps)
    axes.set_title(title, fontsize=11)
    places: list[int] = []
    for panel, metric in enumerate(table.metrics):
        start = panel * (len(rows) + 1)
        for x, (row, summary) in enumerate(rows, start=start):
            _bars(axes, x, row.published[metric], summary.estimate(MEASURED[metric]))
            places.append(x)
        axes.text(start + (len(rows) - 1) / 2, 1.02, METRIC_TITLES.get(metric, metric), ha="center", va="bottom")
    labels = [row.label for row, _ in rows] * len(table.metrics)
    axes.set_xticks(places, labels, rotation=30, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_ylim(0, 1.1)
    axes.grid(axis="y", color="#dddddd")
    axes.set_axisbelow(True)
    axes.set_xlabel("hatched: published; filled: measured here, with the 95 % interval over subjects")
    stamp_across(figure, axes, table.stamps)
    return figure


def _bars(axes: Axes, x: float, published: float, measured: Estimate) -> None:
    axes.bar(x - BAR / 2, published, BAR, facecolor="white", edgecolor=BASELINE_COLOR, hatch="//")
    axes.bar(x + BAR / 2, measured.mean, BAR, color=METHOD_COLOR)
    if measured.interval is not None:
        axes.plot([x + BAR / 2] * 2, measured.interval, color="black", linewidth=1.2)
