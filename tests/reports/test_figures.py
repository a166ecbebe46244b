"""Figures: their texts, their stamps, and that no global state changes."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from merlab.reports.figures import COLOR_MAP, confusion_figure, confusion_text, png_bytes, save_png, uf1_chart
from tests.reports.contrast import contrast, luminance
from tests.reports.fake_run import SKILLS, fake_metrics

CONFUSION = [[6, 2, 0], [1, 3, 0], [0, 0, 0]]
CLASSES = ["negative", "positive", "surprise"]
LEAKY = "LEAKY: epoch picked on the test subject"


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def test_cells_hold_the_percent_of_the_row_and_the_count():
    texts = words(confusion_figure(CONFUSION, CLASSES, "ststnet", []))
    assert [text for text in texts if text.endswith("%")] == ["75%", "25%", "0%", "25%", "75%", "0%", "0%", "0%", "0%"]
    assert [text for text in texts if text.isdigit()] == ["6", "2", "0", "1", "3", "0", "0", "0", "0"]


def test_a_row_with_one_error_in_250_does_not_read_100_percent():
    counts, classes = [[249, 1], [0, 250]], ["negative", "positive"]
    texts = words(confusion_figure(counts, classes, "ststnet", []))
    assert [text for text in texts if text.endswith("%")] == [">99%", "<1%", "0%", "100%"]
    assert confusion_text(counts, classes).startswith("negative: >99% of 250 right")


def test_cells_lie_in_the_row_of_the_truth_and_the_column_of_the_prediction():
    (axes,) = confusion_figure(CONFUSION, CLASSES, "ststnet", []).axes
    places = {(round(text.get_position()[1]), round(text.get_position()[0])): text.get_text() for text in axes.texts}
    assert places == {(row, column): str(count) for (row, column), count in np.ndenumerate(CONFUSION)}
    (image,) = axes.images
    assert np.asarray(image.get_array()).tolist() == [[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0, 0]]
    assert image.get_clim() == (0, 1)


def test_rows_are_the_truth_with_their_totals():
    figure = confusion_figure(CONFUSION, CLASSES, "ststnet", [])
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["negative\n(8)", "positive\n(4)", "surprise\n(0)"]
    assert axes.get_ylabel().startswith("true class")
    assert axes.get_xlabel() == "predicted class"
    assert axes.get_title() == "ststnet"


@pytest.mark.slow
def test_a_long_name_leaves_room_for_what_is_drawn():
    names = [f"{letter * 60}.{number}" for number, letter in enumerate("abc")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "no font on this machine")
        png_bytes(confusion_figure(CONFUSION, [f"{'惊讶' * 30}{number}" for number in range(3)], "方法", []))
        figures = [
            confusion_figure(CONFUSION, names, "ststnet", ["SYNTHETIC"]),
            uf1_chart(fake_metrics({"m" * 90: 0.9})),
        ]
        for figure in figures:
            png_bytes(figure)
    assert [label.get_text() for label in figures[0].axes[0].get_xticklabels()] == [
        f"{'a' * 13}…{'a' * 12}.0",
        f"{'b' * 13}…{'b' * 12}.1",
        f"{'c' * 13}…{'c' * 12}.2",
    ]


def matrix(stamps: list[str]) -> Figure:
    return confusion_figure(CONFUSION, CLASSES, "x", stamps)


def chart(stamps: list[str]) -> Figure:
    return uf1_chart(fake_metrics({"random": 0.0}, {"random": stamps}))


@pytest.mark.parametrize("draw", [matrix, chart])
def test_stamps_are_above_the_figure_and_across_it(draw):
    texts = words(draw(["SYNTHETIC", LEAKY]))
    assert any(LEAKY in text for text in texts)
    assert "SYNTHETIC · LEAKY" in texts
    assert not any("SYNTHETIC" in text for text in words(draw([])))


@pytest.mark.parametrize("draw", [matrix, chart])
def test_a_stamp_across_fits_the_axes_which_lie_below_the_strip(draw):
    stamps = ["SYNTHETIC", "REDUCED", LEAKY, "WHOLE HEADS: casme2"]
    figure = draw(stamps)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (across,) = (text for text in axes.texts if "SYNTHETIC" in text.get_text())
    box, around = across.get_window_extent(), axes.get_window_extent()
    assert around.x0 <= box.x0 < box.x1 <= around.x1
    assert around.y0 <= box.y0 < box.y1 <= around.y1
    (strip,) = figure.artists
    whole = axes.get_tightbbox()
    assert 0 <= whole.x0 < whole.x1 <= figure.bbox.width
    assert 0 <= whole.y0 < whole.y1 <= strip.get_window_extent().y0


def test_the_strip_of_stamps_lies_inside_the_figure():
    figure = confusion_figure(CONFUSION, CLASSES, "x", ["SYNTHETIC", "REDUCED", LEAKY, "2 SEEDS"])
    figure.draw_without_rendering()
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height


def test_the_colors_are_ordered_by_lightness_so_that_color_blind_readers_lose_nothing():
    lightness = [luminance(colormaps[COLOR_MAP](share)) for share in np.linspace(0, 1, 64)]
    assert (np.diff(lightness) < 0).all()


def test_the_ink_of_every_cell_contrasts_with_its_color():
    shares = np.array([0, 25, 50, 60, 65, 68, 69, 70, 71, 72, 73, 74, 80, 100])
    counts = np.diag(shares)
    counts[:, -1] += 100 - shares
    (axes,) = confusion_figure(counts, [str(share) for share in shares], "x", []).axes
    inks = {text.get_text(): str(text.get_color()) for text in axes.texts}
    for share in shares:
        assert contrast(colormaps[COLOR_MAP](share / 100), inks[f"{share}%"]) >= 4.45, share


def test_the_matrix_in_words_names_the_share_and_the_main_error():
    assert confusion_text(CONFUSION, CLASSES) == (
        "negative: 75% of 8 right, most often confused with positive; "
        "positive: 75% of 4 right, most often confused with negative; surprise: no clips"
    )


def test_the_chart_names_every_method_and_its_value():
    summaries = fake_metrics()
    figure = uf1_chart(summaries)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(SKILLS)
    assert any(text.startswith(f"{summaries[-1].uf1.mean:.3f}"[1:]) for text in words(figure))


def test_the_chart_has_the_interval_and_the_mean_of_each_method_on_its_row_from_the_top():
    summaries = fake_metrics()
    (axes,) = uf1_chart(summaries).axes
    lines = [(list(np.asarray(line.get_xdata())), list(np.asarray(line.get_ydata()))) for line in axes.lines]
    expected: list[tuple[list[float], list[int]]] = []
    for row, uf1 in enumerate(summary.uf1 for summary in summaries):
        expected += [(list(uf1.interval or ()), [row, row]), ([uf1.mean], [row])]
    assert lines == expected
    assert axes.yaxis_inverted()
    assert [line.get_marker() for line in axes.lines[1::2]] == ["s", "s", "s", "o"]


def test_the_chart_of_a_run_without_intervals_has_dots_only():
    figure = uf1_chart(fake_metrics({"random": 0.0, "dbfem-caffm": 0.9}, subjects=1))
    assert [len(np.atleast_1d(line.get_xdata())) for line in figure.axes[0].lines] == [1, 1]


def test_the_png_is_readable_the_same_each_time_and_large_enough(tmp_path: Path):
    path = tmp_path / "new" / "confusion.png"
    written = save_png(confusion_figure(CONFUSION, CLASSES, "x", []), path)
    assert path.read_bytes() == written == png_bytes(confusion_figure(CONFUSION, CLASSES, "x", []))
    height, width, _ = imread(io.BytesIO(written)).shape
    assert min(height, width) >= 600


def test_figures_do_not_use_pyplot():
    png_bytes(uf1_chart(fake_metrics({"random": 0.0})))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []
