"""A row of a table of coded events, as it is compared."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.coding.agreement.rated import RatedEvent, RatedVideo, rated_row
from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError


def row(onset, apex, offset, **cells):
    return {"onset": onset, "apex": apex, "offset": offset, **cells}


def test_a_row_has_its_face_its_label_in_lower_case_and_its_units_without_sides():
    assert rated_row(row("10", "12", "20", face_id="1", label="Joy", action_units="L12+6")) == RatedEvent(
        1, 10, 12, 20, "joy", frozenset({6, 12})
    )
    assert rated_row(row("10", "/", "20", emotion="Joy")) == RatedEvent(None, 10, None, 20, "joy")


@pytest.mark.parametrize("moments", [("10", "10", "20"), ("10", "20", "20"), ("10", "10", "10")])
def test_moments_may_be_the_same_frame(moments):
    event = rated_row(row(*moments))
    assert (event.onset, event.apex, event.offset) == tuple(map(int, moments))


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        (("20", "", "19"), "onset 20 is after offset 19"),
        (("10", "9", "20"), "apex 9 is not between onset 10 and offset 20"),
        (("10", "21", "20"), "apex 21 is not between onset 10 and offset 20"),
    ],
)
def test_moments_in_another_order_are_refused(moments, message):
    with pytest.raises(MerlabError, match=message):
        rated_row(row(*moments))


def test_milliseconds_to_a_frame_that_the_clock_lacks_are_those_of_the_rate():
    """In a folder of images at 100 frames per second, frame 2 was taken late, and frame 3 is absent."""
    clock = FrameClock(np.array([1, 2, 4]), np.array([0.0, 15.0, 30.0]), 100)
    video = RatedVideo(100, 3, clock)
    assert [video.ms_between(*frames) for frames in ((1, 2), (2, 3), (3, 2), (2, 4))] == [15, 10, -10, 15]


def test_milliseconds_between_frames_are_known_with_a_rate():
    assert (RatedVideo(fps=200).ms_between(10, 13), RatedVideo(fps=200).ms_between(13, 10)) == (15, -15)
    assert RatedVideo().ms_between(10, 13) is None
