"""The overlay shows the rows of the tables, each frame at the time at which a player shows it in the source."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from merlab.frames import open_frames
from merlab.frames.clock import Clock
from merlab.progress import silent
from merlab.videos.output.overlay import COLORS, VideoFrames, rows_at_scale, shown_size, write_overlay
from merlab.videos.rows import FrameRow
from tests.videos.fake_result import fake_events
from tests.videos.recording import shown_at, write_avi

FPS = 29.97
# A pause of 2 s before the fifth frame; the file plays twice as slow as it was recorded.
CLOCK = Clock.of_stamps(np.arange(10) / FPS + np.where(np.arange(10) < 4, 0, 2)).at_rate(2 * FPS)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Black frames; a face from the third frame on, an event from the fifth to the seventh."""
    folder = tmp_path_factory.mktemp("overlay")
    video = write_avi(folder / "black.avi", [np.zeros((240, 320, 3), np.uint8)] * 10, FPS)
    rows = [
        [
            FrameRow(
                number,
                CLOCK.seconds(number),
                0,
                0.9,
                1,
                x=100,
                y=60,
                width=80,
                height=100,
                score=9,
                lids_px=0,
                threshold=5.5,
            )
        ]
        if number >= 3
        else [FrameRow(number, CLOCK.seconds(number), face_id=None, confidence=None, success=0)]
        for number in range(1, 11)
    ]
    (event,) = fake_events(np.random.default_rng(0), 10 / FPS, FPS, 1, 1, "black.avi")
    event = replace(event, onset=5, offset=7, label="", probability=0.41, part="chin")
    path = folder / "overlay.mp4"
    write_overlay(path, open_frames(video), CLOCK, rows, [event], ("SYNTHETIC",), silent)
    return open_frames(path)


def ink(image, rows, columns):
    """How many pixels of a region of a picture have the color of the first face, up to compression."""
    return int((np.abs(image[rows, columns].astype(int) - COLORS[0]).max(axis=2) < 90).sum())


def test_every_frame_is_shown_when_a_player_of_the_source_shows_it(drawn):
    assert shown_at(drawn.path) == pytest.approx(CLOCK.times.tolist(), abs=1e-5)


def test_a_box_is_drawn_where_the_face_is_and_thicker_while_an_event_lasts(drawn):
    edge = slice(80, 140), slice(92, 108)
    before, seen, moving, after = (ink(drawn.read(number), *edge) for number in (2, 4, 6, 9))
    assert before == 0
    assert moving > 2 * seen > 0
    assert after < moving


def test_the_event_is_described_below_the_face_while_it_lasts(drawn):
    below = slice(164, 176), slice(100, 260)
    assert ink(drawn.read(6), *below) > 50
    assert ink(drawn.read(9), *below) == 0


def test_the_stamp_is_in_every_frame(drawn):
    assert all(drawn.read(number)[:20, :150].max() > 150 for number in (1, 6, 10))


def in_size(width, height, folder):
    """The second frame of an overlay of gray frames of this size, with a box over the half of each side."""
    video = write_avi(folder / "gray.avi", [np.full((height, width, 3), 90, np.uint8)] * 2, FPS)
    box = {"x": width / 4, "y": height / 4, "width": width / 2, "height": height / 2}
    rows = [[FrameRow(number, number / FPS, 0, 0.9, 1, **box, score=9, lids_px=0, threshold=5.5)] for number in (1, 2)]
    clock = Clock.of_stamps(np.arange(2) / FPS)
    write_overlay(folder / "o.mp4", open_frames(video), clock, rows, [], ("REDUCED",), silent)
    return open_frames(folder / "o.mp4").read(2)


