"""Figure 2: the two residual blocks that the paper describes.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, Figure 5. The networks of the paper
have 12, 18 and 34 layers, whose block is the basic one; merlab's has CBAM before the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlab.reports.figures import stamped_figure
from merlab.reproduction.bench import Bench

# The layers of each block, and the number of maps that enter and leave it.
BLOCKS: Mapping[str, tuple[Sequence[str], int]] = {
    "(a) basic block": (("conv 3×3, 64", "conv 3×3, 64"), 64),
    "(b) bottleneck": (("conv 1×1, 64", "conv 3×3, 64", "conv 1×1, 256"), 256),
}
COLUMN, ROW, SIDE = 3.0, 1.0, 1.2
BOX = {"boxstyle": "round,pad=0.4", "facecolor": "#d5ecdf", "edgecolor": "#555555"}


def figure_2(bench: Bench) -> Figure:
    """Basic block and bottleneck of ResNet, side by side."""
    figure, axes = stamped_figure(6.5, 4.4, [])
    for number, (name, (layers, maps)) in enumerate(BLOCKS.items()):
        _draw(axes, number * COLUMN, name, layers, maps)
    deepest = max(len(layers) for layers, _ in BLOCKS.values()) + 3
    axes.set_xlim(-COLUMN / 2, COLUMN * (len(BLOCKS) - 0.3))
    axes.set_ylim(-ROW * deepest, 0.6 * ROW)
    axes.set_axis_off()
    axes.set_title("Figure 2: residual blocks of ResNet (He et al., CVPR 2016)", fontsize=11)
    return figure


def _draw(axes: Axes, x: float, name: str, layers: Sequence[str], maps: int) -> None:
    """One block, its input at the top; a ReLU follows each layer but the last, and the sum."""
    texts = [f"{maps} maps", *layers, "+"]
    for row, text in enumerate(texts):
        axes.text(x, -ROW * row, text, ha="center", va="center", fontsize=9, bbox=BOX if row else None)
    for row in range(len(texts) - 1):
        _arrow(axes, (x, -ROW * (row + 0.27)), (x, -ROW * (row + 0.73)))
        if 0 < row < len(layers):
            axes.text(x + 0.1, -ROW * (row + 0.5), "ReLU", va="center", fontsize=8)
    end = -ROW * (len(texts) - 1)
    axes.plot([x + 0.5, x + SIDE, x + SIDE], [0, 0, end], color=BOX["edgecolor"], linewidth=1)
    _arrow(axes, (x + SIDE, end), (x + 0.25, end))
    axes.text(x + SIDE + 0.1, end / 2, "identity", va="center", fontsize=8)
    _arrow(axes, (x, end - 0.27 * ROW), (x, end - 0.9 * ROW))
    axes.text(x + 0.1, end - 0.6 * ROW, "ReLU", va="center", fontsize=8)
    axes.text(x, end - 1.2 * ROW, name, ha="center", va="center", fontsize=9, fontweight="bold")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    line = {"arrowstyle": "-|>", "color": BOX["edgecolor"], "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=line)
