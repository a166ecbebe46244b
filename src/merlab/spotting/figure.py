"""Scores over time as a matplotlib figure; no pyplot, so it needs no display and shares no state with a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlab.notebook_figure import NotebookFigure
from merlab.spotting.curve import Curve
from merlab.spotting.score_scale import heights, round_scores, score_text, scores_at

WIDTH, HEIGHT, MARGIN = 9.0, 1.7, 0.9
# Blue and orange of Okabe and Ito's palette, which differ with every kind of color blindness.
SCORE_COLOR, MICRO_COLOR, OTHER_COLOR, THRESHOLD_COLOR = "#0072B2", "#E69F00", "#999999", "#444444"
# An event of a tenth of a second stays visible in a video of an hour.
NARROWEST_SHARE = 0.002


class Shade(NamedTuple):
    """An event on the figure: from onset to offset, seconds, its kind (or nothing), and the text above it."""

    onset_s: float
    offset_s: float
    kind: str
    text: str


@dataclass(frozen=True, eq=False)
class Panel:
    """The scores of one face and its events."""

    title: str
    curve: Curve
    events: Sequence[Shade]


def score_figure(title: str, panels: Sequence[Panel], begin: float, end: float) -> Figure:
    """One panel per face from ``begin`` to ``end``, s: the score, its threshold (dashed), the events (shaded).

    Events of the kinds macro and other are gray.
    """
    figure = NotebookFigure(figsize=(WIDTH, MARGIN + HEIGHT * max(1, len(panels))), layout="constrained")
    figure.suptitle(title, fontsize=11)
    if not panels:
        return figure
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, panel in zip(rows, panels, strict=True):
        _draw(axes, panel, end - begin)
    figure.legend(*rows[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=8, frameon=False)
    rows[-1].set_xlabel("time (s)")
    rows[-1].set_xlim(begin, end)
    return figure


def _draw(axes: Axes, panel: Panel, seconds: float) -> None:
    curve, lone = panel.curve, panel.curve.lone()
    axes.plot(curve.seconds, curve.score, color=SCORE_COLOR, linewidth=1, label="score")
    axes.plot(curve.seconds[lone], curve.score[lone], ".", color=SCORE_COLOR, markersize=2)
    axes.plot(curve.seconds, curve.threshold, "--", color=THRESHOLD_COLOR, linewidth=1, label="threshold")
    for onset, offset, kind, text in panel.events:
        end = max(offset, onset + NARROWEST_SHARE * seconds)
        color = OTHER_COLOR if kind in {"macro", "other"} else MICRO_COLOR
        axes.axvspan(onset, end, color=color, alpha=0.35, linewidth=0)
        axes.text(onset, 0.97 * curve.top, text, rotation=90, fontsize=7, ha="right", va="top", clip_on=True)
    axes.set_yscale("function", functions=(heights, scores_at))
    marks = round_scores(curve.top)
    axes.set_yticks(marks, list(map(score_text, marks)))
    axes.set_ylim(0, curve.top)
    axes.set_ylabel("score (× noise)")
    axes.set_title(panel.title, fontsize=9, loc="left")