@pytest.mark.slow
def test_lines_are_wider_in_4k_so_that_they_are_seen(tmp_path):
    """Three px, of which a screen of 1280 x 720 makes one, beside one px; both have smooth edges."""
    red = []
    for side in (720, 2160):
        edge = 4 * side // 9
        across = in_size(16 * side // 9, side, tmp_path)[side // 2, edge - 12 : edge + 12, 2]
        red.append(int((across.astype(int) - 90).sum()))
    assert red[1] >= 3 * red[0]


@pytest.mark.slow
def test_the_text_of_an_upright_frame_is_as_large_as_that_of_the_frame_turned(tmp_path):
    ends = []
    for width, height in ((640, 360), (360, 640)):
        top = in_size(width, height, tmp_path)[: height // 12].astype(int)
        ends.append(np.flatnonzero((top.max(axis=2) > 150).any(axis=0)).max())
    assert ends[0] == ends[1] < 360


@pytest.mark.parametrize("beside", [-60, 280])
def test_what_is_said_of_a_face_that_is_cut_off_by_the_frame_stays_within_it(tmp_path, beside):
    """A face that is as large as the frame: its box begins above and left of it, or ends to the right."""
    video = write_avi(tmp_path / "black.avi", [np.zeros((240, 320, 3), np.uint8)] * 2, FPS)
    box = {"x": beside, "y": -30, "width": 400, "height": 300}
    rows = [[FrameRow(number, number / FPS, 0, 0.9, 1, **box, score=9, lids_px=0, threshold=5.5)] for number in (1, 2)]
    clock = Clock.of_stamps(np.arange(2) / FPS)
    (event,) = fake_events(np.random.default_rng(0), 2 / FPS, FPS, 1, 1, "black.avi")
    event = replace(event, onset=1, offset=2, label="", probability=0.41, part="eyes and brows")
    write_overlay(tmp_path / "o.mp4", open_frames(video), clock, rows, [event], (), silent)
    said = [
        cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.25, 1)[0][0]
        for text in ("face 0  score 9.0", "no class: eyes and brows")
    ]
    shown = open_frames(tmp_path / "o.mp4").read(2)
    title, described = (
        np.flatnonzero((np.abs(shown[rows].astype(int) - COLORS[0]).max(axis=2) < 90).any(axis=0))
        for rows in (slice(10, 24), slice(190, 208))
    )
    for width, columns in zip(said, (title, described), strict=True):
        assert np.ptp(columns) == pytest.approx(width, abs=6)


@pytest.mark.parametrize(
    ("size", "lines", "shown"),
    [
        ((3840, 2160), 1080, (1920, 1080)),
        ((2160, 3840), 1080, (1080, 1920)),
        ((4096, 2160), 1080, (2048, 1080)),
        ((1920, 1080), 1080, (1920, 1080)),
        ((641, 481), 1080, (641, 481)),
        ((641, 481), None, (641, 481)),
        # 1919.2 px, of which the encoder needs an even number.
        ((1921, 1081), 1080, (1920, 1080)),
        # An odd number of lines is not a size that the encoder takes.
        ((3840, 2160), 1083, (1924, 1082)),
        ((2160, 3840), 123, (122, 216)),
    ],
)
def test_the_shorter_side_has_at_most_the_requested_lines(size, lines, shown):
    assert shown_size(size, lines) == shown


def test_in_a_smaller_overlay_the_box_is_drawn_where_the_face_is(tmp_path):
    video = write_avi(tmp_path / "gray.avi", [np.full((480, 640, 3), 90, np.uint8)], FPS)
    rows = [[FrameRow(1, 0.0, 0, 0.9, 1, x=200, y=120, width=160, height=200, score=9, lids_px=0, threshold=5.5)]]
    frames, clock = VideoFrames(open_frames(video), (320, 240)), Clock.of_stamps(np.arange(2) / FPS)
    write_overlay(tmp_path / "o.mp4", frames, clock, rows_at_scale(rows, 0.5), [], (), silent)
    shown = open_frames(tmp_path / "o.mp4").read(1)
    assert shown.shape == (240, 320, 3)
    # Its edges are at 100 and 180 px across, at 60 and 160 px down.
    assert ink(shown, slice(80, 140), slice(96, 104)) > 50
    assert ink(shown, slice(80, 140), slice(176, 184)) > 50
    assert ink(shown, slice(80, 140), slice(108, 172)) == 0
    assert ink(shown, slice(156, 164), slice(110, 170)) > 50


def test_a_frame_without_a_face_has_no_box_at_any_scale():
    rows = [[FrameRow(1, 0.0, face_id=None, confidence=None, success=0)]]
    assert list(rows_at_scale(rows, 0.5)) == rows
