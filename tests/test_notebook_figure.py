"""Figures show every text as it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from merlab.notebook_figure import NotebookFigure


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
