"""A matplotlib figure without pyplot that notebooks show as a picture, and whose texts are never formulas."""

from __future__ import annotations

import io

from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text


class NotebookFigure(Figure):
    """A figure that belongs to no pyplot state; a notebook shows it even where no inline backend is active."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw every text as it is: names may hold dollar signs, which matplotlib would read as TeX, or refuse."""
        for text in self.findobj(Text):
            if isinstance(text, Text):
                text.set_parse_math(False)
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()
