"""Images of decoded frames: colors as OpenCV gives them, square pixels, upright, mirrored as a player shows them."""

from __future__ import annotations

import gc
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from merlab.frames import Image, Video, open_frames
from merlab.frames.picture import square_size
from tests.frames.videos import QUIET, write_video

ONE = 1 << 16
LAST = 1 << 30
# The display matrix (ISO/IEC 14496-12), and what it makes of an image.
SHOWN = {
    "as it is": ((ONE, 0, 0, 0, ONE, 0, 0, 0, LAST), 0, False, lambda image: image),
    "turned by 90": ((0, ONE, 0, -ONE, 0, 0, 0, 0, LAST), 90, False, lambda image: cv2.rotate(image, 0)),
    "turned by 180": ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, LAST), 180, False, lambda image: cv2.rotate(image, 1)),
    "turned by 270": ((0, -ONE, 0, ONE, 0, 0, 0, 0, LAST), 270, False, lambda image: cv2.rotate(image, 2)),
    "mirrored": ((-ONE, 0, 0, 0, ONE, 0, 0, 0, LAST), 0, True, lambda image: cv2.flip(image, 1)),
    "upside down": ((ONE, 0, 0, 0, -ONE, 0, 0, 0, LAST), 180, True, lambda image: cv2.flip(image, 0)),
    "along the diagonal": ((0, ONE, 0, ONE, 0, 0, 0, 0, LAST), 270, True, lambda image: image.transpose(1, 0, 2)),
    "along the other diagonal": (
        (0, -ONE, 0, -ONE, 0, 0, 0, 0, LAST),
        90,
        True,
        lambda image: cv2.rotate(image, 1).transpose(1, 0, 2),
    ),
}


def colorful(count: int = 3, size: tuple[int, int] = (64, 48)) -> list[Image]:
    """Smooth random colors."""
    random = np.random.default_rng(1)
    small = [random.integers(0, 255, (6, 8, 3)).astype(np.uint8) for _ in range(count)]
    return [np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8) for image in small]


def by_opencv(path: Path) -> list[Image]:
    """All frames as OpenCV decodes them."""
    capture = cv2.VideoCapture(str(path))
    images: list[Image] = []
    while True:
        there, image = capture.read()
        if not there:
            return images
        images.append(np.asarray(image, np.uint8))


