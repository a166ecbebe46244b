"""coding.csv: read with checks, written whole."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from merlab.coding.decisions import Coding, Decision
from merlab.coding.file import read_coding, require_fit, write_coding
from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from tests.coding.results import about, coded_in, every_kind, material_in, renamed

HEADER = "event,face_id,decision,onset,apex,offset,action_units,label,comment,coder,time\n"


def test_what_is_written_is_read_again_and_the_tables_of_the_machine_stay(tmp_path):
    material = material_in(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in material.folder.iterdir() if path.is_file()}
    both = Coding((*every_kind(material).decisions, *renamed(every_kind(material), "CD").decisions))
    write_coding(material.folder, Coding(both.decisions[::-1]))
    assert read_coding(material) == both.sorted()
    assert set(read_coding(material).decisions) == set(both.decisions)
    assert {name: (material.folder / name).read_bytes() for name in before} == before
    assert {path.name for path in material.folder.iterdir()} == {*before, CODING}


def test_a_result_without_the_file_has_no_decisions(tmp_path):
    assert read_coding(material_in(tmp_path / "out")) == Coding()


def test_a_spreadsheet_program_may_have_saved_it(tmp_path):
    material = coded_in(tmp_path / "out")
    path = material.folder / CODING
    text = path.read_text(encoding="utf-8").replace('"says ""hm"", then"', "hm")
    path.write_text(text.replace(",", ";"), encoding="utf-8-sig")
    assert [each.label for each in read_coding(material).decisions] == ["joy", "blink", "", "ü <&>"]


@pytest.mark.parametrize(
    ("header", "row", "warned"),
    [
        (
            "event,face_id,decision,sure",
            "e0001,0,accept,5",
            "columns that are not read: sure; they are lost where merlab wri",
        ),
        (
            "event,face_id,decision,lable",
            "e0001,0,accept,joy",
            "the column 'lable' is not read; rename it if it is label",
        ),
        ("event,face_id,decision,label", "e0001,0,accept,Überraschung", "another encoding, read as Latin-1"),
    ],
)
def test_what_another_program_wrote_and_is_not_read_or_repaired_gives_a_warning(tmp_path, header, row, warned):
    material = material_in(tmp_path / "out")
    (material.folder / CODING).write_text(f"{header}\n{row}\n", encoding="latin-1")
    with pytest.warns(UserWarning, match=warned) as warnings:
        assert len(read_coding(material).decisions) == 1
    assert len(warnings) == 1


def test_frames_of_what_is_accepted_need_not_be_repeated(tmp_path):
    material = material_in(tmp_path / "out")
    (material.folder / CODING).write_text("event,face_id,decision\ne0002,1,accept\n")
    assert read_coding(material).decisions == (about(material.events[1], "accept", "", time=""),)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("e0009,0,accept,138,150,166,,,,,", "no event e0009"),
        ("e0001,1,accept,138,150,166,,,,,", "e0001 is of face 0, not 1"),
        ("e0001,5,accept,138,150,166,,,,,", "no face 5"),
        ("e0001,0,perhaps,138,150,166,,,,,", "'perhaps' is not a decision"),
        ("e0001,0,accept,137,150,166,,,,,", "the result was made again"),
        ("e0001,0,reject,137,150,166,,,,,", "the result was made again"),
        ("e0001,0,accept,138,151,166,,,,,", "the result was made again"),
        ("e0001,0,move,38,90,137,,,,,", "is moved to 38 to 137, where it has no frame"),
        (
            "e0001,0,move,838,890,941,,,,,",
            "is moved to 838 to 941, where it has no frame; reject it and add an event of your own",
        ),
        ("e0001,0,add,138,150,166,,,,,", "write move"),
        (",0,move,138,150,166,,,,,", "needs the name of an event"),
        (",0,add,138,150,,,,,,", "onset or offset is empty"),
        (",0,add,,150,166,,,,,", "onset or offset is empty"),
        (",0,add,138,1.5,166,,,,,", "apex is '1.5', not a whole number"),
        (",0,add,138,170,166,,,,,", "apex 170 is outside"),
        (",0,add,166,,138,,,,,", "onset 166 is after offset 138"),
        (",0,add,138,,1201,,,,,", "no frame 1201"),
        (",0,add,138,,99999999999999999999,,,,,", "offset is '99999999999999999999', not a whole number"),
        (",0,add,138,,166,smile,,,,", "'smile' is not an action unit"),
        (",0,add,138,,166,,,,,yesterday", "'yesterday' is not a time"),
        (",x,add,138,,166,,,,,", "face_id is 'x'"),
    ],
)
def test_every_cell_is_checked_and_the_row_is_named(tmp_path, row, named):
    material = material_in(tmp_path / "out")
    (material.folder / CODING).write_text(f"{HEADER}e0002,1,reject,,,,,,,,\n{row}\n")
    with pytest.raises(MerlabError, match="coding.csv, line 3: ") as error:
        read_coding(material)
    assert named in str(error.value)


@pytest.mark.parametrize(("face_id", "onset", "offset"), [(-1, 1, 1), (0, -1, 1), (0, -2, -1)])
def test_a_number_of_a_decision_may_be_0_but_not_negative(face_id, onset, offset):
    assert Decision("", 0, "add", 0, None, 0).offset == 0
    with pytest.raises(MerlabError, match="negative number; count frames as the source does"):
        Decision("", face_id, "add", onset, None, offset)


@pytest.mark.parametrize(("onset", "offset"), [(120, 138), (166, 180)])
def test_a_movement_may_be_moved_as_far_as_it_keeps_a_frame(tmp_path, onset, offset):
    material = material_in(tmp_path / "out")
    require_fit(about(material.events[0], "move", onset=onset, apex=None, offset=offset), material)


def test_an_apex_in_a_missing_image_is_refused(tmp_path):
    clock = FrameClock.of_table(pd.DataFrame({"frame": [138, 149, 166], "time_s": [0, 0.1, 0.2]}), 100, 1)
    material = replace(material_in(tmp_path / "out"), clock=clock)
    require_fit(Decision("", 0, "add", 138, 149, 166), material)
    with pytest.raises(MerlabError, match=r"no frame 150 \(it has 138 to 166\)"):
        require_fit(Decision("", 0, "add", 138, 150, 166), material)


def test_texts_of_a_decision_are_on_one_line():
    """A line break would end a row in many programs, and a tab a cell."""
    decision = Decision("", 0, "add", 1, None, 2, "AU12 left", " a\tb ", "c\r\nd\u2028e\x7f", "A B\n")
    assert (decision.label, decision.comment, decision.coder) == ("a b", "c d e", "A B")
    assert decision.action_units == "L12"


def test_a_coder_decides_once_about_a_movement(tmp_path):
    material = material_in(tmp_path / "out")
    (material.folder / CODING).write_text(f"{HEADER}e0002,1,reject,,,,,,,AB,\ne0002,1,accept,,,,,,,AB,\n")
    with pytest.raises(MerlabError, match="coder AB decided twice about e0002"):
        read_coding(material)


def test_own_events_are_told_apart_by_face_and_frames_and_others_by_their_name():
    own = [(0, 5, "B"), (1, 5, "A"), (0, 6, "A"), (0, 5, "A")]
    coding = Coding(tuple(Decision("", face, "add", 1, None, offset, coder=coder) for face, offset, coder in own))
    by_face_and_coder = [(0, 6, "A"), (0, 5, "A"), (0, 5, "B"), (1, 5, "A")]
    assert [(each.face_id, each.offset, each.coder) for each in coding.sorted().decisions] == by_face_and_coder
    with pytest.raises(MerlabError, match=r"coder \(no initials\) decided twice about e0001"):
        Coding((Decision("e0001", 0, "move", 1, None, 5), Decision("e0001", 0, "reject", 2, None, 6)))


def test_a_later_decision_takes_the_place_of_the_earlier_one_and_can_be_undone(tmp_path):
    event = material_in(tmp_path / "out").events[0]
    first, second = about(event, "reject"), about(event, "accept")
    coding = Coding((first,)).with_decision(second)
    assert coding.decisions == (second,)
    assert coding.without(second) == Coding()
    assert Coding((about(event, "reject", "CD"),)).with_decision(second).coders == ("AB", "CD")
