"""Clips whose frames are equal are found, whatever the names of their folders."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from merlab.databases.equal_frames import equal_frames, with_equal_frames
from tests.helpers import make_clip, texture, write_frames


@pytest.fixture
def clips(tmp_path):
    """Three clips of frames 1 to 3 in folders of their own; the second is a copy of the first."""
    one = write_frames(tmp_path / "one", [texture(seed) for seed in range(3)])
    shutil.copytree(one, tmp_path / "two")
    other = write_frames(tmp_path / "other", [texture(seed) for seed in (0, 7, 2)])
    sources = {"one": one, "two": tmp_path / "two", "other": other}
    return {name: make_clip(source, name=name, subject=f"of-{name}") for name, source in sources.items()}


def names(groups):
    return [[clip.name for clip in group] for group in groups]


def test_folders_with_equal_files_are_found_unless_one_frame_differs(clips):
    assert names(with_equal_frames(clips.values())) == [["one", "two"]]
    (finding,) = equal_frames(clips.values(), contents=True)
    assert (finding.severity, finding.where) == ("differs", "of-one one and of-two two")
    assert finding.found == f"equal files in {clips['one'].source} and {clips['two'].source}"


def test_files_may_have_other_numbers(clips, tmp_path):
    renumbered = write_frames(tmp_path / "later", [texture(seed) for seed in range(3)], first=11)
    clip = make_clip(renumbered, name="later", onset=11, apex=12, offset=13)
    assert names(with_equal_frames([clips["one"], clip])) == [["one", "later"]]


def test_only_frames_from_onset_to_offset_count(clips):
    part = replace(clips["other"], onset=3, apex=3)
    assert names(with_equal_frames([clips["one"], replace(clips["two"], onset=2), part])) == []
    assert names(with_equal_frames([replace(clips["two"], onset=3, apex=3), part])) == [["two", "other"]]
    first = {name: replace(clip, apex=1, offset=1) for name, clip in clips.items()}
    assert names(with_equal_frames([clips["one"], first["two"]])) == []
    assert names(with_equal_frames([first["two"], first["other"]])) == [["two", "other"]]


def test_one_range_of_one_source_is_found_without_reading_it(clips, tmp_path):
    absent = [make_clip(tmp_path / "absent", name=name, apex=apex) for name, apex in (("a", 1), ("b", 2))]
    shifted = make_clip(tmp_path / "absent", name="c", onset=2)
    assert names(with_equal_frames([*absent, shifted, clips["one"]])) == [["a", "b"]]
    (finding,) = equal_frames([*absent, *clips.values()], contents=False)
    assert finding.found == f"the same frames of {tmp_path / 'absent'}"


def test_videos_are_equal_with_equal_content_and_range(tmp_path):
    for name, content in (("a.avi", b"one"), ("b.avi", b"one"), ("c.avi", b"two")):
        (tmp_path / name).write_bytes(content)
    videos = [make_clip(tmp_path / f"{name}.avi", name=name) for name in "abc"]
    later = make_clip(tmp_path / "b.avi", name="later", onset=2)
    assert names(with_equal_frames([*videos, later])) == [["a", "b"]]
