"""What is checked before a job begins."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.serving.limits import Limits, require_within
from tests.helpers import texture, write_frames


def test_a_video_within_the_limits(video):
    require_within(video, None, Limits(seconds=2.0, pixels=64 * 48))


def test_a_false_frame_rate_does_not_shorten_a_video(video):
    with pytest.raises(MerlabError, match="2 s long"):
        require_within(video, 10_000, Limits(seconds=1.0))


def test_a_lower_frame_rate_makes_a_video_longer(video):
    with pytest.raises(MerlabError, match="50 s long"):
        require_within(video, 1, Limits(seconds=10.0))


def test_a_folder_of_images_needs_a_frame_rate_and_counts_as_a_video(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1)] * 3)
    require_within(folder, 100, Limits())
    with pytest.raises(MerlabError, match="send it again with fps"):
        require_within(folder, None, Limits())
    with pytest.raises(MerlabError, match="3 s long"):
        require_within(folder, 1, Limits(seconds=2.0))
    with pytest.raises(MerlabError, match="million pixels"):
        require_within(folder, 100, Limits(pixels=1000))


def test_a_folder_of_folders_of_images_is_refused_with_what_to_send(tmp_path):
    write_frames(tmp_path / "clip", [texture(1)])
    with pytest.raises(MerlabError, match="no images with numbers.*a folder that itself holds the images of one video"):
        require_within(tmp_path, 100, Limits())


def test_an_image_that_is_a_link_to_another_folder(tmp_path):
    secret = write_frames(tmp_path / "secret", [np.zeros((8, 8), np.float32)])
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "img1.png").symlink_to(secret / "img1.png")
    with pytest.raises(MerlabError, match="link to a file outside of the folder"):
        require_within(tmp_path / "clip", 100, Limits())
