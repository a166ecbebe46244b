"""Whole heads and coding tables under any name, on the command line: warnings, marks, and the command to type."""

from __future__ import annotations

import json

import pytest

from tests.databases import casme2_release
from tests.databases.release import write_table
from tests.helpers import texture, write_frames

RAW = "CASME2_RAW_selected"


@pytest.fixture
def heads(tmp_path):
    """Four clips of two subjects as whole heads; the name of their table does not say what it is."""
    rows = [
        casme2_release.row(subject, clip, (46, 48, 50), emotion=emotion)
        for subject in ("01", "02")
        for clip, emotion in (("EP02_01f", "happiness"), ("EP03_02", "disgust"))
    ]
    root = tmp_path / "copy"
    write_table(tmp_path / "mine.xlsx", rows, casme2_release.COLUMNS_2014)
    for seed, cells in enumerate(rows):
        folder = root / RAW / f"sub{cells['Subject']}" / cells["Filename"]
        write_frames(folder, [texture(seed, 48, 64)] * 5, first=46)
    return root


@pytest.mark.slow
def test_evaluate_warns_and_marks_every_result(merlab, heads):
    options = ["--database", "casme2", "--root", heads, "--table", "mine.xlsx", "--scheme", "casme2-5", "--seeds", 1]
    status, out, err = merlab("evaluate", "constant", *options, "--jobs", 1, "--out", "run")
    assert status == 0
    assert "warning: whole heads in 4 clips of casme2" in err
    assert f"`merlab prepare casme2 {heads} {heads}-aligned --table mine.xlsx`" in err
    assert "[WHOLE HEADS: casme2" in out
    run = heads.parent / "run"
    record = json.loads((run / "run.json").read_text())
    assert record["data"]["stamps"] == ["WHOLE HEADS: casme2"]
    assert "WHOLE HEADS" in (run / "results.md").read_text()
    assert "WHOLE HEADS" in (run / "results.csv").read_text()
    report = (run / "report.html").read_text()
    assert "The frames show whole heads, but inputs expect aligned faces." in report
    assert "--table casme2=CASME2_TABLE" in report


@pytest.mark.slow
def test_evaluate_with_frames_stated_to_be_aligned_is_not_marked_and_the_report_states_it(merlab, heads):
    options = ["--database", "casme2", "--root", heads, "--table", "mine.xlsx", "--aligned", "--seeds", 1]
    status, out, err = merlab("evaluate", "constant", *options, "--jobs", 1, "--out", "run")
    assert (status, "WHOLE HEADS" in out + err) == (0, False)
    report = (heads.parent / "run" / "report.html").read_text()
    assert "aligned faces in 4 clips, as stated by the user" in report
    assert "--aligned" in report


def test_doctor_names_whole_heads_with_the_command(merlab, heads):
    status, out, _ = merlab("doctor", "casme2", heads, "--table", "mine.xlsx")
    assert status == 0
    assert f"whole heads: `merlab prepare casme2 {heads} {heads}-aligned --table mine.xlsx` aligns the faces" in out
    assert "[WHOLE HEADS: casme2]" in out
    _, out, _ = merlab("doctor", "casme2", heads, "--table", "mine.xlsx", "--json")
    assert json.loads(out)["stamps"] == ["WHOLE HEADS: casme2"]


def test_a_table_needs_the_name_of_its_database_if_there_are_several(merlab, heads):
    two = ["--database", "casme2", "--root", heads, "--database", "samm", "--root", heads]
    status, _, err = merlab("evaluate", "constant", *two, "--table", "mine.xlsx")
    assert (status, "of which database? write --table casme2=FILE" in err) == (1, True)
    status, _, err = merlab("evaluate", "constant", *two, "--table", "samm=mine.xlsx")
    assert (status, "has no coding table" in err) == (1, True)


def test_the_name_of_a_table_may_have_an_equals_sign(merlab, heads):
    (heads.parent / "mine.xlsx").rename(heads.parent / "a=mine.xlsx")
    one = ["--database", "casme2", "--root", heads, "--table"]
    _, _, err = merlab("evaluate", "nothing", *one, "a=mine.xlsx")
    assert "unknown method 'nothing'" in err
    _, _, err = merlab("evaluate", "nothing", *one, "casme2=a=mine.xlsx")
    assert "unknown method 'nothing'" in err
