"""Contrast of two colors as WCAG 2 defines it; 4.5 is its threshold for text."""

from __future__ import annotations

from matplotlib.colors import to_rgb
from matplotlib.typing import ColorType


def luminance(color: ColorType) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in map(float, to_rgb(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: ColorType, second: ColorType) -> float:
    dim, bright = sorted((luminance(first), luminance(second)))
    return (bright + 0.05) / (dim + 0.05)
