"""From a path to frames: what a folder holds, and whether a video or a folder of images was changed."""

from __future__ import annotations

import os
import sys

import pytest

from merlab.frames import ClipError, open_frames
from merlab.frames.frame import SourceChangedError
from merlab.frames.opening import (
    SourceState,
    require_different,
    require_one_kind,
    require_unchanged,
    state_of,
    while_unchanged,
)
from merlab.progress import silent


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a path")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.avi")
    with pytest.raises(ClipError, match=r"pipe\.avi is neither a file nor a folder; give the file of the video"):
        open_frames(tmp_path / "pipe.avi")


def test_a_folder_changes_with_its_images_and_not_with_what_else_is_written_into_it(tmp_path):
    for number in range(3):
        (tmp_path / f"img{number}.png").write_bytes(b"abc")
    before = state_of(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    assert state_of(tmp_path) == before
    # The same name and size, from a copy of before.
    stamp = (tmp_path / "img1.png").stat().st_mtime_ns
    (tmp_path / "img1.png").write_bytes(b"xyz")
    os.utime(tmp_path / "img1.png", ns=(stamp - 1_000_000, stamp - 1_000_000))
    assert state_of(tmp_path).bytes == before.bytes == 9
    assert state_of(tmp_path) != before


def test_a_video_has_the_state_of_its_file(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"abcd")
    file = (tmp_path / "a.mp4").stat()
    assert state_of(tmp_path / "a.mp4") == (4, file.st_mtime_ns)


def test_a_video_that_was_changed_or_removed_is_named(tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"abcd")
    before = state_of(video)
    require_unchanged(video, before)
    video.write_bytes(b"abcdefgh")
    with pytest.raises(SourceChangedError, match=r"a\.mp4 was changed while it was read.*; run the command again"):
        require_unchanged(video, before)
    video.unlink()
    with pytest.raises(SourceChangedError):
        require_unchanged(video, before)


def test_progress_stops_as_soon_as_a_video_has_changed(tmp_path):
    """A recording that was still written was refused after all of its hour was read."""
    video, seen = tmp_path / "a.mp4", []
    video.write_bytes(b"abcd")
    show = while_unchanged(lambda *shown: seen.append(shown), video, state_of(video))
    show(1, 3, "reading")
    video.write_bytes(b"abcdefgh")
    with pytest.raises(SourceChangedError):
        show(2, 3, "reading")
    assert seen == [(1, 3, "reading"), (2, 3, "reading")]


def test_progress_continues_where_a_disk_does_not_answer_for_a_moment(tmp_path):
    """What was kept of hours of work was thrown away, as if the video had changed."""
    video = tmp_path / "a.mp4"
    video.write_bytes(b"abcd")
    show = while_unchanged(silent, video, state_of(video))
    video.rename(tmp_path / "away.mp4")
    show(1, 3, "reading")
    (tmp_path / "away.mp4").rename(video)
    show(2, 3, "reading")
    video.write_bytes(b"abcdefgh")
    with pytest.raises(SourceChangedError):
        show(3, 3, "reading")


def test_progress_of_a_folder_does_not_look_at_every_image_again(tmp_path):
    assert while_unchanged(silent, tmp_path, SourceState(0, 0)) is silent


class TestOneKind:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "cover_1.png").write_bytes(b"")
        return tmp_path

    def test_images_beside_videos_are_refused_and_both_are_named(self, folder):
        (folder / "a.mp4").write_bytes(b"")
        with pytest.raises(ClipError, match=r"images with numbers \(cover_1\.png\) and videos \(a\.mp4\).*; move"):
            require_one_kind(folder)

    def test_images_beside_anything_else_are_a_sequence(self, folder):
        (folder / "notes.txt").write_text("mine")
        (folder / ".a.mp4").write_bytes(b"")
        (folder / "more.mp4").mkdir()
        require_one_kind(folder)

    def test_videos_beside_images_without_numbers_are_videos(self, tmp_path):
        (tmp_path / "a.mp4").write_bytes(b"")
        (tmp_path / "cover.png").write_bytes(b"")
        require_one_kind(tmp_path)
        require_one_kind(tmp_path / "a.mp4")
        require_one_kind(tmp_path / "nothing")


def test_a_video_may_be_given_only_once_under_any_path(tmp_path):
    video, link = tmp_path / "a.mp4", tmp_path / "b.mp4"
    video.write_bytes(b"")
    link.symlink_to(video)
    require_different([video, tmp_path / "c.mp4"])
    with pytest.raises(ClipError, match=r"a\.mp4 is given twice; give it once"):
        require_different([video, tmp_path / "x" / ".." / "c.mp4", video])
    with pytest.raises(ClipError, match=r"b\.mp4 is given twice, also as .*a\.mp4; give it once"):
        require_different([video, link])
