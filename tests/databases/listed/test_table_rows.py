"""Which column of a table of clips means what, and where its paths lead."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from merlab.databases import find_database
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases.release import image_bytes, write_images

PNG = image_bytes(suffix=".png")
LINE = "s1,c1,frames,2,5,8,200,anger"


def examine(root: Path, header: str, *, above: str = "", line: str = LINE) -> Examination:
    """A table of one clip below a line of column names."""
    write_images(root / "frames", (f"{number}.png" for number in range(1, 10)), PNG)
    table = root / "mine.csv"
    table.write_text(f"{above}{header}\n{line}\n", encoding="utf-8")
    return find_database("table").examine(table, False, silent)


HEADER = "subject,clip,frames,onset,apex,offset,fps,label"


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("offset", "ofset"),
        ("apex", "apx"),
        ("onset", "onset frame no."),
        ("offset", "Offset_Frame (1-based)"),
        ("label", "labels"),
        ("label", "emotion (coder 1)"),
    ],
)
def test_a_column_that_seems_to_be_misspelled_is_named_with_the_rename(tmp_path, column, written):
    examination = examine(tmp_path, HEADER.replace(column, written))
    finding = next(finding for finding in examination.of("differs") if finding.where == "mine.csv")
    assert (finding.expected, finding.found) == (f"a column {column}", f"{written}, which is not read")
    assert f"rename it to {column}" in finding.remedy


def test_a_further_column_beside_that_of_the_meaning_is_no_finding(tmp_path):
    """``audio`` begins like the name ``au`` of a column of action units."""
    examination = examine(tmp_path, f"{HEADER},onset time,remark,audio,", line=f"{LINE},0.1,none,a.wav,")
    assert not examination.of("differs")
    assert examination.facts["columns not read"].startswith("onset time, remark, audio, (no name);")


@pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\xa0"])
def test_signs_that_cannot_be_seen_in_the_name_of_a_column_do_not_matter(tmp_path, sign):
    (clip,) = examine(tmp_path, HEADER.replace("apex", f"apex{sign}").replace("subject", f"{sign}subject")).clips
    assert clip.apex == 5


@pytest.mark.parametrize("header", [HEADER, "subject,clip,frames"])
@pytest.mark.parametrize("above", ["my clips,,,,,,,\n", "my clips\n\n"])
def test_column_names_below_the_first_line_are_refused_with_their_line(tmp_path, above, header):
    with pytest.raises(
        MerlabError, match=r"lacks the columns subject, clip, frames; .* remove what is above line [23]$"
    ):
        examine(tmp_path, header, above=above)


def test_a_table_without_column_names_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(MerlabError, match="write the names of the columns into the first line$"):
        examine(tmp_path, LINE)


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_path_with_umlauts_is_found_whichever_way_the_disk_and_the_table_write_them(tmp_path, on_disk, in_table):
    names = {form: normalize(form, "Müller Übung") for form in (on_disk, in_table)}
    write_images(tmp_path / "data" / names[on_disk], (f"{number}.png" for number in range(1, 10)), PNG)
    (clip,) = examine(tmp_path, HEADER, line=LINE.replace("frames", f"data/{names[in_table]}")).clips
    assert clip.source.is_dir()


def test_folders_of_one_path_may_be_written_in_two_ways(tmp_path):
    """A folder that was named on this machine, with an archive in it that was made on macOS."""
    here, unpacked = normalize("NFC", "Universität"), normalize("NFD", "Müller")
    write_images(tmp_path / here / unpacked, (f"{number}.png" for number in range(1, 10)), PNG)
    (clip,) = examine(tmp_path / here, HEADER, line=LINE.replace("frames", normalize("NFC", "Müller"))).clips
    assert clip.source.is_dir()
