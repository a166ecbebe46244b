"""Files on the machine of the service: which are listed, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.serving import allowed_folders
from merlab.serving.allowed_folders import find_local, list_local
from merlab.serving.limits import RefusedError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.fixture
def root(tmp_path) -> Path:
    folder = Path(tmp_path, "root")
    folder.mkdir()
    return folder


def test_videos_are_listed_with_their_whole_paths_folder_by_folder_in_the_order_of_their_names(root, monkeypatch):
    touch(
        root, "b/3.mp4", "b/1.mp4", "b/2.MOV", "c/1.mp4", "a/1.mp4", "z.avi", "notes.txt", "x.mkv", "y.mp4", "a/b/c.mp4"
    )
    (root / "folder.mp4").mkdir()
    (root / "link.mp4").symlink_to(root / "y.mp4")
    monkeypatch.chdir(root)
    names = ["x.mkv", "y.mp4", "z.avi", "a/1.mp4", "a/b/c.mp4", "b/1.mp4", "b/2.MOV", "b/3.mp4", "c/1.mp4"]
    assert list_local([Path()]) == [str(root.resolve() / name) for name in names]


def test_what_systems_add_to_a_disk_is_not_listed(root):
    touch(root, "a.mp4", "._a.mp4", ".Trashes/b.mp4", "@eaDir/a.mp4", "$RECYCLE.BIN/c.mp4", "d/._e.mov")
    assert list_local([root]) == [str(root.resolve() / "a.mp4")]


def test_as_many_videos_are_listed_as_a_person_can_choose_from(root, monkeypatch):
    touch(root / "first", "a.mp4", "b.mp4")
    touch(root / "second", "c.mp4", "d.mp4")
    monkeypatch.setattr(allowed_folders, "MAX_LISTED", 3)
    found = list_local([root / "second", root / "first"])
    assert [Path(path).name for path in found] == ["c.mp4", "d.mp4", "a.mp4"]


def test_a_root_with_very_many_files_is_listed_in_part_and_the_next_one_too(root, monkeypatch):
    for folder in ("first", "second"):
        touch(root / folder, "a.txt", "b.txt", "c.mp4", "d.mp4")
    monkeypatch.setattr(allowed_folders, "MAX_VISITED", 3)
    found = list_local([root / "first", root / "second"])
    assert [Path(path).name for path in found] == ["c.mp4", "c.mp4"]


def test_a_name_that_two_roots_have_is_that_of_the_first(root):
    for folder in ("first", "second"):
        touch(root / folder, "a.mp4")
    assert find_local("a.mp4", [root / "second", root / "first"]) == root.resolve() / "second" / "a.mp4"


def test_a_path_out_of_the_root_or_of_no_video_is_refused_and_a_folder_in_it_is_not(root):
    touch(root.parent, "secret.mp4", "rooted/secret.mp4")
    touch(root, "clip/img1.png", "a.mp4")
    (root / "link.mp4").symlink_to(root.parent / "secret.mp4")
    (root / "within.mp4").symlink_to(root / "a.mp4")
    outside = [
        "../secret.mp4",
        "../rooted/secret.mp4",
        str(root.parent),
        "link.mp4",
        "clip/img1.png",
        "b.mp4",
        "a\0.mp4",
    ]
    for given in [*outside, "x" * 300]:
        with pytest.raises(RefusedError, match="in the folders that this service may read") as refused:
            find_local(given, [root])
        assert refused.value.status == 404, given
    assert find_local("clip", [root]) == root.resolve() / "clip"
    assert find_local("within.mp4", [root]) == find_local(str(root / "a.mp4"), [root]) == root.resolve() / "a.mp4"
    with pytest.raises(RefusedError, match="start it with --root FOLDER") as refused:
        find_local("a.mp4", [])
    assert refused.value.status == 403
