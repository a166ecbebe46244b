"""Clips whose frames are equal are found, whatever the names of their folders."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from merlab.databases.equal_frames import equal_frames, with_equal_frames, with_overlapping_frames
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


@pytest.mark.parametrize(
    ("ranges", "groups"),
    [
        ([("anna", 1, 5), ("bob", 6, 9)], []),
        ([("anna", 1, 5), ("bob", 5, 9)], [["0", "1"]]),
        ([("anna", 1, 9), ("bob", 3, 4)], [["0", "1"]]),
        ([("anna", 4, 9), ("anna", 1, 5), ("bob", 8, 12), ("bob", 13, 20)], [["1", "0", "2"]]),
        ([("anna", 1, 9), ("anna", 3, 4), ("bob", 10, 12)], []),
        # Equal ranges are found without this.
        ([("anna", 1, 5), ("bob", 1, 5)], []),
    ],
)
def test_ranges_of_one_source_that_overlap_are_found_where_they_are_of_different_subjects(tmp_path, ranges, groups):
    clips = [
        make_clip(tmp_path / "video.avi", name=str(row), subject=subject, onset=onset, apex=None, offset=offset)
        for row, (subject, onset, offset) in enumerate(ranges)
    ]
    assert names(with_overlapping_frames(clips)) == groups
    elsewhere = [replace(clip, source=tmp_path / f"{clip.name}.avi") for clip in clips]
    assert with_overlapping_frames(elsewhere) == []


def test_overlapping_frames_are_found_whichever_way_their_folder_is_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "frames")
    one = make_clip(tmp_path / "frames", name="one", subject="anna")
    other = make_clip(tmp_path / "link", name="other", subject="bob", onset=2, offset=4)
    (finding,) = equal_frames([one, other], contents=False)
    assert (finding.severity, finding.where) == ("differs", "anna one and bob other")
    assert finding.found == f"frames 1 to 3 and 2 to 4 of {tmp_path / 'frames'}"
    assert "one person is trained on and tested on" in finding.remedy
