"""Names of files that are not UTF-8, as archives from a Chinese Windows have them: refused, or written as codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from merlab.databases import find_database, load
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases import casme2_release

# "Picture" in GBK.
GBK = b"\xcd\xbc\xcf\xf1"


def gbk(folder: Path, after: str = "") -> Path:
    """A path in a folder with a name in GBK."""
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + GBK + after.encode()))


@pytest.fixture
def root(tmp_path):
    try:
        gbk(tmp_path).mkdir()
    except OSError:
        pytest.skip("this file system does not allow such a name")
    gbk(tmp_path).rmdir()
    rows = [casme2_release.row("01"), casme2_release.row("02")]
    return casme2_release.write_release(tmp_path / "copy", rows=rows)


def test_of_a_folder_above_the_frames_make_its_clips_unusable(root):
    gbk(root).mkdir()
    (root / "Cropped").rename(gbk(root) / "Cropped")
    examination = find_database("casme2").examine(root, True, silent)
    assert [finding.where for finding in examination.of("unusable")] == [
        "sub01 EP02_01f (row 2)",
        "sub02 EP02_01f (row 3)",
    ]
    assert "has a name that is not valid UTF-8; rename the file or the folder" in examination.findings[-1].found


def test_of_a_coding_table_or_of_a_stray_folder_can_be_written_into_a_record(root):
    table = root / casme2_release.TABLE_2014
    table.rename(gbk(root, "-coding.xlsx"))
    gbk(root / "Cropped" / "sub01").mkdir()
    clips = load("casme2", root)
    texts = [*clips.sources[0].facts.values(), *(finding.where for finding in clips.findings)]
    assert [text for text in texts if "\\udccf\\udcf1" in text]
    assert "".join(texts).encode()


def test_of_a_table_of_clips_are_refused(root):
    gbk(root, ".csv").write_text("subject,clip,frames\n")
    with pytest.raises(MerlabError, match=r"\\udccf\\udcf1\.csv has a name that is not valid UTF-8; rename"):
        load("table", gbk(root, ".csv"))
