"""Figures 1, 4 and 6 of the dual-branch paper, drawn from what was measured on a bench."""

from __future__ import annotations

from matplotlib.figure import Figure

from merlab.inference.cost import network_of
from merlab.methods import find_method
from merlab.reports.figures import FLOOR_COLOR, METHOD_COLOR, confusion_figure, stamp_across, stamped_figure
from merlab.reproduction.architecture import architecture_figure
from merlab.reproduction.bench import Bench
from merlab.reproduction.compared_table import MEASURED, PROPOSED, TABLE_5, ComparedTable
from merlab.reproduction.dataflow import trace
from merlab.reproduction.paper_tables import SIZE, table_5

BAR = 0.38


def figure_1(bench: Bench) -> Figure:
    """The architecture of the proposed network, drawn from its modules; 3 channels a view as for Table 7."""
    module, shape = network_of(find_method(PROPOSED), "paper", SIZE)
    return architecture_figure(
        trace(module, shape), "Figure 1: DBFEM+CAFFM as merlab builds it (channels×rows×columns)"
    )


def figure_4(bench: Bench) -> Figure:
    """Table 5 as bars."""
    return bar_chart(table_5(bench), "Figure 4: ResNet with different numbers of layers")


def figure_6(bench: Bench) -> Figure:
    """The confusion matrix of the proposed network."""
    summary = bench.measure([PROPOSED])[PROPOSED]
    title = f"Figure 6: {PROPOSED}, {bench.database}"
    return confusion_figure(summary["confusion"], summary["classes"], title, summary["stamps"])


def bar_chart(table: ComparedTable, title: str) -> Figure:
    """A panel a metric; each of the paper's rows as two bars, published open and measured filled with its interval."""
    rows = [row for row in table.rows if row.label in TABLE_5 and row.summary is not None]
    figure, axes = stamped_figure(9.0, 4.2, table.stamps)
    axes.set_title(title, fontsize=11)
    labels: list[str] = []
    for group, metric in enumerate(table.metrics):
        for position, row in enumerate(rows):
            x = group * (len(rows) + 1) + position
            labels.append(row.label)
            measured = (row.summary or {})[MEASURED[metric]]
            axes.bar(x - BAR / 2, row.published[metric], BAR, facecolor="white", edgecolor=FLOOR_COLOR, hatch="//")
            axes.bar(x + BAR / 2, measured["mean"], BAR, color=METHOD_COLOR)
            if measured["interval"] is not None:
                axes.plot([x + BAR / 2] * 2, measured["interval"], color="black", linewidth=1.2)
        axes.text(group * (len(rows) + 1) + (len(rows) - 1) / 2, 1.02, metric, ha="center", va="bottom")
    places = [
        group * (len(rows) + 1) + position for group in range(len(table.metrics)) for position in range(len(rows))
    ]
    axes.set_xticks(places, labels, rotation=30, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_ylim(0, 1.1)
    axes.grid(axis="y", color="#dddddd")
    axes.set_axisbelow(True)
    axes.set_xlabel("hatched: published; filled: measured here, with the 95 % interval over subjects")
    stamp_across(figure, axes, table.stamps)
    return figure
