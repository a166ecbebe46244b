"""A matplotlib figure without pyplot that notebooks show as a picture, and whose texts are drawn as they are."""

from __future__ import annotations

import io
import warnings
from functools import cache

import matplotlib
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

# Fonts of Linux, Windows and macOS for what the font of a figure lacks, the best first. Installed names may go on:
# "Noto Sans CJK" is there as "Noto Sans CJK SC" or "Noto Sans CJK JP".
FURTHER_FONTS = (
    *("Noto Sans CJK", "Source Han Sans", "WenQuanYi", "AR PL UMing", "Droid Sans Fallback"),
    *("Microsoft YaHei", "SimHei", "Yu Gothic", "Malgun Gothic", "Nirmala UI", "Leelawadee UI", "Segoe UI"),
    *("Hiragino Sans", "Heiti TC", "STHeiti", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans", "Noto Emoji", "Symbola"),
)


class NotebookFigure(Figure):
    """A figure that belongs to no pyplot state; a notebook shows it even where no inline backend is active."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw names of any script, and with dollar signs, which matplotlib would read as TeX, or refuse."""
        self._name_all()
        super().draw(renderer)

    def lay_out(self) -> None:
        """Place the axes where they will be drawn; to draw them without showing them would do so too, and is slow."""
        self._name_all()
        if (engine := self.get_layout_engine()) is not None:
            engine.execute(self)
        for axes in self.axes:
            axes.apply_aspect()

    def _name_all(self) -> None:
        """Make every text one that can be drawn."""
        for axis in (axis for axes in self.axes for axis in (axes.xaxis, axes.yaxis)):
            # An axis writes its labels anew whenever it is drawn.
            names = [label.get_text() for label in axis.get_ticklabels()]
            if (shown := list(map(drawable, names))) != names:
                axis.set_ticks(axis.get_ticklocs(), shown)
        for text in self.findobj(Text):
            if isinstance(text, Text):
                text.set_parse_math(False)
                text.set_text(drawable(text.get_text()))
                text.set_fontfamily(_fonts_of(text.get_text()))

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def drawable(text: str) -> str:
    r"""The text with every character that no font of this machine has as its code, such as ``\u9a5a``."""
    lacking = set(text) - _characters(_fonts_of(text)) - {"\n"}
    if any(letter.isprintable() for letter in lacking):
        _warn_of_codes()
    return "".join(c.encode("unicode_escape").decode() if c in lacking else c for c in text)


@cache
def _warn_of_codes() -> None:
    """Once is enough, however many names there are."""
    warnings.warn(
        "no font on this machine has some characters of your names, so figures show their codes, such as \\u9a5a; "
        f"install a font that has them, such as Noto Sans CJK, and delete {matplotlib.get_cachedir()}",
        stacklevel=2,
    )


def _fonts_of(text: str) -> tuple[str, ...]:
    """The font of figures, and the installed fonts that have what it lacks of a text."""
    usual = tuple(matplotlib.rcParams["font.family"])
    lacking = set(text) - _characters(usual)
    return *usual, *sorted({font for letter in lacking if (font := _font_with(letter))})


@cache
def _font_with(letter: str) -> str | None:
    return next((font for font in _installed() if letter in _characters((font,))), None)


@cache
def _installed() -> list[str]:
    """The further fonts that this machine has, the best first."""
    names = sorted(set(fontManager.get_font_names()))
    return list(dict.fromkeys(name for wanted in FURTHER_FONTS for name in names if name.startswith(wanted)))


@cache
def _characters(families: tuple[str, ...]) -> frozenset[str]:
    files = [findfont(FontProperties(family=[each])) for each in families]
    return frozenset(chr(code) for file in files for code in get_font(file).get_charmap())
