"""The formats of recordings: their frames, an MP4 file of a given rate, and an AVI file on a disk that is full."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.storage import WriteError
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.video import FORMATS, Encoding, most_frames, write_avi, write_mp4
from merlab.vocabulary import VideoFormat


@pytest.mark.parametrize("video_format", FORMATS)
def test_every_format_has_the_frames_from_number_1_on(tmp_path, video_format: VideoFormat):
    """As the tables of the true movements count them. Each frame is lighter than the one before."""
    path = tmp_path / (f"made.{video_format}" if video_format != "frames" else "made")
    with FORMATS[video_format](path, Encoding(Window(0, 0, 32, 48), 50, 95)) as write:
        for light in (40, 120, 200):
            write(np.full((48, 32, 3), light, np.uint8))
    frames = open_frames(path)
    assert list(frames.numbers) == [1, 2, 3]
    assert [frames.read(number).mean() for number in (1, 2, 3)] == pytest.approx([40, 120, 200], abs=3)


@pytest.mark.parametrize(
    ("folder", "why"),
    [("Büro", "into a folder with other letters than those of English; choose another"), ("office", "no Motion JPEG")],
)
def test_an_avi_file_that_opencv_does_not_open_has_the_remedy(tmp_path, monkeypatch, folder, why):
    """On Windows, OpenCV opens files with the functions of C, which take the letters of one language."""

    class Closed:
        fourcc = cv2.VideoWriter.fourcc

        def __init__(self, *_: object) -> None:
            pass

        def isOpened(self) -> bool:  # noqa: N802
            return False

    monkeypatch.setattr(cv2, "VideoWriter", Closed)
    monkeypatch.setattr("sys.platform", "win32")
    encoding = Encoding(Window(0, 0, 32, 48), 50, 95)
    with (
        pytest.raises(MerlabError, match=f"{why}.*, or use --format frames"),
        write_avi(tmp_path / folder / "a.avi", encoding),
    ):
        pass


def test_only_an_avi_file_has_a_limit():
    """4 GB, of which a frame of an aligned face takes about 24 kB."""
    face = Window(0, 0, 231, 282)
    assert most_frames("mp4", face) == most_frames("frames", face) == np.inf
    assert 0.5 < most_frames("avi", face) * 24e3 / 4e9 < 1


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
