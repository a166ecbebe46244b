"""Names of the colors of videos."""

from __future__ import annotations

from av.video.reformatter import ColorRange, Colorspace, ColorTrc

from merlab.frames.facts import COLOR_RANGES, COLOR_SPACES, TRANSFERS

# ITU-T H.273 numbers them by the documents that define them; some are better known by another name.
ALSO = {"iec61966_2_1": "srgb", "smpte2084": "pq", "arib_std_b67": "hlg", "bt2020_10": "bt2020-10"}
SPACES = {"itu709": "bt709", "fcc": "fcc", "itu601": "bt470bg", "smpte240m": "smpte240m", "bt2020": "bt2020nc"}


def test_transfer_functions_have_the_names_of_ffmpeg_or_those_that_are_better_known():
    names = {kind.value: kind.name.lower() for kind in ColorTrc}
    assert {number: ALSO.get(names[number], names[number]) for number in TRANSFERS} == TRANSFERS


def test_matrices_and_ranges_have_the_numbers_of_ffmpeg():
    assert {kind.value: SPACES[kind.name.lower()] for kind in Colorspace}.items() <= COLOR_SPACES.items()
    assert {ColorRange.MPEG.value: "limited", ColorRange.JPEG.value: "full"} == COLOR_RANGES
