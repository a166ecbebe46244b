"""Names of videos that clients send."""

from __future__ import annotations

import pytest

from merlab.serving.video_names import file_name, shown_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\anna\\a.mp4", "a.mp4"),
        ("C:/Users/anna/a.mp4/", "a.mp4"),
        ("Take A/A:1.mp4", "A:1.mp4"),
        ("S:1 \u2013 10:30.mp4", "S:1 \u2013 10:30.mp4"),
        ("line\r\nbreak\x7f\u2066.mp4", "linebreak.mp4"),
        ("\x00", "video"),
        ("a" * 251 + ".mp4", "a" * 251 + ".mp4"),
        ("a" * 252 + ".mp4", "a" * 251 + ".mp4"),
        ("b" * 300 + "1234567890123456.mp4", "b" * 235 + "1234567890123456.mp4"),
    ],
)
def test_a_video_is_shown_under_its_name_without_its_folders(given, shown):
    assert shown_name(given) == shown


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("interview 1.MP4", "interview 1.MP4"),
        ("a.mp4.mp4", "a.mp4.mp4"),
        ("-.mp4", "video.mp4"),
        ("A:1?*|.mp4", "A_1.mp4"),
        # Devices of Windows.
        ("Con.mp4", "Con_.mp4"),
        ("aux .cut.mp4", "aux _.cut.mp4"),
        ("com1.mp4", "com1_.mp4"),
        ("contempt.mp4", "contempt.mp4"),
        # 200 bytes of the name, and no half of a letter of two bytes.
        ("é" * 120 + ".mkv", "é" * 100 + ".mkv"),
        ("a" + "é" * 120 + ".mkv", "a" + "é" * 99 + ".mkv"),
    ],
)
def test_a_video_is_stored_under_a_name_that_every_system_takes(name, stored):
    assert file_name(name) == stored
