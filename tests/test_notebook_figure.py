"""Figures show every text as it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from merlab import notebook_figure
from merlab.notebook_figure import NotebookFigure, drawable


def drawn(kind: type[Figure], name: str, parse_math: bool = True) -> NDArray[np.float64]:
    """The pixels of a figure with a name at its top, in its title and at a tick."""
    figure = kind(figsize=(4, 2), layout="constrained")
    axes = figure.subplots()
    figure.suptitle(name, parse_math=parse_math)
    axes.set_title(name, parse_math=parse_math)
    axes.set_xticks([0, 1], [name, "b"], parse_math=parse_math)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(imread(io.BytesIO(buffer.getvalue())), np.float64)


@pytest.mark.parametrize("name", [r"a$\foo$.mp4", "$x_$", "from $5 to $6"])
def test_a_name_with_dollar_signs_is_no_formula(name):
    np.testing.assert_array_equal(drawn(NotebookFigure, name), drawn(Figure, name, parse_math=False))


NAMES = ["惊讶", "счастье", "فرح", "ความสุข", "😀\u200d😎", "a\tb", "video\udcff.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_is_drawn_without_a_complaint_of_matplotlib(name, recwarn):
    drawn(NotebookFigure, name)
    assert not [str(each.message) for each in recwarn if "Glyph" in str(each.message)]


def test_without_a_font_the_codes_of_the_characters_are_drawn_and_the_remedy_is_said(other_fonts):
    other_fonts()
    notebook_figure._warn_of_codes.cache_clear()
    with pytest.warns(UserWarning, match="no font on this machine has some characters.*install a font"):
        assert drawable("惊讶 1") == r"\u60ca\u8bb6 1"
    np.testing.assert_array_equal(drawn(NotebookFigure, "惊 1"), drawn(NotebookFigure, r"\u60ca 1"))


@pytest.fixture
def other_fonts(monkeypatch):
    """What is known about the fonts of this machine is forgotten before and after the test."""
    caches = notebook_figure._installed, notebook_figure._font_with
    for each in caches:
        each.cache_clear()
    yield lambda *names: monkeypatch.setattr(notebook_figure, "FURTHER_FONTS", names)
    for each in caches:
        each.cache_clear()


def test_a_font_that_has_the_characters_is_used(other_fonts):
    other_fonts("STIX")
    # A letter that the default font of matplotlib lacks, and another font that comes with it has.
    assert drawable("\u1d84") == "\u1d84"
    assert not np.array_equal(drawn(NotebookFigure, "\u1d84"), drawn(NotebookFigure, r"\u1d84"))
