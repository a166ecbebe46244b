"""The tables of all videos of a command lose no rows when they are replaced."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.spotting.tables_of_all import require_no_others

EVENTS = "video,apex,duration_s\na.avi,7,0.3\ngone.avi,9,0.2\n"


@pytest.fixture
def out(tmp_path):
    """Results of three videos; the one that is still given had no event."""
    for name in ("a.avi", "still.avi", "gone.avi"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.csv").touch()
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "summary.csv").write_text("video,status\na.avi,done\nstill.avi,done\ngone.avi,done\nbad.avi,failed\n")
    return tmp_path


def left_out(out, *videos):
    return require_no_others(
        out, ("events.csv", "weak.csv", "summary.csv"), {out / each: out / each for each in videos}
    )


def test_videos_that_had_a_result_and_are_not_given_any_more_are_named_once(out):
    assert left_out(out, "a.avi", "still.avi", "gone.avi") == []
    assert left_out(out, "still.avi", "new.avi") == ["a.avi", "gone.avi"]


def test_tables_of_other_videos_are_named_together(out):
    with pytest.raises(MerlabError, match=r"events\.csv, .*summary\.csv are tables of other videos \(a\.avi, "):
        left_out(out, "new.avi")


def test_a_table_with_the_only_copy_of_an_event_is_named(out):
    (out / "gone.avi" / "events.csv").unlink()
    with pytest.raises(MerlabError, match=r"other videos \(gone\.avi\), whose rows would be lost.*--out"):
        left_out(out, "a.avi", "still.avi")
