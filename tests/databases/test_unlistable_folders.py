"""Folders that the user may not read, and links that lead nowhere: named, with the reason; other clips are read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from merlab.databases import find_database
from merlab.progress import silent
from tests.databases import casme2_release, smic_release, test_casme3, test_mmew
from tests.databases.release import write_table
from tests.helpers import write_flow_tree


@pytest.fixture
def lock(monkeypatch) -> Callable[[Path], None]:
    """Makes a folder as one without rights, also for the superuser, whom the system lets read everything."""

    def locked(folder: Path) -> None:
        def guarded(name: str, *, itself: bool) -> Callable[..., Any]:
            real = getattr(os, name)

            def call(path: Any = ".", *given: Any, **options: Any) -> Any:
                asked = Path(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else Path()
                if folder in asked.parents or (itself and asked == folder):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(asked))
                return real(path, *given, **options)

            return call

        for name in ("stat", "scandir", "listdir"):
            monkeypatch.setattr(os, name, guarded(name, itself=name != "stat"))

    return locked


def write_casme3(root: Path) -> Path:
    rows = [test_casme3.row(), test_casme3.row("b")]
    write_table(root / test_casme3.MICRO_TABLE, rows, test_casme3.COLUMNS)
    test_casme3.write_video(root)
    test_casme3.write_video(root, "spNO.1/b")
    return root


def write_casme2(root: Path) -> Path:
    return casme2_release.write_release(root, rows=[casme2_release.row(), casme2_release.row("02")])


def write_mmew(root: Path) -> Path:
    rows = [test_mmew.row(), test_mmew.row("S05-07-001", emotion="others")]
    write_table(root / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    test_mmew.write_clip(root)
    test_mmew.write_clip(root, "S05-07-001", "others")
    return root


def write_smic(root: Path) -> Path:
    takes = [smic_release.Take(1, "ne", 1, 100, 105), smic_release.Take(2, "ne", 1, 200, 205)]
    return smic_release.write_single(root, takes, table=False)


def write_flow(root: Path) -> Path:
    return write_flow_tree(root, ("sub01", "sub02"), 1, 0)


@pytest.mark.parametrize(
    ("database", "write", "folder", "left"),
    [
        ("casme2", write_casme2, "Cropped/sub01", 1),
        ("casme3", write_casme3, "part_A/spNO.1/a", 1),
        ("smic", write_smic, "SMIC_all_cropped/HS/s01/micro", 1),
        ("smic", write_smic, "SMIC_all_cropped/HS/s01/micro/negative", 1),
        ("ststnet-flow", write_flow, "sub01", 3),
        ("ststnet-flow", write_flow, "sub01/u_test", 3),
        ("ststnet-flow", write_flow, "sub01/u_test/0", 5),
    ],
)
def test_are_named_and_the_other_clips_are_read(tmp_path, lock, database, write, folder, left):
    root = write(tmp_path)
    lock(root / folder)
    examination = find_database(database).examine(root, True, silent)
    assert examination.of("unusable")
    assert any("Permission denied" in finding.found for finding in examination.findings)
    assert len(examination.clips) == left


@pytest.mark.parametrize(
    ("database", "write", "folder", "left"),
    [
        ("casme2", write_casme2, "Cropped", 0),
        ("casme2", write_casme2, "Cropped/sub01", 1),
        ("casme2", write_casme2, "Cropped/sub01/EP02_01f", 1),
        ("casme3", write_casme3, "part_A/spNO.1/a", 1),
        ("mmew", write_mmew, "Micro_Expression/happiness/S03-01-002", 1),
        ("smic", write_smic, "SMIC_all_cropped/HS/s01", 1),
        ("smic", write_smic, "SMIC_all_cropped/HS/s01/micro/negative", 1),
        ("smic", write_smic, "SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01", 1),
        ("ststnet-flow", write_flow, "sub01", 3),
        ("ststnet-flow", write_flow, "sub01/u_test", 3),
        ("ststnet-flow", write_flow, "sub01/u_test/0", 5),
    ],
)
def test_a_link_that_leads_nowhere_is_named_as_one(tmp_path, database, write, folder, left):
    root = write(tmp_path / "copy")
    (root / folder).rename(tmp_path / "moved")
    (root / folder).symlink_to("another-disk")
    examination = find_database(database).examine(root, True, silent)
    links = [finding for finding in examination.findings if "a link to another-disk" in finding.found]
    assert [Path(folder).name in f"{finding.where} {finding.expected}" for finding in links] == [True]
    assert len(examination.clips) == left


def test_each_clip_of_a_subject_of_mmew_behind_a_link_that_leads_nowhere_is_named(tmp_path):
    """The folders of MMEW are those of emotions: a subject without any clip has no folder. S03-01-004 has no link."""
    clips = [f"S03-01-00{number}" for number in (2, 3, 4)]
    rows = [*map(test_mmew.row, clips), test_mmew.row("S05-07-001", emotion="others")]
    write_table(tmp_path / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    test_mmew.write_clip(tmp_path, "S05-07-001", "others")
    (folder := tmp_path / "Micro_Expression/happiness").mkdir()
    for clip in clips[:2]:
        (folder / clip).symlink_to(f"another-disk/{clip}")
    found = find_database("mmew").examine(tmp_path, True, silent).of("unusable")
    assert [(finding.found, finding.expected.split(" in ")[0]) for finding in found] == [
        ("a link to another-disk/S03-01-002, which does not exist", "a folder S03-01-002"),
        ("a link to another-disk/S03-01-003, which does not exist", "a folder S03-01-003"),
        ("no such folder", "folders S03-01-004, of 1 clip"),
    ]


def test_a_video_behind_a_link_that_leads_nowhere_is_named_as_one(tmp_path):
    root = write_casme2(tmp_path / "copy")
    (root / "Cropped/sub01/EP02_01f").rename(tmp_path / "moved")
    (root / "Cropped/sub01/EP02_01f.avi").symlink_to("another-disk.avi")
    (finding,) = find_database("casme2").examine(root, True, silent).of("unusable")
    assert finding.found == "a link to another-disk.avi, which does not exist"


def test_the_frames_of_a_clip_behind_a_link_that_leads_nowhere_are_not_those_beside_it(tmp_path):
    """Beside the color of CAS(ME)^3 is the depth."""
    root = write_casme3(tmp_path / "copy")
    (root / "part_A/spNO.1/a/color").rename(tmp_path / "moved")
    (root / "part_A/spNO.1/a/color").symlink_to("another-disk")
    unusable = find_database("casme3").examine(root, True, silent).of("unusable")
    assert unusable
    for finding in unusable:
        assert finding.remedy.startswith("color in it is a link to another-disk, which does not exist: restore that")


def test_a_hidden_link_that_leads_nowhere_is_no_folder_of_the_copy(tmp_path):
    """As an editor makes beside a file that is open in it."""
    root = write_casme2(tmp_path)
    (root / ".#README").symlink_to("user@machine.123")
    findings = find_database("casme2").examine(root, True, silent).findings
    assert not any("README" in finding.where for finding in findings)
