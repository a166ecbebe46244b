"""A table of clips through the commands: doctor, clips, evaluate."""

from __future__ import annotations

import json
import re

import pytest

from tests.databases import casme2_release
from tests.helpers import moved, texture, write_frames

LABELS = ("happiness", "disgust", "surprise")


@pytest.fixture
def table(tmp_path):
    """Six clips of two subjects, three frames each, in a table with semicolons."""
    lines = ["Subject;Clip;Frames;Onset;Apex;Offset;FPS;Emotion;AU"]
    for subject in ("01", "02"):
        for number, label in enumerate(LABELS):
            face = texture(number)
            frames = f"frames/{subject}_{number}"
            write_frames(tmp_path / "set" / frames, [face, moved(face, number + 1, 0), face], first=7)
            lines.append(f"{subject};c{number};{frames};7;8;9;200;{label.title()};{number + 1}")
    path = tmp_path / "set" / "my_clips.csv"
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


def test_doctor_finds_a_sound_table_usable_and_names_each_fault_with_its_line(merlab, table):
    status, out, _ = merlab("doctor", "table", table)
    assert (status, "6 usable clips, 0 faults" in out) == (0, True)
    table.write_text(table.read_text(encoding="utf-8").replace("02;c1;frames/02_1;7", "02;c1;frames/02_1;7.5"))
    status, out, _ = merlab("doctor", "table", table, "--json")
    (fault,) = [finding for finding in json.loads(out)["findings"] if finding["severity"] == "unusable"]
    assert (status, fault["where"], fault["found"]) == (1, "02 c1 (line 6)", "'7.5'")


def test_clips_have_the_classes_of_the_scheme(merlab, table):
    status, out, err = merlab("clips", "table", table, "--scheme", "megc2019", "--csv", "labeled.csv")
    assert out == "6 clips written to labeled.csv\n"
    lines = (table.parents[1] / "labeled.csv").read_text().splitlines()
    assert (status, "6 clips" in err) == (0, True)
    assert lines[0] == "database,subject,clip,onset,apex,offset,action_units,emotion,class,objective_class,aligned"
    assert lines[1:4] == [
        "my_clips,01,c0,7,8,9,1,happiness,positive,,True",
        "my_clips,01,c1,7,8,9,2,disgust,negative,,True",
        "my_clips,01,c2,7,8,9,3,surprise,surprise,,True",
    ]


def test_clips_of_several_databases_are_listed_with_the_name_of_each(merlab, flow, table):
    assert "│ database │ subject" in " ".join(merlab("clips", "ststnet-flow", flow)[1].replace("┃", "│").split())
    assert "│ database │" not in " ".join(merlab("clips", "table", table)[1].replace("┃", "│").split())


def test_clips_are_not_written_in_place_of_a_table_that_states_them(merlab, table, tmp_path):
    root = casme2_release.write_release(tmp_path / "casme2", rows=[casme2_release.row()])
    coding = root / casme2_release.TABLE_2014
    for database, given, stated in (("table", table, table), ("casme2", root, coding)):
        before = stated.read_bytes()
        status, _, err = merlab("clips", database, given, "--csv", stated)
        assert (status, "is read by this command and would be replaced" in err) == (1, True)
        assert stated.read_bytes() == before


def test_clips_are_listed_in_80_columns_with_what_the_scheme_reads(merlab, table, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = merlab("clips", "table", table, "--scheme", "megc2019")
    heading, first = (next(line for line in out.splitlines() if word in line) for word in ("subject", "c0"))
    assert heading.rstrip("│┃| ").endswith("class")
    cells = [cell.strip() for cell in re.split("[│|]", first)[1:-1]]
    assert (status, cells) == (0, ["01", "c0", "7", "8", "9", "1", "happiness", "positive"])
    assert max(map(len, out.splitlines())) <= 80


def test_clips_of_one_label_are_listed_with_a_warning_and_not_evaluated(merlab, table):
    text = table.read_text(encoding="utf-8-sig")
    table.write_text(re.sub("disgust|surprise|happiness", "joy", text, flags=re.I), encoding="utf-8")
    status, _, err = merlab("clips", "table", table, "--csv", "labeled.csv")
    assert (status, (table.parents[1] / "labeled.csv").read_text().count("joy,joy")) == (0, 6)
    assert "warning: they have fewer than two classes of the scheme" in err
    status, _, err = merlab("evaluate", "linear-svm", "--database", "table", "--root", table)
    assert (status, "covers only joy of the clips, but at least two classes are needed" in err) == (1, True)


@pytest.mark.slow
def test_evaluate_takes_the_table_as_it_takes_a_database(merlab, table):
    options = ["--scheme", "megc2019", "--protocol", "loso", "--input", "flow:size=28x28", "--jobs", 1, "--out", "run"]
    status, out, err = merlab("evaluate", "linear-svm", "--database", "table", "--root", table, *options)
    assert (status, "linear-svm" in out) == (0, True), err


def test_a_folder_in_the_place_of_the_file_is_refused_with_the_file(merlab, table):
    status, _, err = merlab("doctor", "table", table.parent)
    assert (status, str(table) in err.replace("\n", "")) == (1, True)
