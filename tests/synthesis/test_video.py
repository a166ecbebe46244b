"""An MP4 file of a given rate, and an AVI file on a disk that is full."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.storage import WriteError
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.video import Encoding, write_avi, write_mp4


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


@pytest.mark.slow
def test_the_same_frames_give_the_same_limited_mp4_every_time(tmp_path):
    rng = np.random.default_rng(0)
    still = 128 + 600 * cv2.GaussianBlur(rng.normal(size=(480, 640, 3)), (0, 0), 6)
    moving = [np.roll(still, number, axis=1) + rng.normal(0, 3, still.shape) for number in range(60)]
    frames = np.clip(moving, 0, 255).astype(np.uint8)
    written = set()
    for number in range(4):
        path = tmp_path / f"{number}.mp4"
        with write_mp4(path, Encoding(Window(0, 0, 640, 480), 100, 95, 4.0)) as write:
            for frame in frames:
                write(frame)
        written.add(path.read_bytes())
    assert len(written) == 1


# Not even the header fits on the disk, the frames do not, or the last bytes of the index do not.
@pytest.mark.parametrize("room", [0, 0.5, 0.9999])
def test_an_avi_that_does_not_fit_on_the_disk_is_an_error_and_leaves_nothing(tmp_path, room):
    resource = pytest.importorskip("resource")
    _write_three_frames(tmp_path / "whole.avi")
    size = (tmp_path / "whole.avi").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room * size), limits[1]))
    try:
        with pytest.raises(WriteError, match=r"full\.avi: only \d+ bytes of it fit on the disk; make room"):
            _write_three_frames(tmp_path / "full.avi")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.avi"]


def _write_three_frames(path):
    with write_avi(path, Encoding(Window(0, 0, 96, 96), 30, 95)) as write:
        for frame in np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8):
            write(frame)
