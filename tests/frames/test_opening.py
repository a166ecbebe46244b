"""Whether a video or a folder of images was changed."""

from __future__ import annotations

import os

from merlab.frames.opening import state_of


def test_a_folder_changes_with_its_images_and_not_with_what_else_is_written_into_it(tmp_path):
    for number in range(3):
        (tmp_path / f"img{number}.png").write_bytes(b"abc")
    before = state_of(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    assert state_of(tmp_path) == before
    # The same name and size, written anew.
    stamp = (tmp_path / "img1.png").stat().st_mtime_ns
    (tmp_path / "img1.png").write_bytes(b"xyz")
    os.utime(tmp_path / "img1.png", ns=(stamp + 1_000_000, stamp + 1_000_000))
    assert state_of(tmp_path).bytes == before.bytes == 9
    assert state_of(tmp_path) != before


def test_a_video_has_the_state_of_its_file(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"abcd")
    file = (tmp_path / "a.mp4").stat()
    assert state_of(tmp_path / "a.mp4") == (4, file.st_mtime_ns)
