"""Names of the colors of videos."""

from __future__ import annotations

from av.video.reformatter import ColorTrc

from merlab.frames.facts import TRANSFERS

# ITU-T H.273 numbers them by the documents that define them; three are better known by another name.
ALSO = {"iec61966_2_1": "srgb", "smpte2084": "pq", "arib_std_b67": "hlg", "bt2020_10": "bt2020-10"}


def test_transfer_functions_have_the_names_of_ffmpeg_or_those_that_are_better_known():
    names = {kind.value: kind.name.lower() for kind in ColorTrc}
    assert {number: ALSO.get(names[number], names[number]) for number in TRANSFERS} == TRANSFERS
