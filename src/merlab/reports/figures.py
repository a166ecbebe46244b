"""Figures from the summaries of a run: confusion matrices and a chart of UF1, each with its stamps across it.

Plain ``matplotlib.figure.Figure`` objects: no pyplot, so no state is shared with a notebook or another thread.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from math import atan2, degrees, hypot
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray
from rich.cells import cell_len

from merlab.evaluation.metrics import recall
from merlab.evaluation.summary import MethodSummary
from merlab.methods.baselines import BASELINE_NAMES
from merlab.notebook_figure import NotebookFigure, drawable
from merlab.reports.numbers import estimate_text
from merlab.spelling import percent
from merlab.stamps import STAMP_SEPARATOR, all_stamps, short_stamp
from merlab.storage import whole_file

DPI = 150
# One hue from light to dark: the order is visible by lightness alone, with color blindness and in gray print.
COLOR_MAP = "Blues"
# The share at which black and white ink contrast equally with that hue, 4.5 to 1.
WHITE_INK_ABOVE = 0.715
# Blue and orange of Okabe and Ito's palette, distinguishable with every kind of color blindness.
METHOD_COLOR, BASELINE_COLOR = "#0072B2", "#D55E00"
STAMP_INK, STAMP_PAPER = "#5c1a00", "#ffe2b8"
MATRIX_MARGIN, CELL = 2.2, 0.85
CHART_WIDTH, CHART_MARGIN, CHART_ROW = 7.0, 1.3, 0.36
# Longer names would take the room of what is drawn; the tables beside a figure have them in full.
MOST_LETTERS = 28


def confusion_figure(confusion: ArrayLike, classes: Sequence[str], title: str, stamps: Sequence[str]) -> Figure:
    """A confusion matrix (K, K), rows are the truth: each cell gives its share of the row and its count."""
    counts = np.asarray(confusion, np.int64)
    totals = counts.sum(axis=1)
    share = np.divide(counts, totals[:, None], out=np.zeros(counts.shape), where=totals[:, None] > 0)
    side = MATRIX_MARGIN + CELL * len(classes)
    figure, axes = stamped_figure(side, side - 0.4, stamps)
    axes.imshow(share, cmap=COLOR_MAP, vmin=0, vmax=1)
    _write_cells(axes, counts, share)
    names = list(map(drawn_name, classes))
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), [f"{name}\n({total})" for name, total in zip(names, totals, strict=True)])
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class (clips × seeds)")
    axes.set_title(title, fontsize=11)
    stamp_across(figure, axes, stamps)
    return figure


def confusion_text(confusion: ArrayLike, classes: Sequence[str]) -> str:
    """A confusion matrix in words, for readers who do not see it: recall and the most frequent error of each class."""
    counts = np.asarray(confusion, np.int64)
    sentences = []
    for position, (label, found) in enumerate(zip(classes, recall(counts), strict=True)):
        others = counts[position].copy()
        others[position] = 0
        error = f", most often confused with {classes[int(others.argmax())]}" if others.any() else ""
        total = counts[position].sum()
        sentences.append(f"{label}: {percent(found)}% of {total} right{error}" if total else f"{label}: no clips")
    return "; ".join(sentences)


def uf1_chart(summaries: Sequence[MethodSummary]) -> Figure:
    """UF1 of every method: a dot at the mean over seeds, a line over its 95 % interval; baselines are open squares."""
    stamps = all_stamps(summaries)
    figure, axes = stamped_figure(CHART_WIDTH, CHART_MARGIN + CHART_ROW * len(summaries), stamps)
    for row, summary in enumerate(summaries):
        baseline = summary.method in BASELINE_NAMES
        color = BASELINE_COLOR if baseline else METHOD_COLOR
        if summary.uf1.interval is not None:
            axes.plot(summary.uf1.interval, [row, row], color=color, linewidth=2, solid_capstyle="butt")
        marker, inside = ("s", "white") if baseline else ("o", color)
        axes.plot(summary.uf1.mean, row, marker, color=color, markerfacecolor=inside)
        axes.annotate(
            estimate_text(summary.uf1), (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9
        )
    axes.set_yticks(range(len(summaries)), [drawn_name(summary.method) for summary in summaries])
    axes.set_ylim(len(summaries) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.set_xlabel("UF1 with its 95 % interval over subjects; open squares are baselines")
    stamp_across(figure, axes, stamps)
    return figure


def drawn_name(name: str) -> str:
    """A name as figures show it: the middle of a long one is left out, and its end stays, where names often differ."""
    name = drawable(name)
    # A Chinese character is as wide as two letters.
    if (wide := cell_len(name)) <= MOST_LETTERS:
        return name
    half = MOST_LETTERS * len(name) // (2 * wide)
    return f"{name[: half - 1]}…{name[-half:]}"


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG; equal figures give equal bytes."""
    buffer = io.BytesIO()
    # What ``savefig`` calls, which first draws everything once in vain.
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def save_png(figure: Figure, path: Path) -> bytes:
    """Write the figure as a PNG file, whole or not at all, and return the bytes written."""
    image = png_bytes(figure)
    with whole_file(path) as aside:
        aside.write_bytes(image)
    return image


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write NAME.png and NAME.svg to a folder; equal figures give equal bytes."""
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    save_png(figure, png)
    with matplotlib.rc_context({"svg.hashsalt": name}), whole_file(svg) as aside:
        figure.savefig(aside, format="svg", metadata={"Date": None})
    return [png, svg]


def _write_cells(axes: Axes, counts: NDArray[np.int64], share: NDArray[np.float64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        ink = "white" if share[row, column] > WHITE_INK_ABOVE else "black"
        text = f"{percent(float(share[row, column]))}%"
        axes.text(column, row - 0.1, text, ha="center", va="center", color=ink, fontsize=11)
        axes.text(column, row + 0.24, str(count), ha="center", va="center", color=ink, fontsize=8)


def _stamp_lines(stamps: Sequence[str], width: float) -> list[str]:
    """The stamps on one line where it fits a width in inches (about 11 bold letters per inch), else one line each."""
    letters = int(11 * width)
    together = STAMP_SEPARATOR.join(stamps)
    if len(together) <= letters:
        return [together]
    return [line for stamp in stamps for line in textwrap.wrap(stamp, letters)]


def _strip_height(stamps: Sequence[str], width: float) -> float:
    """Inches that the strip of stamps needs above a figure of this width; 0 without stamps."""
    return 0.18 + 0.16 * len(_stamp_lines(stamps, width)) if stamps else 0.0


def stamped_figure(width: float, height: float, stamps: Sequence[str]) -> tuple[NotebookFigure, Axes]:
    """A figure of this size in inches, plus a strip at its top with all stamps."""
    strip = _strip_height(stamps, width)
    figure = NotebookFigure(figsize=(width, height + strip), dpi=DPI)
    bottom = height / (height + strip)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, bottom))
    axes: Axes = figure.subplots()
    if stamps:
        figure.add_artist(Rectangle((0, bottom), 1, 1 - bottom, facecolor=STAMP_PAPER))
        text = "\n".join(_stamp_lines(stamps, width))
        middle = (1 + bottom) / 2
        figure.text(0.5, middle, text, color=STAMP_INK, fontsize=9, fontweight="bold", ha="center", va="center")
    return figure, axes


def stamp_across(figure: NotebookFigure, axes: Axes, stamps: Sequence[str]) -> None:
    """Write the word of each stamp diagonally across the axes, so that it remains when the strip is cut off."""
    if not stamps:
        return
    words = STAMP_SEPARATOR.join(map(short_stamp, stamps))
    figure.lay_out()
    box = axes.get_window_extent()
    diagonal = 72 * hypot(box.width, box.height) / DPI
    axes.text(
        0.5,
        0.5,
        words,
        transform=axes.transAxes,
        ha="center",
        va="center",
        rotation=degrees(atan2(box.height, box.width)),
        fontsize=min(40, 1.2 * diagonal / len(words)),
        fontweight="bold",
        color=STAMP_INK,
        alpha=0.2,
        zorder=1.5,
    )
