"""An MP4 file of a given rate."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.video import Encoding, write_mp4


def test_a_limited_mp4_has_the_requested_rate(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (90, 96, 96, 3), dtype=np.uint8)
    sizes = {}
    for megabits in (0.2, 0.6, None):
        path = tmp_path / f"{megabits}.mp4"
        with write_mp4(path, Encoding(Window(0, 0, 96, 96), 30, 95, megabits)) as write:
            for frame in noise:
                write(frame)
        sizes[megabits] = path.stat().st_size * 8 / 1e6 / 3
    assert sizes[0.2] == pytest.approx(0.2, rel=0.35)
    assert sizes[0.6] == pytest.approx(0.6, rel=0.35)
    assert sizes[None] > 0.9
