"""Figures of the paper."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.inference.cost import network_of
from merlab.methods import find_method
from merlab.reports.figures import save_figure
from merlab.reproduction import Bench
from merlab.reproduction.architecture import BOX_HEIGHT, architecture_figure
from merlab.reproduction.compared_table import TABLE_5, ComparedTable, paper_rows
from merlab.reproduction.dataflow import INPUT, ModuleCall, trace
from merlab.reproduction.face_figure import figure_3
from merlab.reproduction.paper_figures import bar_chart
from tests.reports.fake_run import fake_metrics

# Independent of the machine, whose cache may have the file of the face mesh.
FIVE_POINTS = FaceFinding(landmarks="five-points")


SIDES = (("left", 8), ("right", 6))


@pytest.fixture(scope="module")
def blocks():
    module, shape = network_of(find_method("dbfem-caffm"), "reduced", (28, 28))
    return trace(module, shape)


def test_every_block_is_a_box_and_no_two_overlap(blocks):
    axes = architecture_figure(blocks, "title").axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert len(boxes) == len(blocks) + 1
    corners = {(round(box.get_x(), 3), round(box.get_y(), 3)) for box in boxes}
    assert len(corners) == len(boxes)
    for box in boxes:
        for other in boxes:
            if box is not other and abs(box.get_x() - other.get_x()) < box.get_width():
                assert abs(box.get_y() - other.get_y()) >= BOX_HEIGHT


def test_arrows_lead_down_from_a_box_to_the_boxes_that_it_feeds():
    """Two branches of the input, and what joins them; boxes by what is written on them."""
    branches = [ModuleCall(f"{side}_branch.conv", "conv 3×3", (4, size, size), 2000, (INPUT,)) for side, size in SIDES]
    joined = ModuleCall("classify", "Linear", (3,), 900, tuple(block.name for block in branches))
    axes = architecture_figure([*branches, joined], "Forked").axes[0]
    texts = {text.get_text(): text.get_position() for text in axes.texts}
    assert {"Forked", "left branch", "right branch", "classify"} < set(texts)
    # Thousands of parameters are written where there are any.
    left, right, end = (texts[text] for text in ("conv 3×3: 4×8×8, 2 k", "conv 3×3: 4×6×6, 2 k", "Linear: 3"))
    start = texts["input"]
    assert start == (0, 0)
    assert left[0] == -right[0] < 0
    assert (end[0], left[1]) == (0, right[1])
    assert start[1] > left[1] > end[1]
    arrows = [vars(patch)["_posA_posB"] for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    half = BOX_HEIGHT / 2
    expected = [(start, left), (start, right), (left, end), (right, end)]
    assert arrows == [[(x, y - half), (to_x, to_y + half)] for (x, y), (to_x, to_y) in expected]


@pytest.fixture(scope="module")
def forked():
    """Two branches, what joins them, and a last block that also takes a branch and the input: arrows that skip rows."""
    branches = [ModuleCall(f"{side}_branch.conv", "conv 3×3", (64, size, size), 2000, (INPUT,)) for side, size in SIDES]
    deeper = ModuleCall("left_branch.pool", "max pool 2×2", (64, 4, 4), 0, ("left_branch.conv",))
    joined = ModuleCall("fusion.sum", "sum", (64, 4, 4), 0, ("left_branch.pool", "right_branch.conv"))
    scaled = ModuleCall("fusion.scale", "multiply", (64, 4, 4), 0, ("fusion.sum",))
    last = ModuleCall("classify", "Linear", (3,), 900, ("fusion.scale", "fusion.sum", "right_branch.conv"))
    blocks = [*branches, deeper, joined, scaled, last]
    figure = architecture_figure(blocks, "Forked")
    figure.draw_without_rendering()
    return blocks, figure


def test_arrows_join_the_edges_of_their_boxes_and_pass_by_all_others(forked):
    blocks, figure = forked
    patches = figure.axes[0].patches
    boxes = [patch for patch in patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in patches if isinstance(patch, FancyArrowPatch)]
    # The input, then the blocks in their order.
    box_of = dict(zip((INPUT, *(block.name for block in blocks)), (box.get_bbox() for box in boxes), strict=True))
    joins = [(source, block.name) for block in blocks for source in block.sources]
    for (source, target), arrow in zip(joins, arrows, strict=True):
        for (x, y), box in zip(vars(arrow)["_posA_posB"], (box_of[source], box_of[target]), strict=True):
            on_side = x == pytest.approx(box.x0) or x == pytest.approx(box.x1)
            on_end = y == pytest.approx(box.y0) or y == pytest.approx(box.y1)
            assert on_side or on_end
            assert box.padded(1e-6).contains(x, y)
        curves: Any = arrow.get_path().iter_bezier()
        path = np.concatenate([curve(np.linspace(0, 1, 20)) for curve, _ in curves])
        others = [box for name, box in box_of.items() if name not in (source, target)]
        assert not any(box.contains(x, y) for box in others for x, y in path)


def test_texts_fit_their_boxes_and_each_part_is_named_once_outside_of_them(forked):
    blocks, figure = forked
    axes, inside = figure.axes[0], figure.bbox
    boxes = [patch.get_window_extent() for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    extents = [(text.get_text(), text.get_window_extent()) for text in axes.texts]
    assert all(inside.containsx(x) and inside.containsy(y) for _, each in extents for x, y in each.corners())
    headings = sorted({block.name.partition(".")[0].replace("_", " ") for block in blocks})
    free = [text for text, extent in extents if not any(box.overlaps(extent) for box in boxes)]
    assert sorted(free) == sorted([*headings, "Forked"])
    labels = [extent for text, extent in extents if text not in free]
    for extent, box in zip(labels, boxes, strict=True):
        assert all(box.contains(x, y) for x, y in extent.corners())


@pytest.mark.slow
def test_every_source_has_an_arrow_and_every_shape_is_written(blocks):
    axes = architecture_figure(blocks, "title").axes[0]
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == sum(len(block.sources) for block in blocks)
    written = " ".join(text.get_text() for text in axes.texts)
    assert all("×".join(map(str, block.shape)) in written for block in blocks)
    assert "global branch" in written


def test_figure_4_has_a_published_and_a_measured_bar_for_each_network_and_metric():
    metrics = fake_metrics({"gfem": 0.9, "resnet18": 0.6, "resnet34": 0.4}, {"gfem": ["SYNTHETIC"]})
    summaries = {summary.method: summary for summary in metrics}
    rows = paper_rows(TABLE_5, "Table 5", ("accuracy", "uf1", "uar"), summaries)
    figure = bar_chart(ComparedTable("table5", "Table 5", ("accuracy", "uf1", "uar"), rows), "Figure 4")
    heights = [bar.get_height() for bar in figure.axes[0].patches if isinstance(bar, Rectangle)]
    assert len(heights) == 18
    assert heights[0] == 0.7577
    assert heights[1] == summaries["gfem"].accuracy.mean
    assert "SYNTHETIC" in " ".join(text.get_text() for text in figure.texts)
    assert {"accuracy", "UF1", "UAR"} < {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.slow
def test_the_same_figure_gives_the_same_files(blocks, tmp_path):
    first = [path.read_bytes() for path in save_figure(architecture_figure(blocks, "t"), tmp_path / "a", "f")]
    second = [path.read_bytes() for path in save_figure(architecture_figure(blocks, "t"), tmp_path / "b", "f")]
    assert first == second
    assert first[0].startswith(b"\x89PNG")
    assert b"<svg" in first[1]


@pytest.mark.slow
def test_figure_3_shows_frame_crop_and_aligned_face_and_is_stamped(tmp_path):
    figure = figure_3(Bench(tmp_path, finding=FIVE_POINTS))
    frame, crop, aligned = (np.asarray(image.get_array()) for image in figure.axes[0].images)
    assert frame.shape == (480, 640, 3)
    assert 150 < crop.shape[0] < 480
    assert aligned.shape == (282, 231, 3)
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "SYNTHETIC" in texts
    assert "FIVE POINTS" in texts


def test_an_image_without_a_face_and_a_file_that_is_not_an_image_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "gray.png"), np.full((200, 200, 3), 128, np.uint8))
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(MerlabError, match="no face is found"):
        figure_3(Bench(tmp_path, image=tmp_path / "gray.png", finding=FIVE_POINTS))
    with pytest.raises(MerlabError, match=r"text\.png is not an image"):
        figure_3(Bench(tmp_path, image=tmp_path / "text.png", finding=FIVE_POINTS))
    with pytest.raises(MerlabError, match=r"none\.png does not exist; give the path of a picture"):
        figure_3(Bench(tmp_path, image=tmp_path / "none.png", finding=FIVE_POINTS))
