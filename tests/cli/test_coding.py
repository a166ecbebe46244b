"""Decisions of coders on the command line."""

from __future__ import annotations

import json

import pytest

from tests.coding.results import coded_in, material_in


def test_from_a_coded_result_to_agreement(merlab, tmp_path):
    coded_in(tmp_path / "one")
    material_in(tmp_path / "two")
    assert merlab("coding", "export", "one", "coded.eaf")[0] == 0
    status, out, _ = merlab("coding", "import", "two", "coded.eaf", "--coder", "EF")
    assert (status, "4 decisions of EF, 4 of them new or changed" in out) == (0, True)
    status, out, _ = merlab("agree", "one", "two", "--page", "agreement.html")
    assert status == 0
    assert "AB and EF: of 3 and 3 events, 3 match (F1 1.000), in 1 video" in out
    assert "frames: in an event or not" in out
    assert (tmp_path / "agreement.html").is_file()
    scores = json.loads(merlab("agree", "one", "two", "--json")[1])
    assert scores["pairs"][0]["f1"] == 1


def test_a_coder_without_initials_is_noted(merlab, tmp_path):
    """With initials later, the same person would count as a second coder, who agrees with herself."""
    material_in(tmp_path / "one", faces=1)
    (tmp_path / "mine.csv").write_text("onset,offset\n5,9\n")
    for coder, noted in ((), True), (("--coder", "AB"), False):
        status, _, err = merlab("coding", "import", "one", "mine.csv", *coder)
        assert (status, "the coder has no initials; --coder states them" in err) == (0, noted)


def test_the_agreement_about_a_synthetic_recording_is_marked(merlab, tmp_path):
    coded_in(tmp_path / "one", video="SYNTHETIC_sub01.mp4")
    coded_in(tmp_path / "two", video="SYNTHETIC_sub01.mp4", coder="CD")
    _, out, _ = merlab("agree", "one", "two")
    assert "match (F1 1.000), in 1 video [SYNTHETIC]" in out
    assert "second minus first [SYNTHETIC]" in out
    assert json.loads(merlab("agree", "one", "two", "--json")[1])["stamps"] == ["SYNTHETIC"]


def test_coded_events_of_several_results_in_one_table(merlab, tmp_path):
    for name in ("one", "two"):
        coded_in(tmp_path / name, video=f"{name}.mp4")
    status, out, err = merlab("coding", "export", "one", "two", "all.csv", "--subject", "0=anna", "--subject", "1=bert")
    assert (status, "written to all.csv" in out, "are not decided yet" in err) == (0, True, True)
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("anna,one.mp4_e0001,")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("coding", "export", "none", "a.csv"), "none does not exist; give the folder of one video"),
        (
            ("coding", "export", "one", "a.csv", "--subject", "a", "--subject", "b"),
            "--subject gives two names, a and b;",
        ),
        (
            ("coding", "export", "one", "a.csv", "--subject", "0=a", "--subject", "0=b"),
            "--subject gives face 0 two names, a and b; write --subject FACE=NAME for each",
        ),
        (("coding", "import", "one", "none.eaf"), "none.eaf cannot be read"),
        (("coding", "import", "one", "a.docx"), "neither an .eaf file nor a table"),
        (("agree", "one", "none"), "none does not exist; give a table file"),
        (("agree", "one"), "agreement needs two coders"),
        (("agree", "one", "none.eaf"), "none.eaf cannot be read"),
        (("agree", "a.csv", "b.csv", "--page", "a.csv"), "a.csv is read by this command and would be replaced"),
        (("agree", "one", "--page", "one/coding.csv"), "coding.csv is read by this command and would be replaced"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, tmp_path, arguments, named):
    coded_in(tmp_path / "one")
    status, _, err = merlab(*arguments)
    assert status == 1
    assert named in err