def write_colors(path: Path, codec: str, pixels: str, space: int | None, color_range: int | None) -> Path:
    """Colors with a stated matrix and range (numbers of ITU-T H.273 and FFmpeg)."""
    with av.open(str(path), "w") as output:
        stream = cast(VideoStream, output.add_stream(codec, 25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        stream.options = {**QUIET.get(codec, {})}
        if space is not None:
            stream.codec_context.colorspace = space
        if color_range is not None:
            stream.codec_context.color_range = color_range
        for image in colorful():
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        output.mux(stream.encode(None))
    return path


class TestColors:
    @pytest.mark.parametrize(
        ("name", "codec", "pixels", "space", "color_range"),
        [
            ("a.avi", "mjpeg", "yuvj420p", None, None),
            ("a.avi", "mjpeg", "yuvj444p", None, None),
            ("a.mp4", "libx264", "yuv420p", None, None),
            ("a.mp4", "libx264", "yuvj420p", None, None),
            ("a.mp4", "libx264", "yuv420p", 1, 1),
            ("a.mp4", "libx264", "yuv420p", 1, 2),
            ("a.mp4", "libx264", "yuv420p", 6, 1),
            ("a.mp4", "libx264", "yuv444p", None, None),
            ("a.mp4", "libx265", "yuv420p", None, None),
            ("a.mp4", "libx265", "yuv420p10le", 9, 1),
            ("a.webm", "libvpx-vp9", "yuv420p", None, None),
            ("a.webm", "libvpx-vp9", "yuv420p", 1, 1),
            ("a.mkv", "ffv1", "gray", None, None),
            ("a.mkv", "ffv1", "gray16le", None, None),
            ("a.mkv", "ffv1", "bgr0", None, None),
        ],
    )
    def test_are_those_of_opencv(self, tmp_path, name, codec, pixels, space, color_range):
        path = write_colors(tmp_path / name, codec, pixels, space, color_range)
        for (_, own), other in zip(Video(path), by_opencv(path), strict=True):
            assert np.abs(own.astype(int) - other).max() <= 2

    @pytest.mark.parametrize(("space", "name"), [(1, "bt709"), (6, "smpte170m"), (9, "bt2020nc")])
    def test_and_what_the_file_says_about_them(self, tmp_path, space, name):
        facts = Video(write_colors(tmp_path / "a.mp4", "libx264", "yuv420p", space, 2)).facts
        assert (facts.color_space, facts.color_range, facts.codec, facts.pixel_format) == (
            name,
            "full",
            "h264",
            "yuvj420p",
        )

    @pytest.mark.parametrize(("transfer", "name"), [(16, "pq"), (18, "hlg")])
    def test_of_hdr_are_noted(self, tmp_path, transfer, name):
        path = tmp_path / "a.mp4"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx265", 25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
            stream.options = {**QUIET["libx265"]}
            stream.codec_context.color_trc = transfer
            for image in colorful():
                output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            output.mux(stream.encode(None))
        facts = Video(path).facts
        assert facts.transfer == name
        assert list(facts.notes()) == [
            f"colors are HDR ({name}) and are read without conversion, so that they look flat"
        ]

    def test_of_a_plain_video_need_no_note(self, tmp_path):
        assert list(Video(write_video(tmp_path / "a.mp4")).facts.notes()) == []


class TestOrientation:
    @pytest.mark.parametrize("kind", SHOWN)
    def test_is_that_of_the_display_matrix(self, tmp_path, kind):
        matrix, rotation, mirrored, shown = SHOWN[kind]
        stored = Video(write_video(tmp_path / "stored.mov", "mjpeg")).read(3)
        video = Video(write_video(tmp_path / "a.mov", "mjpeg", matrix=matrix))
        np.testing.assert_array_equal(video.read(3), shown(stored))
        facts = video.facts
        assert (facts.rotation, facts.mirrored) == (rotation, mirrored)
        assert (facts.height, facts.width) == video.read(3).shape[:2]
        assert (facts.stored_width, facts.stored_height) == (64, 48)

    @pytest.mark.parametrize("kind", ["turned by 90", "turned by 180", "turned by 270"])
    def test_of_a_turn_is_that_of_opencv(self, tmp_path, kind):
        path = write_video(tmp_path / "a.mp4", "libx264", matrix=SHOWN[kind][0])
        np.testing.assert_array_equal(Video(path).read(1), by_opencv(path)[0])

    def test_is_read_without_keeping_frames_in_memory(self, tmp_path):
        path = write_video(tmp_path / "a.mov", "mjpeg", matrix=SHOWN["turned by 90"][0], numbers=range(1, 31))
        gc.collect()
        gc.disable()
        try:
            read = sum(1 for _ in open_frames(path))
            kept = sum(isinstance(each, VideoFrame) for each in gc.get_objects())
        finally:
            gc.enable()
        assert read == 30
        assert kept < 10

    def test_of_a_front_camera_keeps_what_is_up_and_exchanges_left_and_right(self, tmp_path):
        video = Video(write_video(tmp_path / "a.mov", "mjpeg", matrix=SHOWN["mirrored"][0]))
        red = video.read(1)[..., 2].astype(int) - video.read(1)[..., 0]
        assert red[:12, -12:].min() > 150
        assert red[:12, :12].max() < 60
        assert [note.split(" when")[0] for note in video.facts.notes()] == ["the file has its frames mirrored"]


class TestPixelsThatAreNotSquare:
    @pytest.mark.parametrize(
        ("aspect", "size"),
        [
            ("16/11", (93, 48)),
            ("4/3", (85, 48)),
            ("2", (128, 48)),
            ("8/9", (64, 54)),
            ("1/2", (64, 96)),
            ("1", (64, 48)),
        ],
    )
    def test_are_made_square_without_losing_detail(self, tmp_path, aspect, size):
        video = Video(write_video(tmp_path / "a.mkv", "libx264", aspect=aspect))
        assert video.read(1).shape == (size[1], size[0], 3)
        facts = video.facts
        assert (facts.width, facts.height) == size
        assert facts.pixel_aspect == pytest.approx(float(Fraction(aspect)))
        assert (video.pixels, len(list(facts.notes()))) == (size[0] * size[1], int(aspect != "1"))

    def test_show_a_face_as_wide_as_it_was(self, tmp_path):
        """A circle that was recorded with pixels of 16:11 is stored as a narrow ellipse."""
        stored = np.zeros((144, 176, 3), np.uint8)
        cv2.ellipse(stored, (88, 72), (round(60 * 11 / 16), 60), 0, 0, 360, (255, 255, 255), -1)
        path = write_video(tmp_path / "a.mkv", "libx264", images=[stored] * 3, size=(176, 144), aspect="16/11")
        rows, columns = np.nonzero(Video(path).read(2)[..., 0] > 128)
        assert np.ptp(columns) == pytest.approx(np.ptp(rows), abs=2)

    def test_are_turned_after_that(self, tmp_path):
        matrix = SHOWN["turned by 90"][0]
        video = Video(write_video(tmp_path / "a.mp4", "libx264", aspect="16/11", matrix=matrix))
        assert video.read(1).shape == (93, 48, 3)
        assert (video.facts.width, video.facts.height) == (48, 93)

    @pytest.mark.parametrize("aspect", [Fraction(1, 100), Fraction(100), Fraction(0)])
    def test_are_not_believed_where_no_camera_has_them(self, aspect):
        assert square_size(64, 48, aspect) == (64, 48)
