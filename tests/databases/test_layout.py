"""The frames of a folder in a release: what their names tell, read once for all rows of a long video."""

from __future__ import annotations

import pytest

from merlab.databases.coded.layout import Layout
from merlab.databases.samm_long import RELEASE
from merlab.frames import ClipError, open_frames
from tests.databases.release import image_bytes, write_images

NAMES = ("img9.jpg", "img10.JPG", "006_1_00011.png", "._img8.jpg", "img12.txt", "cover.jpg", "13.jpeg")


def test_frames_are_those_that_are_read_and_a_folder_is_listed_once(tmp_path):
    write_images(tmp_path / "006_1", NAMES, image_bytes())
    layout = Layout(tmp_path, RELEASE)
    found = layout.frames_of(tmp_path / "006_1")
    assert list(found.numbers) == list(open_frames(tmp_path / "006_1").numbers) == [9, 10, 11, 13]
    assert not found.registered
    (tmp_path / "006_1" / "img14.jpg").touch()
    assert layout.frames_of(tmp_path / "006_1") is found


def test_registered_faces_are_known_by_their_names(tmp_path):
    write_images(tmp_path / "006_1", ("reg_006_1_0001.jpg", "reg_006_1_0002.jpg"), image_bytes())
    assert Layout(tmp_path, RELEASE).frames_of(tmp_path / "006_1") == ([1, 2], True)


def test_two_files_of_one_number_are_refused(tmp_path):
    write_images(tmp_path / "006_1", ("img1.jpg", "img01.jpg"), image_bytes())
    with pytest.raises(ClipError, match="have the same frame number"):
        Layout(tmp_path, RELEASE).frames_of(tmp_path / "006_1")
