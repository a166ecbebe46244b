"""Figure 1: a diagram of a network, made from its modules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from merlab.reproduction.dataflow import INPUT, ModuleCall

Place = tuple[float, float]

BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW = 2.5, 0.34, 3.0, 0.55
# Three of Okabe and Ito's colors, lightened until black ink reads well on them.
BRANCH_COLORS, SHARED_COLOR = ("#cfe6f5", "#fbe0c4"), "#d5ecdf"
LINE = "#555555"


def architecture_figure(blocks: Sequence[ModuleCall], title: str) -> Figure:
    """One box per block in the order of the dataflow, the input at the top; an arrow joins a block to one it feeds.

    Each submodule that takes the input has its own column; all others are placed between the columns.
    """
    rows, columns = _rows(blocks), _columns(blocks)
    places = _places(blocks, rows, columns)
    places[INPUT] = (0.0, 0.0)
    depth, width = max(rows.values()) + 1, max(abs(x) for x, _ in places.values()) + BOX_WIDTH / 2 + 0.3
    figure = Figure(figsize=(2 * width, ROW * depth + 0.6), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-width, width)
    axes.set_ylim(-ROW * (depth - 0.4), 0.85)
    axes.set_axis_off()
    axes.text(0, 0.62, title, ha="center", va="center", fontsize=11)
    _box(axes, places[INPUT], "input", "#ffffff")
    for block in blocks:
        for source in block.sources:
            _arrow(axes, places[source], places[block.name])
        _box(axes, places[block.name], _label(block), columns.get(_submodule(block), (0.0, SHARED_COLOR))[1])
    _headings(axes, blocks, places)
    return figure


def _submodule(block: ModuleCall) -> str:
    """The submodule of the network that a block belongs to: ``global_branch``."""
    return block.name.partition(".")[0]


def _label(block: ModuleCall) -> str:
    size = "×".join(map(str, block.shape))
    weight = f", {block.parameters / 1000:,.0f} k" if block.parameters >= 1000 else ""
    return f"{block.kind}: {size}{weight}"


def _rows(blocks: Sequence[ModuleCall]) -> dict[str, int]:
    """The row of each block, as low as the blocks that it feeds allow, so that branches end side by side."""
    below: dict[str, int] = defaultdict(int)
    for block in reversed(blocks):
        for source in block.sources:
            below[source] = max(below[source], below[block.name] + 1)
    return {block.name: below[INPUT] - below[block.name] for block in blocks}


def _columns(blocks: Sequence[ModuleCall]) -> dict[str, tuple[float, str]]:
    """Place and color of each submodule that takes the input, where there are several."""
    branches = list(dict.fromkeys(_submodule(block) for block in blocks if INPUT in block.sources))
    if len(branches) < 2:
        return {}
    middle = (len(branches) - 1) / 2
    spread = COLUMN * 2 if len(branches) == 2 else COLUMN
    return {
        branch: ((position - middle) * spread, BRANCH_COLORS[position % len(BRANCH_COLORS)])
        for position, branch in enumerate(branches)
    }


def _places(
    blocks: Sequence[ModuleCall], rows: Mapping[str, int], columns: Mapping[str, tuple[float, str]]
) -> dict[str, Place]:
    """The center of every box; boxes of one row and column are placed side by side."""
    together: dict[tuple[float, int], list[str]] = defaultdict(list)
    for block in blocks:
        x, _ = columns.get(_submodule(block), (0.0, SHARED_COLOR))
        together[x, rows[block.name]].append(block.name)
    places = {}
    for (x, row), names in together.items():
        for position, name in enumerate(names):
            places[name] = (x + COLUMN * (position - (len(names) - 1) / 2), -ROW * row)
    return places


def _box(axes: Axes, place: Place, text: str, color: str) -> None:
    corner = place[0] - BOX_WIDTH / 2, place[1] - BOX_HEIGHT / 2
    box = FancyBboxPatch(
        corner, BOX_WIDTH, BOX_HEIGHT, boxstyle="round,pad=0,rounding_size=0.06", facecolor=color, edgecolor=LINE
    )
    axes.add_patch(box)
    axes.text(*place, text, ha="center", va="center", fontsize=6.5)


def _arrow(axes: Axes, start: Place, end: Place) -> None:
    """Straight down to the next row; an arrow that skips rows ends at the side of a box, away from those between."""
    skips = start[1] - end[1] > ROW * 1.5 and end[0] == 0
    if not skips:
        ends = (start[0], start[1] - BOX_HEIGHT / 2), (end[0], end[1] + BOX_HEIGHT / 2)
    elif start[0] == end[0]:
        ends = (start[0] + BOX_WIDTH / 2, start[1]), (end[0] + BOX_WIDTH / 2, end[1])
    else:
        side = -1 if start[0] < end[0] else 1
        ends = (start[0], start[1] - BOX_HEIGHT / 2), (end[0] + side * BOX_WIDTH / 2, end[1])
    arrow = FancyArrowPatch(
        *ends,
        connectionstyle=f"arc3,rad={-0.35 * (start[0] == end[0]) * skips}",
        arrowstyle="-|>",
        mutation_scale=8,
        color=LINE,
        linewidth=0.8,
        shrinkA=0,
        shrinkB=0,
        zorder=0.5,
    )
    axes.add_patch(arrow)


def _headings(axes: Axes, blocks: Sequence[ModuleCall], places: Mapping[str, Place]) -> None:
    """The name of each submodule at its first box: above a branch, beside a shared block."""
    named: set[str] = set()
    for block in blocks:
        submodule, (x, y) = _submodule(block), places[block.name]
        if submodule in named:
            continue
        named.add(submodule)
        beside = x - BOX_WIDTH / 2 - 0.1, y
        place, side = ((x, y + BOX_HEIGHT), "center") if INPUT in block.sources else (beside, "right")
        axes.text(
            *place,
            submodule.replace("_", " "),
            ha=side,
            va="center",
            fontsize=8,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
